import { expect, test } from "vitest";
import { dense, dropout, input, sequential } from "../../src/nn/index.ts";

const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const y = x.map(([a, b]) => (a! > b! ? 1 : 0));

function network() {
  const model = sequential(
    [input(2), dense(8, { activation: "relu" }), dropout(0.3), dense(1, { activation: "sigmoid" })],
    {
      seed: 1,
    },
  );
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  return model;
}

test("a training that goes on from its third epoch ends where one without a break ends", async () => {
  const whole = network();
  const { history } = await whole.fit(x, y, { epochs: 5, seed: 7 });
  const parted = network();
  const first = await parted.fit(x, y, { epochs: 2, seed: 7 });
  const rest = await parted.fit(x, y, { epochs: 5, initialEpoch: 2, seed: 7 });
  expect(parted.getWeights()).toEqual(whole.getWeights());
  expect([first.epoch, rest.epoch]).toEqual([
    [0, 1],
    [2, 3, 4],
  ]);
  expect([...first.history.loss!, ...rest.history.loss!]).toEqual(history.loss);
});

test("an epoch to begin with that is none is refused", async () => {
  await expect(network().fit(x, y, { epochs: 2, initialEpoch: -1 })).rejects.toThrow("`initialEpoch`");
});
