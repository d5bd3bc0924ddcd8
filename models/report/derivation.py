"""The derivation of the gradients, rule by rule, with the check of each line; of more layers, the last one first."""

import warnings

import numpy as np

import tinygraph as tg
from models.report.graph import has_convolutions
from models.report.markup import count, folded, paragraph
from models.report.page import Section
from models.results import Array, Judged
from tinygraph.explain import Derivation

EXAMPLES = 3
"""How many examples the lines are checked on."""


def section(train: Judged) -> Section:
    """How the gradient of each parameter comes about: the last layer in full, and those before it by a click."""
    model, data = train.results.model, train.data.only(_undecided(train))
    feeds = {model.X: train.results.scaling.X(data), model.Y: data.Y(train.results.recipe.learns)}
    with warnings.catch_warnings(action="ignore", category=tg.NonFiniteWarning):  # the page tells it
        steps = tg.explain(model.J, model.parameters, feeds)
    last, *before = _layers(steps, train)
    parts = [paragraph(*_told(steps, train)), _table(last)]
    kind = "filters" if has_convolutions(train.results) else "layer"
    for number, layer in zip(range(len(before), 0, -1), before, strict=True):
        parts.append(folded(f"The gradients of {kind} {number}, by the same rules", _table(layer)))
    return Section("derivation", "The derivation of its gradients", "\n".join(parts))


def _told(steps: Derivation, train: Judged) -> list[str]:
    """What the reader should know of the lines."""
    examples = count(min(EXAMPLES, len(train.data)), "training example")
    told = [
        f"Each line is checked in numbers, with the learned parameters and {examples}: beside the tick stands how far "
        "it is from the gradient that the graph computes, relative to the largest number in that."
    ]
    if any(np.isnan(step.error) for step in steps):
        told.append(
            "A dash stands where inf or NaN is in the way: the model is so sure that an answer is 0 or 1 to the last "
            "bit, and the logarithm of 0 is −∞."
        )
    if train.results.settings.l2:
        told.append("J is the mean loss, and J′ the cost that is trained on, with what L2 adds.")
    return told


def _undecided(train: Judged) -> Array:
    """The examples whose class the model is least sure of: where it is sure, gradients are 0 but for rounding."""
    if not train.data.classes:
        return np.arange(min(EXAMPLES, len(train.data)))
    return np.argsort(np.abs(train.of_right - 0.5), kind="stable")[:EXAMPLES]


def _layers(steps: Derivation, train: Judged) -> list[Derivation]:
    """The derivation cut behind the gradients of each layer's parameters, from the last layer to the first."""
    model = train.results.model
    layers = [{f"d{W.name}", f"d{b.name}"} for W, b in zip(model.weights, model.biases, strict=True)]
    ends = sorted(max(i for i, step in enumerate(steps, 1) if step.of in layer) for layer in layers)
    starts = [0, *ends[:-1]]
    return [
        Derivation(() if start else steps.definitions, steps[start:end], [])
        for start, end in zip(starts, ends, strict=True)
    ]


def _table(steps: Derivation) -> str:
    return steps.html().replace("<div ", '<div tabindex="0" ', 1)
