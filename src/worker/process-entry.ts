/**
 * What runs inside a worker process: one task after another, until the process that started it is no more.
 */
import { Worker } from "node:worker_threads";
import { runTask, type Task } from "./task.ts";

process.on("message", (task: Task) => runTask(task, (reply) => process.send!(reply)));
// A terminal sends Ctrl-C to every process in it. What it means is for the first one to say, which may finish what runs.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());

// A task that computes without a pause never hears of the disconnection. So a thread looks whether the parent is there: when
// it has died the system gives its children another one.
const WATCH = `
  setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, "SIGKILL"); }, 1000);
`;
new Worker(WATCH, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
