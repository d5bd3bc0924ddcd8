"""The same steps for JAX: `np` is `jax.numpy` in them, and `jax.jit` compiles them for the device that JAX drives."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygraph.compile.compiled import FAULTS, Compiled, answering, read, write
from tinygraph.compile.explicit import explicit, refusals
from tinygraph.compile.source import names_of_helpers, source
from tinygraph.compile.task import Task
from tinygraph.errors import BackendError
from tinygraph.feeds import check_assumptions, to_dtype
from tinygraph.graph import Node
from tinygraph.notation import formula, listed


class CompiledForJax(Compiled):
    """A compiled graph whose steps JAX runs; parameters stay on its device, and what is returned are NumPy arrays.

    Floats keep their dtypes, float64 too, whatever JAX's own setting is.
    """

    def _built(self, structure: Any, locks: Sequence[Any]) -> tuple[str, Callable[..., Any]]:
        jax, task = _jax(), self._task
        self._check_sizes_are_known()
        refused = refusals(task)
        asked = [*task.outputs, *(is_wrong for _, is_wrong, _ in refused)]
        task = explicit(Task(task.inputs, asked, task.updates, task.names))
        replaced = sorted(names_of_helpers(task.steps) & _instead(jax).keys())
        told = f"# In place of {listed(replaced)}, JAX's own run.\n" if replaced else ""
        text = f"{told}import jax.numpy as np\nimport numpy as _np\n\n\n{source(task, numbers='_np')}"
        step, placed = self._jitted(jax, task, text), _Placed(jax)
        inputs, parameters, updated, answer = task.inputs, task.parameters, list(task.updates), answering(structure)
        count, met = len(self._task.outputs), set[Any]()

        def run(*args: Any) -> Any:
            try:
                results = step(*args, *placed.parameters(list(map(read, parameters))))
                if results and isinstance(results[0], jax.core.Tracer):
                    raise BackendError("a compiled function can't be part of what JAX traces: call it outside jax.jit")
                found = [np.array(y)[()] for y in jax.device_get(results[: len(asked)])]
            except FAULTS as fault:
                raise fault if isinstance(fault, BackendError) else self._explained(fault) from fault
            for (node, _, told), is_wrong in zip(refused, found[count:], strict=True):
                if is_wrong:
                    raise self._fault(node, ValueError(told))
            old = list(map(read, updated))  # an array that JAX lets go lets other threads run, in the midst of this:
            any(map(write, updated, results[len(asked) :]))
            del old
            return found[:count]

        for lock in reversed(locks):
            run = _holding(lock, run)

        def call(*given: Any) -> Any:
            before = jax.enable_x64.get_local()
            try:  # not `with jax.enable_x64(True)`: that is Python, and Ctrl-C in the midst of it would leave it on
                jax.enable_x64.set_local(True)
                args = [placed.input(node, value) for node, value in zip(inputs, given, strict=True)]
                shapes = tuple(array.shape for array in args)
                if shapes not in met:
                    self._sizes(args)
                    met.add(shapes)
                for node, array in zip(inputs, args, strict=True):
                    if "sums_to_one" in node.params:
                        check_assumptions(node, np.asarray(array))
                found = run(*args)
            finally:
                jax.enable_x64.set_local(before)
            return answer(found)

        return text, call

    def _check_sizes_are_known(self) -> None:
        for node in self._task.steps:
            if node.op.counts:
                raise BackendError(
                    f"only data tell how many elements {formula(node.args[0], self._task.names)} picks, and jax.jit "
                    "needs to know every size before: write tg.where(mask, x, 0) instead of x[mask], or take "
                    "backend='numpy'"
                )

    def _jitted(self, jax: Any, task: Task, text: str) -> Callable[..., Any]:
        """The text as a function that JAX compiles, whose results are no longer the arrays that went in."""
        names: dict[str, Any] = {}
        with jax.enable_x64(True):  # a constant of the program is float64 from the start
            self._run(text, names)
        used = names_of_helpers(task.steps)
        names |= {name: helper for name, helper in _instead(jax).items() if name in used}
        dtypes = [root.dtype for root in task.roots]

        def step(*given: Any) -> Any:
            with jax.default_matmul_precision("highest"):  # else a GPU takes float32 for less
                return [jax.numpy.array(y, dtype) for y, dtype in zip(names["step"](*given), dtypes, strict=True)]

        return jax.jit(step)


def _jax() -> Any:
    try:
        import jax
        import jax.scipy.special
    except ImportError as error:
        raise BackendError(f"backend='jax' needs JAX: pip install jax ({error})") from None
    return jax


def _holding(lock: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    def held(*args: Any) -> Any:
        with lock:
            return run(*args)

    return held


class _Placed:
    """What lies on the device: arrays of JAX's that are fed, and parameters, which go there once."""

    def __init__(self, jax: Any):
        self._jax = jax
        self._known: dict[int, tuple[Any, Any]] = {}

    def input(self, node: Node, value: Any) -> Any:
        """The input in its dtype; what lies on the device already stays there."""
        is_there = isinstance(value, self._jax.Array)
        if is_there and value.dtype.kind == "f" and np.can_cast(value.dtype, node.dtype):
            return value.astype(node.dtype)
        return value if is_there and value.dtype == node.dtype else to_dtype(value, node.dtype, node)

    def parameters(self, arrays: Sequence[Any]) -> list[Any]:
        """The values of the parameters."""
        return [self._parameter(place, array) for place, array in enumerate(arrays)]

    def _parameter(self, place: int, array: Any) -> Any:
        if isinstance(array, self._jax.Array):
            return array
        known, there = self._known.get(place, (None, None))
        if known is not array:
            there = self._jax.device_put(array)
            self._known[place] = array, there
        return there


def _instead(jax: Any) -> dict[str, Callable[..., Any]]:
    """What stands in for helpers that write into arrays, or that JAX has better ones for."""
    xp = jax.numpy

    def each(row: Any, numbers: Any, held: Any, shape: Any, dtype: Any) -> Any:
        rows = jax.vmap(lambda number: row(number, *held))(numbers)
        return xp.broadcast_to(rows, (len(numbers), *shape)).astype(dtype)

    def scattered(x: Any, shape: Any, key: Any) -> Any:
        return _zeros(shape, x).at[key].add(x).astype(x.dtype)

    def unfold(x: Any, window: Any, stride: Any = (1, 1), dilation: Any = (1, 1)) -> Any:
        return x[_windows(x.shape, window, stride, dilation)]

    def fold(x: Any, like: Any, stride: Any = (1, 1), dilation: Any = (1, 1)) -> Any:
        return scattered(x, like.shape, _windows(like.shape, x.shape[-2:], stride, dilation))

    def _zeros(shape: Any, x: Any) -> Any:
        """In which truth values can be added."""
        return xp.zeros(shape, xp.int32 if x.dtype == bool else x.dtype)

    return {
        "each": each,
        "scattered": scattered,
        "unfold": unfold,
        "fold": fold,
        "erf": jax.scipy.special.erf,
        "sigmoid": jax.nn.sigmoid,
        "log_softmax": jax.nn.log_softmax,
    }


def _windows(shape: Any, window: Any, stride: Any, dilation: Any) -> Any:
    """Where each element of each window lies, as a key."""
    rows, columns = (
        np.arange((size - (length - 1) * apart - 1) // step + 1)[:, None] * step + np.arange(length) * apart
        for size, length, step, apart in zip(shape[-2:], window, stride, dilation, strict=True)
    )
    return ..., rows[:, None, :, None], columns[None, :, None, :]
