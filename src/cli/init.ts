/** `assay init`: a space and a command to begin with, each explaining itself. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuplicateError } from "../errors.ts";

const SPACE = `{
  "lr": { "type": "float", "low": 1e-5, "high": 0.1, "log": true },
  "units": { "type": "int", "low": 20, "high": 60, "step": 10 },
  "activation": { "type": "categorical", "choices": ["relu", "tanh"] },
  "batch": { "type": "ordinal", "choices": [16, 32, 64] },
  "optimizer": {
    "oneOf": {
      "sgd": { "momentum": { "type": "float", "low": 0, "high": 0.99 } },
      "adam": {}
    }
  }
}
`;

const COMMAND = `#!/bin/sh
# Tunes train.py over the parameters in space.json. Run it again to go on after any interruption.
#
# space.json   "float" and "int" take low, high and, if you like, step, "log": true and default; "categorical" and "ordinal" (in
#              order) take choices; "boolean" takes nothing, "fixed" a value. Objects nest. "oneOf" has branches with parameters
#              of their own, and "when": { "optimizer": "adam" } makes a parameter depend on another.
# {lr}         is replaced by the trial's value, {optimizer.kind} by the name of the branch. Where {optimizer.momentum} does not
#              apply, it is left out together with the option before it.
# the result   is the JSON line {"val_recall": 0.93} that train.py prints. Lines {"step": 3, "value": 0.5} on the way let the
#              pruner stop trials that fall behind; \`assay init --python\` prints a helper that writes both.
#
# assay run --help lists all options.
exec assay run \\
  --space space.json \\
  --maximize val_recall \\
  --storage assay.db \\
  --trials 50 \\
  --pruner median \\
  -- python train.py \\
    --lr {lr} \\
    --units {units} \\
    --activation {activation} \\
    --batch {batch} \\
    --optimizer {optimizer.kind} \\
    --momentum {optimizer.momentum}
`;

/** Needs nothing but Python 3. */
export const pythonHelper = `"""Tells Assay how a trial goes, in JSON lines on standard output."""

import json


def report(step, value):
    """A value on the way, such as an epoch's score: a pruner stops trials that fall behind."""
    print(json.dumps({"step": int(step), "value": float(value)}), flush=True)


def result(**values):
    """The result, once, at the end: result(val_recall=0.93, val_loss=0.2)."""
    print(json.dumps({name: float(value) for name, value in values.items()}), flush=True)
`;

/**
 * Writes space.json and tune.sh into a folder.
 *
 * @returns what to tell the user
 * @throws DuplicateError when one of them is there, and writes nothing then
 */
export function init(folder: string): string {
  const files = [
    { name: "space.json", text: SPACE, mode: 0o644 },
    { name: "tune.sh", text: COMMAND, mode: 0o755 },
  ];
  const present = files.find(({ name }) => existsSync(join(folder, name)));
  if (present !== undefined) {
    throw new DuplicateError(
      `${present.name} exists already in this folder, and nothing was written. Move it away, or begin elsewhere.`,
    );
  }
  for (const { name, text, mode } of files) writeFileSync(join(folder, name), text, { flag: "wx", mode });
  return "Wrote space.json, what to try, and tune.sh, the command. Change both to suit your program, then run ./tune.sh\n";
}
