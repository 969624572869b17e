/** The name of a study's value, kept with the study: trials that were measured by one result are not mixed with another's. */
import { show, ValidationError } from "../errors.ts";
import type { Study } from "../study/study.ts";

/**
 * Keeps the metric with a new study, and compares it with a resumed one's. While no trial has a value the name may still be
 * mended, since all that failed may have failed for want of it.
 *
 * @throws ValidationError when the study's values are of another metric
 */
export async function agreeOnMetric(study: Study, metric: string): Promise<void> {
  const stored = await study.storage.findStudy(study.name);
  if (stored === null || stored.attributes.metric === metric) return;
  const kept = stored.attributes.metric;
  if (kept !== undefined && (await study.trials()).some(({ value }) => value !== null)) {
    throw new ValidationError(
      `A resumed study must be what it was, but ${show(study.name)} differs:\n  metric: stored ${show(kept)}, given ${show(metric)}\nGive what is stored, or begin another study: --study <name>.`,
    );
  }
  await study.storage.updateStudy(stored.id, { attributes: { metric } });
}
