"""scikit-optimize's `Optimizer` with its defaults, conditions flattened. It knows no failed trials: one is told as the worst loss so far."""
from protocol import Worst, serve

import warnings

from skopt import Optimizer
from skopt.space import Categorical, Integer, Real

warnings.simplefilter("ignore")


class ScikitOptimize:
    def __init__(self, space, seed, trials):
        self.names = [parameter.name for parameter in space.searched]
        self.optimizer = Optimizer([dimension(parameter) for parameter in space.searched], random_state=seed)
        self.worst = Worst()

    def ask(self):
        x = self.optimizer.ask()
        return x, dict(zip(self.names, x))

    def tell(self, x, loss):
        self.optimizer.tell(x, self.worst.of(loss))


def dimension(it):
    if it.kind == "nominal":
        return Categorical(range(it.size))
    return (Real if it.kind == "real" else Integer)(it.low, it.high, prior="log-uniform" if it.log else "uniform")


if __name__ == "__main__":
    serve({"scikit-optimize": ScikitOptimize}, "scikit-optimize")
