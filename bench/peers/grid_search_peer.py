"""scikit-learn's GridSearchCV with its MLPClassifier and with the article's network on Keras: one line of JSON for each search.

  python grid_search_peer.py TRAIN.csv --searches '[{"estimator": "mlp", "candidates": [[16, 0.001, 20]]}]' --folds 3 --epochs 25 --seed 42

A candidate is a batch size, a learning rate and the units of both layers; the label is the last column. The first line is {"kind":
"about", "versions", "folds": the rows that each fold tests}, the others {"kind": "search", "cpuSeconds", "wallSeconds", "scores":
areas under the ROC curve, by candidate and fold}, in the order of the searches. Seconds are those of `GridSearchCV.fit` without imports.
Keras is wrapped here because SciKeras 0.13, its latest, is taken for no classifier by scikit-learn 1.9.
"""
import argparse
import json
import os
import time
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


class KerasNetwork(ClassifierMixin, BaseEstimator):
    def __init__(self, batch_size=32, learning_rate=1e-3, units=40, epochs=25, seed=0):
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.units = units
        self.epochs = epochs
        self.seed = seed

    def fit(self, x, y):
        keras.backend.clear_session()
        keras.utils.set_random_seed(self.seed)
        self.classes_ = np.unique(y)
        layers = keras.layers
        self.model_ = keras.Sequential(
            [
                layers.Input((x.shape[1],)),
                layers.Dense(self.units, activation="relu"),
                layers.Dropout(0.2),
                layers.Dense(self.units, activation="relu"),
                layers.Dropout(0.2),
                layers.Dense(1, activation="sigmoid"),
            ]
        )
        self.model_.compile(optimizer=keras.optimizers.Adam(self.learning_rate), loss="binary_crossentropy")
        self.model_.fit(x, y, batch_size=self.batch_size, epochs=self.epochs, verbose=0)
        return self

    def predict_proba(self, x):
        positive = self.model_.predict(x, batch_size=len(x), verbose=0)
        return np.hstack([1 - positive, positive])

    def predict(self, x):
        return self.classes_[(self.predict_proba(x)[:, 1] > 0.5).astype(int)]


def of_keras(candidates, epochs, seed):
    grid = [{"batch_size": [batch], "learning_rate": [rate], "units": [units]} for batch, rate, units in candidates]
    return KerasNetwork(epochs=epochs, seed=seed), grid


def of_mlp(candidates, epochs, seed):
    grid = [
        {"batch_size": [batch], "learning_rate_init": [rate], "hidden_layer_sizes": [(units, units)]}
        for batch, rate, units in candidates
    ]
    # As Keras and ours train: no weight decay, and every epoch, whatever the loss does.
    return MLPClassifier(alpha=0, max_iter=epochs, n_iter_no_change=epochs, random_state=seed), grid


def search(estimator, grid, folds, x, y):
    tried = GridSearchCV(estimator, grid, scoring="roc_auc", cv=folds, refit=False, error_score="raise", n_jobs=1)
    cpu, wall = time.process_time(), time.perf_counter()
    tried.fit(x, y)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    columns = [tried.cv_results_[f"split{fold}_test_score"] for fold in range(folds.get_n_splits())]
    say(kind="search", cpuSeconds=cpu, wallSeconds=wall, scores=np.column_stack(columns).tolist())


def say(**record):
    print(json.dumps(record), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--searches", type=json.loads, required=True)
    parser.add_argument("--folds", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    rows = np.loadtxt(options.file, delimiter=",", skiprows=1, dtype="float32")
    x, y = np.ascontiguousarray(rows[:, :-1]), rows[:, -1].astype(int)
    folds = StratifiedKFold(options.folds)
    packages = ("scikit-learn", "keras", "tensorflow-cpu", "tensorflow", "numpy")
    say(
        kind="about",
        versions={name: found for name in packages if (found := installed(name))},
        folds=[test.tolist() for _, test in folds.split(x, y)],
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    for it in options.searches:
        make = {"mlp": of_mlp, "keras": of_keras}[it["estimator"]]
        search(*make(it["candidates"], options.epochs, options.seed), folds, x, y)


def installed(name):
    try:
        return version(name)
    except ImportError:
        return None


if __name__ == "__main__":
    main()
