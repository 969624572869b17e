/** What an ask costs, by space and by the number of trials. */
import type { Section } from "assay/chart";
import { median } from "../numbers.ts";
import { familyOf, taskOf } from "../problems/catalogue.ts";
import type { RunRecord } from "../suite/run.ts";
import { brief, table, text } from "./blocks.ts";
import { type Evidence, familiesOf, ofSampler, reaching } from "./data.ts";

export function timeSection({ samplers, records }: Evidence): Section {
  const longest = Math.max(...records.map(({ trials }) => trials));
  const counts = [10, 20, 30, 50, 100, 200, 500, 1000].filter((count) => count <= longest);
  return {
    title: "What an ask costs",
    blocks: [
      text(
        "Median CPU milliseconds of ask and tell together, of the trials around the n-th, on one thread. A dash: no run is as long.",
      ),
      ...familiesOf(records).map((family) => {
        const all = records.filter(({ task }) => familyOf(task) === family);
        const reachable = counts.filter((count) => reaching(all, count).length > 0);
        return table(
          `${family}, ${spaceOf(all[0]!.task)}`,
          ["sampler"],
          reachable.map((count) => `n = ${count}`),
          samplers
            .map((name) => [name, ofSampler(all, name)] as const)
            .filter(([, own]) => own.length > 0)
            .map(([name, own]) => [name, ...reachable.map((count) => brief(askMs(own, count)))]),
        );
      }),
    ],
  };
}

/** In words, of the first of a family, whose spaces are alike. */
function spaceOf(task: string): string {
  let dimensions: ReturnType<ReturnType<typeof taskOf>["make"]>["space"]["dimensions"];
  try {
    ({ dimensions } = taskOf(task).make().space);
  } catch {
    return "a space that is read from data not at hand";
  }
  const choices = dimensions.filter(({ parameter }) => parameter.nominal).length;
  const conditional = dimensions.filter(({ conditions }) => conditions.length > 0).length;
  return [
    `${dimensions.length} parameters`,
    ...(choices === 0 ? [] : [`${choices} of them choices`]),
    ...(conditional === 0 ? [] : [`${conditional} conditional`]),
  ].join(", ");
}

/** Median of ask and tell, within a tenth of the n-th trial; NaN where no run has as many. */
export function askMs(records: readonly RunRecord[], n: number): number {
  const from = Math.max(0, n - Math.max(2, Math.round(n / 10)) - 1);
  return median(
    records
      .filter(({ askMs: asked }) => asked.length >= n)
      .flatMap(({ askMs: asked, tellMs }) => asked.slice(from, n).map((ms, i) => ms + (tellMs[from + i] ?? 0))),
  );
}
