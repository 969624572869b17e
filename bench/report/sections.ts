/** What a report says, section by section, made of records. */
import type { Section } from "assay/chart";
import { recommendedAfter } from "../suite/summary.ts";
import { bbobSection } from "./bbob.ts";
import { table, text } from "./blocks.ts";
import { type Figure, isMeasured } from "./check.ts";
import { type Evidence, type Ground, ofSampler, onGround, panelsOf } from "./data.ts";
import { loseSection, pairSection, runsOf, winSection } from "./pairs.ts";
import { curveSection, meanSection, meansOf, profileSection, rankSection } from "./panels.ts";
import { stuckSection } from "./stuck.ts";
import { timeSection } from "./times.ts";

/** @param figures those that are promised, of the same evidence */
export function sectionsOf(evidence: Evidence, figures: readonly Figure[]): Section[] {
  return [
    runSection(evidence),
    ...figureSections(figures.filter(isMeasured)),
    ...tuningSections(evidence),
    ...syntheticSections(evidence),
    ...bbobSections(evidence),
    ...noisySections(evidence),
    timeSection(evidence),
  ];
}

const GROUNDS: readonly Ground[] = ["tuning", "synthetic", "bbob", "noisy"];

/** Who ran what. */
function runSection({ samplers, records }: Evidence): Section {
  const grounds = GROUNDS.filter((ground) => onGround(records, ground).length > 0);
  return {
    title: "What ran",
    blocks: [
      text("Tasks × seeds, and the trials of a run. What two samplers are compared on is what both have."),
      table(
        "Runs",
        ["sampler", "version"],
        grounds,
        samplers.map((name) => {
          const own = ofSampler(records, name);
          return [
            name,
            [...new Set(own.map(({ version }) => version))].join(" and "),
            ...grounds.map((ground) => {
              const some = onGround(own, ground);
              const trials = [...new Set(some.map((record) => record.trials))].sort((a, b) => a - b);
              return some.length === 0 ? "–" : `${runsOf(some)}, ${trials.join(" and ")} trials`;
            }),
          ];
        }),
      ),
    ],
  };
}

/** What is promised, as far as it was measured here. */
function figureSections(figures: readonly Figure[]): Section[] {
  if (figures.length === 0) return [];
  const reached = figures.filter(({ isReached }) => isReached).length;
  return [
    {
      title: "What is promised, and what is reached",
      blocks: [
        text(
          `${reached} of the ${figures.length} figures that these runs measure are reached. \`npm run bench:report -- FOLDER --check\` prints them; docs/decisions/010 says what was tried where one falls short.`,
        ),
        table(
          "Figures",
          ["figure", "target", "measured", "reached"],
          [],
          figures.map(({ what, target, got, isReached }) => [what, target, got, isReached ? "yes" : "no"]),
        ),
      ],
    },
  ];
}

function tuningSections(evidence: Evidence): Section[] {
  const { samplers, main } = evidence;
  const records = onGround(evidence.records, "tuning");
  if (records.length === 0) return [];
  const panels = panelsOf(samplers, records);
  const isAlone = new Set(records.map(({ sampler }) => sampler)).size === 1;
  return [
    ...(isAlone
      ? []
      : [
          pairSection(evidence, records, `${main} beside each other`),
          winSection(evidence, records),
          loseSection(evidence, records),
        ]),
    meanSection(panels, "Mean normalised regret"),
    rankSection(panels, main),
    profileSection(panels),
    curveSection(panels),
    stuckSection(evidence, records),
  ];
}

function syntheticSections(evidence: Evidence): Section[] {
  const records = onGround(evidence.records, "synthetic");
  if (records.length === 0) return [];
  return [
    {
      title: "Synthetic tasks",
      blocks: panelsOf(evidence.samplers, records).flatMap((panel) => meansOf(panel)),
    },
  ];
}

function bbobSections(evidence: Evidence): Section[] {
  const records = onGround(evidence.records, "bbob");
  return records.length === 0 ? [] : [bbobSection(evidence, records)];
}

function noisySections(evidence: Evidence): Section[] {
  const records = onGround(evidence.records, "noisy");
  if (records.length === 0) return [];
  return [
    {
      title: "Under noise",
      blocks: [
        text(
          "The noise-free regret of the configuration that the sampler would settle on, where every measurement is noisy.",
        ),
        ...panelsOf(evidence.samplers, records).flatMap((panel) => meansOf(panel, recommendedAfter)),
      ],
    },
  ];
}
