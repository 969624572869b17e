"""KerasTuner's BayesianOptimizationOracle on tuning problems: one line of JSON for each search and each timed ask.

  python keras_tuner_peer.py --tables FOLDER --lcbench FOLDER --problems car,lcbench:3945 --seeds 5 --trials 30 --asks 10,20,30

A problem is a table of the first folder, or an instance of the surrogate in the second. A search prints {"kind": "search", "problem",
"seed", "values": best so far by trials}; an ask, with as many completed random trials as it says and then the first one of the surrogate,
prints {"kind": "ask", "problem", "observations", "ms"}. Searches whose lines stand in the file of --kept already are not made again.
`bench/keras-tuner.ts` runs it and reads the lines.
"""
import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras_tuner as kt
import numpy as np
from keras_tuner.src.tuners.bayesian import BayesianOptimizationOracle


class Table:
    def __init__(self, folder, name):
        description = json.loads((folder / f"{name}.json").read_text())
        self.parameters = [(p["name"], p["values"]) for p in description["parameters"]]
        shape = [len(values) for _, values in self.parameters] + [description["seeds"]]
        recorded = np.fromfile(folder / f"{name}.f32", dtype="<f4").reshape(shape)
        self.accuracy = recorded.astype(float).mean(axis=-1)

    def hyperparameters(self):
        hp = kt.HyperParameters()
        for name, values in self.parameters:
            # A choice has values of one type, and JSON writes 1.0 as 1.
            whole = all(isinstance(value, int) for value in values)
            hp.Choice(name, values if whole else [float(value) for value in values], ordered=True)
        return hp

    def value(self, params):
        return float(self.accuracy[tuple(values.index(params[name]) for name, values in self.parameters)])


class LcbenchInstance:
    def __init__(self, lcbench, instance):
        self.lcbench = lcbench
        self.instance = instance

    def hyperparameters(self):
        hp = kt.HyperParameters()
        for p in self.lcbench.parameters:
            number = hp.Int if p["type"] == "uniform_int" else hp.Float
            number(p["name"], p["lower"], p["upper"], sampling="log" if p["log"] else "linear")
        return hp

    def value(self, params):
        return self.lcbench.accuracy(self.instance, params)


class Search:
    def __init__(self, problem, seed, trials, **options):
        self.problem = problem
        self.folder = tempfile.TemporaryDirectory()
        self.oracle = BayesianOptimizationOracle(
            objective=kt.Objective("accuracy", "max"),
            max_trials=trials,
            hyperparameters=problem.hyperparameters(),
            seed=seed,
            **options,
        )
        self.oracle.verbose = 0
        self.oracle._set_project_dir(self.folder.name, "project")

    def trial(self):
        trial = self.oracle.create_trial("tuner0")
        value = self.problem.value(trial.hyperparameters.values)
        self.oracle.update_trial(trial.trial_id, {"accuracy": value})
        trial.status = "COMPLETED"
        self.oracle.end_trial(trial)
        return value


def search(problem, seed, trials):
    run = Search(problem, seed, trials)
    return np.maximum.accumulate([run.trial() for _ in range(trials)]).tolist()


def ask_ms(problem, seed, observations):
    run = Search(problem, seed, observations + 1, num_initial_points=observations)
    for _ in range(observations):
        run.trial()
    started = time.perf_counter()
    run.oracle.create_trial("tuner0")
    return 1000 * (time.perf_counter() - started)


def problems(names, tables, lcbench):
    """By name. The surrogate and its library are loaded where they are asked for."""
    prefix = "lcbench:"
    if any(name.startswith(prefix) for name in names):
        from lcbench_evaluator import Lcbench

        surrogate = Lcbench(lcbench)
    return {
        name: LcbenchInstance(surrogate, name.removeprefix(prefix)) if name.startswith(prefix) else Table(tables, name)
        for name in names
    }


def searches_in(file):
    """(problem, seed, trials) of every search in a file of such lines; none where there is no file."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {(line["problem"], line["seed"], len(line["values"])) for line in map(json.loads, lines)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--lcbench", type=Path, required=True)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--asks", required=True)
    parser.add_argument("--kept", type=Path, required=True)
    options = parser.parse_args()
    by_name = problems(options.problems.split(","), options.tables, options.lcbench)
    asks = [int(count) for count in options.asks.split(",")]
    kept = searches_in(options.kept)
    # KerasTuner takes a seed of 0 for none, so ours are counted from 1 there and here.
    for name, problem in by_name.items():
        for observations in asks:
            say(kind="ask", problem=name, observations=observations, ms=ask_ms(problem, 1, observations))
    for seed in range(1, options.seeds + 1):
        for name, problem in by_name.items():
            if (name, seed, options.trials) in kept:
                continue
            say(kind="search", problem=name, seed=seed, values=search(problem, seed, options.trials))


def say(**record):
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
