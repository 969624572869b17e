import { rmSync } from "node:fs";
import { hostname } from "node:os";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeOf, redacted } from "../../src/cli/place.ts";
import { freshDatabase, withFreshRole } from "../storage/postgres/database.ts";
import { assay, makeFolder, PROGRAM } from "./cli.ts";

const [database, sick] = [await freshDatabase(), await freshDatabase()];

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("--storage postgres://…", () => {
  test("serves every command, none of which prints the password", async () => {
    const url = await withFreshRole(database, "superuser", "pw/geheim");
    const said: string[] = [];
    const run = async (...args: string[]) => {
      const ran = await assay(folder, ...args);
      said.push(ran.out, ran.err);
      return ran;
    };
    const at = ["--storage", url];
    const what = ["--space", "space.json", "--minimize", "score", "--sampler", "random", "--study", "kiln"];
    const first = await run("run", ...at, ...what, "--trials", "2", ...PROGRAM);
    expect([first.code, first.err]).toEqual([
      0,
      expect.stringMatching(/For more trials: assay run --storage '?postgres:\/\/\w+:\*\*\*@/),
    ]);
    const both = await Promise.all([1, 2].map(() => run("worker", ...at, ...what, "--trials", "6", ...PROGRAM)));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0]!.err).toMatch(
      new RegExp(`^Worker ${hostname()}:\\d+ of study "kiln" in postgres://\\w+:\\*\\*\\*@`),
    );
    const [listed] = (await run("study", "list", ...at, "--json")).out.split("\n");
    expect(JSON.parse(listed!)).toMatchObject({
      study: "kiln",
      trials: 6,
      budget: { trials: 6 },
      states: { completed: 6 },
    });
    expect((await run("watch", ...at, "--study", "kiln", "--once")).out).toContain("kiln  6 of 6  6 completed");
    expect((await run("workers", ...at)).out).toBe("No trial runs; 0 wait.\n");
    expect((await run("sweep", ...at)).out).toContain("Nothing to sweep");
    const doctor = await run("doctor", ...at);
    // The server of the tests forgets what it wrote when its machine goes down, and is told so.
    expect(doctor.out.match(/^WRONG.*$/gm) ?? []).toEqual(
      process.env.TEST_POSTGRES_URL ? [] : ["WRONG fsync         off"],
    );
    for (const line of [/^ok {4}version {7}PostgreSQL \d+/m, /^ok {4}leases {8}0 trials run/m, /^ok {4}integrity/m])
      expect(doctor.out).toMatch(line);
    expect(
      Math.max(
        ...doctor.out
          .split("\n")
          .slice(1)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    expect((await run("study", "delete", "kiln", "--confirm", "kiln", ...at)).code).toBe(0);
    const wrong = new URL(url);
    wrong.password = "geheim2";
    for (const [command, ...args] of [["workers"], ["doctor"], ["worker", ...what, "--objective", "program.mjs"]]) {
      const refused = await run(command!, "--storage", wrong.href, ...args);
      expect([refused.code, refused.err]).toEqual([
        1,
        expect.stringContaining("the server does not accept this user and password"),
      ]);
    }
    for (const text of said) expect(text).not.toMatch(/geheim/);
  });

  test("assay doctor tells what is wrong with a server's settings, a user's rights and the tables", async () => {
    const url = sick;
    const findings = async (at: string) => {
      const { code, out } = await assay(folder, "doctor", "--storage", at, "--json");
      const all = out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      return { code, found: new Map(all.map((finding) => [finding.check, finding])) };
    };
    const poor = await withFreshRole(url);
    const before = await findings(poor);
    expect(before.code).toBe(1);
    expect(before.found.get("permissions")).toMatchObject({
      status: "wrong",
      remedy: expect.stringContaining("CREATE SCHEMA assay"),
    });

    await assay(
      folder,
      "run",
      "--storage",
      url,
      "--space",
      "space.json",
      "--minimize",
      "score",
      "--sampler",
      "random",
      "--trials",
      "2",
      ...PROGRAM,
    );
    expect((await findings(poor)).found.get("permissions")).toMatchObject({
      ...{ status: "wrong", found: expect.stringContaining("studies") },
      remedy: expect.stringContaining("GRANT USAGE ON SCHEMA assay"),
    });
    const client = new pg.Client(url);
    await client.connect();
    await client.query("delete from assay.trials where number = 0");
    await client.query(`alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off`);
    const { code, found } = await findings(url);
    await client.end();
    expect(code).toBe(1);
    expect(found.get("integrity")).toMatchObject({ status: "wrong", found: 'trials are missing in "default"' });
    expect(found.get("commits")).toMatchObject({ status: "note", found: "synchronous_commit off" });
    expect(found.get("clock").status).toBe("ok");
  });
});

describe("a storage's name", () => {
  test("is shown without its password, however it is written", () => {
    for (const [given, shown] of [
      ["postgres://ada:a@b:c/d@db.example/x", "postgres://ada:***@db.example/x"],
      ["postgresql://:pw@db/x?sslmode=verify-full", "postgresql://:***@db/x?sslmode=verify-full"],
      ["postgres://db/x?user=ada&password=pw&sslpassword=pw", "postgres://db/x?user=ada&password=***&sslpassword=***"],
      [
        "assay worker --storage 'postgres://ada:pw@db/x' -- ./a b@c",
        "assay worker --storage 'postgres://ada:***@db/x' -- ./a b@c",
      ],
    ] as const) {
      expect(redacted(given)).toBe(shown);
    }
    expect(placeOf("postgresql://ada:pw@db/x")).toEqual({
      kind: "postgres",
      url: "postgres://ada:pw@db/x",
      shown: "postgresql://ada:***@db/x",
    });
    expect(placeOf("sqlite:/data/a.db")).toEqual({ kind: "sqlite", file: "/data/a.db", shown: "/data/a.db" });
    expect(placeOf("C:\\data\\a.db")).toMatchObject({ kind: "sqlite", file: "C:\\data\\a.db" });
    for (const wrong of ["mysql://ada:pw@db/x", "sqlite:///a.db"]) {
      expect(() => placeOf(wrong)).toThrow(/Write sqlite:|must be the path of a SQLite file/);
      expect(() => placeOf(wrong)).not.toThrow("pw@");
    }
  });
});
