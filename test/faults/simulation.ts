/**
 * Sixteen workers, each a `Study` as users have it, over one storage in a world of its own (world.ts). Between each worker and the
 * storage lies a link that at any moment may lose a request, execute it twice, lose the answer, or be cut for minutes; then the
 * worker asks again with the same id, as the storages do that speak to a server. At any moment a worker may vanish, or fall
 * silent for longer than its lease. Then all faults end, what is left is finished, and the history is judged.
 */
import { createHash } from "node:crypto";
import { createRng, type Rng } from "../../src/math/rng.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import type { Owner, Storage } from "../../src/storage/storage.ts";
import { createStudy } from "../../src/study/create.ts";
import { samplerOf } from "./engines.ts";
import { type Anomaly, checkHistory, type Entry } from "./history.ts";
import { loggedStorage } from "./logged-storage.ts";
import { World } from "./world.ts";

export interface Simulated {
  readonly anomalies: readonly Anomaly[];
  readonly faults: number;
  readonly trials: number;
  readonly steps: number;
  /** Of all that happened: the same for the same seed. */
  readonly digest: string;
  readonly entries: readonly Entry[];
}

/** Makes the storage that the links lead to, whose time is the world's. */
export type MakeStorage = (world: World) => Storage;

const inMemory: MakeStorage = (world) => memory({ clock: () => world.now });

const WORKERS = 16;
const GRACE_MS = 60_000;
const RETRIES = 2;
const SPACE = createSpace({ x: float(0, 1) });

/** @param stepsMax of the world, after which no more faults happen */
export async function simulate(
  seed: number | string,
  stepsMax = 500,
  make: MakeStorage = inMemory,
): Promise<Simulated> {
  const world = new World();
  const giveTimersBack = world.takeTimers();
  try {
    return await new Simulation(world, createRng(seed), stepsMax, make(world)).run();
  } finally {
    giveTimersBack();
  }
}

class Simulation {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #stepsMax: number;
  readonly #entries: Entry[] = [];
  readonly #storage: Storage;
  #faults = 0;
  #workers = 0;
  #calls = 0;
  #alive = 0;

  constructor(world: World, rng: Rng, stepsMax: number, storage: Storage) {
    this.#world = world;
    this.#rng = rng;
    this.#stepsMax = stepsMax;
    this.#storage = storage;
  }

  async run(): Promise<Simulated> {
    const budget = {
      trials: 4 + this.#rng.int(40),
      ...(this.#rng.next() < 0.3 ? { cost: 3 + this.#rng.int(20) } : {}),
    };
    const { id } = await this.#storage.createStudy({
      name: "s",
      direction: "minimize",
      space: SPACE.toJSON(),
      seed: 1,
      attributes: {},
      createdAt: 0,
      budget,
      leases: { graceMs: GRACE_MS, retries: RETRIES },
    });
    for (let i = 0; i < WORKERS; i++) this.#hire(this.#rng.next() * 20_000);
    await this.#world.run(() => this.#isCalm);
    await this.#world.run(() => this.#alive === 0);
    // What crashed workers left lapses, and whoever comes then finishes it; three losses are the most that there can be.
    for (let i = 0; i <= RETRIES + 1; i++) {
      this.#hire(2 * GRACE_MS);
      await this.#world.run(() => this.#alive === 0);
    }
    const { trials } = await this.#storage.trialsSince(id, 0);
    const attempts = await this.#storage.attempts(id);
    await this.#storage.close();
    const final = { trials, attempts, budget, graceMs: GRACE_MS, retries: RETRIES };
    const text = JSON.stringify([this.#entries, final, this.#world.now]);
    return {
      anomalies: checkHistory(this.#entries, final, { renewalsAreLogged: true, isOver: true }),
      faults: this.#faults,
      trials: trials.length,
      steps: this.#world.steps,
      digest: createHash("sha256").update(text).digest("hex").slice(0, 16),
      entries: this.#entries,
    };
  }

  /** Whether no more faults happen. */
  get #isCalm(): boolean {
    return this.#world.steps >= this.#stepsMax;
  }

  #hire(afterMs: number): void {
    this.#alive++;
    const name = `worker ${this.#workers++}`;
    let isAlive = true;
    // Once: a worker that has ended may still have a request on its way, and that may meet a fault too.
    const end = (): boolean => {
      if (!isAlive) return false;
      isAlive = false;
      this.#alive--;
      return true;
    };
    this.#world.wake(() => {
      void this.#work(name, () => isAlive, end).catch((error: unknown) => {
        this.#entries.push({ kind: "error", worker: name, id: -1, at: this.#world.now, code: String(error) });
        end();
      });
    }, afterMs);
  }

  async #work(name: string, isAlive: () => boolean, end: () => boolean): Promise<void> {
    const link = new Link(this.#world, this.#rng.fork(name), () => this.#isCalm, {
      fault: () => {
        this.#faults++;
      },
      crash: () => {
        this.#entries.push({ kind: "fault", worker: name, at: this.#world.now, fault: "killed" });
        if (end()) this.#hire(this.#rng.next() * 30_000);
      },
    });
    const storage = loggedStorage(this.#storage, {
      worker: name,
      write: (entry) => this.#entries.push(entry),
      now: () => this.#world.now,
      newCall: () => `call ${this.#calls++}`,
      carry: (run) => link.carry(run),
    });
    // Its clock is wrong by up to a day, which must not matter.
    const skew = (this.#rng.next() - 0.5) * 2 * 86_400_000;
    const owner = storage.newOwner();
    const renew = async (): Promise<void> => {
      while (isAlive()) {
        await link.rest(GRACE_MS / 4);
        if (isAlive()) await storage.renewLeases(owner);
      }
    };
    const study = await createStudy({
      name: "s",
      storage: { ...storage, newOwner: (): Owner => owner },
      space: SPACE,
      sampler: samplerOf(name),
      clock: () => this.#world.now + skew,
    });
    void renew().catch(() => {});
    const draw = this.#rng.fork(name).fork("objective");
    // An objective that stops early now and then gives its trial back.
    const stop = new AbortController();
    if (draw.next() < 0.2) this.#world.wake(() => stop.abort(new Error("stopped")), draw.next() * 200_000);
    await study
      .optimize(
        async (trial) => {
          const reports = draw.int(4);
          for (let step = 0; step < reports; step++) {
            await link.rest(draw.next() * 10_000);
            await trial.report(step, draw.next());
          }
          await link.rest(draw.next() * 20_000);
          return { value: draw.next(), cost: 1 };
        },
        { progress: false, concurrency: 1 + draw.int(2), signal: stop.signal },
      )
      .catch((error: Error) => {
        if (error.message !== "stopped") throw error;
      });
    end();
    if (!this.#isCalm) this.#hire(draw.next() * 60_000);
  }
}

/** What lies between one worker and the storage. */
class Link {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #isCalm: () => boolean;
  readonly #notify: { readonly fault: () => void; readonly crash: () => void };
  #isDead = false;
  /** Until when nothing passes. */
  #cutUntil = 0;
  /** Until when the worker stands still. */
  #stillUntil = 0;

  constructor(world: World, rng: Rng, isCalm: () => boolean, notify: { fault: () => void; crash: () => void }) {
    this.#world = world;
    this.#rng = rng;
    this.#isCalm = isCalm;
    this.#notify = notify;
  }

  /** Waits as the worker would; a worker that vanishes waits for ever. */
  async rest(ms: number): Promise<void> {
    if (this.#isDead || this.#happens(0.004)) return this.#vanish();
    if (this.#happens(0.008)) this.#stillUntil = this.#world.now + this.#rng.next() * 3 * GRACE_MS;
    await this.#world.sleep(ms);
    while (this.#world.now < this.#stillUntil) await this.#world.sleep(this.#stillUntil - this.#world.now);
    if (this.#isDead) return this.#vanish();
  }

  async carry<T>(run: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      if (this.#happens(0.01)) this.#cutUntil = this.#world.now + this.#rng.next() * 4 * GRACE_MS;
      const isSlow = this.#happens(0.02);
      await this.rest(isSlow ? this.#rng.next() * 5000 : 1 + this.#rng.next() * 20);
      if (this.#isCut || this.#happens(0.02)) {
        await this.rest(Math.min(10_000, 100 * 2 ** tries) * (0.5 + this.#rng.next()));
        continue;
      }
      const outcome = await settle(run);
      // The same request on the way twice, the second a little later, while the first is not answered.
      if (this.#happens(0.03)) {
        await this.rest(this.#rng.next() * 1000);
        await settle(run);
      }
      if (this.#isCut || this.#happens(0.03)) {
        await this.rest(Math.min(10_000, 100 * 2 ** tries) * (0.5 + this.#rng.next()));
        continue;
      }
      await this.rest(1 + this.#rng.next() * 20);
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    }
  }

  get #isCut(): boolean {
    return this.#world.now < this.#cutUntil;
  }

  #happens(probability: number): boolean {
    if (this.#isCalm() || this.#rng.next() >= probability) return false;
    this.#notify.fault();
    return true;
  }

  #vanish(): Promise<never> {
    if (!this.#isDead) {
      this.#isDead = true;
      this.#notify.crash();
    }
    return new Promise(() => {});
  }
}

async function settle<T>(run: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}
