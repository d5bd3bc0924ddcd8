"""The page: one file with its style and its font, which runs no script and asks nobody for anything."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from models.report.markup import text
from models.report.pixels import BLUE, MIDDLE, ORANGE
from tinygraph.draw.page import FOLDER


class Section(NamedTuple):
    """A part of the page: where links to it lead, its title as text, and its content as markup."""

    place: str
    title: str
    content: str


def page(title: str, header: str, sections: Sequence[Section]) -> str:
    """The page of that title, with its header and its sections as markup, and links to each of them."""
    template = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    font = (FOLDER / "fonts" / "tinygraph-math.woff2").read_bytes()
    parts = {
        "title": text(title),
        "font": base64.b64encode(font).decode(),
        "scale": ", ".join(f"rgb{color}" for color in (BLUE, MIDDLE, ORANGE)),
        "contents": "".join(f'<li><a href="#{part.place}">{text(part.title)}</a></li>' for part in sections),
        "header": header,
        "sections": "\n".join(map(_markup, sections)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: parts[slot[1]], template)  # what is put in is not searched


def _markup(part: Section) -> str:
    head = f'<h2 id="{part.place}-title">{text(part.title)}</h2>'
    return f'<section id="{part.place}" aria-labelledby="{part.place}-title">\n{head}\n{part.content}\n</section>'
