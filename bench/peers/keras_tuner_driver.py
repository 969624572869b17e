"""KerasTuner's BayesianOptimizationOracle with its defaults, conditions by its own scopes. Its seed 0 means none, so ours are counted
from 1 there. Its integers in log scale can be one above their range; they are clipped, as all raw values are."""
from protocol import serve

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import contextlib
import tempfile

import keras_tuner as kt
from keras_tuner.src.tuners.bayesian import BayesianOptimizationOracle


class KerasTuner:
    def __init__(self, space, seed, trials, **options):
        self.space = space
        self.folder = tempfile.TemporaryDirectory()
        self.oracle = BayesianOptimizationOracle(
            objective=kt.Objective("loss", "min"),
            max_trials=trials,
            hyperparameters=declared(space),
            seed=seed + 1,
            **options,
        )
        self.oracle.verbose = 0
        self.oracle._set_project_dir(self.folder.name, "project")

    def ask(self):
        # Each trial is a tuner's of its own: an oracle gives a tuner that has not finished the same trial again.
        trial = self.oracle.create_trial(f"tuner{len(self.oracle.trials)}")
        return trial, trial.hyperparameters.values

    def tell(self, trial, loss):
        if loss is None:
            trial.status = "INVALID"
        else:
            self.oracle.update_trial(trial.trial_id, {"loss": loss})
            trial.status = "COMPLETED"
        self.oracle.end_trial(trial)


def declared(space):
    hp = kt.HyperParameters()
    for parameter in space.searched:
        with contextlib.ExitStack() as scopes:
            for parent, raws in space.native_conditions(parameter):
                scopes.enter_context(hp.conditional_scope(parent.name, raws))
            declare(hp, parameter)
    return hp


def declare(hp, it):
    if it.kind == "nominal":
        return hp.Choice(it.name, list(range(it.size)), ordered=False)
    return (hp.Float if it.kind == "real" else hp.Int)(it.name, it.low, it.high, sampling="log" if it.log else "linear")


def surrogate_last(space, seed, trials):
    """Random until the last trial: `bench/keras-tuner.ts` times the ask of that one."""
    return KerasTuner(space, seed, trials, num_initial_points=trials - 1)


if __name__ == "__main__":
    serve({"keras-tuner": KerasTuner, "keras-tuner-surrogate-last": surrogate_last}, "keras-tuner")
