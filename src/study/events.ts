/** What a study tells its listeners. A study logs nothing by itself; progress lines and dashboards are made of these. */
import type { FrozenTrial } from "../trial/trial.ts";

export interface StudyEvents<P> {
  /** A trial begins to run. */
  readonly ask: { readonly trial: FrozenTrial<P> };
  /** A running trial reported a value. */
  readonly report: { readonly number: number; readonly step: number; readonly value: number };
  /** A trial ended. */
  readonly tell: { readonly trial: FrozenTrial<P> };
  /** A trial ended better than all before it. */
  readonly best: { readonly trial: FrozenTrial<P> };
  /** A running trial was given back and waits again. */
  readonly release: { readonly number: number };
  /** A trial whose worker is gone waits again. */
  readonly requeue: { readonly number: number };
  /** A trial was lost with its worker once too often, and has ended. */
  readonly lost: { readonly number: number };
  /** A result came when its trial was another worker's already; it is kept with its attempt. The trial as it is now. */
  readonly late: { readonly trial: FrozenTrial<P> };
  /** Something the user should know; each is said once a study. */
  readonly warning: { readonly message: string };
}

type Listener<T> = (event: T) => void;

/** Listeners by event name. A listener that throws disturbs nobody: its error becomes a warning. */
export class Emitter<E extends { readonly warning: { readonly message: string } }> {
  readonly #listeners = new Map<keyof E, Set<Listener<never>>>();
  readonly #warned = new Set<string>();

  /** Calls `listener` at every event of this name; the function returned takes it off again. */
  on<K extends keyof E>(name: K, listener: Listener<E[K]>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => void set.delete(listener);
  }

  emit<K extends keyof E>(name: K, event: E[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<E[K]>)(event);
      } catch (error) {
        if (name !== "warning")
          this.warn(`A listener of "${String(name)}" threw, which the study ignores: ${String(error)}`);
      }
    }
  }

  warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.emit("warning", { message } as E["warning"]);
  }
}
