/** How a worker comes to its study: the one that is stored, or a new one where it is told of what. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { Space } from "../space/space.ts";
import type { Storage } from "../storage/storage.ts";
import { createStudy } from "../study/create.ts";
import type { Study } from "../study/study.ts";
import { agreeOnMethods, keepMethods } from "./agree-on-methods.ts";
import { agreeOnMetric } from "./agree-on-metric.ts";
import { type Methods, makeMethods, seedOf } from "./methods.ts";

export interface JoinOptions extends Partial<Methods> {
  readonly study: string;
  readonly maximize?: string;
  readonly minimize?: string;
  readonly trials?: number;
  readonly maxTrials?: number;
  readonly seed?: string;
}

/** A new study's, as of `assay run`. */
const TRIALS = 50;

/**
 * Every worker may say all of it: the first creates the study, the others find that they agree.
 *
 * @param space  as declared here, if it is
 * @param where  the storage, for an error
 * @throws NotFoundError when there is no study and too little is said to create it, ValidationError when what is said differs from what is stored
 */
export async function joinStudy(
  storage: Storage,
  options: JoinOptions,
  space: Space | undefined,
  where: string,
): Promise<Study> {
  const { study: name, maximize, minimize, trials, maxTrials, seed } = options;
  const metric = maximize ?? minimize;
  const stored = await storage.findStudy(name);
  if (stored === null && (space === undefined || metric === undefined)) {
    throw new NotFoundError(
      `There is no study ${show(name)} in ${where}. To create it, give --space FILE and --maximize or --minimize NAME; \`assay study list\` tells what there is.`,
    );
  }
  if (stored !== null && Object.keys(stored.budget).length === 0 && trials === undefined && maxTrials === undefined) {
    throw new ValidationError(
      `The study ${show(name)} has no budget, so its workers would never end. Give it one, --trials N in all, or this worker its share, --max-trials N.`,
    );
  }
  const methods = agreeOnMethods(stored, options);
  const budget = trials ?? (stored === null ? TRIALS : undefined);
  const common = {
    ...{ name, storage, order: "asap" as const, ...makeMethods(methods) },
    ...(metric === undefined
      ? {}
      : { direction: maximize === undefined ? ("minimize" as const) : ("maximize" as const) }),
    ...(seed === undefined ? {} : { seed: seedOf(seed) }),
    ...(budget === undefined ? {} : { budget: { ...stored?.budget, trials: budget } }),
  };
  const study: Study =
    space === undefined ? ((await createStudy(common)) as Study) : await createStudy({ ...common, space });
  if (metric !== undefined) await agreeOnMetric(study, metric);
  if (stored?.attributes.methods === undefined) await keepMethods(study, methods);
  return study;
}
