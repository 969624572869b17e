import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readOnnx } from "../../bench/problems/onnx.ts";

const fixture = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/bench/network.json"), "utf8")) as {
  readonly onnx: string;
  readonly x_cat: number[];
  readonly x_cont: number[];
  readonly outputs: number[];
};
const folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
const file = join(folder, "network.onnx");
writeFileSync(file, Buffer.from(fixture.onnx, "base64"));
afterAll(() => rmSync(folder, { recursive: true }));

const inputs = {
  x_cat: { shape: [3, 1], data: Int32Array.from(fixture.x_cat) },
  x_cont: { shape: [3, 2], data: Float32Array.from(fixture.x_cont) },
};

test("a network with every operator gives what onnxruntime gives", () => {
  const { shape, data } = readOnnx(file).run(inputs);
  expect(shape).toEqual([3, 7]);
  for (const [i, value] of fixture.outputs.entries()) expect(Math.abs(data[i]! - value)).toBeLessThan(2e-6);
});

test("a row gives the same alone as in a batch", () => {
  const model = readOnnx(file);
  const alone = model.run({
    x_cat: { shape: [1, 1], data: inputs.x_cat.data.subarray(1, 2) },
    x_cont: { shape: [1, 2], data: inputs.x_cont.data.subarray(2, 4) },
  });
  expect([...alone.data]).toEqual([...model.run(inputs).data.subarray(7, 14)]);
});

test("a missing input is named", () => {
  expect(() => readOnnx(file).run({ x_cat: inputs.x_cat })).toThrow("needs the input x_cont");
});
