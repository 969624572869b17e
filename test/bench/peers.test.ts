import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  boolean,
  categorical,
  createRng,
  createSpace,
  type FlatParams,
  fixed,
  float,
  int,
  list,
  oneOf,
  ordinal,
  type Space,
} from "assay";
import { describe, expect, test } from "vitest";
import { type EnvironmentName, PEERS, peerCommand } from "../../bench/peers/environments.ts";
import { hasEnvironment } from "../../bench/peers/python.ts";
import type { Driver } from "../../bench/suite/driver.ts";
import { driverOf, peerName } from "../../bench/suite/drivers.ts";
import { processDriver } from "../../bench/suite/protocol.ts";

const folder = join(import.meta.dirname, "../../bench/peers");
const peers = Object.entries(PEERS).map(([name, peer]) => ({ name, ...peer }));

/** Every kind of parameter, and branches that share one of them. */
const space = createSpace({
  rate: float(1e-5, 1e-1, { log: true }),
  dropout: float(0, 0.5, { step: 0.1 }),
  width: int(8, 512, { log: true }),
  batch: ordinal([16, 32, 64]),
  isCentred: boolean(),
  unit: fixed("px"),
  model: oneOf({
    none: {},
    linear: { penalty: float(1e-3, 1e3, { log: true }) },
    trees: { penalty: float(1e-3, 1e3, { log: true }), depth: int(1, 16), criterion: categorical(["gini", "entropy"]) },
  }),
});

/** Where a branch matters, and a number in it. */
function loss(params: FlatParams): number {
  const numbers = Math.abs(Math.log10(params.rate as number) + 3) + (params.dropout as number);
  return params["model.kind"] === "trees"
    ? numbers + Math.abs((params["model.depth"] as number) - 5) / 10
    : numbers + 1;
}

interface Conversation {
  readonly asked: readonly FlatParams[];
  readonly recommended: FlatParams;
  readonly version: string;
}

/** Asks and tells; the second trial fails. */
async function converse(driver: Driver, over: Space, trials: number): Promise<Conversation> {
  const session = await driver.start({ space: over, seed: 3, trials });
  const asked: FlatParams[] = [];
  for (let number = 0; number < trials; number++) {
    const { params, ms } = (await session.ask())!;
    over.check(params);
    expect(ms).toBeGreaterThanOrEqual(0);
    asked.push(params);
    expect(await session.tell(params, number === 1 ? null : loss(params))).toBeGreaterThanOrEqual(0);
  }
  const recommended = await session.recommend();
  over.check(recommended);
  await session.stop();
  return { asked, recommended, version: session.version };
}

const environments = [...new Set(peers.map(({ environment }) => environment))];
const there = new Set<EnvironmentName>(environments.filter((name) => hasEnvironment(name)));
for (const name of environments.filter((it) => !there.has(it))) {
  const names = peers.filter(({ environment }) => environment === name).map((peer) => peer.name);
  console.info(
    `skipped: ${names.join(", ")}, whose Python environment is not there; \`npm run bench:peers -- ${name}\` makes it.`,
  );
}

/** Peers of which an ask takes a second, or whose libraries compile first. */
const SLOW = ["ax", "hebo", "vizier", "keras-tuner"];

describe.each(peers.filter(({ environment }) => there.has(environment)))("$name", ({ name }) => {
  test("keeps to a conditional, mixed space, takes a failed trial, and says the same again", {
    timeout: 600_000,
  }, async () => {
    const trials = SLOW.includes(name) ? 4 : 12;
    const driver = driverOf(peerName(name));
    try {
      const first = await converse(driver, space, trials);
      expect(first.asked).toHaveLength(trials);
      expect(first.recommended).not.toEqual(first.asked[1]);
      expect(first.version).toMatch(/^\d+\.\d+/);
      expect(new Set(first.asked.map((params) => JSON.stringify(params))).size).toBeGreaterThan(trials / 2);
      // In the same process, as the suite does it.
      expect(await converse(driver, space, trials)).toEqual(first);
    } finally {
      await driver.close();
    }
  });
});

const python = process.env.PYTHON ?? "python3";
const hasPython = succeeds(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
if (!hasPython) console.info(`skipped: ${python} is missing or older than 3.10, so that the protocol is not tried.`);

/** Random search needs no package: what it does, all drivers do through `protocol.py`. */
function randomPython(sampler = "random-python"): Driver {
  return processDriver("random-python", sampler, { command: python, args: [join(folder, "random_driver.py")] });
}

describe.runIf(hasPython)("the protocol in Python", () => {
  test("random search converses over every kind of parameter, the same each time", async () => {
    const driver = randomPython();
    const first = await converse(driver, space, 200);
    expect(await converse(driver, space, 200)).toEqual(first);
    await driver.close();
    const seen = (name: string) => new Set(first.asked.map((params) => params[name]));
    expect(seen("dropout")).toEqual(new Set([0, 0.1, 0.2, 0.3, 0.4, 0.5]));
    expect(seen("batch")).toEqual(new Set([16, 32, 64]));
    expect(seen("isCentred")).toEqual(new Set([true, false]));
    expect(seen("unit")).toEqual(new Set(["px"]));
    expect(seen("model.kind")).toEqual(new Set(["none", "linear", "trees"]));
    expect(seen("model.criterion")).toEqual(new Set([undefined, "gini", "entropy"]));
    // The best of those that did not fail.
    const completed = first.asked.filter((_, number) => number !== 1);
    expect(loss(first.recommended)).toBe(Math.min(...completed.map(loss)));
  });

  test("lists, steps in log scale and grids of one level come back as they were declared", async () => {
    const odd = createSpace({
      layers: list({ units: int(16, 256, { step: 16, log: true }) }, { min: 1, max: 3 }),
      only: float(2, 2),
      budget: int(0, 90, { step: 30 }),
      rate: float(0.001, 1, { log: true }),
      dropout: float(0, 0.3, { step: 0.1 }),
    });
    const driver = randomPython();
    const { asked } = await converse(driver, odd, 100);
    await driver.close();
    expect(new Set(asked.map(({ budget }) => budget))).toEqual(new Set([0, 30, 60, 90]));
    expect(new Set(asked.map(({ only }) => only))).toEqual(new Set([2]));
    expect(new Set(asked.map((params) => Object.keys(params).length)).size).toBe(3);
  });

  test("what is wrong is answered, and the conversation goes on", async () => {
    const nobody = randomPython("nobody");
    await expect(nobody.start({ space, seed: 0, trials: 1 })).rejects.toThrow(/refused start: KeyError: 'nobody'/);
    await nobody.close();
    const driver = randomPython();
    const session = await driver.start({ space, seed: 0, trials: 2 });
    const strange = space.build(({ parameter }) => parameter.decode(createRng(9).next()));
    await expect(session.tell(strange, 1)).rejects.toThrow(/refused tell: .*must be asked for before it is told/);
    const { params } = (await session.ask())!;
    await session.tell(params, 1);
    expect(await session.recommend()).toEqual(params);
    await driver.close();
  });

  test.each(peers.filter(({ script }, i) => peers.findIndex((it) => it.script === script) === i))(
    "$script can be parsed",
    ({ script }) => {
      const parse = "import ast, sys; ast.parse(open(sys.argv[1], encoding='utf-8').read())";
      expect(succeeds(["-c", parse, join(folder, script)])).toBe(true);
    },
  );
});

test.each(peers)("$name is served by $script, and the command names both ends", ({ name, script, environment }) => {
  const file = join(folder, script);
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toContain(`"${name}"`);
  expect(peerCommand(name)).toContain(join(environment, process.platform === "win32" ? "Scripts" : "bin"));
  expect(peerCommand(name)).toContain(script);
});

test("a peer is named, or comes with its command", () => {
  expect(peerName("mine=node mine.js --fast")).toEqual({ kind: "peer", name: "mine", command: "node mine.js --fast" });
  expect(() => peerName("optuna")).toThrow(/^A peer must be one of .*optuna-tpe.*, but got "optuna"\.$/);
});

function succeeds(args: readonly string[]): boolean {
  try {
    execFileSync(python, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
