"""Tells Assay how a trial goes, in JSON lines on standard output."""

import json


def report(step, value):
    """A value on the way, such as an epoch's score: a pruner stops trials that fall behind."""
    print(json.dumps({"step": int(step), "value": float(value)}), flush=True)


def result(**values):
    """The result, once, at the end: result(val_recall=0.93, val_loss=0.2)."""
    print(json.dumps({name: float(value) for name, value in values.items()}), flush=True)
