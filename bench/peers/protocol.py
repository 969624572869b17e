"""What every driver of a peer shares: the space as peers can take it, and the JSON lines of `bench/suite/protocol.ts`.

A driver is a program of this folder that calls `serve` with a table of its samplers. A sampler is made by `make(space, seed, trials)`
and has `ask()`, which gives a handle of its own and the raw values of the parameters by name, and `tell(handle, loss)`, where a loss
of None is a failed trial; everything is minimised. The best observed configuration is recommended unless it has a `recommend()`.
"""
import os

# Read by the numeric libraries when they are loaded, which is after this module.
for variable in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"

import json
import math
import sys
import time
from collections import defaultdict
from decimal import Decimal
from importlib.metadata import version


class Parameter:
    """A parameter as peers see it: `kind` is "real" or "integer", in [low, high] and maybe `log`, "nominal" with `size` choices, or
    "constant". Their values are raw; `value` makes ours of them.

    Grids and ordinals are integers that count the levels, except grids in log scale, which are snapped to their nearest level.
    """

    def __init__(self, dimension):
        self.name = dimension["name"]
        self.conditions = dimension.get("when", [])
        self.json = it = dimension["parameter"]
        self.log = it.get("log", False)
        self.low, self.high = it.get("low"), it.get("high")
        self.levels = None
        kind = it["type"]
        if kind in ("categorical", "ordinal", "boolean", "fixed"):
            self.levels = it["choices"] if "choices" in it else [it["value"]] if kind == "fixed" else [False, True]
        elif "step" in it and (kind == "float" or it["step"] != 1):
            low, high, step = (Decimal(str(it[key])) for key in ("low", "high", "step"))
            number = int if kind == "int" else float
            self.levels = [number(low + k * step) for k in range(int((high - low) // step) + 1)]
        elif self.low == self.high:
            self.levels = [self.low]
        if self.levels is not None and len(self.levels) == 1:
            self.kind = "constant"
        elif kind in ("categorical", "boolean"):
            self.kind, self.size = "nominal", len(self.levels)
        elif self.levels is not None and not self.log:
            self.kind, self.low, self.high = "integer", 0, len(self.levels) - 1
        else:
            if kind == "geometric":
                self.log = True
            self.kind = "integer" if "int" in (kind, it.get("number")) else "real"
        if self.kind == "real":
            self.low, self.high = float(self.low), float(self.high)

    def value(self, raw):
        if self.kind == "constant":
            return self.levels[0]
        if self.kind == "nominal":
            return self.levels[int(raw)]
        number = min(self.high, max(self.low, float(raw) if self.kind == "real" else int(round(raw))))
        if self.levels is not None:
            return min(self.levels, key=lambda level: abs(level - number)) if self.log else self.levels[number]
        return self.low + self.high - number if self.json.get("reverse") else number

    def raws_where(self, condition):
        """The raw values of this parent under which a child is active; only where they can be counted."""
        raws = range(self.size) if self.kind == "nominal" else range(self.low, self.high + 1)
        return [raw for raw in raws if holds(condition, self.value(raw))]

    @property
    def is_countable(self):
        return self.kind == "nominal" or (self.kind == "integer" and self.high - self.low < 100)


def holds(condition, value):
    return value in condition["values"] if "values" in condition else value >= condition["atLeast"]


class Space:
    def __init__(self, dimensions):
        self.parameters = [Parameter(dimension) for dimension in dimensions]
        self.by_name = {parameter.name: parameter for parameter in self.parameters}
        #: Those that a peer has to search.
        self.searched = [parameter for parameter in self.parameters if parameter.kind != "constant"]

    def is_conditional(self):
        return any(parameter.conditions for parameter in self.parameters)

    def build(self, raw_of):
        """Our configuration: `raw_of` is asked for the raw value of each active parameter, parents first."""
        params = {}
        for it in self.parameters:
            if all(c["parent"] in params and holds(c, params[c["parent"]]) for c in it.conditions):
                params[it.name] = it.value(None if it.kind == "constant" else raw_of(it))
        return params

    def native_conditions(self, parameter):
        """[(parent, raw values)] of the conditions that a peer can be told: those on searched parents that can be counted."""
        parents = [(self.by_name[c["parent"]], c) for c in parameter.conditions]
        return [(parent, parent.raws_where(c)) for parent, c in parents if parent.is_countable]


class Worst:
    """Stands for a failed trial where a peer knows none: the worst loss so far, 0 before there is one."""

    def __init__(self):
        self.loss = None

    def of(self, loss):
        if loss is None:
            return 0.0 if self.loss is None else self.loss
        self.loss = loss if self.loss is None else max(self.loss, loss)
        return loss


class Run:
    """One run of a sampler: pending asks by their configuration, and the best observed one."""

    def __init__(self, space, sampler, sign):
        self.space, self.sampler, self.sign = space, sampler, sign
        self.pending = defaultdict(list)
        self.best = (math.inf, None)

    def ask(self):
        started = time.process_time()
        handle, raws = self.sampler.ask()
        ms = 1000 * (time.process_time() - started)
        params = raws if getattr(self.sampler, "gives_params", False) else self.space.build(lambda p: raws[p.name])
        self.pending[key_of(params)].append(handle)
        if self.best[1] is None:
            self.best = (math.inf, params)
        return {"params": params, "ms": ms}

    def tell(self, params, loss):
        handles = self.pending[key_of(params)]
        if not handles:
            raise ValueError(f"A configuration must be asked for before it is told, but got {params}.")
        if loss is not None:
            loss *= self.sign
            if loss < self.best[0]:
                self.best = (loss, params)
        started = time.process_time()
        self.sampler.tell(handles.pop(0), loss)
        return {"ms": 1000 * (time.process_time() - started)}

    def recommend(self):
        if not hasattr(self.sampler, "recommend"):
            return {"params": self.best[1]}
        raws = self.sampler.recommend()
        return {"params": self.best[1] if raws is None else self.space.build(lambda p: raws[p.name])}


def key_of(params):
    return frozenset(params.items())


def serve(samplers, package):
    """Answers requests until the input ends. What libraries print goes to the standard error.

    `samplers` is make(space, seed, trials) by name, `package` the one whose version a run is recorded with.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            op = request["op"]
            if op == "start":
                make = samplers[request["sampler"]]
                space = Space(request["space"])
                sign = -1 if request.get("direction") == "maximize" else 1
                run = Run(space, make(space, request["seed"], request["trials"]), sign)
                answer = {"ok": True, "version": version(package) if package else sys.version.split()[0]}
            elif op == "ask":
                answer = run.ask()
            elif op == "tell":
                answer = run.tell(request["params"], request["loss"])
            elif op == "recommend":
                answer = run.recommend()
            elif op == "stop":
                run = None
                answer = {"ok": True}
            else:
                raise ValueError(f"`op` must be start, ask, tell, recommend or stop, but got {op!r}.")
        except Exception as error:  # noqa: BLE001 - the runner decides what an error of a peer means
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer, default=lambda number: number.item()) + "\n")
        answers.flush()
