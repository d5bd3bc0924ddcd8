"""The legend below a picture: what each colour and each line means."""

import re
from collections.abc import Iterator
from html import escape

from tinygraph.draw.theme import Theme

HEIGHT, SIZE, WIDE = 22.0, 10, 6.1
"""How high a line of the legend is, how high its letters are, and how wide one is about, in points."""

LEFT, NARROWEST = 14.0, 300.0
"""Where lines begin, and how wide a picture with a legend is at least."""

NAMES = {
    "data": "data",
    "constant": "constant",
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
    classes |= {"gradient"} if "backward" in classes or "paired" in classes else set()
    return [kind for kind in NAMES if kind in classes]


def with_legend(svg: str, text: str, theme: Theme) -> str:
    """The picture, drawn of DOT's text, with its legend below, in as many lines as it takes."""
    size = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"', svg)
    if not size:
        return svg
    wide, high = max(float(size[3]), NARROWEST), float(size[4])
    parts, x, y = [], LEFT, high
    for width, part in _entries(text, theme):
        if x + width > wide and x > LEFT:
            x, y = LEFT, y + HEIGHT
        parts.append(f'<g transform="translate({x:g} {y:g})">{part}</g>')
        x += width
    height = y + HEIGHT
    page = f'<rect class="page" width="{wide:g}" height="{height:g}" fill="{theme.page}"/>'
    head = f'<svg width="{wide:.2f}pt" height="{height:.2f}pt" viewBox="0.00 0.00 {wide:.2f} {height:.2f}"'
    legend = f'<g class="legend" aria-label="legend">{"".join(parts)}</g>'
    start = svg.index(">", size.end()) + 1
    whole = f"{head}{svg[size.end() : start]}\n{page}{svg[start:]}"
    return whole.replace("</svg>", f"{legend}\n</svg>")


def _entries(text: str, theme: Theme) -> Iterator[tuple[float, str]]:
    """What the legend tells of, each entry with its width."""
    for kind in keys(text):
        fill, line = theme.ink("step" if kind == "gone" else kind)
        dash = ' stroke-dasharray="4,2"' if kind == "gone" else ""
        box = f'<rect x="0" y="6" width="16" height="11" rx="3" fill="{fill}" stroke="{line}"{dash}/>'
        yield 36 + WIDE * len(NAMES[kind]), box + _text(21, NAMES[kind], theme.text)
    if re.search("class=backward", text):
        forward, back = (theme.step[1], ""), (theme.gradient[1], ' stroke-dasharray="5,2"')
        for (line, dash), name in ((forward, "forward"), (back, BACKWARD)):
            stroke = f'<path d="M0,12 h22" fill="none" stroke="{line}" stroke-width="1.4"{dash}/>'
            yield 42 + WIDE * len(name), stroke + _text(27, name, theme.text)
    for sign, name in SIGNS.items():
        if sign in text:
            yield 16 + WIDE * len(name), _text(0, name, theme.text)


def _text(x: float, text: str, color: str) -> str:
    return f'<text x="{x:g}" y="15.5" font-family="DejaVu Sans" font-size="{SIZE}" fill="{color}">{escape(text)}</text>'
