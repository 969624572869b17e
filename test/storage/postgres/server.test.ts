import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hasBinaries } from "./binaries.ts";
import { PostgresServer, query } from "./server.ts";

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe.skipIf(!hasBinaries())("a PostgreSQL server of one's own", () => {
  test("keeps what was committed over a crash, on the same port", async () => {
    const server = await PostgresServer.start();
    const { url } = server;
    await query(url, "create table kept (a int); insert into kept values (1)");
    await server.restart("immediate");
    expect(server.url).toBe(url);
    expect(await query(url, "select a from kept")).toEqual([{ a: 1 }]);
    await server.close();
    expect(await isListening(server.port)).toBe(false);
  });

  test("is gone, with its data, when the process that started it is killed", async () => {
    const script = `
      const { PostgresServer, query } = await import(${JSON.stringify(new URL("server.ts", import.meta.url).href)});
      const server = await PostgresServer.start();
      const [{ folder }] = await query(server.url, "select current_setting('data_directory') as folder");
      console.log(JSON.stringify({ port: server.port, folder }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    const [line] = (await child.stdout.setEncoding("utf8").take(1).toArray()) as string[];
    const { port, folder } = JSON.parse(line!);
    expect([await isListening(port), existsSync(folder)]).toEqual([true, true]);
    child.kill("SIGKILL");
    const gone = async () => [await isListening(port), existsSync(folder)];
    await expect.poll(gone, { timeout: 10_000 }).toEqual([false, false]);
  });
});
