"""L-BFGS from SciPy on the compiled gradient, with the settings and the rule to stop of scikit-learn's own."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from models.estimators.programs import Array

EPSILON = float(np.finfo(np.float64).eps)


def lbfgs(
    cost: Callable[[list[Array]], tuple[float, Sequence[Array]]],
    start: Sequence[Array],
    tol: float,
    max_iter: int,
    ftol: float = 64 * EPSILON,
) -> tuple[list[Array], float, int]:
    """The parameters from `start` on at which `cost`, of parameters to J and its gradients, is least; J; iterations.

    It stops where no element of the gradient exceeds `tol`, or where J improves by less than about `ftol` of itself;
    `ConvergenceWarning` says that it stopped elsewhere, and `ValueError` that J is no finite number there.
    Source: Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization".

    >>> import numpy as np
    >>> (x,), J, _ = lbfgs(lambda parameters: (np.sum((parameters[0] - 3) ** 2), [2 * (parameters[0] - 3)]),
    ...                    [np.zeros((1, 2))], tol=1e-6, max_iter=10)
    >>> x.round(6), float(round(J, 6))
    (array([[3., 3.]]), 0.0)
    """
    ends = np.cumsum([array.size for array in start])

    def parts(x: Array) -> list[Array]:
        pieces = np.split(x, ends[:-1])
        return [piece.reshape(array.shape).astype(array.dtype) for piece, array in zip(pieces, start, strict=True)]

    def flat(arrays: Sequence[Array]) -> Array:
        return np.concatenate([array.ravel() for array in arrays])

    def cost_of_vector(x: Array) -> tuple[float, Array]:
        J, gradients = cost(parts(x))
        return float(J), flat(gradients)

    options = {"maxiter": max_iter, "maxls": 50, "gtol": tol, "ftol": ftol}
    found = minimize(cost_of_vector, flat(start), method="L-BFGS-B", jac=True, options=options)
    if not np.isfinite(found.fun):
        raise ValueError(f"the cost is {found.fun}: the features are too large, so scale them")
    if found.status != 0:
        warnings.warn(
            f"L-BFGS has not converged after {found.nit} iterations (max_iter={max_iter}, tol={tol}; "
            f"{found.message.strip()}): scale the features, or raise max_iter",
            ConvergenceWarning,
            stacklevel=2,
        )
    return parts(found.x), float(found.fun), int(found.nit)
