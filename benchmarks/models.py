"""How well the models do on held-out data by default options, and how long their commands take.

Run it with `make bench`, or alone. Each command is run as a person runs it, once for each seed, one after the other.
"""

import json
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models import LogisticRegression
from tinygraph.notation import columns

SEEDS = range(5)
MODELS = ("logistic_regression", "softmax_regression", "mlp", "cnn")


def run(name: str, seed: int) -> tuple[float, float]:
    """The accuracy on held-out digits, in percent, and the seconds of the whole command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", f"models.{name}", "--seed", str(seed), "--out", folder, "--json"]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        return json.loads(done.stdout)["test_accuracy"], time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    rows = [("digits", "mean of seeds 0 to 4", "least", "seconds, median")]
    for name in MODELS:
        accuracies, seconds = zip(*(run(name, seed) for seed in SEEDS), strict=True)
        rows.append((name, f"{np.mean(accuracies):.2f} %", f"{min(accuracies):.2f} %", f"{np.median(seconds):.1f}"))
    print(columns(rows))
    X, y = load_breast_cancer(return_X_y=True)
    scores = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=5)
    print(f"\nbreast cancer, models.LogisticRegression, mean of 5 folds: {100 * scores.mean():.2f} %")


if __name__ == "__main__":
    main()
