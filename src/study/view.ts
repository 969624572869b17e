/** The trials of a study as far as this object knows them: what the storage said last, kept up by reading only what changed since. */
import type { Clock } from "../storage/clock.ts";
import type { Direction, Storage, StoredStudy, TrialChanges } from "../storage/storage.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import { lossOf } from "./history.ts";

/** For so many milliseconds after a read nothing is read again just to be on the safe side. */
const FRESH_MS = 100;

export class TrialsView {
  readonly #trials: FrozenTrial[] = [];
  readonly #storage: Storage;
  readonly #studyId: string;
  readonly #direction: Direction;
  readonly #clock: Clock;
  /** Those before this number have ended. */
  #settled = 0;
  #best: FrozenTrial | null = null;
  #revision = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(storage: Storage, { id, direction }: Pick<StoredStudy, "id" | "direction">, clock: Clock) {
    this.#storage = storage;
    this.#studyId = id;
    this.#direction = direction;
    this.#clock = clock;
  }

  /** By number. */
  get trials(): readonly FrozenTrial[] {
    return this.#trials;
  }

  /** The completed trial with the best finite value, the earliest among equals. */
  get best(): FrozenTrial | null {
    return this.#best;
  }

  /** The first trial that has not ended and of which this holds. A long study is not looked through for it. */
  firstOpen(holds: (trial: FrozenTrial) => boolean): FrozenTrial | undefined {
    for (let number = this.#settled; number < this.#trials.length; number++) {
      const trial = this.#trials[number]!;
      if (!isFinal(trial.state)) {
        if (holds(trial)) return trial;
      } else if (number === this.#settled) this.#settled++;
    }
    return undefined;
  }

  /** Takes a trial as it is now; one beyond the next number not before those that lie between. */
  put(trial: FrozenTrial): void {
    const { number, state } = trial;
    if (number > this.#trials.length) return;
    this.#trials[number] = trial;
    if (!isFinal(state)) this.#settled = Math.min(this.#settled, number);
    if (number === this.#best?.number)
      this.#best = this.#trials.reduce<FrozenTrial | null>((best, it) => this.#better(best, it), null);
    else this.#best = this.#better(this.#best, trial);
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

  /**
   * Takes what changed, unless more is known, for answers to two questions may come in either order, or trials between would be unknown: those of
   * a part of many changes that were changed again since.
   *
   * @returns whether it was taken
   */
  apply({ trials, revision }: TrialChanges): boolean {
    const known = this.#trials.length;
    const added = trials.filter(({ number }) => number >= known);
    if (revision < this.#revision || added.some(({ number }, i) => number !== known + i)) return false;
    for (const trial of trials) this.put(trial);
    this.#revision = revision;
    this.#readAt = this.#clock();
    return true;
  }

  /** Knows nothing again, as where a database may have lost what was read of it. */
  forget(): void {
    this.#trials.length = 0;
    this.#settled = 0;
    this.#best = null;
    this.#revision = 0;
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  #better(best: FrozenTrial | null, trial: FrozenTrial): FrozenTrial | null {
    if (trial.state !== "completed" || trial.value === null || !Number.isFinite(trial.value)) return best;
    if (best === null) return trial;
    const [loss, least] = [lossOf(trial.value, this.#direction), lossOf(best.value!, this.#direction)];
    return loss < least || (loss === least && trial.number < best.number) ? trial : best;
  }
}
