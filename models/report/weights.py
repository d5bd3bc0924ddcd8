"""What was learned: the weights as pictures, where the examples are pictures."""

import numpy as np

from models.report.features import by_feature
from models.report.graph import has_convolutions
from models.report.markup import name, number, paragraph
from models.report.page import Section
from models.report.pixels import numbers
from models.results import Array, Judged

MOST_PICTURES, MOST_PIXELS = 64, 200_000
"""How many pictures are shown, and how many pixels they have all together: beyond, they are made smaller."""

CHANNELS = {True: "Side by side stand the weights of red, green and blue.", False: "Red, green and blue are averaged."}


def section(train: Judged) -> Section:
    """The first weights of the model: filters, or a column for each neuron."""
    if has_convolutions(train.results):
        content = _filters(train.results.model.weights[0].value)
    elif train.data.are_pictures:
        content = _neurons(train)
    else:
        content = by_feature(train)
    return Section("weights", "What it has learned", content)


def _neurons(train: Judged) -> str:
    """Each neuron's weights, laid out as the picture that they are multiplied with."""
    W = train.results.model.weights[0].value
    neurons = W.T.reshape(-1, *train.data.picture)[:MOST_PICTURES]  # (neurons, height, width, channels)
    is_split = neurons.size <= MOST_PIXELS
    planes = neurons if is_split else neurons.mean(axis=3, keepdims=True)
    told = [
        f"The weights of {_whose(train)}, laid out as the picture that they are multiplied with: where they are "
        "orange, bright pixels speak for it, and where they are blue, against it.",
        f"Only the first {MOST_PICTURES} of {W.shape[1]} are shown." if W.shape[1] > MOST_PICTURES else "",
        CHANNELS[is_split] if neurons.shape[3] == 3 else "",
    ]
    names = train.spoken_for or [f"neuron {i + 1}" for i in range(len(planes))]
    return _pictures(_side_by_side(planes), names, told)


def _whose(train: Judged) -> str:
    if len(train.results.model.weights) > 1:
        return "each neuron of the first layer"
    return "each class" if train.results.recipe.learns == "classes" else "the one neuron"


def _filters(F: Array) -> str:
    """Each filter of the first layer, its channels side by side."""
    pictures = _side_by_side(F[:MOST_PICTURES].transpose(0, 2, 3, 1))
    told = [
        f"The {len(F)} filters of the first layer, each {F.shape[2]} × {F.shape[3]}: a filter finds places that are "
        "bright where it is orange and dark where it is blue.",
        CHANNELS[True] if F.shape[1] == 3 else "",
    ]
    return _pictures(pictures, [f"filter {i + 1}" for i in range(len(pictures))], told)


def _side_by_side(planes: Array) -> Array:
    """Pictures (many, height, width · channels), of (many, height, width, channels)."""
    return planes.transpose(0, 1, 3, 2).reshape(*planes.shape[:2], -1)


def _pictures(pictures: Array, names: list[str], told: list[str]) -> str:
    most = float(np.abs(pictures).max())
    longest = int(min(pictures.shape[2], np.sqrt(MOST_PIXELS / len(pictures) * pictures.shape[2] / pictures.shape[1])))
    high = 144 if len(pictures) <= 3 else 88 if len(pictures) <= 16 else 60
    wide = round(high * pictures.shape[2] / pictures.shape[1])
    figures = []
    for picture, each in zip(pictures, names, strict=False):
        shown = numbers(picture, most, f"weights of {each}", wide, longest)
        figures.append(f"<figure>{shown}<figcaption>{name(each)}</figcaption></figure>")
    scale = f'<p>{number(-most, 3)}<span class="scale"></span>{number(most, 3)}</p>'
    return f'{paragraph(*told)}{scale}<div class="pictures">{"".join(figures)}</div>'
