/** A search that kills its own process inside a trial: argv is the directory, and the epoch of trial 0 at which to die. */
import { RandomSearch } from "../../src/tuner/tuners.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { hypermodel } from "./networks.ts";

const [, , directory = "", fatalEpoch = ""] = process.argv;
const { x, y } = fixture;
const tuner = new RandomSearch({
  hypermodel,
  objective: "val_auc",
  maxTrials: 3,
  executionsPerTrial: 2,
  seed: 7,
  directory,
});
tuner.on("epoch", ({ epoch }) => {
  if (String(epoch) === fatalEpoch) process.kill(process.pid, "SIGKILL");
});
await tuner.search(x, y, { validationData: [x, y] });
const trials = await tuner.study.trials();
console.log(JSON.stringify(trials.map(({ params, value }) => [params, value])));
await tuner.close();
