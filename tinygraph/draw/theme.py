"""The colours of a picture, light and dark: blue, orange and green, which every kind of colour vision tells apart."""

from dataclasses import dataclass
from typing import TypeAlias

Ink: TypeAlias = tuple[str, str]  # fill and line


@dataclass(frozen=True)
class Theme:
    """What is drawn in which colour."""

    page: str
    text: str
    step: Ink
    data: Ink
    constant: Ink
    parameter: Ink
    gradient: Ink
    fault: Ink
    changed: Ink

    def ink(self, kind: str) -> Ink:
        """Fill and line of a kind of box."""
        found: Ink = getattr(self, kind)
        return found


LIGHT = Theme(
    page="#ffffff",
    text="#1b2530",
    step=("#f0f5fc", "#33527a"),
    data=("#eef0f3", "#6b7684"),
    constant=("#ffffff", "#6b7684"),
    parameter=("#e6f3e8", "#2f6f43"),
    gradient=("#fdeee2", "#b3480f"),
    fault=("#fbe3ea", "#a1083c"),
    changed=("#fdf6d8", "#7a6200"),
)
DARK = Theme(
    page="#12171e",
    text="#e7edf5",
    step=("#1c2b42", "#8db4ea"),
    data=("#252b34", "#a3aebd"),
    constant=("#12171e", "#a3aebd"),
    parameter=("#193523", "#79c893"),
    gradient=("#402512", "#f2a56e"),
    fault=("#45121f", "#ff8fa8"),
    changed=("#3a3310", "#e3c65a"),
)


def in_dark(of: str) -> str:
    """CSS that shows a light picture in dark colours, for the picture that the selector `of` names."""
    pairs = {LIGHT.page: DARK.page, LIGHT.text: DARK.text}
    for kind in ("step", "data", "constant", "parameter", "gradient", "fault", "changed"):
        pairs |= dict(zip(LIGHT.ink(kind), DARK.ink(kind), strict=True))
    rules = []
    for light, dark in pairs.items():
        rules += [f'{of} [fill="{light}"]{{fill:{dark}}}', f'{of} [stroke="{light}"]{{stroke:{dark}}}']
        rules.append(f'{of} [style*="stop-color:{light}"]{{stop-color:{dark} !important}}')
    # Text without a colour of its own is black.
    rules.append(f"{of} text:not([fill]){{fill:{DARK.text}}}")
    return "".join(rules)
