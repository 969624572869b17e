"""SMAC3's HPO and BlackBox facades by ask and tell, their defaults but for `deterministic=True`: one evaluation a configuration.

Conditions are ConfigSpace's. A crash has the worst cost so far: from its default, infinity, both facades make costs that their models
refuse. The incumbent that SMAC keeps is recommended. The BlackBox facade, a Gaussian process, takes them too.
"""
from protocol import Worst, serve

import logging
import tempfile

from ConfigSpace import AndConjunction, Categorical, ConfigurationSpace, Float, InCondition, Integer
from smac import BlackBoxFacade, HyperparameterOptimizationFacade, Scenario
from smac.runhistory import StatusType, TrialValue


class Smac:
    def __init__(self, facade, space, seed, trials):
        self.worst = Worst()
        self.folder = tempfile.TemporaryDirectory()
        scenario = Scenario(
            configspace(space, seed), deterministic=True, n_trials=trials, seed=seed, output_directory=self.folder.name
        )
        self.smac = facade(scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=logging.ERROR)

    def ask(self):
        info = self.smac.ask()
        return info, dict(info.config)

    def tell(self, info, loss):
        status = StatusType.CRASHED if loss is None else StatusType.SUCCESS
        self.smac.tell(info, TrialValue(self.worst.of(loss), status=status))

    def recommend(self):
        incumbents = self.smac.intensifier.get_incumbents()
        return dict(incumbents[0]) if incumbents else None


def configspace(space, seed):
    cs = ConfigurationSpace(seed=seed)
    cs.add([hyperparameter(parameter) for parameter in space.searched])
    for parameter in space.searched:
        conditions = [
            InCondition(cs[parameter.name], cs[parent.name], raws)
            for parent, raws in space.native_conditions(parameter)
        ]
        if conditions:
            cs.add(conditions[0] if len(conditions) == 1 else AndConjunction(*conditions))
    return cs


def hyperparameter(it):
    if it.kind == "nominal":
        return Categorical(it.name, list(range(it.size)))
    return (Float if it.kind == "real" else Integer)(it.name, (it.low, it.high), log=it.log)


def by(facade):
    return lambda *args: Smac(facade, *args)


if __name__ == "__main__":
    serve({"smac-hpo": by(HyperparameterOptimizationFacade), "smac-blackbox": by(BlackBoxFacade)}, "smac")
