"""YAHPO Gym's surrogate of LCBench: a line of JSON out for each line in.

  python lcbench_evaluator.py FOLDER

FOLDER has model.onnx, config_space.json and encoding.json. {"instance": "3945", "params": {...}} is answered by {"accuracy"}, of
validation after 52 epochs, in [0, 1]; {"instance": "3945", "sample": 20000, "seed": 0} by {"best", "median"}, the accuracies over so
many random configurations. `keras_tuner_peer.py` evaluates with the same class in its own process.
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

EPOCHS = 52
# The order in which the network was trained on its numbers; its ranges of normalisation show it to be neither that of
# config_space.json nor the alphabet's.
INPUTS = ["epoch", "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout"]
# After the training time, the first output.
VALIDATION_ACCURACY = 1


class Lcbench:
    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
        self.codes = json.loads((folder / "encoding.json").read_text())["OpenML_task_id"]
        space = json.loads((folder / "config_space.json").read_text())["hyperparameters"]
        self.parameters = [p for p in space if p["name"] not in ("OpenML_task_id", "epoch")]

    def accuracies(self, instance, columns):
        """For arrays [n] by name, or numbers."""
        numbers = np.column_stack([columns.get(name, EPOCHS * np.ones_like(columns["momentum"])) for name in INPUTS])
        codes = np.full((len(numbers), 1), self.codes[instance], dtype="int32")
        outputs = self.session.run(None, {"x_cat": codes, "x_cont": numbers.astype("float32")})[0]
        return outputs[:, VALIDATION_ACCURACY].astype(float) / 100

    def accuracy(self, instance, params):
        return float(self.accuracies(instance, params)[0])

    def sample(self, count, seed):
        generator = np.random.default_rng(seed)
        return {p["name"]: sampled(p, generator, count) for p in self.parameters}


def sampled(parameter, generator, count):
    """Uniform on the parameter's scale; each whole number has the stretch of the scale that rounds to it."""
    whole = parameter["type"] == "uniform_int"
    ends = np.array([parameter["lower"], parameter["upper"]]) + (np.array([-0.5, 0.5]) if whole else 0)
    values = np.exp(generator.uniform(*np.log(ends), count)) if parameter["log"] else generator.uniform(*ends, count)
    return np.clip(np.round(values) if whole else values, parameter["lower"], parameter["upper"])


def main():
    lcbench = Lcbench(Path(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        if "params" in request:
            answer = {"accuracy": lcbench.accuracy(request["instance"], request["params"])}
        else:
            accuracies = lcbench.accuracies(request["instance"], lcbench.sample(request["sample"], request["seed"]))
            answer = {"best": accuracies.max(), "median": float(np.median(accuracies))}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
