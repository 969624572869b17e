"""The `cmaes` package on BBOB, for `npm run bench -- cma-es`: one line of JSON a run, with the precision reached by each budget.

    cma_es_peer.py RESTARTS DIMENSIONS INSTANCES BUDGETS        each but the first a list such as 2,5,10; budgets by dimension

The functions are IOHexperimenter's, whose values the TypeScript ones equal. The cube is [0, 1]^d and the first distribution
N(1/2, 1/6^2), as Optuna drives the package. Restarts are those of the package's own examples; without, a run ends where the package
says that it should, since it divides by zero soon after.
"""
import json
import math
import sys

import ioh
import numpy as np
from cmaes import CMA


class Restarting:
    def __init__(self, d, seed, restarts):
        self.d = d
        self.restarts = restarts
        self.rng = np.random.RandomState(seed)
        self.bounds = np.tile([0.0, 1.0], (d, 1))
        self.doublings = 0
        self.is_large = False
        self.spent = {True: 0, False: 0}
        self.it = self.begin(np.full(d, 0.5), None)
        self.first = self.it.population_size

    def begin(self, mean, population):
        return CMA(mean, 1 / 6, bounds=self.bounds, seed=self.rng.randint(2**31 - 1), population_size=population)

    def next(self):
        self.spent[self.is_large] += self.it.population_size * self.it.generation
        self.is_large = self.restarts == "ipop" or self.spent[False] >= self.spent[True]
        self.doublings += self.is_large
        times = 2**self.doublings
        population = self.first * times if self.is_large else math.floor(self.first * times ** (self.rng.uniform() ** 2))
        self.it = self.begin(self.rng.rand(self.d), population)


def run(problem, d, budgets, restarts, seed):
    search = Restarting(d, seed, restarts)
    best = math.inf
    reached = []
    told = []
    for count in range(1, budgets[-1] * d + 1):
        x = search.it.ask()
        value = problem(10 * x - 5)
        best = min(best, value)
        told.append((x, value))
        if len(told) == search.it.population_size:
            search.it.tell(told)
            told = []
            if search.it.should_stop():
                if restarts == "none":
                    break
                search.next()
        if count in [budget * d for budget in budgets]:
            reached.append(best - problem.optimum.y)
    return reached + [best - problem.optimum.y] * (len(budgets) - len(reached))


def main():
    restarts = sys.argv[1]
    dimensions, instances, budgets = ([int(part) for part in text.split(",")] for text in sys.argv[2:5])
    for d in dimensions:
        for number in range(1, 25):
            for instance in instances:
                problem = ioh.get_problem(number, instance, d, ioh.ProblemClass.BBOB)
                precisions = run(problem, d, budgets, restarts, 1000 * number + instance)
                print(json.dumps({"function": number, "d": d, "instance": instance, "precisions": precisions}), flush=True)


main()
