"""Fraud detection with a Keras network: a plain script that reads its hyperparameters and prints its result."""

import argparse

import keras
import numpy as np
from assay_report import report, result
from keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("--neurons1", type=int, required=True)
parser.add_argument("--dropout_rate1", type=float, required=True)
parser.add_argument("--neurons2", type=int, required=True)
parser.add_argument("--dropout_rate2", type=float, required=True)
parser.add_argument("--learning_rate", type=float, required=True)
parser.add_argument("--batch_size", type=int, required=True)
parser.add_argument("--epochs", type=int, required=True)
args = parser.parse_args()


def transactions(n, rng):
    """n made-up card transactions, [n, 19]: six numbers and thirteen dummies; about half are frauds."""
    numbers = rng.normal(size=(n, 6))
    dummies = (rng.random((n, 13)) < 0.3).astype(float)
    amount, risk, distance = numbers[:, :3].T
    online, dark_web = dummies[:, 0], dummies[:, 12]
    score = 1.2 * risk + amount * distance + 1.5 * online * (distance > 0) + 2 * dark_web - 1
    fraud = rng.random(n) < 1 / (1 + np.exp(-1.5 * score))
    return np.hstack([numbers, dummies]).astype("float32"), fraud.astype("float32")


rng = np.random.default_rng(0)
x_train, y_train = transactions(4000, rng)
x_val, y_val = transactions(400, rng)
positives, negatives = y_train.sum(), (1 - y_train).sum()

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        layers.Input((19,)),
        layers.Dense(args.neurons1, activation="relu"),
        layers.Dropout(args.dropout_rate1),
        layers.Dense(args.neurons2, activation="relu"),
        layers.Dropout(args.dropout_rate2),
        layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(np.log(positives / negatives))),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(args.learning_rate),
    loss="binary_crossentropy",
    metrics=[keras.metrics.Precision(name="precision"), keras.metrics.Recall(name="recall"), keras.metrics.AUC(name="auc")],
)
model.fit(
    x_train,
    y_train,
    validation_data=(x_val, y_val),
    batch_size=args.batch_size,
    epochs=args.epochs,
    class_weight={0: len(y_train) / (2 * negatives), 1: len(y_train) / (2 * positives)},
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True),
        # The value on the way is of the same kind as the result, for it is compared with other trials'.
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(epoch + 1, logs["val_auc"])),
    ],
    verbose=0,
)
scores = model.evaluate(x_val, y_val, verbose=0, return_dict=True)
result(**{f"val_{name}": value for name, value in scores.items()})
