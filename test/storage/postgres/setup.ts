// Before all tests: a door at which a test file asks for the PostgreSQL server of the run. It is started at the first knock,
// so that a run without such tests has none, and stopped after the last test.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { TestProject } from "vitest/node";
import { PostgresServer } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The port of the door. */
    postgresDoor: number;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  let server: Promise<PostgresServer> | undefined;
  const door = createServer(async (knock) => {
    knock.on("error", () => {});
    server ??= PostgresServer.start();
    knock.end(
      JSON.stringify(
        await server.then(
          ({ url }) => ({ url }),
          (error: unknown) => ({ error: String(error) }),
        ),
      ),
    );
  });
  door.listen(0, "127.0.0.1").unref();
  await once(door, "listening");
  provide("postgresDoor", (door.address() as AddressInfo).port);
  return async () => {
    door.close();
    await (await server?.catch(() => undefined))?.close();
  };
}
