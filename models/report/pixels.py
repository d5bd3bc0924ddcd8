"""Arrays as pictures in the page: photographs as they are, and numbers in blue below zero and in orange above."""

import base64
import io
from typing import Any

import numpy as np

from models.report.markup import text

Array = np.ndarray[Any, Any]

BLUE, MIDDLE, ORANGE = (38, 84, 150), (247, 247, 247), (190, 78, 10)
LONGEST = 64
"""Pixels of the longer side that is shown: a report is no album, and its pictures must not make it large."""


def photo(pixels: Array, white: float, alt: str, wide: int = 96) -> str:
    """A picture (height, width) or (height, width, 3), whose brightest pixels are `white`, `wide` points wide."""
    from PIL import Image

    shades = np.clip(np.round(pixels * (255 / white)), 0, 255).astype(np.uint8)
    image = Image.fromarray(shades)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return _img(image, alt, wide)


def numbers(array: Array, most: float, alt: str, wide: int = 96, longest: int = LONGEST) -> str:
    """Numbers (height, width) as colours: `-most` is blue, 0 is white, `most` is orange."""
    from PIL import Image

    image = Image.fromarray((array / (most or 1)).astype(np.float32))
    image.thumbnail((longest, longest), Image.Resampling.BOX)
    levels = np.round(127 + 127 * np.asarray(image)).astype(np.uint8)
    colored = Image.frombytes("P", image.size, levels.tobytes())
    shares = np.linspace(0, 1, 128)[:, np.newaxis]
    down, up = (np.round((1 - shares) * MIDDLE + shares * np.array(end)).astype(np.uint8) for end in (BLUE, ORANGE))
    colored.putpalette(np.concatenate([down[:0:-1], up]).tobytes())
    return _img(colored, alt, wide)


def _img(image: Any, alt: str, wide: int) -> str:
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    high = max(1, round(wide * image.height / image.width))
    kind = ' class="pixels"' if max(image.size) < LONGEST else ""
    return f'<img{kind} src="{source}" alt="{text(alt)}" width="{wide}" height="{high}">'
