/** A search that kills its own process inside trial 7: argv is the directory, and the seed if there is to be one. */
import { BayesianOptimization } from "../../src/tuner/index.ts";
import { NoisyRecall, recall } from "./noisy-recall.ts";

const [, , directory = "", seed] = process.argv;
let fits = 0;
const hypermodel = new NoisyRecall(() => {
  if (fits++ === 7) process.kill(process.pid, "SIGKILL");
});
const tuner = new BayesianOptimization({
  hypermodel,
  objective: recall,
  maxTrials: 10,
  directory,
  ...(seed === undefined ? {} : { seed }),
});
await tuner.search();
