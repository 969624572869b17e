/** The trials of a study as far as this object knows them: what the storage said last, kept up by reading only what changed since. */
import type { Clock } from "../storage/clock.ts";
import type { Direction, Storage, TrialChanges } from "../storage/storage.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { lossOf } from "./history.ts";

/** For so many milliseconds after a read nothing is read again just to be on the safe side. */
const FRESH_MS = 100;

export class TrialsView {
  /** By number. */
  readonly trials: FrozenTrial[] = [];
  readonly #storage: Storage;
  readonly #studyId: string;
  readonly #clock: Clock;
  #revision = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(storage: Storage, studyId: string, clock: Clock) {
    this.#storage = storage;
    this.#studyId = studyId;
    this.#clock = clock;
  }

  /** Up to which change of the study the trials are complete. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the trials are those of a moment ago. */
  get isFresh(): boolean {
    const age = this.#clock() - this.#readAt;
    return age >= 0 && age < FRESH_MS;
  }

  /** Reads what changed since the last look, by this process or another. */
  async refresh(): Promise<void> {
    this.apply(await this.#storage.trialsSince(this.#studyId, this.#revision));
  }

  /** The same, for who would rather not wait: at most one read at a time, and none where the trials are fresh. */
  async refreshSoon(): Promise<void> {
    if (this.isFresh) return;
    this.#reading ??= this.refresh().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  apply({ trials, revision }: TrialChanges): void {
    // Answers to two questions may come in either order.
    if (revision < this.#revision) return;
    for (const trial of trials) this.trials[trial.number] = trial;
    this.#revision = revision;
    this.#readAt = this.#clock();
  }

  /** The completed trial with the best finite value, the earliest among equals. */
  best(direction: Direction): FrozenTrial | null {
    let best: FrozenTrial | null = null;
    for (const trial of this.trials) {
      if (trial.state !== "completed" || trial.value === null || !Number.isFinite(trial.value)) continue;
      if (best === null || lossOf(trial.value, direction) < lossOf(best.value!, direction)) best = trial;
    }
    return best;
  }
}
