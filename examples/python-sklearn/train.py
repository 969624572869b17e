"""Trains a small network on scikit-learn's breast cancer data and tells Assay how it goes."""

import argparse
import warnings

from assay_report import report, result
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--alpha", type=float, required=True)
parser.add_argument("--units", type=int, required=True)
parser.add_argument("--activation", required=True)
parser.add_argument("--epochs", type=int, default=24)
args = parser.parse_args()

x, y = load_breast_cancer(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train, x_val = scaler.transform(x_train), scaler.transform(x_val)

model = MLPClassifier(
    hidden_layer_sizes=(args.units,),
    activation=args.activation,
    alpha=args.alpha,
    learning_rate_init=args.lr,
    random_state=0,
)
warnings.simplefilter("ignore")
for epoch in range(1, args.epochs + 1):
    model.partial_fit(x_train, y_train, classes=[0, 1])
    score = balanced_accuracy_score(y_val, model.predict(x_val))
    report(epoch, score)
result(val_balanced_accuracy=score, train_loss=model.loss_)
