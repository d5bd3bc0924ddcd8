"""From nothing to the first gradient of the notes' model: build, differentiate, simplify, compile, call once.

Each time is that of a fresh process with empty caches, once its libraries are imported.
"""

import argparse
import json
import sys
from collections.abc import Callable
from statistics import median
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.processes import INSIDE, fresh
from benchmarks.step import data
from benchmarks.timing import duration, header
from tinygraph.notation import columns

SHAPE = (64, 1797, "C")


def by_tinygraph(X_array: Any, Y_array: Any) -> Callable[[], Any]:
    """A graph, its gradient nodes, and the program that computes them."""
    import tinygraph as tg

    def first() -> Any:
        X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
        W, b = tg.parameter(np.zeros((len(X_array), 1)), dims=("n_x", 1)), tg.parameter(np.zeros((1, 1)))
        A = tg.sigmoid(np.dot(W.T, X) + b)
        J = -tg.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        return tg.compile([X, Y], [J, *tg.grad(J, [W, b])])(X_array, Y_array)

    return first


def by_jax(X: Any, Y: Any) -> Callable[[], Any]:
    """`jax.jit` of `jax.value_and_grad`."""
    import jax
    import jax.numpy as jnp

    def cost(W: Any, b: Any, X: Any, Y: Any) -> Any:
        A = jax.nn.sigmoid(jnp.dot(W.T, X) + b)
        return -jnp.mean(Y * jnp.log(A) + (1 - Y) * jnp.log(1 - A))

    def first() -> Any:
        J, gradients = jax.jit(jax.value_and_grad(cost, argnums=(0, 1)))(np.zeros((len(X), 1)), np.zeros((1, 1)), X, Y)
        return jax.block_until_ready((J, *gradients))

    return first


def by_pytensor(X_array: Any, Y_array: Any) -> Callable[[], Any]:
    """`pytensor.grad` and `pytensor.function`."""
    import pytensor
    import pytensor.tensor as pt

    def first() -> Any:
        X, Y = pt.dmatrix("X"), pt.drow("Y")
        W = pytensor.shared(np.zeros((len(X_array), 1)), shape=(None, 1))
        b = pytensor.shared(np.zeros((1, 1)), shape=(1, 1))
        A = pt.sigmoid(pt.dot(W.T, X) + b)
        J = -pt.mean(Y * pt.log(A) + (1 - Y) * pt.log(1 - A))
        return pytensor.function([X, Y], [J, *pytensor.grad(J, [W, b])])(X_array, Y_array)

    return first


def by_torch(X_array: Any, Y_array: Any) -> Callable[[], Any]:
    """`torch.compile` of the cost, and `backward`."""
    import torch
    import torch._dynamo
    import torch._inductor.compile_fx

    def first() -> Any:
        X, Y = torch.from_numpy(X_array), torch.from_numpy(Y_array)
        W = torch.zeros((len(X), 1), dtype=torch.float64, requires_grad=True)
        b = torch.zeros((1, 1), dtype=torch.float64, requires_grad=True)

        @torch.compile
        def cost(W: Any, b: Any) -> Any:
            A = torch.sigmoid(W.T @ X + b)
            return -torch.mean(Y * torch.log(A) + (1 - Y) * torch.log(1 - A))

        J = cost(W, b)
        J.backward()
        return J.detach(), W.grad, b.grad

    return first


CONTENDERS = {"tinygraph": by_tinygraph, "JAX jit": by_jax, "PyTensor": by_pytensor, "torch.compile": by_torch}
SLOW = ("PyTensor", "torch.compile")


def time_here(name: str) -> float:
    """The seconds that it takes in this process, which has compiled nothing before."""
    X, Y = data(*SHAPE)
    first = CONTENDERS[name](X, Y)
    start = perf_counter()
    J, dW, db = first()
    seconds = perf_counter() - start
    for told, right in zip((J, dW, db), (np.log(2), X @ (0.5 - Y).T / Y.size, np.mean(0.5 - Y)), strict=True):
        np.testing.assert_allclose(np.squeeze(told), np.squeeze(right), rtol=1e-9, atol=1e-12)
    return seconds


def time_fresh(name: str) -> float:
    """The seconds that it takes in a new process, whose caches on disk are empty."""
    with TemporaryDirectory() as folder:
        caches = {
            "PYTENSOR_FLAGS": f"base_compiledir={folder}",
            "NUMBA_CACHE_DIR": folder,
            "TORCHINDUCTOR_CACHE_DIR": folder,
        }
        return fresh("benchmarks.first_gradient", [INSIDE, name], caches)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_gradient", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="contenders with this in their name")
    parser.add_argument("--processes", type=int, default=7, help="of which the median is told (default: 7)")
    parser.add_argument(INSIDE, choices=CONTENDERS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        print(json.dumps(time_here(chosen.inside)))
        return
    print(
        header(f"From nothing to the first gradient, X {SHAPE[:2]}: median, least and most", "jax", "pytensor", "torch")
    )
    rows = []
    for name in CONTENDERS:
        if not any(word.lower() in name.lower() for word in chosen.only):
            continue
        try:
            seconds = [time_fresh(name) for _ in range(1 if name in SLOW else chosen.processes)]
        except CalledProcessError as error:
            print(f"{name} is left out: its process failed ({error.returncode})", file=sys.stderr)
            continue
        rows.append((f"  {name}", *map(duration, (median(seconds), min(seconds), max(seconds)))))
    print(columns(rows), end="\n\n")


if __name__ == "__main__":
    main()
