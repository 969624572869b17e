"""Random search in plain Python: uniform on each parameter's scale, by the same protocol as the peers."""
from protocol import serve

import math
import random


class Random:
    def __init__(self, space, seed, trials):
        self.space = space
        self.generator = random.Random(seed)

    def ask(self):
        return None, {parameter.name: self.draw(parameter) for parameter in self.space.searched}

    def draw(self, it):
        if it.kind == "nominal":
            return self.generator.randrange(it.size)
        if it.kind == "integer" and not it.log:
            return self.generator.randint(it.low, it.high)
        half = 0.5 if it.kind == "integer" else 0
        if not it.log:
            return self.generator.uniform(it.low, it.high)
        return math.exp(self.generator.uniform(math.log(it.low - half), math.log(it.high + half)))

    def tell(self, handle, loss):
        pass


if __name__ == "__main__":
    serve({"random-python": Random}, None)
