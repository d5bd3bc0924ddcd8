"""The legend below a picture: what each colour and each line means."""

import re
from html import escape

from tinygraph.draw.theme import Theme

HEIGHT, SIZE, WIDE = 24.0, 10, 6.1
"""How high the legend is, how high its letters are, and how wide one is about, in points."""

NAMES = {
    "data": "data",
    "parameter": "parameter",
    "step": "computed",
    "gradient": "gradient",
    "changed": "rewritten",
    "gone": "was written so",
    "fault": "first inf or nan",
}
SIGNS = {"⊕": "⊕ gradients add up", "Σ\N{NO-BREAK SPACE}over": "Σ over: was copied, so is summed"}
BACKWARD = "back, times the local derivative"


def keys(text: str) -> list[str]:
    """What the legend of a picture in DOT tells of: the kinds of boxes in it."""
    classes = {word for found in re.findall(r'class="?([\w ]+)"?', text) for word in found.split()}
    classes |= {"data"} if "constant" in classes else set()
    classes |= {"gradient"} if "backward" in classes or "paired" in classes else set()
    return [kind for kind in NAMES if kind in classes]


def with_legend(svg: str, text: str, theme: Theme) -> str:
    """The picture, drawn of DOT's text, with its legend below."""
    size = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"', svg)
    if not size:
        return svg
    _, _, wide, high = map(float, size.groups())
    parts, x = [], 14.0
    for kind in keys(text):
        fill, line = theme.ink("step" if kind == "gone" else kind)
        dash = ' stroke-dasharray="4,2"' if kind == "gone" else ""
        parts.append(f'<rect x="{x:g}" y="6" width="16" height="11" rx="3" fill="{fill}" stroke="{line}"{dash}/>')
        parts.append(_text(x + 21, NAMES[kind], theme.text))
        x += 34 + WIDE * len(NAMES[kind])
    if "backward" in text:
        for line, dash, name in (
            (theme.step[1], "", "forward"),
            (theme.gradient[1], ' stroke-dasharray="5,2"', BACKWARD),
        ):
            parts.append(f'<path d="M{x:g},12 h22" fill="none" stroke="{line}" stroke-width="1.4"{dash}/>')
            parts.append(_text(x + 27, name, theme.text))
            x += 40 + WIDE * len(name)
    for sign, name in SIGNS.items():
        if sign in text:
            parts.append(_text(x, name, theme.text))
            x += 16 + WIDE * len(name)
    width, height = max(wide, x), high + HEIGHT
    page = f'<rect class="page" width="{width:g}" height="{height:g}" fill="{theme.page}"/>'
    head = f'<svg width="{width:.2f}pt" height="{height:.2f}pt" viewBox="0.00 0.00 {width:.2f} {height:.2f}"'
    legend = f'<g class="legend" transform="translate(0 {high:g})" aria-label="legend">{"".join(parts)}</g>'
    start = svg.index(">", size.end()) + 1
    whole = f"{head}{svg[size.end() : start]}\n{page}{svg[start:]}"
    return whole.replace("</svg>", f"{legend}\n</svg>")


def _text(x: float, text: str, color: str) -> str:
    return f'<text x="{x:g}" y="15.5" font-family="DejaVu Sans" font-size="{SIZE}" fill="{color}">{escape(text)}</text>'
