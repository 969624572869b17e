"""KerasTuner's BayesianOptimizationOracle on recorded tables: one line of JSON for each search and each timed ask.

  python keras_tuner_peer.py FOLDER --tables car,kc1 --seeds 5 --trials 30 --asks 10,20,30

A search prints {"kind": "search", "table", "seed", "values": best so far by trials}; an ask, with as many completed random trials
as it says and then the first one of the surrogate, prints {"kind": "ask", "table", "observations", "ms"}.
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


class Search:
    def __init__(self, table, seed, trials, **options):
        self.table = table
        self.folder = tempfile.TemporaryDirectory()
        self.oracle = BayesianOptimizationOracle(
            objective=kt.Objective("accuracy", "max"),
            max_trials=trials,
            hyperparameters=table.hyperparameters(),
            seed=seed,
            **options,
        )
        self.oracle.verbose = 0
        self.oracle._set_project_dir(self.folder.name, "project")

    def trial(self):
        trial = self.oracle.create_trial("tuner0")
        value = self.table.value(trial.hyperparameters.values)
        self.oracle.update_trial(trial.trial_id, {"accuracy": value})
        trial.status = "COMPLETED"
        self.oracle.end_trial(trial)
        return value


def search(table, seed, trials):
    run = Search(table, seed, trials)
    return np.maximum.accumulate([run.trial() for _ in range(trials)]).tolist()


def ask_ms(table, seed, observations):
    run = Search(table, seed, observations + 1, num_initial_points=observations)
    for _ in range(observations):
        run.trial()
    started = time.perf_counter()
    run.oracle.create_trial("tuner0")
    return 1000 * (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", required=True)
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--asks", required=True)
    options = parser.parse_args()
    tables = {name: Table(options.folder, name) for name in options.tables.split(",")}
    asks = [int(count) for count in options.asks.split(",")]
    # KerasTuner takes a seed of 0 for none, so ours are counted from 1 there and here.
    for name, table in tables.items():
        for observations in asks:
            say(kind="ask", table=name, observations=observations, ms=ask_ms(table, 1, observations))
    for seed in range(1, options.seeds + 1):
        for name, table in tables.items():
            say(kind="search", table=name, seed=seed, values=search(table, seed, options.trials))


def say(**record):
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
