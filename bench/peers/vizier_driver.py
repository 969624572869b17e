"""Vizier's default, the GP-UCB-PE bandit, in 64 bits; conditions are flattened, since it has none."""
from protocol import serve

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax

jax.config.update("jax_enable_x64", True)

from vizier import algorithms
from vizier import pyvizier as vz
from vizier._src.algorithms.designers.gp_ucb_pe import VizierGPUCBPEBandit


class Vizier:
    def __init__(self, space, seed, trials):
        problem = vz.ProblemStatement()
        problem.metric_information.append(vz.MetricInformation("loss", goal=vz.ObjectiveMetricGoal.MINIMIZE))
        for parameter in space.searched:
            declare(problem.search_space.root, parameter)
        self.designer = VizierGPUCBPEBandit(problem, rng=jax.random.PRNGKey(seed))
        self.asked = 0

    def ask(self):
        (suggestion,) = self.designer.suggest(1)
        self.asked += 1
        trial = suggestion.to_trial(self.asked)
        return trial, {name: value.value for name, value in trial.parameters.items()}

    def tell(self, trial, loss):
        if loss is None:
            trial.complete(vz.Measurement(), infeasibility_reason="failed")
        else:
            trial.complete(vz.Measurement({"loss": loss}))
        self.designer.update(algorithms.CompletedTrials([trial]), algorithms.ActiveTrials())


def declare(root, it):
    scale = vz.ScaleType.LOG if it.log else vz.ScaleType.LINEAR
    if it.kind == "nominal":
        root.add_categorical_param(it.name, [str(raw) for raw in range(it.size)])
    elif it.kind == "real":
        root.add_float_param(it.name, it.low, it.high, scale_type=scale)
    else:
        root.add_int_param(it.name, it.low, it.high, scale_type=scale)


if __name__ == "__main__":
    serve({"vizier": Vizier}, "google-vizier")
