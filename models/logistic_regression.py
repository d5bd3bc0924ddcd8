"""Logistic regression, a network of one neuron, as the notes write it: trained on real images, and drawn."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

import tinygraph as tg
from models.data import DataError, Images, load
from tinygraph.notation import columns

EXAMPLE = """a FILE.h5 has the layout of the course's cat pictures:
  train_set_x   numbers from 0 to 255, (m, height, width, 3), or (m, height, width) for grey pictures
  train_set_y   0 or 1, (m,)
  list_classes  the names of class 0 and class 1, (2,); may be missing
and the file of --test-data has test_set_x and test_set_y instead.

examples:
  python -m models.logistic_regression
  python -m models.logistic_regression --class 3 --learning-rate 0.05
  python -m models.logistic_regression --data train_catvnoncat.h5 --test-data test_catvnoncat.h5"""


@dataclass(frozen=True)
class Model:
    """The graph: inputs X (n_x, m) and Y (1, m), parameters W (n_x, 1) and b (1, 1), and what is computed of them."""

    X: tg.Node
    Y: tg.Node
    W: tg.Parameter
    b: tg.Parameter
    A: tg.Node
    J: tg.Node
    picture: tg.Drawing


def build(n_x: int) -> Model:
    """The graph of the notes, with parameters that start at zero."""
    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((n_x, 1)), "W", dims=("n_x", 1))
    b = tg.parameter(np.zeros((1, 1)), "b")

    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z).named("A")  # a name that errors can tell when this function has returned
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J = tg.mean(L)

    return Model(X, Y, W, b, A, J, tg.draw(J, grad=[W, b]))


def train(
    model: Model, X: np.ndarray, Y: np.ndarray, iterations: int, learning_rate: float, print_every: int
) -> list[float]:
    """Plain gradient descent on the whole batch; the cost before each update is returned, and printed now and then.

    Raises `FloatingPointError` where the cost or a parameter stops being finite.
    """
    from tqdm import tqdm

    updates = tg.optim.gradient_descent(model.J, [model.W, model.b], learning_rate)
    step = tg.compile([model.X, model.Y], model.J, updates)
    costs = []
    with np.errstate(over="raise", invalid="raise"):
        for i in tqdm(range(iterations), unit=" iterations", leave=False, disable=None):
            try:
                cost = step(X, Y)
            except tg.EvaluationError as error:
                raise FloatingPointError(
                    f"the learning rate {learning_rate:g} is too large: in iteration {i} the numbers left what a float "
                    f"can hold ({error}); try --learning-rate {learning_rate / 10:g}"
                ) from None
            costs.append(float(cost))
            if i % print_every == 0:
                tqdm.write(f"Cost after iteration {i}: {cost:.6f}")
    return costs


def accuracy(model: Model, X: np.ndarray, Y: np.ndarray) -> float:
    """How many of 100 images are put into the right class; ŷ > 0.5 is class 1, a tie class 0."""
    guesses = model.A.eval({model.X: X}) > 0.5
    return 100 * float(np.mean(guesses == Y))


def shapes(images: Images, X: np.ndarray, Y: np.ndarray) -> str:
    """The notes' image section as a table: what has which shape on the way from images to columns."""
    img = images.pixels[0]
    sizes = "*".join(["img.shape[0]", "img.shape[1]", "3"][: img.ndim])
    scaled = "" if images.brightest == 1 else f" / {images.brightest:g}"
    return columns(
        [
            ("images", str(images.pixels.shape), f"m = {len(Y[0])} images; class 1: {images.classes[1]}"),
            ("img = images[0]", str(img.shape), "one image"),
            ("", str(img.reshape(-1, 1).shape), f"img.reshape(({sizes}, 1)), a column"),
            ("X", str(X.shape), f"(n_x, m): images.reshape(m, -1).T{scaled}, a column for each image"),
            ("Y", str(Y.shape), f"(1, m): labels, {int(Y.sum())} of them 1"),
            ("W", str((X.shape[0], 1)), "(n_x, 1): zeros"),
            ("b", "(1, 1)", "a zero, copied over m"),
            ("Z = np.dot(W.T, X) + b", str(Y.shape), "(1, m)"),
            ("A = sigmoid(Z)", str(Y.shape), "(1, m)"),
        ]
    )


@contextmanager
def results(out: Path) -> Iterator[Path]:
    """A folder beside which nothing is touched until all is in it; then its files replace those in `out`."""
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file, and results go into a folder: give another --out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as folder:
        yield Path(folder)
        names = sorted(os.listdir(folder))
        for name in names:
            if (out / name).is_dir():
                raise DataError(f"{out / name} is a folder, where a file is to be written: give another --out")
        for name in names:
            os.replace(Path(folder, name), out / name)
            print(f"wrote {out / name}")


def save(folder: Path, model: Model, costs: list[float]) -> None:
    """Write the graph, the cost curve and the parameters into a folder."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(costs)
    axes.set(xlabel="iteration", ylabel="cost J", title="Logistic regression, gradient descent")
    figure.savefig(folder / "cost.png", dpi=150)
    model.picture.save(folder / "graph.svg")
    model.picture.save(folder / "graph.png")
    tg.save(folder / "parameters.npz", [model.W, model.b])


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with code 2."""
        self.exit(2, f"error: {message}; --help tells the options\n")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = Parser(
        prog="python -m models.logistic_regression",
        description="Train a logistic regression on images by gradient descent, and draw its graph with its backprop.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", metavar="FILE.h5", help="images to train on, in HDF5 (default: scikit-learn's digits)"
    )
    parser.add_argument("--test-data", metavar="FILE.h5", help="held-out images (default: a fifth of the data)")
    parser.add_argument(
        "--class", dest="positive", type=int, choices=range(10), help="the digit of class 1 (default: 0)"
    )
    count, rate, seed = _between(int, 1, 10**9), _between(float, 1e-300, 1e300), _between(int, 0, 2**32 - 1)
    parser.add_argument("--iterations", type=count, default=2000, metavar="N", help="(default: 2000)")
    parser.add_argument("--learning-rate", type=rate, default=0.005, metavar="RATE", help="(default: 0.005)")
    parser.add_argument("--print-every", type=count, default=100, metavar="N", help="(default: 100)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="which images are held out (default: 0)")
    parser.add_argument("--out", type=_folder, default="out", metavar="FOLDER", help="where results go (default: out)")
    return parser.parse_args(arguments)


def _between(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return number

    return read


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("a folder has a name")
    return Path(text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 where the data or an option is at fault."""
    chosen = options(arguments)
    try:
        run(chosen)
    except (DataError, FloatingPointError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; nothing was written to {chosen.out}", file=sys.stderr)
        return 130
    return 0


def run(chosen: argparse.Namespace) -> None:
    """Train, report and save, as the options say."""
    train_images, test_images = load(chosen.data, chosen.test_data, chosen.positive, chosen.seed)
    X, Y = train_images.columns()
    print(shapes(train_images, X, Y), end="\n\n")
    with results(chosen.out) as folder:
        model = build(n_x=X.shape[0])
        costs = train(model, X, Y, chosen.iterations, chosen.learning_rate, chosen.print_every)
        print(f"train accuracy: {accuracy(model, X, Y):.2f} %")
        print(f"test accuracy: {accuracy(model, *test_images.columns()):.2f} %", end="\n\n")
        save(folder, model, costs)


if __name__ == "__main__":
    sys.exit(main())
