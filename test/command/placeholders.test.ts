import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPlaceholders, fillArguments, fillConfig, type Values } from "../../src/command/placeholders.ts";
import { ValidationError } from "../../src/errors.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";

const space = createSpace({
  lr: float(1e-6, 1, { log: true }),
  "weight decay": float(0, 1),
  o: oneOf({ sgd: { momentum: float(0, 1), nesterov: categorical([true, false]) }, adam: {} }),
  layers: int(1, 3),
  act: categorical(["relu", 'it\'s "quoted"', null]),
});
const values: Values = new Map<string, string | number | boolean | null>([
  ["lr", 1e-7],
  ["weight decay", 0.25],
  ["o.kind", "adam"],
  ["layers", 2],
  ["act", 'it\'s "quoted"'],
  ["trial", 7],
  ["config", "/logs/trial-0007.json"],
  ["params", '{"lr":1e-7}'],
]);

describe("arguments", () => {
  test("get values as they are printed, wherever the placeholder stands, and no shell changes them", () => {
    expect(
      fillArguments(["--lr={lr}", "{layers}x{layers}", "{act}", "{weight decay}", "t{trial}", "{params}"], values),
    ).toEqual(["--lr=1e-7", "2x2", 'it\'s "quoted"', "0.25", "t7", '{"lr":1e-7}']);
  });

  test("lose what belongs to an inactive parameter, with the option before it", () => {
    expect(fillArguments(["--momentum", "{o.momentum}", "--lr", "{lr}"], values)).toEqual(["--lr", "1e-7"]);
    expect(fillArguments(["--m={o.momentum}", "-v", "x"], values)).toEqual(["-v", "x"]);
    expect(fillArguments(["fit", "{o.momentum}", "-v", "m={o.momentum}"], values)).toEqual(["fit", "-v"]);
    expect(fillArguments(["--m={o.momentum}", "{o.momentum}", "a"], values)).toEqual(["a"]);
  });

  test("may have braces of their own: JSON, and names in double braces", () => {
    const args = ['{"a": {"b": 1}}', "{{lr}}", "{}", "{{print $1}}", "a}b{c"];
    expect(checkPlaceholders(args, space, "the command").size).toBe(0);
    expect(fillArguments(args, values)).toEqual(['{"a": {"b": 1}}', "{lr}", "{}", "{print $1}", "a}b{c"]);
  });

  test("with an unknown placeholder are refused, and the known ones told", () => {
    expect(() => checkPlaceholders(["--lr={Lr}"], space, "the command")).toThrow(
      "A placeholder must be a parameter of the space, but the command has {Lr}. There are: {lr}, {weight decay}, {o.kind}, {o.momentum}",
    );
    expect(() => checkPlaceholders(["{__proto__}"], space, "the command")).toThrow(ValidationError);
    expect(() => checkPlaceholders(["{trial}"], createSpace({ trial: int(1, 2) }), "the command")).toThrow(
      'cannot be named "trial"',
    );
  });
});

describe("a config template", () => {
  test("in JSON gets JSON values, with quotes around the placeholder or none", () => {
    const template =
      '{\n  "lr": "{lr}", "n": {layers}, "act": "{act}",\n  "m": {o.momentum}, "run": "run-{layers}-{act}.txt", "all": {params}\n}';
    expect(JSON.parse(fillConfig(template, values, true))).toEqual({
      lr: 1e-7,
      n: 2,
      act: 'it\'s "quoted"',
      m: null,
      run: 'run-2-it\'s "quoted".txt',
      all: { lr: 1e-7 },
    });
  });

  test("in YAML keeps its comments and gets values that YAML reads", () => {
    const template =
      "# learning\nlr: {lr}\nsizes: [{layers}, {layers}]\nact: {act}   # quoted\nname: run-{layers}\n- {layers}\n";
    expect(fillConfig(template, values, true)).toBe(
      '# learning\nlr: 1e-7\nsizes: [2, 2]\nact: "it\'s \\"quoted\\""   # quoted\nname: run-2\n- 2\n',
    );
  });

  test("stays JSON whatever the values, in strings and outside", () => {
    const value = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
    );
    const template = '{"a": "{v}", "b":{v},"c": [{v}, {v}],\n "d": "x {v} y", "e": "1, {v}, 2", "f": "u-{v}"}';
    fc.assert(
      fc.property(value, (v) => {
        const text = String(v);
        const is = Object.is(v, -0) ? 0 : v;
        expect(JSON.parse(fillConfig(template, new Map([["v", v]]), true))).toEqual({
          a: is,
          b: is,
          c: [is, is],
          d: `x ${text} y`,
          e: `1, ${text}, 2`,
          f: `u-${text}`,
        });
      }),
    );
  });

  test("knows a value from a part of a longer text in YAML, too", () => {
    const template =
      "url: http://{act}:{act}/x\nname: run-{act}\nwords: a {act} b\nlist:\n  - {act}\n  - [ {act} ]\nlast: {act} # note\n";
    const filled = fillConfig(template, new Map([["act", "r"]]), true);
    expect(filled).toBe(
      'url: http://r:r/x\nname: run-r\nwords: a r b\nlist:\n  - "r"\n  - [ "r" ]\nlast: "r" # note\n',
    );
  });

  test("in TOML, which has no null, loses the lines of inactive parameters", () => {
    expect(fillConfig("[sgd]\nlr = {lr}\nmomentum = {o.momentum}\nact={act}\n", values, false)).toBe(
      '[sgd]\nlr = 1e-7\nact="it\'s \\"quoted\\""\n',
    );
  });
});
