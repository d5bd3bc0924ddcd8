"""Formulas on a blackboard: the brackets, signs and numbers that a person writes, and the value that was meant."""

import math
import re
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.board import made_of
from tinygraph.draw.page import mathml
from tinygraph.formulas import Formula

a, b, c, x, z = (tg.input(name, ("n",)) for name in "abcxz")
A, Y, D, B = (tg.input(name, ("n_h", "m")) for name in ("A", "Y", "D", "B"))
X, X1 = (tg.input(name, ("n_x", "m")) for name in ("X", "X1"))
W, b1 = tg.input("W", ("n_h", "n_x")), tg.input("b1", ("n_h", 1))
U, V, S = tg.input("U", (2, 3)), tg.input("V", (3, 2)), tg.input("S", ("k", "k"))
u, v, w = tg.input("u", ("n_x",)), tg.input("v", ("n_x",)), tg.input("w", (2,))
K, img = tg.input("K", ("l", "h", "s", "d")), tg.input("img", ("l", 3, 8, 8))
y = tg.input("y", ("m",), int)
theta, sigma, theta1 = (tg.input(name, ("n",)) for name in ("theta", "sigma", "theta1"))
m = A.shape[1]

SIGNS = [
    ((-1 + z) * x, "(−1 + z)x", r"\left(-1 + z\right) x"),
    (x * (-1 + z), "x(−1 + z)", r"x \left(-1 + z\right)"),
    (-x * z, "−xz", "-x z"),
    (-U @ V, "−U V", r"-U \, V"),
    (-U @ -V, "U V", r"U \, V"),
    (U @ -V, "−U V", r"-U \, V"),
    ((-1 + U) @ V, "(−1 + U) V", r"\left(-1 + U\right) \, V"),
    (a - (b - c), "a − (b − c)", r"a - \left(b - c\right)"),
    (a - (-b), "a + b", "a + b"),
    (a + (-1 + b), "a − 1 + b", "a - 1 + b"),
    (-(a - b), "−(a − b)", r"-\left(a - b\right)"),
    (-(x**2), "−x²", "-x^{2}"),
    ((-x) ** 2, "(−x)²", r"\left(-x\right)^{2}"),
    (x * -2, "−2x", "-2 x"),
    (tg.prod(-w), "Π (−w)", r"\prod \left(-w\right)"),
    (tg.sum(-w), "−Σ w", r"-\sum w"),
    (-Y * (1 - A) + (1 - Y) * A, "−Y(1 − A) + (1 − Y)A", r"-Y \left(1 - A\right) + \left(1 - Y\right) A"),
]
BRACKETS = [
    (a / (b / c), "a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
    ((a**b) ** c, "(a^b)^c", r"\left(a^{b}\right)^{c}"),
    (a ** (b + 1), "a^(b + 1)", "a^{b + 1}"),
    (tg.log(a) * b, "(log a)b", r"\left(\log a\right) b"),
    (b * tg.log(a), "b log a", r"b \log a"),
    (tg.exp(tg.log(a)), "exp(log a)", r"\exp\left(\log a\right)"),
    ((A - Y) / m, "1/m (A − Y)", r"\frac{1}{m} \, \left(A - Y\right)"),
    (2 * (A - Y) / m, "2/m (A − Y)", r"\frac{2}{m} \, \left(A - Y\right)"),
    (1 / (2 * m) * (A - Y), "1/(2 m) (A − Y)", r"\frac{1}{2 \, m} \, \left(A - Y\right)"),
    ((A - Y) / 3 / m, "1/m · 1/3 (A − Y)", r"\frac{1}{m} \cdot \frac{1}{3} \, \left(A - Y\right)"),
    (Y / (A * (1 - A)), "Y/(A(1 − A))", r"\frac{Y}{A \left(1 - A\right)}"),
    (Y / A * (1 - Y), "(Y/A)(1 − Y)", None),
    (sigma * (a + b), "σ · (a + b)", r"\sigma \cdot \left(a + b\right)"),
    (tg.sigmoid(a + b), "σ(a + b)", r"\sigma\left(a + b\right)"),
]
MATRICES = [
    ((U @ V).T, "(U V)ᵀ", r"\left(U \, V\right)^{\mathsf{T}}"),
    (W.T @ (D * (1 - A**2)), "Wᵀ (D ⊙ (1 − A²))", r"W^{\mathsf{T}} \, \left(D \odot \left(1 - A^{2}\right)\right)"),
    ((D * A * (1 - A)) @ X.T, "(D ⊙ A ⊙ (1 − A)) Xᵀ", None),
    (X @ (D * A * (1 - A)).T, "X (D ⊙ A ⊙ (1 − A))ᵀ", None),
    (tg.where(W @ X + b1 > 0, D, 0) @ X.T, "(D ⊙ [W X + b1 > 0]) Xᵀ", None),
    (X @ (tg.tanh(D) * tg.exp(A) + Y).T, "X (tanh(D) ⊙ exp(A) + Y)ᵀ", None),
    (tg.relu(X @ (A * Y).T), "relu(X (A ⊙ Y)ᵀ)", None),
    (W @ X + A * Y, "W X + A ⊙ Y", r"W \, X + A \odot Y"),
    (A * tg.exp(W @ X), "A ⊙ exp(W X)", r"A \odot \exp\left(W \, X\right)"),
    (X @ (1 / m * (A - Y)).T, "X (1/m (A − Y))ᵀ", None),
    (X @ (2 * B).T, "X (2B)ᵀ", None),
    (X @ (tg.broadcast_like(1 / m, A) * A).T, "X (1/m A)ᵀ", None),
    (W.T @ B * (1 - X**2), "Wᵀ B ⊙ (1 − X²)", None),
    (A * (1 - A), "A(1 − A)", r"A \left(1 - A\right)"),
    (Y * tg.log(A), "Y log A", r"Y \log A"),
    (X.T * Y.T[:, :1], "Xᵀ ⊙ (Yᵀ)[:, :1]", None),
    (u.T, "u", "u"),
    (u @ v, "uᵀ v", r"u^{\mathsf{T}} \, v"),
    (X.T @ u, "Xᵀ u", r"X^{\mathsf{T}} \, u"),
    (u @ X, "uᵀ X", r"u^{\mathsf{T}} \, X"),
    ((u @ X) @ X.T, "uᵀ X Xᵀ", None),
    (u @ X @ (v @ X), "uᵀ X (vᵀ X)ᵀ", None),
    ((u * v) @ X, "(u ⊙ v)ᵀ X", None),
    ((u @ v) * X, "(uᵀ v)X", None),
    ((u @ v) * (v @ v), "(uᵀ v)(vᵀ v)", None),
    (u.reshape(-1, 1) @ v.reshape(1, -1), "u vᵀ", None),
    (u.reshape(1, -1) @ X, "uᵀ X", None),
    (u.reshape(1, -1).T @ v.reshape(-1, 1).T, "u vᵀ", None),
    (X.T.T, "(Xᵀ)ᵀ", None),
    (K.mT, "Kᵀ", r"K^{\mathsf{T}}"),
    (K @ K.mT, "K Kᵀ", None),
    (tg.transpose(K, (2, 0, 1, 3)), "transpose(K, (2, 0, 1, 3))", None),
    (K.T, "transpose(K)", None),
    (tg.moveaxis(X, (0, 1), (0, 1)), "X", "X"),
    (tg.inv(S @ S), "(S S)⁻¹", None),
    (tg.det(S * tg.exp(S)), "det(S ⊙ exp(S))", None),
    (tg.solve(S, S * S.T), "S⁻¹ (S ⊙ Sᵀ)", None),
]
NUMBERS = [
    (x / 3, "1/3 x", r"\frac{1}{3} x"),
    (x * (1 / 3), "1/3 x", r"\frac{1}{3} x"),
    (x + 2 / 3, "x + 2/3", r"x + \frac{2}{3}"),
    (x - 2 / 3, "x − 2/3", r"x - \frac{2}{3}"),
    (x ** (1 / 3), "x^(1/3)", r"x^{\frac{1}{3}}"),
    (x * (0.1 + 0.2), "0.3x", "0.3 x"),
    (x * 0.1, "0.1x", "0.1 x"),
    (x * 0.25, "0.25x", "0.25 x"),
    (x * 1.23456789, "1.23457x", "1.23457 x"),
    (x + 1e-12, "x + 10⁻¹²", "x + 10^{-12}"),
    (x - 3e-05, "x − 3 · 10⁻⁵", r"x - 3 \cdot 10^{-5}"),
    (x * 1e20, "10²⁰ x", "10^{20} x"),
    (x * 60000, "60000x", "60000 x"),
    (x * math.log(2), "(log 2)x", r"\left(\log 2\right) x"),
    (x + math.pi, "x + π", r"x + \pi"),
    (x * (2 * math.pi), "2π x", r"2 \pi x"),
    (x * math.radians(1), "π/180 x", r"\frac{\pi}{180} x"),
    (2 * x * 3, "3 · 2x", r"3 \cdot 2 x"),
    (x + math.inf, "x + ∞", r"x + \infty"),
    (x**-2, "x⁻²", "x^{-2}"),
]
WORDS = [
    (X1[:, 0], "X1[:, 0]", r"X_{1}\left[:, 0\right]"),
    (X1[:, y] + 1, "X1[:, y] + 1", r"X_{1}\left[:, y\right] + 1"),
    (X[0] ** 2, "X[0]²", r"X\left[0\right]^{2}"),
    ((X + 1)[0], "(X + 1)[0]", r"\left(X + 1\right)\left[0\right]"),
    (X[:, : m - 1], "X[:, :m − 1]", r"X\left[:, :m - 1\right]"),
    (X[:, None], "X", "X"),
    (tg.grad(tg.sum(X1[:, 0]), X1), "scatter(1 at [:, 0])", None),
    (tg.trace(S), "Σ diag(S) over k", r"\sum_{k} \operatorname{diag}\left(S\right)"),
    (tg.diag(u), "diag(u)", None),
    (tg.diag(tg.input("Q", (3, 3))), "diag(Q)", None),
    (tg.tril(S), "S [j − i ≤ 0]", None),
    (theta * x, "θx", r"\theta x"),
    (theta1 * x, "θ1 x", r"\theta_{1} x"),
    (tg.einsum("xm,xh->hm", X, W.T), "einsum(xm,xh→hm; X, Wᵀ)", None),
    (tg.unfold(img, 3), "unfold(img, window 3×3)", None),
    (tg.avg_pool2d(img, 2), "mean(unfold(img, window 2×2, stride 2×2) over axes 4, 5)", None),
    (tg.argmax(X, axis=0, keepdims=True), "argmax(X over n_x)", None),
    (tg.sum(X, axis=0), "Σ X over n_x", r"\sum_{n_{x}} X"),
    (tg.sum(w, axis=0), "Σ w over axis 0", r"\sum_{\text{axis 0}} w"),
    (tg.sum(U, axis=(0, 1)), "Σ U over axes 0, 1", r"\sum_{\text{axes 0, 1}} U"),
    (tg.sum(S, axis=1), "Σ S over axis 1", r"\sum_{\text{axis 1}} S"),
    (2 * tg.sum(X, axis=0), "2(Σ X over n_x)", None),
    (tg.norm(X), "‖X‖", r"\left\Vert X \right\Vert"),
    (tg.norm(X, axis=0), "norm(X over n_x)", None),
    (~(x > 0), "¬(x > 0)", r"\lnot\left(x > 0\right)"),
]
CASES = [
    (tg.where(x > 0, z, 0), "z [x > 0]", r"z \left[x > 0\right]"),
    (z / tg.where(x == 0, 1, x), "z/x", r"\frac{z}{x}"),
    (tg.where((x == 0) * (z == 0), 1, x) ** (z - 1), "x^(z − 1)", "x^{z - 1}"),
    (tg.log(tg.where(x == 0, 1, x)), "log x", r"\log x"),
    (tg.grad(tg.norm(x), x), "1/‖x‖ x", None),
    (z / tg.where(x == 0, 1, z), "z/{1 if x = 0, else z}", None),
    (z / tg.where(x == 0, 2, x), "z/{2 if x = 0, else x}", None),
    (tg.where(x == 0, 1, x), "{1 if x = 0, else x}", None),
    (
        tg.where(x == z, a, tg.where(x > z, b, c)),
        "{a if x = z, b if x > z, else c}",
        r"\begin{cases} a & \text{if } x = z \\ b & \text{if } x > z \\ c & \text{else} \end{cases}",
    ),
]


@pytest.mark.parametrize(("node", "text", "latex"), [*SIGNS, *BRACKETS, *MATRICES, *NUMBERS, *WORDS, *CASES])
def test_a_node_is_written_as_on_a_blackboard(node, text, latex):
    found = made_of(node, {})
    assert found.text == text
    assert latex is None or found.latex == latex
    assert "  " not in found.latex
    assert mathml(found.latex).startswith("<math")


@pytest.mark.parametrize(
    ("name", "text", "latex"),
    [
        ("dZ1", "dZ1", "dZ_{1}"),
        ("W1_hat", "W1_hat", r"\hat{W_{1}}"),
        ("k2_3", "k2_3", r"\mathit{k2}_{3}"),
        ("dtheta", "dθ", r"d\theta"),
        ("alpha_t", "α_t", r"\alpha_{t}"),
        ("alphabet", "alphabet", r"\mathit{alphabet}"),
        ("lambda_", "lambda_", r"\lambda"),
        ("ŷ", "ŷ", "ŷ"),
        ("A_", "A_", r"\text{A\_}"),
        ("_x", "_x", r"\text{\_x}"),
        ("a_b_c", "a_b_c", r"\text{a\_b\_c}"),
        ("x%y", "x%y", r"\text{x\%y}"),
        ("</script>", "</script>", r"\text{</script>}"),
        (r"a\b{$}~^&#", r"a\b{$}~^&#", r"\text{a\textbackslash b\{\$\}\textasciitilde \textasciicircum \&\#}"),
    ],
)
def test_any_name_can_stand_in_a_formula(name, text, latex):
    formula = Formula.name(name)
    assert (formula.text, formula.latex) == (text, latex)
    for built in (formula, formula.T @ formula, formula**formula, formula.at(formula), Formula.number(1) / formula):
        assert mathml(built.latex).startswith("<math")


# What is written is what is meant: text is read back as a person reads it, and computed.

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
TOKEN = re.compile(rf"\d+(?:\.\d+)?|[{RAISED}]+|exp|log|if|else|ᵀ|\S")


class _Reader:
    """Reads a formula: a product is what stands side by side, or, `in_matrices`, the matrix product."""

    def __init__(self, text, values, in_matrices=False):
        self._tokens, self._values, self._in_matrices = TOKEN.findall(_with_bars_told_apart(text)), values, in_matrices

    def value(self):
        found = self._sum()
        assert not self._tokens, self._tokens
        return found

    def _next(self):
        return self._tokens[0] if self._tokens else ""

    def _take(self, *expected):
        token = self._tokens.pop(0)
        assert not expected or token in expected, (token, expected)
        return token

    def _takes(self, token):
        return self._next() == token and bool(self._take())

    def _sum(self):
        total = -self._products() if self._takes("−") else self._products()
        while self._next() in ("+", "−"):
            total = total + self._products() if self._take() == "+" else total - self._products()
        return total

    def _products(self):
        """What stands side by side holds together more than ⊙ does."""
        total = self._product()
        while self._takes("⊙"):
            total = total * self._product()
        return total

    def _product(self):
        total = self._factor()
        while True:
            if self._takes("/"):
                total = total / self._factor()
            elif self._takes("·"):
                total = total * self._factor()
            elif self._starts_a_factor():
                is_gate, right = self._next() == "[", self._factor()
                if is_gate:  # 0 where it does not hold, whatever stands before it
                    total = np.where(right, total, 0)
                    continue
                is_plain = not (self._in_matrices and np.ndim(total) and np.ndim(right))
                total = total * right if is_plain else total @ right
            else:
                return total

    def _starts_a_factor(self):
        first = self._next()
        return first in tuple("([{√⟨") or (first.isalpha() and first not in ("if", "else", "ᵀ"))

    def _factor(self):
        if self._next() == "log" and self._tokens[1] != "(":
            self._take()
            return np.log(self._factor())
        base = self._atom()
        if self._next() and self._next()[0] in RAISED:
            return base ** int(self._take().translate(str.maketrans(RAISED, "0123456789-")))
        if self._takes("ᵀ"):
            return base.T
        return base ** self._atom() if self._takes("^") else base

    def _atom(self):
        sign = self._take()
        if sign == "(":
            return self._up_to(")")
        if sign == "⟨":
            return np.abs(self._up_to("⟩"))
        if sign == "[":
            held = self._condition()
            self._take("]")
            return held.astype(float)
        if sign == "{":
            return self._cases()
        if sign in FUNCTIONS:
            return FUNCTIONS[sign](self._atom())
        return np.float64(sign) if sign[0].isdigit() else self._values[sign]

    def _up_to(self, end):
        found = self._sum()
        self._take(end)
        return found

    def _condition(self):
        left, sign, right = self._sum(), self._take("<", ">"), self._sum()
        return np.asarray(left < right if sign == "<" else left > right)

    def _cases(self):
        if self._takes("else"):
            return self._up_to("}")
        found, _ = self._sum(), self._take("if")
        condition, _ = self._condition(), self._take(",")
        return np.where(condition, found, self._cases())


FUNCTIONS = {"exp": np.exp, "log": np.log, "√": np.sqrt}


def _with_bars_told_apart(text):
    """|x| as ⟨x⟩: a bar opens behind a space, a sign or an opening one."""
    told = ""
    for sign in text:
        told += sign if sign != "|" else "⟨" if not told or told[-1] in " (/√−^[{⟨" else "⟩"
    return told


VALUES = {"a": np.array([1.37, 0.41]), "b": np.array([0.71, 1.93]), "c": np.array([2.23, 0.59]), "n": np.float64(2)}
LEAVES = st.sampled_from([a, b, c, a, b, c, -b, a.shape[0] * 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 1 / 3])


def _applied(op, xs):
    """The op of nodes; numbers among themselves are left alone."""
    return op(*xs) if any(isinstance(x, tg.Node) for x in xs) else xs[0]


def _larger(inner):
    joins = st.sampled_from(
        [tg.add, tg.subtract, tg.subtract, tg.multiply, tg.multiply, tg.divide, tg.divide, tg.power]
    )
    functions = st.sampled_from([tg.negative, tg.exp, tg.log, tg.sqrt, tg.abs])
    return st.one_of(
        st.builds(_applied, joins, st.tuples(inner, inner)),
        st.builds(_applied, joins, st.tuples(inner, inner)),
        st.builds(_applied, functions, st.tuples(inner)),
        st.builds(_applied, st.just(tg.power), st.tuples(inner, st.sampled_from([2.0, 3.0, -1.0]))),
        st.builds(_applied, st.just(_gated), st.tuples(inner, inner, inner, st.one_of(st.just(0.0), inner))),
    )


def _gated(x, y, yes, no):
    return tg.where(x > y, yes, no) if isinstance(x, tg.Node) else a


@given(st.recursive(LEAVES, _larger, max_leaves=9))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_a_formula_of_elements_reads_as_what_it_computes(node):
    assume(isinstance(node, tg.Node) and node.args)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = node.eval({leaf: VALUES[leaf.name] for leaf in (a, b, c)})
        assume(np.isfinite(wanted).all() and (np.abs(wanted) < 1e9).all())
        text = made_of(node, {}).text
        found = _Reader(text, VALUES).value()
    np.testing.assert_allclose(np.broadcast_to(found, node.shape and (2,)), wanted, rtol=1e-6, atol=1e-9, err_msg=text)


P, Q, R = (tg.input(name, (2, 2)) for name in "PQR")
MATRIX_VALUES = {name: np.random.default_rng(place).normal(size=(2, 2)) for place, name in enumerate("PQR")}


def _larger_matrices(inner):
    joins = st.sampled_from([tg.matmul, tg.matmul, tg.multiply, tg.multiply, tg.add, tg.subtract])
    return st.one_of(
        st.builds(_applied, joins, st.tuples(inner, inner)),
        st.builds(_applied, st.sampled_from([tg.transpose, tg.negative, tg.exp]), st.tuples(inner)),
        st.builds(_applied, st.just(tg.multiply), st.tuples(st.sampled_from([2.0, 0.5, -3.0]), inner)),
    )


def _has_matrices(node):
    return node.op.name in ("matmul", "transpose") or any(map(_has_matrices, node.args))


@given(st.recursive(st.sampled_from([P, Q, R]), _larger_matrices, max_leaves=8))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_a_formula_of_matrices_tells_their_product_from_that_of_elements(node):
    assume(node.args)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = node.eval({leaf: MATRIX_VALUES[leaf.name] for leaf in (P, Q, R)})
        assume(np.isfinite(wanted).all() and (np.abs(wanted) < 1e9).all())
        text = made_of(node, {}).text
        found = _Reader(text, MATRIX_VALUES, in_matrices=_has_matrices(node)).value()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9, err_msg=text)
