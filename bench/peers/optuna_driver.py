"""Optuna's samplers with their defaults, define-by-run, so that conditions are its own; ordinals and steps are integer indices.

"optuna-auto" follows the policy of OptunaHub's AutoSampler for one objective: TPE where anything is categorical or conditional, else
GPSampler below 250 trials, then CMA-ES warm-started from them.
"""
from protocol import serve

import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

GP_TRIALS = 250


class Optuna:
    gives_params = True

    def __init__(self, space, seed, make):
        self.space = space
        self.study = optuna.create_study(sampler=make(seed))

    def ask(self):
        trial = self.study.ask()
        return trial, self.space.build(lambda parameter: suggest(trial, parameter))

    def tell(self, trial, loss):
        if loss is None:
            self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(trial, loss)


class Auto(Optuna):
    def __init__(self, space, seed, trials):
        self.seed = seed
        is_mixed = space.is_conditional() or any(parameter.kind == "nominal" for parameter in space.searched)
        super().__init__(space, seed, tpe if is_mixed else gp)

    def ask(self):
        if isinstance(self.study.sampler, optuna.samplers.GPSampler) and len(self.study.trials) >= GP_TRIALS:
            done = self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
            self.study.sampler = optuna.samplers.CmaEsSampler(seed=self.seed, source_trials=done)
        return super().ask()


def suggest(trial, it):
    if it.kind == "nominal":
        return trial.suggest_categorical(it.name, range(it.size))
    suggest_number = trial.suggest_float if it.kind == "real" else trial.suggest_int
    return suggest_number(it.name, it.low, it.high, log=it.log)


def tpe(seed):
    return optuna.samplers.TPESampler(seed=seed)


def gp(seed):
    import torch

    torch.set_num_threads(1)
    return optuna.samplers.GPSampler(seed=seed)


def cma_es(seed):
    # Parameters that it does not model are drawn at random, which it would warn of in each trial.
    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def by(make):
    return lambda space, seed, trials: Optuna(space, seed, make)


if __name__ == "__main__":
    serve({"optuna-tpe": by(tpe), "optuna-gp": by(gp), "optuna-cma-es": by(cma_es), "optuna-auto": Auto}, "optuna")
