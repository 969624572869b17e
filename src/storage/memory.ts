/**
 * A storage that lasts as long as its process. It keeps deeply frozen copies, so handing one out cannot let anybody change
 * what is stored. Its owners live in this process too, so none of them is ever dead.
 */
import { type FrozenTrial, isFinal, type Json, type Report } from "../trial/trial.ts";
import { frozenCopy } from "./exact-json.ts";
import {
  checkOutcome,
  checkReportable,
  checkStudyName,
  finishedAlready,
  isNextNumber,
  nameTaken,
  noStudy,
  noTrial,
  storageClosed,
} from "./rules.ts";
import type {
  Owner,
  Storage,
  StoredStudy,
  StudyDefinition,
  TrialChanges,
  TrialDraft,
  TrialOutcome,
} from "./storage.ts";

/**
 * Keeps studies in memory: the default of `createStudy`.
 *
 * @example const study = await createStudy({ storage: memory(), space })
 */
export function memory(): Storage {
  return new MemoryStorage();
}

/** One study with its trials. */
interface Shelf {
  study: StoredStudy;
  readonly trials: FrozenTrial[];
  /** By trial number; null where nobody works on it. */
  readonly owners: (Owner | null)[];
  /** The number of the trial that each change was made to; revision r is after the first r changes. */
  readonly changes: number[];
}

class MemoryStorage implements Storage {
  readonly #shelves = new Map<string, Shelf>();
  #studiesMade = 0;
  #ownersMade = 0;
  #closed = false;

  async createStudy(definition: StudyDefinition): Promise<StoredStudy> {
    this.#open();
    checkStudyName(definition.name);
    if (this.#named(definition.name) !== undefined) throw nameTaken(definition.name);
    const { name, direction, space, seed, attributes, createdAt } = definition;
    const id = String(this.#studiesMade + 1);
    const study = frozenCopy({ id, name, direction, space, seed, attributes, createdAt }, `study '${name}'`);
    this.#studiesMade++;
    this.#shelves.set(id, { study, trials: [], owners: [], changes: [] });
    return study;
  }

  async findStudy(name: string): Promise<StoredStudy | null> {
    this.#open();
    return this.#named(name) ?? null;
  }

  async listStudies(): Promise<readonly StoredStudy[]> {
    this.#open();
    return [...this.#shelves.values()].map((shelf) => shelf.study);
  }

  async deleteStudy(studyId: string): Promise<void> {
    this.#shelf(studyId);
    this.#shelves.delete(studyId);
  }

  async updateStudy(studyId: string, change: Parameters<Storage["updateStudy"]>[1]): Promise<void> {
    const shelf = this.#shelf(studyId);
    const { space = shelf.study.space, attributes = {} } = change;
    shelf.study = frozenCopy(
      { ...shelf.study, space, attributes: { ...shelf.study.attributes, ...attributes } },
      `study '${shelf.study.name}'`,
    );
  }

  async createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null> {
    const shelf = this.#shelf(studyId);
    const { number, state, params, note, attributes, startedAt, owner } = draft;
    if (!isNextNumber(number, shelf.trials.length)) return null;
    return put(shelf, owner, {
      number,
      state,
      params: frozenCopy(params, `parameters of trial ${number}`),
      value: null,
      metrics: NO_METRICS,
      reports: NO_REPORTS,
      attributes: frozenCopy(attributes, `attributes of trial ${number}`),
      note: frozenCopy(note, `note of trial ${number}`),
      error: null,
      startedAt,
      finishedAt: null,
    });
  }

  async claimTrial(
    studyId: string,
    number: number,
    claim: Parameters<Storage["claimTrial"]>[2],
  ): Promise<FrozenTrial | null> {
    const { shelf, trial } = this.#trial(studyId, number);
    if (trial.state !== "waiting") return null;
    const { owner, params, note, startedAt } = claim;
    return put(shelf, owner, {
      ...trial,
      state: "running",
      params: frozenCopy(params, `parameters of trial ${number}`),
      note: frozenCopy(note, `note of trial ${number}`),
      startedAt,
    });
  }

  async reportTrial(studyId: string, number: number, report: Report): Promise<void> {
    const { shelf, trial } = this.#trial(studyId, number);
    checkReportable(number, trial.state, report);
    const { step, value } = report;
    const reports = Object.freeze([...trial.reports, Object.freeze({ step, value })]);
    put(shelf, shelf.owners[number]!, { ...trial, reports });
  }

  async setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void> {
    const { shelf, trial } = this.#trial(studyId, number);
    const attribute = frozenCopy(value, `attribute '${key}' of trial ${number}`);
    const attributes = Object.freeze({ ...trial.attributes, [key]: attribute });
    put(shelf, shelf.owners[number]!, { ...trial, attributes });
  }

  async finishTrial(studyId: string, number: number, outcome: TrialOutcome): Promise<FrozenTrial> {
    const { shelf, trial } = this.#trial(studyId, number);
    if (isFinal(trial.state)) throw finishedAlready(number, trial.state);
    checkOutcome(number, outcome);
    const { state, value, standardError, cost, metrics, error, finishedAt, params } = outcome;
    return put(shelf, null, {
      ...trial,
      state,
      params: params === undefined ? trial.params : frozenCopy(params, `parameters of trial ${number}`),
      value,
      ...(standardError === undefined ? {} : { standardError }),
      ...(cost === undefined ? {} : { cost }),
      metrics: Object.keys(metrics).length === 0 ? NO_METRICS : Object.freeze({ ...metrics }),
      error: frozenCopy(error, `error of trial ${number}`),
      finishedAt,
    });
  }

  async trialsSince(studyId: string, revision: number): Promise<TrialChanges> {
    const { trials, changes } = this.#shelf(studyId);
    if (revision === 0) return { trials: [...trials], revision: changes.length };
    const numbers = [...new Set(changes.slice(revision))].sort((a, b) => a - b);
    return { trials: numbers.map((number) => trials[number]!), revision: changes.length };
  }

  async releaseDead(studyId: string): Promise<readonly number[]> {
    this.#shelf(studyId);
    return [];
  }

  async releaseTrial(studyId: string, number: number, owner: Owner): Promise<void> {
    const { shelf, trial } = this.#trial(studyId, number);
    if (trial.state !== "running" || shelf.owners[number] !== owner) return;
    put(shelf, null, { ...trial, state: "waiting", reports: NO_REPORTS, startedAt: null });
  }

  newOwner(): Owner {
    return `memory-${++this.#ownersMade}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw storageClosed();
  }

  #named(name: string): StoredStudy | undefined {
    for (const { study } of this.#shelves.values()) if (study.name === name) return study;
    return undefined;
  }

  #shelf(studyId: string): Shelf {
    this.#open();
    const shelf = this.#shelves.get(studyId);
    if (shelf === undefined) throw noStudy(studyId);
    return shelf;
  }

  #trial(studyId: string, number: number): { shelf: Shelf; trial: FrozenTrial } {
    const shelf = this.#shelf(studyId);
    const trial = shelf.trials[number];
    if (trial === undefined) throw noTrial(number, shelf.trials.length);
    return { shelf, trial };
  }
}

const NO_METRICS: Readonly<Record<string, number>> = Object.freeze({});
const NO_REPORTS: readonly Report[] = Object.freeze([]);

/** Puts a trial, whose parts are frozen already, in its place, and notes the change. */
function put(shelf: Shelf, owner: Owner | null, trial: FrozenTrial): FrozenTrial {
  const { number } = trial;
  shelf.trials[number] = Object.freeze(trial);
  shelf.owners[number] = owner;
  shelf.changes.push(number);
  return trial;
}
