"""The article's search with KerasTuner on Keras, and its network from several seeds: one line of JSON for each.

  python article_search_peer.py FOLDER --trials 30 --seed 42 --networks 10

FOLDER has train.csv, val.csv and test.csv, the label in the last column. The search prints {"kind": "search", "cpuSeconds",
"epochs" trained in all, "memoryMb" at its peak, "value" of the winner, "test": its metrics}; a network of fixed hyperparameters prints
{"kind": "network", "seed", "test"}. CPU seconds are those of the search alone, without imports. `bench/article-search.ts` reads the lines.
"""
import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import keras_tuner as kt
import numpy as np
import tensorflow as tf
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def read(path):
    rows = np.loadtxt(path, delimiter=",", skiprows=1, dtype="float32")
    return rows[:, :-1], rows[:, -1]


class CountEpochs(keras.callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        CountEpochs.epochs += 1


def network(inputs, initial_bias, neurons1, dropout1, neurons2, dropout2, optimizer):
    model = keras.Sequential(
        [
            keras.layers.Input((inputs,)),
            keras.layers.Dense(neurons1, activation="relu"),
            keras.layers.Dropout(dropout1),
            keras.layers.Dense(neurons2, activation="relu"),
            keras.layers.Dropout(dropout2),
            keras.layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(initial_bias)),
        ]
    )
    metrics = keras.metrics
    model.compile(
        optimizer=optimizer,
        loss="binary_crossentropy",
        metrics=["accuracy", metrics.Precision(name="precision"), metrics.Recall(name="recall"), metrics.AUC(name="auc")],
    )
    return model


class FraudModel(kt.HyperModel):
    def __init__(self, inputs, y):
        super().__init__()
        positives = float(y.sum())
        negatives = len(y) - positives
        self.inputs = inputs
        self.initial_bias = float(np.log(positives / negatives))
        self.class_weight = {0: len(y) / (2 * negatives), 1: len(y) / (2 * positives)}

    def build(self, hp):
        return network(
            self.inputs,
            self.initial_bias,
            hp.Int("neurons1", 20, 60, step=10),
            hp.Float("dropout_rate1", 0, 0.5, step=0.1),
            hp.Int("neurons2", 20, 60, step=10),
            hp.Float("dropout_rate2", 0, 0.5, step=0.1),
            {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[hp.Choice("optimizer", ["adam", "rmsprop"])](
                hp.Float("learning_rate", 5e-4, 1e-2, sampling="log")
            ),
        )

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(
            *args,
            batch_size=hp.Choice("batch_size", [16, 32, 64]),
            epochs=hp.Int("epochs", 50, 200, step=50),
            class_weight=self.class_weight,
            **kwargs,
        )


def early_stopping():
    return keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)


def scores(model, x, y):
    probabilities = model.predict(x, verbose=0).ravel()
    called = probabilities >= 0.5
    return dict(
        accuracy=accuracy_score(y, called),
        precision=precision_score(y, called, zero_division=0),
        recall=recall_score(y, called),
        auc=roc_auc_score(y, probabilities),
    )


def search(train, val, test, trials, seed):
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        tuner = kt.BayesianOptimization(
            hypermodel=FraudModel(train[0].shape[1], train[1]),
            objective=kt.Objective("val_recall", "max"),
            max_trials=trials,
            num_initial_points=10,
            directory=folder,
            project_name="article",
            seed=seed,
        )
        started = time.process_time()
        tuner.search(*train, validation_data=val, callbacks=[early_stopping(), CountEpochs()], verbose=0)
        seconds = time.process_time() - started
        best = tuner.oracle.get_best_trials(1)[0]
        say(
            kind="search",
            cpuSeconds=seconds,
            epochs=CountEpochs.epochs,
            memoryMb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            value=best.score,
            test=scores(tuner.get_best_models(1)[0], *test),
        )


def fixed_network(train, val, test, seed):
    keras.utils.set_random_seed(seed)
    model = network(train[0].shape[1], 0.0, 40, 0.2, 40, 0.2, keras.optimizers.Adam(1e-3))
    started = time.process_time()
    model.fit(*train, validation_data=val, batch_size=32, epochs=100, callbacks=[early_stopping()], verbose=0)
    say(kind="network", seed=seed, cpuSeconds=time.process_time() - started, test=scores(model, *test))


def say(**record):
    print(json.dumps(record), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--networks", type=int, required=True)
    options = parser.parse_args()
    data = [read(options.folder / f"{part}.csv") for part in ("train", "val", "test")]
    search(*data, options.trials, options.seed)
    for seed in range(options.networks):
        fixed_network(*data, seed)


if __name__ == "__main__":
    main()
