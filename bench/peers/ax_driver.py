"""Ax's `Client` with its default generation strategy. Its dependent parameters must form a tree, so a child of several values or of
several parents is flattened. What Ax calls its best parameterization is recommended."""
from protocol import serve

import logging
import warnings

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

torch.set_num_threads(1)
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


class Ax:
    def __init__(self, space, seed, trials):
        self.space = space
        # Ax takes names that are identifiers in its constraints; positions are always.
        self.ids = {parameter.name: f"p{k}" for k, parameter in enumerate(space.searched)}
        self.client = Client(random_seed=seed)
        self.client.configure_experiment(parameters=[self.config(parameter) for parameter in space.searched])
        self.client.configure_optimization(objective="-loss")

    def config(self, it):
        name = self.ids[it.name]
        if it.kind == "nominal":
            children = self.children(it)
            return ChoiceParameterConfig(
                name=name,
                values=[str(raw) for raw in range(it.size)],
                parameter_type="str",
                **({"dependent_parameters": children} if children else {}),
            )
        return RangeParameterConfig(
            name=name,
            bounds=(it.low, it.high),
            parameter_type="float" if it.kind == "real" else "int",
            scaling="log" if it.log else "linear",
        )

    def children(self, parent):
        found = {}
        for parameter in self.space.searched:
            conditions = self.space.native_conditions(parameter)
            if len(conditions) == 1 and conditions[0][0] is parent and len(conditions[0][1]) == 1:
                found.setdefault(str(conditions[0][1][0]), []).append(self.ids[parameter.name])
        return found

    def ask(self):
        ((index, parameters),) = self.client.get_next_trials(max_trials=1).items()
        return index, self.raws(parameters)

    def raws(self, parameters):
        return {p.name: parameters[self.ids[p.name]] for p in self.space.searched if self.ids[p.name] in parameters}

    def tell(self, index, loss):
        if loss is None:
            self.client.mark_trial_failed(index)
        else:
            self.client.complete_trial(index, raw_data={"loss": loss})

    def recommend(self):
        return self.raws(self.client.get_best_parameterization()[0])


if __name__ == "__main__":
    serve({"ax": Ax}, "ax-platform")
