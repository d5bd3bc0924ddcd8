"""The graph of the model: what is computed of what, and how gradients flow back."""

import re

import tinygraph as tg
from models.report.markup import paragraph
from models.report.page import Section
from models.results import Results

BOXES = (
    "A box is a line of the model; its lower row is its gradient. Solid arrows go forward, from what is given to the "
    "cost; dashed ones go back, and tell by what the gradient is multiplied on its way."
)
CONVOLUTIONS = (
    "A convolution takes all windows of the picture (unfold, after its edge is padded) and, for each, the sum of its "
    "products with each filter (einsum); max pooling keeps the largest number of each window of 2 × 2. Only the "
    "gradients of the last layer are drawn: those of the filters are too long for a picture, and stand in the "
    "derivation."
)


def section(results: Results) -> Section:
    """The picture, with the gradients of all that is learned; where layers are convolutions, with those of the last."""
    model = results.model
    learned = [model.weights[-1], model.biases[-1]] if has_convolutions(results) else model.parameters
    picture = tg.draw(model.J, grad=learned, theme="auto").svg()
    svg = picture[picture.index("<svg") :]
    (width,) = re.findall(r'^<svg[^>]* width="([\d.]+pt)"', svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-labelledby="graph-told" style="--wide: {width}" ', 1)
    told = paragraph(BOXES, CONVOLUTIONS if has_convolutions(results) else "")
    content = f'<div id="graph-told">{told}</div>\n<div class="graph" tabindex="0">{svg}</div>'
    return Section("graph", "The graph", content)


def has_convolutions(results: Results) -> bool:
    """Whether the first weights are filters, and not a matrix."""
    return len(results.model.weights[0].shape) > 2
