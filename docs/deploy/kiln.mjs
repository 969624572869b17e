// Stands for a program of your own: a firing of some seconds, and what it yields.
import { setTimeout } from "node:timers/promises";

export default async function fire(trial) {
  const { celsius, hours } = trial.params;
  for (let step = 1; step <= 4; step++) {
    await setTimeout(Number(process.env.STEP_MS ?? 500), undefined, { signal: trial.signal });
    if (await trial.report(step, 1 - ((celsius - 1180) / 400) ** 2 - Math.log(hours / 11) ** 2 / step)) break;
  }
  return 1 - ((celsius - 1180) / 400) ** 2 - Math.log(hours / 11) ** 2 / 4;
}
