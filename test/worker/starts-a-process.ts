/** A program with a pool of one process: says what its task says, and ends by itself when the task does. */
import { fromModule } from "../../src/worker/module-ref.ts";
import { createWorkerPool } from "../../src/worker/pool.ts";
import type * as tasks from "./tasks.ts";

const [, , task] = process.argv;
const module = new URL("./tasks.ts", import.meta.url);
const pool = createWorkerPool({ workers: 1, kind: "process" });
if (task === "square") {
  console.log(await pool.run(fromModule<typeof tasks.square>(module, "square"), 7));
  if (process.argv[3] === "close") {
    await pool.close();
    console.log("closed");
  }
} else await pool.run(fromModule<typeof tasks.wait>(module, task), null, { onMessage: (id) => console.log(id) });
