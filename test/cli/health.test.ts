import { get } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { addressOf, type Health } from "../../src/cli/health.ts";
import { watchHealth } from "../../src/cli/watch-health.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { createStudy } from "../../src/study/create.ts";
import type { Study } from "../../src/study/study.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The health of a worker whose leases last 200 ms. */
async function serve(storage: Storage): Promise<{ study: Study; port: number }> {
  const study = (await createStudy({
    ...{ storage, space: { x: float(0, 1) }, sampler: random(), leases: { graceMs: 200 } },
  })) as unknown as Study;
  const server = (await watchHealth(study, "w", addressOf("0"), () => false))!;
  closing.push(() => server.close());
  return { study, port: server.port };
}

function ask(port: number, host: string): Promise<{ readonly code: number; readonly body: Health }> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/health", headers: { host } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => resolve({ code: response.statusCode!, body: JSON.parse(text) }));
    }).on("error", reject);
  });
}

describe("a worker's health", () => {
  test("is 503 once its storage has not answered for as long as a lease lasts, and 200 again when it does", async () => {
    let isAway = false;
    const storage = memory();
    const leases = storage.leases.bind(storage);
    storage.leases = (id) => (isAway ? Promise.reject(new Error("away")) : leases(id));
    const { study, port } = await serve(storage);
    isAway = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const trial = await study.ask();
    const away = await ask(port, "localhost");
    expect(away).toMatchObject({ code: 503, body: { status: "unreachable", running: [{ number: 0, leaseMs: null }] } });
    expect(away.body.lastContactMs).toBeGreaterThan(200);
    isAway = false;
    await study.tell(trial, 1);
    await study.ask();
    await expect
      .poll(() => ask(port, "localhost"))
      .toMatchObject({
        ...{ code: 200, body: { status: "ok", ended: 1, running: [{ number: 1 }] } },
      });
  });

  test("is not told to a page whose name was made to lead here", async () => {
    const { port } = await serve(memory());
    expect((await ask(port, "evil.example")).code).toBe(421);
    expect((await ask(port, `127.0.0.1:${port}`)).code).toBe(200);
  });

  test("is served where it is asked for", () => {
    expect(addressOf("8080")).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(addressOf("0.0.0.0:80")).toEqual({ host: "0.0.0.0", port: 80 });
    expect(addressOf("[::]:80")).toEqual({ host: "::", port: 80 });
    for (const wrong of ["", "http", "65536", "host:"])
      expect(() => addressOf(wrong)).toThrow("--health must be a port");
  });
});
