"""Functions of formulas, and sums, signs and cases: how an op is written that is no arithmetic."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tinygraph.formulas import Formula, listed
from tinygraph.letters import as_text, escaped
from tinygraph.notation import ATOM, COMPARISON, POWER, PRODUCT

CASES = (r"\begin{cases} ", r" \end{cases}")
FUNCTIONS = {
    "sigmoid": ("σ", r"\sigma"),
    "log_sigmoid": ("log σ", r"\log\sigma"),
    **{name: (name, rf"\{name}") for name in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "max", "min")},
    **{name: (name, rf"\{name}") for name in ("arcsin", "arccos", "arctan", "det")},
    "¬": ("¬", r"\lnot"),
}
WORDS = {"log", "sin", "cos"}


def between(sign: str) -> Callable[[Formula, Formula], Formula]:
    """How an op is written that has a sign between its arguments."""
    return lambda x, y: x.relation(sign, y)


def call(function: str, args: Sequence[Formula], extra: str = "", over: Sequence[Formula] = ()) -> Formula:
    r"""A function of formulas: `σ(Z)`; its name is a word, or a command of LaTeX's such as `\sigma`.

    `extra` is what is said beside the arguments, and `over` what the function runs over.
    """
    text, latex = FUNCTIONS.get(function, (function, rf"\operatorname{{{escaped(function)}}}"))
    inner, sizes = listed([(function == "log" and arg.guarded) or arg for arg in args]), listed(over)
    if over:
        inner = replace(inner, text=f"{inner.text} over {sizes.text}")
        latex = rf"{latex}_{{{sizes.latex}}}"
    if function in WORDS and len(args) == 1 and args[0].binds >= POWER and not inner.text.startswith("("):
        return Formula(f"{text} {inner.text}", rf"{latex} {inner.latex}", PRODUCT, is_open=True)
    return Formula(f"{text}({inner.text}{extra})", rf"{latex}\left({inner.latex}{as_text(extra)}\right)")


def cases(condition: Formula, x: Formula, y: Formula) -> Formula:
    """The one where a condition holds, the other elsewhere; a case in the other is one more line."""
    if y.text == "0":
        return x.where(condition)
    first, last = f"{x.text} if {condition.text}", f"else {y.text}"
    latex, latex_last = rf"{x.latex} & \text{{if }} {condition.latex}", rf"{y.latex} & \text{{else}}"
    if y.latex.startswith(CASES[0]) and y.binds == ATOM:
        last, latex_last = y.text[1:-1], y.latex.removeprefix(CASES[0]).removesuffix(CASES[1])
    found = Formula(f"{{{first}, {last}}}", rf"{CASES[0]}{latex} \\ {latex_last}{CASES[1]}")
    is_guard = x.text == "1" and f"{condition.text})".removeprefix("(").startswith(f"{y.text} = 0)")
    return replace(found, guarded=y if is_guard else None)


def big(sign: str, latex: str, x: Formula, over: Sequence[Formula]) -> Formula:
    """A sum or a product over axes: `Σ dZ over m`; over all of them where none is named."""
    if x.positive and sign == "Σ":
        return -big(sign, latex, -x, over)
    inner = x.bracketed() if x.binds < PRODUCT or x.is_negative else x
    if not over:
        return Formula(f"{sign} {inner.text}", rf"{latex} {inner.latex}", PRODUCT, is_open=True)
    sizes = listed(over)  # where it ends can't be seen, so it needs brackets in whatever it goes into
    return Formula(f"{sign} {inner.text} over {sizes.text}", rf"{latex}_{{{sizes.latex}}} {inner.latex}", COMPARISON)
