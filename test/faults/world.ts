/**
 * A world with a clock of its own: what waits in it wakes in the order of its time, one at a time, and each runs until it waits again
 * before the next one does. So a run is a function of its seed alone, and an hour of it takes as long as what happens in it.
 */
export class World {
  now = 0;
  /** Wakings so far. */
  steps = 0;
  #made = 0;
  /** A binary heap by time, and by age where times are equal. */
  readonly #heap: Waiting[] = [];
  readonly #cancelled = new Set<number>();

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake(resolve, ms);
    });
  }

  /** Calls `act` in `ms` milliseconds; the id given is for `cancel`. */
  wake(act: () => void, ms: number): number {
    const waiting = { at: this.now + Math.max(0, ms), id: ++this.#made, act };
    let i = this.#heap.push(waiting) - 1;
    for (; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(waiting, this.#heap[parent]!)) break;
      this.#heap[i] = this.#heap[parent]!;
      i = parent;
    }
    this.#heap[i] = waiting;
    return waiting.id;
  }

  cancel(id: number): void {
    this.#cancelled.add(id);
  }

  /** Lets things happen until `isOver`, or until nothing waits. */
  async run(isOver: () => boolean): Promise<void> {
    await settled();
    while (!isOver()) {
      const next = this.#pop();
      if (next === undefined) return;
      if (this.#cancelled.delete(next.id)) continue;
      this.now = next.at;
      this.steps++;
      next.act();
      await settled();
    }
  }

  /** Puts the timers of this world in the place of the machine's, until the function returned is called. */
  takeTimers(): () => void {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const timer = (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.wake(() => act(...args), ms);
    globalThis.setTimeout = timer as unknown as typeof set;
    globalThis.clearTimeout = ((id?: number) => {
      if (id !== undefined) this.cancel(id);
    }) as typeof clear;
    return () => {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    };
  }

  #pop(): Waiting | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || last === first) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (isBefore(last, this.#heap[child]!)) break;
      this.#heap[i] = this.#heap[child]!;
      i = child;
    }
    this.#heap[i] = last;
    return first;
  }
}

interface Waiting {
  readonly at: number;
  readonly id: number;
  readonly act: () => void;
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}

const { setImmediate: immediate } = globalThis;

/** Resolves when everything that can go on without waking anybody has done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}
