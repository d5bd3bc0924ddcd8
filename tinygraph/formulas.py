"""Formulas as on a blackboard, in Unicode and in LaTeX at once: `Wᵀ X + b`, `−(Y log A + (1 − Y) log(1 − A))`."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tinygraph.letters import latex_name, text_name
from tinygraph.notation import ATOM, COMPARISON, POWER, PRODUCT, SUM

SIGNS = {
    **{sign: sign for sign in "=<>"},
    **{"≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "∧": r"\land", "∨": r"\lor", "⊕": r"\oplus", "mod": r"\bmod"},
    **{"⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "‖": r"\Vert"},
}
"""How LaTeX calls the signs that stand between formulas, or around one."""
SIGNS_OF_FUNCTIONS = {"σ"}
"""Letters that a bracket behind them would make a function."""
RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
UNTOLD = ("…", "array")
"""How is written what is not told: two that look alike may differ."""


@dataclass(frozen=True)
class Formula:
    """One formula in both writings, and how strongly it holds together; Python's operators join formulas.

    >>> A, Y = Formula.name("A"), Formula.name("Y")
    >>> (Formula.number(1) - A) * Y
    Formula('(1 − A)Y')
    >>> ((A - Y) / (A * (Formula.number(1) - A))).latex
    '\\\\frac{A - Y}{A \\\\left(1 - A\\\\right)}'
    """

    text: str
    latex: str
    binds: int = ATOM
    shape: Any = ()  # of the node that is written, which its writer sets
    seen: Any = None  # the shape of what is written, where axes of size 1 or copies came or went without a word
    is_open: bool = False  # ends in an argument without brackets, as log A does: nothing may follow it
    is_number: bool = False
    is_matrix_product: bool = False
    needs_dot: bool = False  # holds a matrix product or stands in one: ⊙ must tell a product of elements from it
    positive: "Formula | None" = None  # what stands behind the minus sign that all of it has
    guarded: "Formula | None" = None  # what it is, but for a 1 where that is 0
    scale: "Formula | None" = None  # the number that all of it is multiplied by, and
    scaled: "Formula | None" = None  # what is multiplied

    @classmethod
    def name(cls, name: str, shape: Any = ()) -> "Formula":
        """A name that the reader has given."""
        return cls(text_name(name), latex_name(name), ATOM, shape)

    @classmethod
    def number(cls, value: Any) -> "Formula":
        """A number as a person writes it: 1/3, 2π, log 2, 10⁻¹²; in six digits, where it has no such form."""
        return -cls.number(-value) if value < 0 else replace(_number(value), is_number=True)

    @classmethod
    def sized(cls, size: str) -> "Formula":
        """A size: a name, or a sum of products of names as in 2*m + 1."""
        latex = re.sub(r"[^\W\d]\w*", lambda found: latex_name(found[0]), size).replace("*", r" \, ")
        text = re.sub(r"[^\W\d]\w*", lambda found: text_name(found[0]), size).replace("*", " ").replace("-", "−")
        return cls(text, latex, ATOM if size.isidentifier() else SUM)

    @property
    def is_negative(self) -> bool:
        """Whether it starts with a minus sign."""
        return self.binds < ATOM and self.text.startswith("−")

    @property
    def is_letter(self) -> bool:
        """Whether it is one letter, that another can stand beside without a space."""
        return len(self.text) == 1 and self.text.isalpha()

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number, maybe copied to a shape."""
        return self.seen_shape == ()

    @property
    def seen_shape(self) -> Any:
        """The shape of what is written."""
        return self.shape if self.seen is None else self.seen

    def as_seen(self) -> "Formula":
        """The same formula for what has other axes of size 1, or copies, which a blackboard doesn't tell."""
        return replace(self, seen=self.seen_shape)

    def bracketed(self) -> "Formula":
        """The formula in brackets."""
        inner = replace(self, binds=ATOM, is_open=False, is_matrix_product=False, positive=None, scale=None)
        return replace(inner, text=f"({self.text})", latex=rf"\left({self.latex}\right)")

    def held(self, least: int = ATOM) -> "Formula":
        """The formula, in brackets where it holds together less than `least`, or where what follows would slip in."""
        return self.bracketed() if self.binds < least or self.is_open else self

    def _joined(self, text: str, latex: str, other: "Formula", binds: int) -> "Formula":
        return self._with(other, f"{self.text}{text}{other.text}", f"{self.latex}{latex}{other.latex}", binds)

    def _with(self, other: "Formula", text: str, latex: str, binds: int) -> "Formula":
        """What the two are together; of two numbers, a number."""
        return Formula(
            text,
            latex,
            binds,
            self.shape or other.shape,
            seen=() if self.is_scalar and other.is_scalar else None,
            is_open=other.is_open,
            needs_dot=self.needs_dot or other.needs_dot,
        )

    def relation(self, sign: str, other: "Formula") -> "Formula":
        """The two with a sign between them that holds nothing together: `Z > 0`."""
        left, right = (x if x.binds > COMPARISON else x.bracketed() for x in (self, other))
        return left._joined(f" {sign} ", f" {SIGNS[sign]} ", right, COMPARISON)

    def equals(self, other: "Formula") -> "Formula":
        """The two with = between them, as in a row of equations."""
        return self._joined(" = ", " = ", other, COMPARISON)

    def _without_sign(self) -> "Formula":
        if self.positive:
            return replace(self.positive, shape=self.shape, seen=self.seen)
        return replace(self, text=self.text[1:], latex=self.latex[1:])

    def __add__(self, other: "Formula") -> "Formula":
        first, other = (x if x.binds >= SUM else x.bracketed() for x in (self, other))
        if other.is_negative:
            return first._joined(" − ", " - ", other._without_sign(), SUM)
        return first._joined(" + ", " + ", other, SUM)

    def __sub__(self, other: "Formula") -> "Formula":
        other = other if other.binds > SUM else other.bracketed()
        return self + (other._without_sign() if other.is_negative else -other)

    def __neg__(self) -> "Formula":
        if self.positive:
            return self._without_sign()
        inner = self if self.binds >= PRODUCT else self.bracketed()
        return replace(inner, text=f"−{inner.text}", latex=f"-{inner.latex}", binds=PRODUCT, positive=inner)

    def __mul__(self, other: "Formula") -> "Formula":
        if self.text in ("1", "−1"):
            return other if self.text == "1" else -other
        if other.text in ("1", "−1"):
            return other * self
        if other.is_number and not self.is_number:
            return other * self
        if self.positive:
            return -(self._without_sign() * other)
        product = self._times(other)
        return replace(product, scale=self, scaled=other) if self.is_scalar and not other.is_scalar else product

    def _times(self, other: "Formula") -> "Formula":
        if self.text == other.text and self.binds == ATOM and not any(word in self.text for word in UNTOLD):
            return self ** Formula.number(2)
        left, right = self._beside(other), other._beside(self)
        left = left.held(PRODUCT)
        right = right.bracketed() if right.binds < PRODUCT or right.is_negative else right
        if not (self.is_scalar or other.is_scalar) and (left.needs_dot or right.needs_dot):
            return left._joined(" ⊙ ", r" \odot ", right, PRODUCT)
        is_bracket = right.text.startswith("(")
        if right.text[0].isdigit() or (is_bracket and left.text in SIGNS_OF_FUNCTIONS):
            return left._joined(" · ", r" \cdot ", right, PRODUCT)
        is_digits = left.text.replace(".", "").isdecimal()
        is_tight = left.is_letter or is_digits or left.text.endswith((")", "²", "³"))
        is_tight = is_tight and (right.is_letter or is_bracket)
        if is_bracket and ((left.is_letter and self.is_scalar) or (left.binds == PRODUCT and "/" in left.text)):
            is_tight = False  # m (A − Y): a number times, and no function of; 1/(2 m) (A − Y): not all below the line
        space = "" if is_tight else " "
        is_word = left.text[-2:].isalpha() and len(left.text) > 1  # dA A is no product of three letters
        is_apart = is_word or (len(left.text) > 1 and len(right.text) > 1)
        return left._joined(space, r" \, " if is_apart else " ", right, PRODUCT)

    def _beside(self, other: "Formula") -> "Formula":
        """A factor: uᵀ v in brackets where it is a number, and what is beside it could be taken for a third matrix."""
        is_dot = self.is_scalar and self.needs_dot and self.binds == PRODUCT
        return self.bracketed() if is_dot and (other.needs_dot or not other.is_scalar) else self

    def elementwise(self, other: "Formula") -> "Formula":
        """The product with the sign ⊙, as in the chain rule."""
        right = other.bracketed() if other.binds < PRODUCT or other.is_negative else other
        return self.held(PRODUCT)._joined(" ⊙ ", r" \odot ", right, PRODUCT)

    def times_with_dot(self, other: "Formula") -> "Formula":
        """The product with a dot between: 1/m · X dZᵀ."""
        right = other if other.binds >= PRODUCT else other.bracketed()
        return self.held(PRODUCT)._joined(" · ", r" \cdot ", right, PRODUCT)

    def __matmul__(self, other: "Formula") -> "Formula":
        if self.positive:
            return -(self._without_sign() @ other)
        if other.positive:
            return -(self @ other._without_sign())
        left, right = self._lying("row"), other._lying("column")
        left, right = (x if x.binds >= POWER or x.is_matrix_product else x.bracketed() for x in (left, right))
        product = (left.bracketed() if left.is_open else left)._joined(" ", r" \, ", right, PRODUCT)
        row = (1, other.shape[-1]) if len(self.shape) == 1 and len(other.shape) > 1 else None
        return replace(product, seen=row, is_matrix_product=True, needs_dot=True)

    def _lying(self, vector: str) -> "Formula":
        """A factor of a matrix product as it lies there, where an array of one axis is that vector: xᵀ in xᵀ A."""
        lies = {_vector(self.shape, vector), _vector(self.seen_shape, "column")}
        return self.T if lies == {"row", "column"} else self

    def __truediv__(self, other: "Formula") -> "Formula":
        other = other.guarded or other
        if other.text == "1":
            return self
        if self.positive:
            return -(self._without_sign() / other)
        is_scale = other.is_scalar and other.binds == ATOM and not other.is_open
        if is_scale and self.scale and self.scaled and "/" not in self.scale.text:
            return (self.scale / other) * self.scaled
        if is_scale and not self.is_scalar:
            return Formula.number(1) / other * self
        top, below = self.held(PRODUCT), other.held(POWER)
        latex = rf"\frac{{{self.latex}}}{{{other.latex}}}"
        ratio = top._with(below, f"{top.text}/{below.text}", latex, PRODUCT)
        return replace(ratio, is_open=not ratio.is_scalar)  # Y/A B would be read as Y over A B

    def __pow__(self, other: "Formula") -> "Formula":
        if other.text == "1":
            return self
        base = (self.guarded or self).held()
        is_whole = re.fullmatch(r"−?\d+", other.text)
        raised = other.text.translate(RAISED) if is_whole else f"^{other.held().text}"
        return base._with(other.held(), base.text + raised, f"{base.latex}^{{{other.latex}}}", POWER)

    @property
    def T(self) -> "Formula":
        """The transpose."""
        base = self.held()
        return Formula(f"{base.text}ᵀ", rf"{base.latex}^{{\mathsf{{T}}}}", POWER, self.shape[::-1], needs_dot=True)

    def enclosed(self, left: str, right: str) -> "Formula":
        """The formula between two signs, as in |x|."""
        latex = rf"\left{SIGNS.get(left, left)} {self.latex} \right{SIGNS.get(right, right)}"
        return Formula(f"{left}{self.text}{right}", latex)

    def root(self, degree: str = "") -> "Formula":
        """The square root, or another."""
        sign = {"": "√", "3": "∛"}[degree]
        return Formula(f"{sign}{self.held().text}", rf"\sqrt{f'[{degree}]' if degree else ''}{{{self.latex}}}", POWER)

    def where(self, condition: "Formula") -> "Formula":
        """The formula where the condition holds, and 0 elsewhere: times 1 or 0, in Iverson's brackets."""
        return self * Formula(f"[{condition.text}]", rf"\left[{condition.latex}\right]", ATOM, condition.shape)

    def at(self, *index: "Formula") -> "Formula":
        """The elements at an index: `X[:, 0]`."""
        base, inner = self.held(), listed(index)
        return Formula(f"{base.text}[{inner.text}]", rf"{base.latex}\left[{inner.latex}\right]")

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"


def _vector(shape: Any, of_one_axis: str) -> str:
    """Whether matrices of this shape are a "row" or a "column"; what one axis is taken for; "" for all else."""
    if len(shape) == 1:
        return of_one_axis
    return {(True, False): "row", (False, True): "column"}.get(tuple(size == 1 for size in shape[-2:]), "")


def _number(value: Any) -> Formula:
    if value != value or value == math.inf:
        return Formula("NaN", r"\text{NaN}") if value != value else Formula("∞", r"\infty")
    text = str(int(value)) if float(value).is_integer() and value < 1e15 else f"{value:.6g}"
    if not math.isclose(float(text), value, rel_tol=1e-15):
        for one, letter, most in ((1.0, Formula.number(1), 12), (math.pi, Formula("π", r"\pi"), 180)):
            part = Fraction(value / one).limit_denominator(most)
            if part.numerator < 1000 and math.isclose(part * one, value, rel_tol=1e-15):
                return Formula.number(part.numerator) * letter / Formula.number(part.denominator)
        for whole in range(2, 11):
            if math.isclose(math.log(whole), value, rel_tol=1e-15):
                return Formula(f"log {whole}", rf"\log {whole}", PRODUCT, is_open=True)
    digits, _, exponent = text.partition("e")
    if not exponent:
        return Formula(digits, digits)
    power = Formula("10", "10") ** Formula.number(int(exponent))
    return power if digits == "1" else Formula(digits, digits).times_with_dot(power)


def listed(formulas: Sequence[Formula]) -> Formula:
    """The formulas with commas between them."""
    return Formula(", ".join(x.text for x in formulas), ", ".join(x.latex for x in formulas))
