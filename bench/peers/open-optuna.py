"""Opening a long study with Optuna, for bench/open.ts: `fill FILE TRIALS`, then `open FILE`, which prints figures as JSON."""

import json
import random
import resource
import sys
import time

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
DISTRIBUTIONS = {
    "lr": FloatDistribution(1e-5, 1, log=True),
    "momentum": FloatDistribution(0, 0.99),
    "decay": FloatDistribution(1e-6, 1e-2, log=True),
    "dropout": FloatDistribution(0, 0.5, step=0.05),
    "layers": IntDistribution(1, 8),
    "units": IntDistribution(16, 512, log=True),
    "batch": IntDistribution(16, 256, step=16),
    "activation": CategoricalDistribution(["relu", "tanh", "gelu"]),
    "optimizer": CategoricalDistribution(["sgd", "adam", "adamw"]),
    "bias": CategoricalDistribution([False, True]),
}


def draw(rng, name, distribution):
    if isinstance(distribution, CategoricalDistribution):
        return rng.choice(distribution.choices)
    if isinstance(distribution, IntDistribution):
        return rng.randrange(distribution.low, distribution.high + 1, distribution.step)
    return 0.05 * rng.randrange(0, 11) if name == "dropout" else rng.uniform(distribution.low, distribution.high)


command, file, *rest = sys.argv[1:]
url = f"sqlite:///{file}"
if command == "fill":
    rng = random.Random(1)
    study = optuna.create_study(storage=url, study_name="long")
    for _ in range(int(rest[0]) // 1000):
        study.add_trials(
            optuna.trial.create_trial(
                params={name: draw(rng, name, it) for name, it in DISTRIBUTIONS.items()},
                distributions=DISTRIBUTIONS,
                value=rng.random(),
            )
            for _ in range(1000)
        )
    print("{}")
else:
    wall, cpu = time.perf_counter(), time.process_time()
    study = optuna.load_study(storage=url, study_name="long", sampler=optuna.samplers.RandomSampler(seed=1))
    study.ask(DISTRIBUTIONS)
    study.best_value
    figures = {
        "seconds": time.perf_counter() - wall,
        "cpuSeconds": time.process_time() - cpu,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "number": len(study.trials) - 1,
    }
    print(json.dumps(figures))
