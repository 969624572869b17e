import { mkdtempSync, rmSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { DuplicateError, NotFoundError, ValidationError } from "../../src/errors.ts";
import { writeJson } from "../../src/storage/exact-json.ts";
import { memory } from "../../src/storage/memory.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { exportCsv } from "../../src/storage/transfer/csv.ts";
import { exportStudy } from "../../src/storage/transfer/export.ts";
import { importStudy } from "../../src/storage/transfer/import.ts";
import { contentOf, history, perform } from "./histories.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-transfer-"));
let now = 1000;
const clock = () => now;
const subjects = [memory({ clock }), sqlite(join(folder, "studies.db"), { clock })] as const;
afterAll(async () => {
  for (const storage of subjects) await storage.close();
  rmSync(folder, { recursive: true });
});

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0.5 } as const;
const outcome = { state: "completed", value: -0, metrics: { f1: Number.NaN }, error: null, finishedAt: 9 } as const;

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const read: string[] = [];
  for await (const line of lines) read.push(line);
  return read;
}

async function linesOf(storage: Storage, name = "s"): Promise<string[]> {
  return all(exportStudy(storage, name));
}

/** The lines of a study with a trial that was told, one that runs and one that waits. */
async function someLines(): Promise<string[]> {
  const storage = memory({ clock });
  const { id } = await storage.createStudy(definition);
  for (const number of [0, 1]) await storage.createTrial(id, { ...draft, number });
  await storage.createTrial(id, { ...draft, number: 2, state: "waiting", startedAt: null, owner: null });
  await storage.finishTrial(id, 0, outcome, { attempt: 1, reports: [{ step: 1, value: Number.NaN }] });
  return linesOf(storage);
}
const draft = { state: "running", params: { x: 1 }, note: null, attributes: {}, startedAt: 1, owner: "me" } as const;

/** Records as lines whose checksums are right, whatever the records hold. */
function framed(bodies: readonly string[]): string[] {
  let sum = 0;
  return bodies.map((body) => {
    sum = crc32(body.slice(1, -1), sum);
    return `{"crc32":"${sum.toString(16).padStart(8, "0")}",${body.slice(1)}`;
  });
}

function bodiesOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim().replace(/"crc32":"[^"]+",/, ""));
}

describe("a study that was exported and imported", () => {
  test("is what it was, in memory and in SQLite, and so are its attempts", async () => {
    let studies = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.boolean(), async ({ acts, seed, attributes }, isFromMemory) => {
        const name = `study ${studies++}`;
        const [from, to] = isFromMemory ? subjects : [subjects[1], subjects[0]];
        const study = await from.createStudy({
          ...definition,
          name,
          seed,
          attributes,
          leases: { graceMs: 50, retries: 1 },
        });
        await perform(from, study, acts, () => {
          now += 20;
        });
        const lines = await linesOf(from, name);
        await importStudy(to, lines);
        // Who works on it there does not work on it here.
        for (const { number, attempt } of await from.leases(study.id))
          await from.releaseTrial(study.id, number, attempt);
        const [expected, actual] = [await contentOf(from, name), await contentOf(to, name)];
        // Not by toStrictEqual, which takes an attribute named "constructor" for what its name says.
        expect(isDeepStrictEqual(actual, expected)).toBe(true);
        expect(await linesOf(to, name)).toEqual(await linesOf(from, name));
        await importStudy(from, await linesOf(to, name), { name: `${name} again` });
        const again = (await contentOf(from, `${name} again`)).study;
        expect(isDeepStrictEqual({ ...again, name }, expected.study)).toBe(true);
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test("goes by a file", async () => {
    const file = join(folder, "study.jsonl");
    await writeFile(file, exportStudy(await restore(await someLines()), "s"));
    const reader = await open(file);
    const storage = memory();
    expect(await importStudy(storage, reader.readLines(), { name: "t" })).toMatchObject({ name: "t", createdAt: 0.5 });
    const { trials } = await contentOf(storage, "t");
    expect(trials.map(({ state }) => state)).toEqual(["completed", "waiting", "waiting"]);
    expect(trials[0]).toMatchObject({
      value: -0,
      metrics: { f1: Number.NaN },
      reports: [{ step: 1, value: Number.NaN }],
    });
  });

  test("goes on: its lost workers are counted, and a result for the attempt that was given back is taken", async () => {
    const lines = await someLines();
    for (const storage of [memory({ clock }), sqlite(join(folder, "goes-on.db"), { clock })]) {
      const { id } = await importStudy(storage, lines);
      const told = await storage.finishTrial(id, 1, outcome, { attempt: 1 });
      expect(told).toMatchObject({ accepted: true, trial: { state: "completed" } });
      expect((await storage.attempts(id)).map(({ number, end }) => [number, end])).toEqual([
        [0, "told"],
        [1, "told"],
      ]);
      expect(await storage.createTrial(id, { ...draft, number: 3 })).toMatchObject({ number: 3 });
      await storage.close();
    }
  });

  test("needs a study of that name, and none of its own name where it goes", async () => {
    await expect(linesOf(memory())).rejects.toThrow(NotFoundError);
    const lines = await someLines();
    const storage = await restore(lines);
    await expect(importStudy(storage, lines)).rejects.toThrow(DuplicateError);
    await expect(importStudy(storage, lines, { name: "" })).rejects.toThrow(ValidationError);
  });
});

async function restore(lines: readonly string[]): Promise<Storage> {
  const storage = memory({ clock });
  await importStudy(storage, lines);
  return storage;
}

describe("an import is refused, and nothing is stored, when", () => {
  async function refused(lines: Iterable<string>, why: RegExp): Promise<void> {
    for (const storage of [memory(), subjects[1]]) {
      const before = await storage.listStudies();
      const error = await importStudy(storage, lines, { name: "refused" }).catch((error) => error);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toMatch(why);
      expect(await storage.listStudies()).toEqual(before);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }

  test("any one character of it is another", async () => {
    const lines = await someLines();
    const text = lines.join("");
    const storage = memory();
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === "7" ? "8" : "7"}${text.slice(i + 1)}`;
      await expect(importStudy(storage, changed.split("\n").slice(0, -1)), `character ${i}`).rejects.toThrow(
        ValidationError,
      );
    }
    expect(await storage.listStudies()).toEqual([]);
  });

  test("any line is missing, stands twice or is moved, or the file was cut off", async () => {
    const lines = await someLines();
    for (let i = 0; i < lines.length; i++) {
      await refused(lines.toSpliced(i, 1), /Line \d+ .*(was changed, moved or lost|must have event)|it was cut off/);
      await refused(lines.toSpliced(i, 0, lines[i]!), /was changed, moved or lost/);
      await refused(lines.slice(0, i), /it was cut off\. Export it again/);
      if (i > 0) await refused(lines.with(i, lines[i - 1]!).with(i - 1, lines[i]!), /was changed, moved or lost/);
    }
    await refused([...lines.slice(0, -1), lines.at(-1)!.slice(0, 40)], /It may have been cut off/);
    await refused([], /it was cut off/);
  });

  /** The study's line, then a trial's with `extra` in place of `null` for its note, and the end. */
  const withNote = (note: string): string[] => [
    `{"event":"study","format":1,"study":${writeJson({ ...definition, budget: {}, leases: { graceMs: 1, retries: 0 } }, "")}}`,
    `{"event":"trial","trial":{"number":0,"state":"waiting","attempt":0,"params":{},"value":null,"metrics":{},"attributes":{},"note":${note},"error":null,"startedAt":null,"finishedAt":null}}`,
    '{"event":"end","trials":1,"reports":0,"attempts":0}',
  ];

  test.each([
    ["keys stand twice", '{"a":1,"a":2}', /Line 2 .* keys stand twice/],
    ["a number is out of range", "1e400", /written as it was exported/],
    ["a number is written otherwise", "1.50", /written as it was exported/],
    [
      "it is nested deeper than anything that could be stored",
      `${"[".repeat(1e6)}${"]".repeat(1e6)}`,
      /at most 100 levels/,
    ],
    ["it is no JSON", "{", /must be JSON/],
    ["a string is as long as the line may be", `"${"x".repeat(17e6)}"`, /at most 16000000 characters/],
  ])("%s", async (_, note, why) => {
    await refused(framed(withNote(note)), why);
  });

  test.each([
    [
      "a byte order mark is before it",
      (lines: string[]) => [`\uFEFF${lines[0]}`, ...lines.slice(1)],
      /byte order mark/,
    ],
    ["it is of another kind", () => ["step,loss"], /must have the form/],
    ["it is not text", () => [7] as never, /must be text/],
  ])("%s", async (_, spoil, why) => {
    await refused(spoil(await someLines()), why);
  });

  test.each<[string, (bodies: string[]) => string[], RegExp]>([
    [
      "a newer version wrote it",
      (it) => it.with(0, it[0]!.replace('"format":1', '"format":2')),
      /format 2, .* reads 1\. Update/,
    ],
    ["a trial comes first", (it) => it.slice(1), /Line 1 .* must have event study, but has "trial"/],
    ["the event is one of every object's", (it) => it.with(1, '{"event":"constructor"}'), /but has "constructor"/],
    ["something follows the end", (it) => [...it, it.at(-1)!], /must be none/],
    ["a number is left out", (it) => it.toSpliced(4, 2), /must hold trial \d, but holds trial/],
    [
      "the counts are wrong",
      (it) => it.with(-1, it.at(-1)!.replace('"reports":1', '"reports":2')),
      /counts 2 reports, but there are 1/,
    ],
    [
      "the direction is none",
      (it) => it.with(0, it[0]!.replace("minimize", "sideways")),
      /study\.study\.direction, but got "sideways"/,
    ],
    [
      "the space is none",
      (it) => it.with(0, it[0]!.replace('"space":[]', '"space":[{"name":"x","parameter":{"type":"magic"}}]')),
      /that can be resumed.*magic/,
    ],
    [
      "the space is a fault of types",
      (it) => it.with(0, it[0]!.replace('"space":[]', '"space":[null]')),
      /that can be resumed/,
    ],
    ["the name is none", (it) => it.with(0, it[0]!.replace('"name":"s"', '"name":""')), /study's name must be/],
    [
      "there is a key that no study has",
      (it) => it.with(0, it[0]!.replace('"name"', '"__proto__":{"polluted":1},"name"')),
      /no key "__proto__"/,
    ],
    [
      "a trial's state is none",
      (it) => it.with(1, it[1]!.replace("completed", "zombie")),
      /trial\.trial\.state, but got "zombie"/,
    ],
    [
      "a parameter is an object",
      (it) => it.with(1, it[1]!.replace('{"x":1}', '{"x":{}}')),
      /trial\.trial\.params\.x, but got/,
    ],
    [
      "a value is text",
      (it) => it.with(1, it[1]!.replace('"value":-0', '"value":"low"')),
      /a number at trial\.trial\.value/,
    ],
    [
      "a report's step is null",
      (it) => it.with(2, it[2]!.replace('"step":1', '"step":null')),
      /reports\.reports\[0\]\.step/,
    ],
    [
      "a step stands twice",
      (it) => it.with(2, '{"event":"reports","number":0,"reports":[{"step":0,"value":1},{"step":-0,"value":1}]}'),
      /one step stands twice/,
    ],
    [
      "reports belong to another trial",
      (it) => it.with(2, it[2]!.replace('"number":0', '"number":1')),
      /must belong to trial 0/,
    ],
    [
      "an attempt is one too many",
      (it) => it.with(3, it[3]!.replace('"attempt":1', '"attempt":2')),
      /attempts of 1 to 1 in order/,
    ],
    [
      "an attempt's end is none",
      (it) => it.with(3, it[3]!.replace('"told"', '"gone"')),
      /attempts\.attempts\[0\]\.end/,
    ],
  ])("%s", async (_, spoil, why) => {
    const bodies = bodiesOf(await someLines());
    expect(framed(bodies)).toEqual((await someLines()).map((line) => line.trim()));
    const spoilt = spoil([...bodies]);
    expect(spoilt).not.toEqual(bodies);
    await refused(framed(spoilt), why);
  });

  test("its content was changed in any way that is not as it would be written, its checksums made right", async () => {
    const bodies = bodiesOf(await someLines());
    const tokens = [
      "null",
      "-1",
      "0.5",
      "1e999",
      '""',
      "[]",
      "{}",
      "true",
      '{"__proto__":1}',
      '[[{"a":[null]}]]',
      "9007199254740993",
    ];
    const values = /"(?:[^"\\]|\\.)*"(?!:)|-?\d[\d.e+-]*|null|\[\]|\{\}/g;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom(...tokens), async (line, value, token) => {
        const at = line % bodies.length;
        const found = [...bodies[at]!.matchAll(values)];
        const { index, 0: old } = found[value % found.length]!;
        const changed = bodies[at]!.slice(0, index) + token + bodies[at]!.slice(index + old.length);
        const storage = memory();
        const error = await importStudy(storage, framed(bodies.with(at, changed))).catch((error) => error);
        if (error instanceof Error) {
          expect(error).toBeInstanceOf(ValidationError);
          expect(await storage.listStudies()).toEqual([]);
        } else {
          // What is stored can be exported, and is then what was given, save what ran.
          const again = await linesOf(storage, error.name);
          expect(again.length).toBe(bodies.length);
        }
      }),
      { numRuns: 1000, seed: 9 },
    );
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  test("never for names that objects have: they are kept as names", async () => {
    const note = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"\\ud800":1}';
    const storage = memory();
    await importStudy(storage, framed(withNote(note)));
    expect(writeJson((await contentOf(storage, "s")).trials[0]!.note, "")).toBe(note);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("a table of trials", () => {
  test("has a column for each parameter and metric, quotes what must be, and lets no cell be a formula", async () => {
    const storage = memory();
    const space = [{ name: "x", parameter: { type: "float", low: 0, high: 1, log: false } }];
    const { id } = await storage.createStudy({ ...definition, space });
    const params = { "=cmd|' /C calc'!A0": "@sum(1)", x: -0.5, "a,b": 'say "hi"\nthere', __proto: true };
    await storage.createTrial(id, { ...draft, number: 0, params });
    const failed = { message: "\t=1+1" };
    await storage.finishTrial(id, 0, { ...outcome, error: failed, metrics: { f1: Number.NaN, "-x": Infinity } });
    await storage.createTrial(id, { ...draft, number: 1, params: { x: -0, late: null } });
    expect((await all(exportCsv(storage, "s"))).join("")).toBe(
      "number,state,value,standardError,cost,attempt,startedAt,finishedAt,error,params.x,params.=cmd|' /C calc'!A0,\"params.a,b\",params.__proto,params.late,metrics.f1,metrics.-x\r\n".replace(
        "params.=cmd|' /C calc'!A0",
        "\"params.=cmd|' /C calc'!A0\"",
      ) +
        '0,completed,-0,,,1,1,9,"\'\t=1+1",-0.5,"\'@sum(1)","say ""hi""\nthere",true,,NaN,Infinity\r\n' +
        "1,running,,,,1,1,,,-0,,,,,,\r\n",
    );
  });

  test.each(["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "＝1", "\n-1"])("guards the cell %j", async (text) => {
    const storage = memory();
    const { id } = await storage.createStudy(definition);
    await storage.createTrial(id, { ...draft, number: 0, params: { text } });
    const [, ...rest] = (await all(exportCsv(storage, "s"))).join("").split("\r\n");
    expect(rest.join("\r\n")).toContain(`"'${text}"`);
  });
});
