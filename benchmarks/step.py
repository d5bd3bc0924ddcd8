"""One gradient-descent step of the notes' model that returns J and updates W and b, beside the other libraries."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import contest
from benchmarks.logistic import CONTENDERS

SHAPES = ((2, 3, "C"), (30, 569, "C"), (64, 1797, "C"), (12288, 209, "F"), (12288, 209, "C"), (784, 60000, "C"))


def main() -> None:
    """Measure and print."""
    parser = contest.options("benchmarks.step", __doc__)
    parser.add_argument(
        "--shape",
        nargs=2,
        type=int,
        action="append",
        default=[],
        metavar=("N_X", "M"),
        help="of your own; may be repeated",
    )
    parser.add_argument("--order", nargs="+", choices=("C", "F"), default=["C"], help="how X of --shape lies in memory")
    chosen = parser.parse_args()
    contest.hold(
        "benchmarks.step",
        chosen,
        "A step of the notes' logistic regression: time, ratio to hand-written NumPy, its noise",
        ("jax", "torch", "pytensor", "autograd", "mygrad"),
        CONTENDERS,
        {
            f"X ({n_x}, {m}), {order} order": partial(data, n_x, m, order)
            for n_x, m, order in [(*shape, order) for shape in chosen.shape for order in chosen.order] or SHAPES
        },
    )


def data(n_x: int, m: int, order: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pixels X (n_x, m) and labels Y (1, m); in F order, X is `images.reshape(m, -1).T`."""
    images = np.random.default_rng(0).random((m, n_x))
    return np.asarray(images.T, order=order), np.arange(m).reshape(1, m) % 2.0


if __name__ == "__main__":
    main()
