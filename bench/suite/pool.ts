/** Jobs run by several processes, each taking the next when it is done with one, with progress on standard error. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Answer, Job } from "./child.ts";
import type { RunRecord } from "./run.ts";

/** @param keep called with each record as it comes */
export async function runAll(
  jobs: readonly Job[],
  lanes: number,
  keep: (record: RunRecord) => void = () => {},
): Promise<{ made: RunRecord[]; failed: string[] }> {
  const queue = [...jobs];
  const made: RunRecord[] = [];
  const failed: string[] = [];
  const progress = reporter(jobs.length);
  const lane = async (): Promise<void> => {
    const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, "child.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const answer = await ask(child, answers, job);
      if ("record" in answer) {
        keep(answer.record);
        made.push(answer.record);
      } else failed.push(`${job.driver.name} on ${job.task}, seed ${job.seed}: ${answer.error}`);
      progress(made.length + failed.length, failed.length);
    }
    child.stdin.end();
  };
  await Promise.all(Array.from({ length: Math.min(lanes, jobs.length) }, lane));
  return { made, failed };
}

async function ask(child: ChildProcess, answers: AsyncIterator<string>, job: Job): Promise<Answer> {
  child.stdin!.write(`${JSON.stringify(job)}\n`);
  const { value, done } = await answers.next();
  return done ? { error: "Its process ended." } : (JSON.parse(value) as Answer);
}

/** Says at most every five seconds how far it is, and about how long it will take. */
function reporter(total: number): (done: number, failed: number) => void {
  const started = performance.now();
  let said = started;
  return (done, failed) => {
    const now = performance.now();
    if (now - said < 5000 && done < total) return;
    said = now;
    const left = ((now - started) / done) * (total - done);
    const problems = failed > 0 ? `, ${failed} failed` : "";
    console.error(
      `${done} of ${total} runs${problems}, ${duration(now - started)} so far, about ${duration(left)} left`,
    );
  };
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 100
    ? `${seconds} s`
    : seconds < 6000
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
}
