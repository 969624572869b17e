/** The surrogate and the acquisition functions by themselves, and a sampler put together from them. */
import { createStudy, float, gp } from "assay";
import { ei, logEi, pi, ucb } from "assay/acquisition";
import { fit, looPredictions, posterior } from "assay/gp";

// Seven noisy measurements of a function on [0, 1], as the rows of x, [n, d] with d = 1.
const x = Float64Array.of(0.02, 0.15, 0.3, 0.45, 0.6, 0.8, 0.97);
const y = x.map((at, i) => Math.sin(6 * at) + (i % 2 === 0 ? 0.02 : -0.02));
const surrogate = fit({ x, y });
console.log(
  `length-scale ${surrogate.parameters.lengthScales[0]?.toFixed(3)}, noise variance ${surrogate.parameters.noiseVariance.toExponential(1)}`,
);

const at = Float64Array.from({ length: 9 }, (_, i) => i / 8);
const { mean, sigma } = posterior(surrogate, at);
const best = Math.min(...y);
console.log("   x    mean     sd    logEI      EI      PI    -LCB");
for (const [i, point] of at.entries()) {
  const utilities = [logEi(), ei(), pi({ xi: 0.01 }), ucb({ kappa: 2.6 })].map(
    (acquisition) => acquisition.at(mean[i]!, sigma[i]!, best).value,
  );
  console.log(
    [point.toFixed(2), mean[i]!.toFixed(3), sigma[i]!.toFixed(3), ...utilities.map((value) => value.toFixed(3))]
      .map((text) => text.padStart(7))
      .join(" "),
  );
}
const loo = looPredictions(surrogate);
console.log(
  `left out, each value is missed by ${Math.max(...loo.mean.map((value, i) => Math.abs(value - y[i]!))).toFixed(3)} at most`,
);

const sampler = gp({
  acquisition: ucb({ kappa: 2.6 }),
  initialPoints: { count: 6, design: "sobol" },
  maximizer: "lbfgs",
});
const study = await createStudy({ space: { a: float(-5, 10), b: float(0, 15) }, sampler, seed: 2 });
await study.optimize(({ params: { a, b } }) => (b - 0.129 * a * a + 1.6 * a - 6) ** 2 + 9.6 * Math.cos(a) + 10, {
  trials: 40,
});
console.log(`Branin by UCB, 40 trials: ${(await study.best())?.value?.toFixed(4)} (its minimum is 0.40)`);
