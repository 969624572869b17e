import { describe, expect, test } from "vitest";
import { decisionThreshold, OBJECTIVES, parseObjective } from "../../../examples/fraud-detection/objective.ts";
import { HELP, parseOptions } from "../../../examples/fraud-detection/options.ts";
import { UsageError } from "../../../examples/fraud-detection/usage-error.ts";

describe("options", () => {
  test("have the defaults that the help names", () => {
    expect(parseOptions([])).toMatchObject({
      source: { kind: "synthetic", preset: "balanced" },
      objective: { name: "recall" },
      size: "default",
      trials: 30,
      cv: 3,
      seed: 7,
      workers: "all",
      sampler: "gp",
      backend: "nn",
      repeat: 1,
      fresh: false,
      out: "runs/fraud-detection/balanced-recall-seed-7",
    });
    expect(parseOptions(["--help"])).toBeNull();
    expect(HELP.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("of two different runs lead to two folders", () => {
    const out = (...args: string[]) => parseOptions(args)!.out;
    const folders = [
      out(),
      out("--quick"),
      out("--full"),
      out("--seed", "8"),
      out("--trials", "31"),
      out("--cv", "5"),
      out("--repeat", "2"),
      out("--backend", "tfjs"),
      out("--sampler", "tpe"),
      out("--objective", "recall@precision>=0.7"),
      out("--preset", "imbalanced"),
      out("--data", "a/table.csv", "--label", "y"),
    ];
    expect(new Set(folders).size).toBe(folders.length);
  });

  test.each([
    [["--trails", "3"], /no option --trails\. Did you mean "--trials"\?/],
    [["--trials"], /--trials needs a value/],
    [["--trials", "1"], /--trials must be a whole number from 2 to 1000, but got "1"/],
    [["--seed", "x"], /--seed must be a whole number >= 0, but got "x"/],
    [["--quick", "--full"], /exclude each other/],
    [["--quick=yes"], /--quick takes no value/],
    [["recall"], /"recall" is not an option/],
    [["--preset", "imbalance"], /Did you mean "imbalanced"/],
    [["--sampler", "tpee"], /--sampler must be gp or tpe, but got "tpee"\. Did you mean "tpe"/],
    [["--backend", "tfsj"], /--backend must be nn or tfjs, but got "tfsj"\. Did you mean "tfjs"/],
    [["--objective", "recal"], /one of recall, f2, .* Did you mean "recall"/],
    [["--objective", "recall@precision>=70"], /between 0 and 1, but got "70"/],
    [["--data", "x.csv"], /needs --label/],
    [["--label", "y"], /give --data FILE as well/],
    [["--data", "x.csv", "--label", "y", "--preset", "balanced"], /cannot be given with --data/],
  ])("%j are refused with the rule and the remedy on one line", (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe("objectives", () => {
  const labels = [1, 1, 0, 1, 0, 0, 1, 0];
  const probabilities = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];

  test("all score a prediction between 0 and 1, and prefer a perfect one", () => {
    for (const name of OBJECTIVES) {
      const { score } = parseObjective(name);
      expect(score(labels, labels)).toBe(1);
      expect(score(labels, probabilities)).toBeGreaterThan(0);
      expect(score(labels, probabilities)).toBeLessThan(1);
    }
  });

  test("under a condition on precision are not won by calling everything positive", () => {
    const objective = parseObjective("recall@precision>=0.7");
    expect(objective.score(labels, Array(8).fill(0.9))).toBe(0);
    expect(parseObjective("recall").score(labels, Array(8).fill(0.9))).toBe(1);
  });

  test("decide at the lowest threshold that keeps the precision", () => {
    const objective = parseObjective("recall@precision>=0.7");
    expect(decisionThreshold(objective, labels, probabilities)).toEqual({ threshold: 0.55, isMet: true });
    expect(decisionThreshold(parseObjective("f2"), labels, probabilities)).toEqual({ threshold: 0.5, isMet: true });
    expect(decisionThreshold(objective, [0, 0, 1], [0.9, 0.8, 0.1])).toEqual({ threshold: 0.5, isMet: false });
  });
});
