"""The player as a page: one HTML file that holds its data, its script and its font, and asks nobody for anything."""

import base64
import hashlib
import html
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tinygraph.errors import DrawError

TALL = {"mfrac", "msqrt", "mroot", "munder", "mover", "munderover", "mtable"}
CIRCLED = set("⊕⊖⊗⊘⊙")
FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def page(data: Mapping[str, Any]) -> str:
    """The page that plays the steps of `data`, whose fields the head of the script in player.html lists.

    All text in `data` stays text; `svg` and each `math` are markup, and must come from Graphviz and `mathml`.
    Numbers that are infinite or NaN are told as "inf", "-inf" and "nan", which JSON has no signs for.
    """
    template = (FOLDER / "player.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", template, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    font = (FOLDER / "fonts" / "tinygraph-math.woff2").read_bytes()
    parts = {
        "policy": POLICY.format(digest),
        "title": html.escape(_printable(str(data["title"]))),
        "font": base64.b64encode(font).decode(),
        "data": _embedded(data),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: parts[slot[1]], template)  # one pass: what is put in is not searched


def mathml(latex: str) -> str:
    """The formula as MathML for a page; raises `DrawError` where a command is unknown.

    >>> mathml(r"A = \\sigma(Z)").startswith('<math display="block"><mi>A</mi><mo>=</mo>')
    True
    """
    try:
        from math_core import LatexError
    except ImportError:
        raise DrawError("a page with formulas needs one more package: pip install 'tinygraph[pages]'") from None
    try:
        found = _converter().convert_with_local_state(_printable(latex), displaystyle=True)
    except LatexError as error:
        raise DrawError(f"the formula {latex!r} can't be shown on a page: {error}") from None
    return _typeset(found)


def _typeset(markup: str) -> str:
    """The formula set alike by all browsers: brackets stretch only around what is tall, and ⊙ is as small as +.

    Chromium gives every bracket that may stretch the width of the largest; Firefox draws ⊙ as large as a sum's sign.
    """
    names = r"&(?!amp;|lt;|gt;|quot;|apos;)\w+;"  # HTML's, as &ApplyFunction; is, which XML doesn't know
    formula = ET.fromstring(re.sub(names, lambda name: html.unescape(name[0]), markup))  # noqa: S314 (made here)
    for row in formula.iter("mrow"):
        brackets = [part for part in (row[:1] + row[-1:]) if part.tag == "mo"]
        if len(brackets) == 2 and not any(part.tag in TALL for part in row.iter()):
            for bracket in brackets:
                bracket.set("stretchy", "false")
    for operator in formula.iter("mo"):
        if operator.text in CIRCLED:
            operator.set("largeop", "false")
    return ET.tostring(formula, encoding="unicode")


@cache
def _converter() -> Any:
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)


def _embedded(data: Mapping[str, Any]) -> str:
    """The data as JSON that no HTML parser can mistake for markup."""
    text = json.dumps(_told(data), allow_nan=False, separators=(",", ":"))  # ASCII alone, so U+2028 is escaped too
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _told(data: Any) -> Any:
    """The data with numbers that JSON can't hold told as text."""
    if isinstance(data, Mapping):
        return {key: _told(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_told(value) for value in data]
    return str(float(data)) if isinstance(data, float) and not math.isfinite(data) else data


def _printable(text: str) -> str:
    """The text without signs that an HTML file can't hold."""
    return re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
