import { describe, expect, test } from "vitest";
import { ei } from "../../src/acquisition/ei.ts";
import { logEi } from "../../src/acquisition/log-ei.ts";
import { pi } from "../../src/acquisition/pi.ts";
import { ucb } from "../../src/acquisition/ucb.ts";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { type GpOptions, gp } from "../../src/sampler/gp/gp.ts";
import { random } from "../../src/sampler/random.ts";
import { readExplanation, type Sampler, type Suggestion } from "../../src/sampler/sampler.ts";
import { boolean, categorical, ordinal } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";
import { branin, hartmann6 } from "../../src/testing/test-functions.ts";
import type { History, Observation } from "../../src/trial/history.ts";
import type { Json } from "../../src/trial/trial.ts";

type Loss = (params: FlatParams) => number | null;

function suggest(sampler: Sampler, space: Space, trials: History, seed: number | string = 1): Suggestion {
  const studyRng = createRng(seed);
  return sampler.sample({ space, trials, rng: studyRng.fork(trials.length), studyRng })!;
}

function observed(number: number, { params, note = null }: Suggestion, loss: number | null): Observation {
  return { number, state: loss === null ? "failed" : "completed", params, loss, reports: [], note };
}

/** A sequential study without the study: `loss` gives null where a trial fails. */
function search(sampler: Sampler, space: Space, loss: Loss, count: number, seed: number | string = 1): Observation[] {
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const suggestion = suggest(sampler, space, [...trials], seed);
    trials.push(observed(number, suggestion, loss(suggestion.params)));
  }
  return trials;
}

/** What chose a configuration. */
function sourceOf({ note }: { readonly note?: Json }): string | undefined {
  return readExplanation(note ?? null)?.source;
}

function lowest(trials: History): number {
  return Math.min(...trials.map((trial) => trial.loss ?? Infinity));
}

const square = createSpace({ x: float(0, 1), y: float(0, 1) });
const bowl: Loss = (p) => ((p.x as number) - 0.3) ** 2 + 2 * ((p.y as number) - 0.9) ** 2;

describe("the first trials", () => {
  const space = createSpace({
    lr: float(1e-4, 1, { log: true }),
    units: int(10, 30),
    kind: categorical(["a", "b", "c"]),
    more: float(0, 8, { default: 1 }),
  });

  test("begin at the centre, where a user's default takes its place", () => {
    const { params } = suggest(gp(), space, []);
    expect(params.lr).toBeCloseTo(0.01, 12);
    expect([params.units, params.kind, params.more]).toEqual([20, "b", 1]);
  });

  test("begin elsewhere if that is asked for, or once the centre was tried", () => {
    const elsewhere = suggest(gp({ initialPoints: { centre: false } }), space, []);
    expect(elsewhere.params.more).not.toBe(1);
    const tried = [observed(0, suggest(gp(), space, []), 1)];
    expect(suggest(gp(), space, tried).params).not.toEqual(tried[0]!.params);
  });

  test("go on with points that fill the space: of the eight after the first, one or two in each half of every quarter", () => {
    const trials = search(gp({ initialPoints: { count: 17, design: "sobol", centre: false } }), square, bowl, 16);
    for (const name of ["x", "y"]) {
      const cells = new Array(16).fill(0);
      for (const { params } of trials) cells[Math.floor((params[name] as number) * 16)]++;
      expect(cells).toEqual(new Array(16).fill(1));
    }
  });

  test("are denser towards the ends of ranges, but for short lists and within branches, where each value is as likely as the next", () => {
    const mixed = createSpace({
      wide: float(0, 1),
      few: int(1, 12),
      way: oneOf({ one: { rate: float(0, 1) }, two: { rate: float(0, 1) } }),
    });
    const trials = search(gp({ initialPoints: { count: 257, centre: false } }), mixed, () => 0, 256);
    const share = (name: string, isEnd: (value: number) => boolean) => {
      const values = trials.flatMap(({ params }) => (params[name] === undefined ? [] : [params[name] as number]));
      return values.filter(isEnd).length / values.length;
    };
    const near = (value: number) => value < 0.1 || value > 0.9;
    // u²(3 − 2u) is below 0.1 up to u = 0.196.
    expect(share("wide", near)).toBeCloseTo(0.392, 1);
    expect(share("few", (value) => value === 1 || value === 12)).toBeCloseTo(2 / 12, 1);
    expect(share("way.rate", near)).toBeCloseTo(0.2, 1);
  });

  test("can be drawn at random instead, and are as many as asked for", () => {
    const options: GpOptions = { initialPoints: { count: 9, design: "random", centre: false } };
    const trials = search(gp(options), square, bowl, 10);
    expect(trials.map(sourceOf)).toEqual([...new Array(9).fill("design"), "model"]);
    const other = search(gp({ initialPoints: { count: 9, centre: false } }), square, bowl, 1);
    expect(other[0]!.params).not.toEqual(trials[0]!.params);
  });

  test("are five, or six where there are categories", () => {
    const first = (trials: History): number => trials.findIndex((trial) => sourceOf(trial) === "model");
    expect(first(search(gp(), square, bowl, 7))).toBe(5);
    const mixed = createSpace({ x: float(0, 1), y: float(0, 1), flag: boolean() });
    expect(first(search(gp({ explore: false }), mixed, bowl, 8))).toBe(6);
  });

  test("are replaced by others while they fail, and enqueued ones count", () => {
    const failing = search(gp(), square, () => null, 12);
    expect(failing.map(sourceOf)).toEqual(["centre", ...new Array(11).fill("design")]);
    const given = Array.from({ length: 5 }, (_, i) => ({ params: { x: i / 5, y: i / 5 } }));
    const trials = given.map((suggestion, number) => observed(number, suggestion, number));
    expect(sourceOf(suggest(gp(), square, trials))).toBe("model");
  });
});

describe("a search", () => {
  test("comes within 0.001 of Branin's minimum in 40 trials, where random search does not come within 0.05", () => {
    const loss: Loss = (p) => branin.loss(p as never) - branin.minimum;
    const regrets = [1, 2, 3].map((seed) => lowest(search(gp(), branin.space, loss, 40, seed)));
    expect(regrets.sort((a, b) => a - b)[1]).toBeLessThan(1e-3);
    const blind = [1, 2, 3].map((seed) => lowest(search(random(), branin.space, loss, 40, seed)));
    expect(blind.sort((a, b) => a - b)[1]).toBeGreaterThan(0.05);
  });

  test("comes within 0.5 of Hartmann's minimum in 45 trials of six parameters", () => {
    const loss: Loss = (p) => hartmann6.loss(p as never) - hartmann6.minimum;
    const regrets = [1, 2, 3].map((seed) => lowest(search(gp(), hartmann6.space, loss, 45, seed)));
    expect(regrets.sort((a, b) => a - b)[1]).toBeLessThan(0.5);
  });

  test.each([
    ["ucb", { acquisition: ucb({ kappa: 2 }) }],
    ["ei", { acquisition: ei() }],
    ["pi", { acquisition: pi() }],
    ["logEi with ξ", { acquisition: logEi({ xi: 0.01 }) }],
    ["random search as the maximiser", { maximizer: "random" }],
    ["one warp", { warps: ["yeo-johnson"] }],
    ["no warp", { warps: ["none"] }],
  ] as const)("finds a bowl's ground by %s", (_, options) => {
    const median = [1, 2, 3]
      .map((seed) => lowest(search(gp(options), square, bowl, 25, seed)))
      .sort((a, b) => a - b)[1];
    expect(median).toBeLessThan(0.004);
  });

  test("finds an optimum in a corner, far from the centre it begins with", () => {
    const cube = createSpace(Object.fromEntries(Array.from({ length: 5 }, (_, j) => [`x${j}`, float(0, 1)])));
    const loss: Loss = (p) =>
      Object.values(p).reduce<number>((sum, v, j) => sum + Math.abs((v as number) - (j % 2)), 0);
    for (const seed of [1, 2, 3]) expect(lowest(search(gp(), cube, loss, 35, seed))).toBeLessThan(0.05);
  });

  test("never stays in the wrong branch for good: of 10 runs at most one is stuck after 45 trials", () => {
    // "safe" is good everywhere, "steep" bad but for a wide slope that leads to the optimum.
    const space = createSpace({
      way: oneOf({ safe: { a: float(0, 1), b: float(0, 1) }, steep: { c: float(0, 1), e: float(0, 1) }, flat: {} }),
    });
    const loss: Loss = (p) => {
      if (p["way.kind"] === "flat") return 0.6;
      if (p["way.kind"] === "safe") return 0.3 + 0.1 * (p["way.a"] as number) + 0.1 * (p["way.b"] as number);
      const distance = ((p["way.c"] as number) - 0.8) ** 2 + ((p["way.e"] as number) - 0.2) ** 2;
      return 1 - 1 / (1 + 4 * distance);
    };
    const stuck = Array.from({ length: 10 }, (_, seed) => lowest(search(gp(), space, loss, 45, seed))).filter(
      (r) => r > 0.25,
    );
    expect(stuck.length).toBeLessThanOrEqual(1);
  });

  test("keeps away from where trials fail: before it has converged, less than a third there instead of half", () => {
    const loss: Loss = (p) => ((p.x as number) > 0.5 ? null : bowl(p));
    let failed = 0;
    for (const seed of [1, 2, 3, 4]) {
      const trials = search(gp(), square, loss, 24, seed);
      failed += trials.slice(8).filter((trial) => trial.state === "failed").length;
      expect(lowest(trials)).toBeLessThan(0.01);
    }
    expect(failed).toBeLessThan((4 * 16) / 3);
  });

  test("believes neither a lucky loss nor an outlier under noise: what it asks for is near the optimum", () => {
    const noise = createRng("noise");
    const noisy: Loss = (p) => bowl(p)! + 0.1 * noise.normal();
    const last = search(gp(), square, noisy, 50).slice(-15);
    const distances = last.map(({ params }) => bowl(params)!).sort((a, b) => a - b);
    expect(distances[7]).toBeLessThan(0.05);
  });
});

describe("where the same configuration always has the same value", () => {
  const noiseOf = ({ note }: Observation): number => (note as { noiseVariance: number }).noiseVariance;

  test("the noise is pinned at its floor, also where an earlier fit was not", () => {
    const trials = search(gp({ deterministic: true }), square, bowl, 9).slice(5);
    expect(trials.map(noiseOf)).toEqual(trials.map(() => 1e-6));
    const noise = createRng("noise");
    const before = search(gp(), square, (p) => bowl(p)! + 0.2 * noise.normal(), 70);
    expect(noiseOf(before.at(-1)!)).toBeGreaterThan(1e-3);
    const { params, note = null } = suggest(gp({ deterministic: true }), square, before);
    expect(noiseOf(observed(70, { params, note }, 0))).toBe(1e-6);
  });

  test("a jagged function is taken at its word: the expected best trial is the one observed to be best", () => {
    const noise = createRng("jagged");
    const trials = search(random(), square, (p) => bowl(p)! + 0.3 * noise.normal(), 60);
    const best = trials.reduce((a, b) => (b.loss! < a.loss! ? b : a));
    expect(gp({ deterministic: true }).expect!({ space: square, trials })!.number).toBe(best.number);
    expect(gp().expect!({ space: square, trials })!.number).not.toBe(best.number);
  });

  test("on a smooth function forty trials come as near, or nearer: the mean of log₁₀ regret over eight seeds", () => {
    const loss: Loss = (p) => hartmann6.loss(p as never) - hartmann6.minimum;
    const mean = (options: GpOptions): number => {
      const regrets = Array.from({ length: 8 }, (_, seed) =>
        lowest(search(gp(options), hartmann6.space, loss, 40, seed)),
      );
      return regrets.reduce((sum, regret) => sum + Math.log10(regret) / 8, 0);
    };
    expect(mean({ deterministic: true })).toBeLessThan(mean({}) + 0.05);
  });
});

describe("scales that the data choose", () => {
  const makeSpace = () =>
    createSpace({ rate: float(1e-5, 1), decay: float(1e-5, 1), steps: int(1, 40), kind: categorical(["a", "b"]) });
  const rates = makeSpace();
  /** Quadratic in the logarithms of rates that were declared without. */
  const loss: Loss = (p) =>
    (Math.log10(p.rate as number) + 3) ** 2 +
    (Math.log10(p.decay as number) + 2) ** 2 +
    ((p.steps as number) - 20) ** 2 / 400 +
    (p.kind === "a" ? 0 : 0.5);

  test("find what lies at one end of a range: the median of five seeds is a third of that on the declared scales, or less", () => {
    const median = (options: GpOptions): number =>
      [1, 2, 3, 4, 5].map((seed) => lowest(search(gp(options), rates, loss, 45, seed))).sort((a, b) => a - b)[2]!;
    expect(median({ inputWarps: true })).toBeLessThan(median({}) / 3);
  });

  test("are noted with the trials, kept until there are a quarter more, and the same after a resume", () => {
    const sampler = gp({ inputWarps: true, initialPoints: { design: "sobol" } });
    const trials = search(sampler, rates, loss, 30);
    const scales = trials.flatMap(({ note }) => (note as { scales?: string }).scales ?? []);
    const chosenAt = [...new Set(scales.map((text) => Number(text.split(" ")[0])))];
    expect(chosenAt[0]).toBeLessThanOrEqual(13);
    for (let i = 1; i < chosenAt.length; i++) expect(chosenAt[i]).toBeGreaterThanOrEqual(1.25 * chosenAt[i - 1]!);
    expect(scales.at(-1)).toMatch(/ 0:0\.25:1/);
    expect(suggest(sampler, makeSpace(), trials)).toEqual(suggest(sampler, rates, trials));
  });

  test("are none where the declared ones are right, and then suggestions are those of the declared ones", () => {
    expect(search(gp({ inputWarps: true }), square, bowl, 16).map(({ params }) => params)).toEqual(
      search(gp(), square, bowl, 16).map(({ params }) => params),
    );
  });
});

describe("measuring again", () => {
  const noise = createRng("again");
  const noisy: Loss = (p) => bowl(p)! + 0.2 * noise.normal();
  const before = search(random(), square, noisy, 32);
  const again = gp({ replicates: true });
  const keys = (trials: History): string[] => trials.map(({ params }) => square.key(params));
  const goOn = (sampler: Sampler, loss: Loss, count: number): Observation[] => {
    const trials = search(random(), square, loss, 32);
    while (trials.length < count) {
      const suggestion = suggest(sampler, square, [...trials]);
      trials.push(observed(trials.length, suggestion, loss(suggestion.params)));
    }
    return trials;
  };

  test("is one trial in four, from 30 observations on, of the configuration that is held for the best", () => {
    const { params, note } = suggest(again, square, before);
    expect(readExplanation(note!)!.source).toBe("replicate");
    expect(params).toEqual(before[again.expect!({ space: square, trials: before })!.number]!.params);
    for (const count of [28, 29, 30, 31])
      expect(suggest(again, square, before.slice(0, count))).toEqual(suggest(gp(), square, before.slice(0, count)));
  });

  test("goes on where there is noise, after two that came out the same it does not, and is nobody's by default", () => {
    const repeated = (trials: History): number => trials.length - new Set(keys(trials)).size;
    // Rough at every distance, but always the same.
    const rough: Loss = (p) => bowl(p)! + 0.2 * createRng(square.key(p)).normal();
    expect(repeated(goOn(again, noisy, 64))).toBeGreaterThan(4);
    expect(repeated(goOn(again, rough, 64))).toBe(2);
    expect(repeated(goOn(again, bowl, 64))).toBe(2);
    expect(repeated(goOn(gp(), noisy, 64))).toBe(0);
  });

  test("leaves a configuration after five measurements", () => {
    const best = suggest(again, square, before).params;
    const trials = [...before];
    while (trials.length < 35) trials.push(observed(trials.length, { params: best }, -3 + 0.2 * noise.normal()));
    trials.push(observed(35, { params: { x: 0.77, y: 0.11 } }, 1));
    expect(suggest(again, square, trials).params).toEqual(best);
    trials[35] = observed(35, { params: best }, -3.1);
    expect(suggest(again, square, trials).params).not.toEqual(best);
  });

  test("is no way on where every configuration has been tried", () => {
    const few = createSpace({ k: int(1, 32) });
    const trials = search(random(), few, (p) => (p.k as number) + noise.normal(), 32);
    expect(again.sample({ space: few, trials, rng: createRng(1), studyRng: createRng(1) })).toBeNull();
  });

  test("does not ask for what is being measured again already", () => {
    const { params, note = null } = suggest(again, square, before);
    const trials = [...before];
    while (trials.length < 36)
      trials.push({ number: trials.length, state: "pending", params, loss: null, reports: [], note });
    expect(suggest(again, square, trials).params).not.toEqual(params);
  });
});

describe("suggestions are the same", () => {
  const suggestionsFor = (change: (loss: number) => number, space: Space = square): FlatParams[] => {
    // Losses on a grid of eighths, so that the changes below are exact or rounded once.
    const loss: Loss = (p) => change(Math.round((bowl({ x: p.x ?? 0.5, y: p.y ?? 0.5 }) as number) * 4096) / 8);
    return search(gp(), space, loss, 16).map(({ params }) => params);
  };

  test.each([
    ["multiplied by 1e150", (loss: number) => loss * 1e150],
    ["multiplied by 1e-150", (loss: number) => loss * 1e-150],
    ["shifted by 1e12", (loss: number) => loss + 1e12],
    ["shifted and multiplied", (loss: number) => (loss - 1e6) * 3],
  ])("for losses %s", (_, change) => {
    expect(suggestionsFor(change)).toEqual(suggestionsFor((loss) => loss));
    const mixed = createSpace({ x: float(0, 1), y: ordinal([0, 0.25, 0.5, 0.75, 1]), c: categorical(["a", "b"]) });
    expect(suggestionsFor(change, mixed)).toEqual(suggestionsFor((loss) => loss, mixed));
  });

  test("after a note went through JSON, and whatever notes other samplers left", () => {
    const trials = search(gp(), square, bowl, 12);
    const stored = JSON.parse(JSON.stringify(trials)) as History;
    expect(suggest(gp(), square, stored)).toEqual(suggest(gp(), square, trials));
    for (const note of [null, 7, "text", [1, 2], { lengthScales: "?" }, { warp: "half", lengthScales: [1, -1] }]) {
      const foreign = trials.map((trial) => ({ ...trial, note }));
      expect(suggest(gp(), square, foreign).params).toBeDefined();
    }
  });
});

describe("trials that are still running", () => {
  test("are not asked for again, nor their neighbourhood", () => {
    const trials = search(gp(), square, bowl, 6);
    const pending: Observation[] = [];
    for (let i = 0; i < 6; i++) {
      const { params, note = null } = suggest(gp(), square, [...trials, ...pending]);
      pending.push({ number: 6 + i, state: "pending", params, loss: null, reports: [], note });
    }
    for (const [i, a] of pending.entries()) {
      for (const b of pending.slice(0, i)) {
        const gap = Math.hypot(
          (a.params.x as number) - (b.params.x as number),
          (a.params.y as number) - (b.params.y as number),
        );
        expect(gap).toBeGreaterThan(0.01);
      }
    }
  });

  test("do not count as results: with none of eight told, the ninth is still a design point", () => {
    const trials: Observation[] = [];
    for (let number = 0; number < 9; number++) {
      const { params, note = null } = suggest(gp(), square, [...trials]);
      expect(sourceOf({ note })).toBe(number === 0 ? "centre" : "design");
      trials.push({ number, state: "pending", params, loss: null, reports: [], note });
    }
  });
});

test("a pruned trial never becomes the incumbent: its region is not preferred to a completed one that is worse", () => {
  const line = createSpace({ x: float(0, 1) });
  const at = (x: number, loss: number, state: "completed" | "pruned", number: number): Observation => ({
    number,
    state,
    params: { x },
    loss,
    reports: [],
    note: null,
  });
  const completed = [0.05, 0.2, 0.5, 0.55, 0.8, 0.95].map((x, i) => at(x, (x - 0.5) ** 2, "completed", i));
  const trials = [...completed, at(0.02, -100, "pruned", 6)];
  for (let seed = 0; seed < 5; seed++) {
    expect(suggest(gp(), line, trials, seed).params.x as number).toBeGreaterThan(0.3);
  }
});

test("factors kept between asks change no suggestion: a process that begins with the history gives the same", () => {
  const trials = search(gp(), square, bowl, 76);
  for (const number of [62, 66, 69, 75]) {
    const anew = createSpace({ x: float(0, 1), y: float(0, 1) });
    const { params, note } = suggest(gp(), anew, trials.slice(0, number));
    expect({ params, note }).toEqual({ params: trials[number]!.params, note: trials[number]!.note });
  }
});

test("a history of two thousand trials is thinned, and answered in seconds", () => {
  const rng = createRng(9);
  const trials = Array.from({ length: 2000 }, (_, number) => {
    const params = { x: rng.next(), y: rng.next() };
    return observed(number, { params }, bowl(params));
  });
  const { params } = suggest(gp(), square, trials);
  expect(bowl(params)).toBeLessThan(0.02);
});

describe("options", () => {
  test("are printed with every default filled in", () => {
    expect(gp().toJSON()).toEqual({
      acquisition: { name: "log-ei", xi: 0 },
      initialPoints: { count: "5, or 6 with categories", design: "edges", centre: true },
      maximizer: "lbfgs",
      warps: ["half", "half-log", "yeo-johnson"],
      explore: true,
      deterministic: false,
      replicates: false,
      inputWarps: false,
    });
    expect(gp({ acquisition: ucb({ kappa: 1 }), initialPoints: { count: 15 } }).toJSON()).toMatchObject({
      acquisition: { name: "ucb", kappa: 1 },
      initialPoints: { count: 15 },
    });
  });

  test.each([
    [{ initialPoints: { count: 0 } }, "`initialPoints.count` must be an integer of at least 1, but got 0."],
    [{ initialPoints: { count: 2.5 } }, "but got 2.5."],
    [
      { initialPoints: { design: "grid" } },
      '`initialPoints.design` must be one of "edges", "sobol", "random", but got "grid".',
    ],
    [{ maximizer: "adam" }, '`maximizer` must be one of "lbfgs", "random", but got "adam".'],
    [{ acquisition: "ei" }, "`acquisition` must be an acquisition function such as `logEi()`"],
    [{ deterministic: 1 }, "`deterministic` must be true or false, but got 1."],
    [{ replicates: "yes" }, '`replicates` must be true or false, but got "yes".'],
    [{ inputWarps: 1 }, "`inputWarps` must be true or false, but got 1."],
    [{ inputWarps: true, transfer: 1 }, "`transfer` must be a list"],
    [{ inputWarps: true, priors: { x: { centre: 0.1, width: 0.1 } } }, "`inputWarps` excludes `priors` and `transfer`"],
    [{ deterministic: true, replicates: true }, "`deterministic` and `replicates` exclude each other"],
    [{ warps: [] }, "`warps` must be a list of at least one output warp"],
    [{ warps: ["log"] }, '`warps` must be one of "half"'],
  ] as const)("%j is refused", (options, message) => {
    expect(() => gp(options as never)).toThrow(ValidationError);
    expect(() => gp(options as never)).toThrow(message);
  });
});
