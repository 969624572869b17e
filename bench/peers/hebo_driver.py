"""HEBO with its defaults, conditions flattened. It leaves out observations that are not finite, which is how a failed trial is told."""
from protocol import serve

import math
import random
import warnings

import numpy as np
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

torch.set_num_threads(1)
warnings.simplefilter("ignore")


class Hebo:
    def __init__(self, space, seed, trials):
        # Its model and its evolution draw from the global generators.
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        self.hebo = HEBO(DesignSpace().parse([declared(parameter) for parameter in space.searched]), scramble_seed=seed)

    def ask(self):
        suggestion = self.hebo.suggest(1)
        row = suggestion.iloc[0].to_dict()
        return suggestion, row

    def tell(self, suggestion, loss):
        self.hebo.observe(suggestion, np.array([[math.nan if loss is None else loss]]))


def declared(it):
    if it.kind == "nominal":
        return {"name": it.name, "type": "cat", "categories": list(range(it.size))}
    kind = {("real", False): "num", ("real", True): "pow", ("integer", False): "int", ("integer", True): "pow_int"}
    base = {"base": 10} if it.log else {}
    return {"name": it.name, "type": kind[it.kind, it.log], "lb": it.low, "ub": it.high, **base}


if __name__ == "__main__":
    serve({"hebo": Hebo}, "HEBO")
