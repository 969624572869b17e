"""hyperopt's `tpe.suggest` with its defaults. A parameter that others depend on is an `hp.choice` of branches, which hold its children."""
from protocol import serve

import logging
import math

import numpy as np
from hyperopt import JOB_STATE_DONE, STATUS_FAIL, STATUS_OK, Trials, hp, tpe
from hyperopt.base import Domain

logging.disable(logging.INFO)


class Hyperopt:
    def __init__(self, space, seed, trials):
        self.generator = np.random.default_rng(seed)
        self.domain = Domain(lambda _: 0, search_space(space))
        self.trials = Trials()
        self.offsets = offsets(space)

    def ask(self):
        ids = self.trials.new_trial_ids(1)
        self.trials.refresh()
        (trial,) = tpe.suggest(ids, self.domain, self.trials, int(self.generator.integers(2**31 - 1)))
        values = trial["misc"]["vals"]
        return trial, {name: found[0] + self.offsets[name] for name, found in values.items() if found}

    def tell(self, trial, loss):
        trial["state"] = JOB_STATE_DONE
        trial["result"] = {"status": STATUS_FAIL} if loss is None else {"status": STATUS_OK, "loss": loss}
        self.trials.insert_trial_doc(trial)
        self.trials.refresh()


def native_parents(space):
    """By child, the one parent below which it stands: the last declared that can be counted."""
    order = {parameter.name: k for k, parameter in enumerate(space.parameters)}
    found = {}
    for parameter in space.searched:
        conditions = space.native_conditions(parameter)
        if conditions:
            found[parameter.name] = max(conditions, key=lambda it: order[it[0].name])
    return found


def offsets(space):
    """hp.choice counts from 0, a number that is a parent from its lowest value."""
    parents = {parent.name for parent, _ in native_parents(space).values()}
    return {p.name: p.low if p.kind == "integer" and p.name in parents else 0 for p in space.searched}


def search_space(space):
    below = native_parents(space)
    nodes = {}

    def node(parameter):
        """One node a parameter, which branches may share."""
        if parameter.name not in nodes:
            children = [p for p in space.searched if p.name in below and below[p.name][0] is parameter]
            nodes[parameter.name] = choice(parameter, children) if children else leaf(parameter)
        return nodes[parameter.name]

    def choice(parent, children):
        raws = range(parent.size) if parent.kind == "nominal" else range(parent.low, parent.high + 1)
        branches = [{p.name: node(p) for p in children if raw in below[p.name][1]} | {"": raw} for raw in raws]
        return hp.choice(parent.name, branches)

    return {p.name: node(p) for p in space.searched if p.name not in below}


def leaf(it):
    if it.kind == "nominal":
        return hp.choice(it.name, list(range(it.size)))
    if it.kind == "real":
        return hp.loguniform(it.name, math.log(it.low), math.log(it.high)) if it.log else hp.uniform(it.name, it.low, it.high)
    if it.log:
        return hp.qloguniform(it.name, math.log(it.low - 0.5), math.log(it.high + 0.5), 1)
    return hp.uniformint(it.name, it.low, it.high)


if __name__ == "__main__":
    serve({"hyperopt": Hyperopt}, "hyperopt")
