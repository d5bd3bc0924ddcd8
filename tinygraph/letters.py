r"""Names as a person writes them: theta as θ, n_x with a subscript, y_hat with a hat."""

import re

# fmt: off
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}
# fmt: on
ESCAPES = {sign: rf"\{sign}" for sign in "{}$&#_%"}
ESCAPES |= {"\\": r"\textbackslash ", "^": r"\textasciicircum ", "~": r"\textasciitilde "}


def text_name(name: str) -> str:
    """A variable's name in Unicode, with its Greek letter.

    >>> text_name("theta1"), text_name("dmu"), text_name("alpha_t"), text_name("alphabet")
    ('θ1', 'dμ', 'α_t', 'alphabet')
    """
    found = re.fullmatch(rf"(d?)({'|'.join(GREEK)})(\d*|_\w+)", name)
    return f"{found[1]}{GREEK[found[2]]}{found[3]}" if found else name


def latex_name(name: str) -> str:
    r"""A variable's name in LaTeX.

    >>> latex_name("dZ1"), latex_name("n_x"), latex_name("theta"), latex_name("y_hat"), latex_name("cost")
    ('dZ_{1}', 'n_{x}', '\\theta', '\\hat{y}', '\\mathit{cost}')
    """
    stem, line, below = ("lambda", "", "") if name == "lambda_" else name.partition("_")
    if not name.isidentifier() or not stem or (line and not below.isalnum()):
        return as_text(name)
    if below == "hat":
        return rf"\hat{{{latex_name(stem)}}}"
    parts = None if below else re.fullmatch(r"(.*?\D)(\d+)", stem)
    if parts:
        stem, below = parts[1], parts[2]
    letter = _letter(stem)
    return f"{letter}_{{{below if len(below) == 1 or below.isdigit() else as_text(below)}}}" if below else letter


def _letter(stem: str) -> str:
    if stem in GREEK:
        return rf"\{stem}"
    if stem[0] == "d" and stem[1:] in GREEK:
        return rf"d\{stem[1:]}"
    return stem if len(stem) == 1 or (stem[0] == "d" and len(stem) == 2) else rf"\mathit{{{stem}}}"


def escaped(text: str) -> str:
    """The text so that LaTeX writes just that."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def as_text(text: str) -> str:
    """The text in LaTeX, upright and with its spaces."""
    return rf"\text{{{escaped(text)}}}" if text else ""
