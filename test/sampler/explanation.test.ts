import { expect, test } from "vitest";
import { readExplanation, suggestedBy, writeExplanation } from "../../src/sampler/sampler.ts";

test("an explanation is read as it was written, in one line of text", () => {
  const explanation = {
    source: "model",
    mean: -1.25e-7,
    deviation: 0.0314159,
    utility: -12.5,
    nearest: { number: 41, distance: 1.5e10 },
  };
  expect(readExplanation({ explanation: writeExplanation(explanation), other: 1 })).toEqual(explanation);
  expect(readExplanation(suggestedBy("centre", { x: 1 }).note!)).toEqual({ source: "centre" });
});

test.each([[null], [7], ["text"], [[1]], [{}], [{ explanation: { source: "model" } }]])(
  "the note %j of another sampler explains nothing",
  (note) => {
    expect(readExplanation(note)).toBeUndefined();
  },
);
