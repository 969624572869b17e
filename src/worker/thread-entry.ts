/** What runs inside a worker thread: one task after another, each an exported function called with an input. */
import { parentPort } from "node:worker_threads";
import { runTask, type Task } from "./task.ts";

const port = parentPort!;
port.on("message", (task: Task) => runTask(task, (reply) => port.postMessage(reply)));
