"""What each command does that has a model: from its options to an answer."""

import html
import webbrowser
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.check import GradientCheck
from tinygraph.command.answer import Answer, named, samples_of, shapes
from tinygraph.command.progress import Progress
from tinygraph.command.source import model_of
from tinygraph.draw.picture import picture
from tinygraph.files import write_whole
from tinygraph.folding import Folded
from tinygraph.graph import Node
from tinygraph.lines import Model
from tinygraph.notation import columns, listed
from tinygraph.samples import with_samples

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2em; color-scheme: light dark }}
td, th {{ padding: 0.3em 1em }}
td:nth-last-child(-n+2) {{ white-space: nowrap }}
</style>
{body}
</html>
"""


def draw(options: Any, progress: Progress) -> Answer:
    """Draw the graph of the lines, with gradients and values where they are asked for."""
    model = model_of(options)
    progress.show(f"drawing {options.output}")
    wrt = [] if options.grad is None else model.wrt(options.grad)
    look = {name: getattr(options, name) for name in ("values", "detail", "direction", "theme")}
    tg.draw(model.cost, grad=wrt or None, feeds=model.feeds or None, **look).save(options.output)
    return _written(options, model, wrt, samples_of(model) if options.values else "")


def explain(options: Any, progress: Progress) -> Answer:
    """Derive the derivatives step by step, each with its rule and a check in numbers."""
    model = model_of(options)
    progress.show("deriving")
    wrt = model.wrt(options.wrt)
    found = tg.explain(model.cost, wrt, model.feeds or None)
    found = tg.Derivation(found.definitions, found.steps, [*found.notes, *filter(None, [samples_of(model)])])
    data = {
        **_about(model, wrt),
        "definitions": [{"name": name, "formula": of.text, "latex": of.latex} for name, of in found.definitions],
        "steps": [{**vars(step), "formula": step.formula.text, "latex": step.latex} for step in found],
        "notes": found.notes,
    }
    if not options.html:
        return Answer(found.latex if options.latex else found.text, data)
    title = html.escape(f"{model.of} by {listed(named(wrt))}")
    write_whole(options.html, PAGE.format(title=title, body=found.html()).encode())
    return Answer(f"wrote {options.html}", {**data, "wrote": options.html})


def play(options: Any, progress: Progress) -> Answer:
    """Write a page that plays values forward, gradients back, and steps of gradient descent."""
    model = model_of(options)
    progress.show(f"writing {options.output}")
    wrt = model.wrt(options.wrt)
    tg.play(model.cost, wrt, options.output, model.feeds or None)
    return _written(options, model, wrt, samples_of(model))


def table(options: Any, progress: Progress) -> Answer:
    """Print the lines beside their gradients, with values, as one table."""
    model = model_of(options)
    progress.show("computing")
    wrt = model.wrt(options.wrt)
    found = tg.table(model.cost, wrt, model.feeds or None)
    found = replace(found, notes=[*found.notes, *filter(None, [samples_of(model)])])
    return Answer(
        str(found), {**_about(model, wrt), "rows": [row._asdict() for row in found.rows], "notes": found.notes}
    )


def grad(options: Any, progress: Progress) -> Answer:
    """Print the gradients as formulas, with values where all is fed; or as a NumPy program."""
    model = model_of(options)
    progress.show("deriving")
    wrt = model.wrt(options.wrt)
    gradients = tg.grad(model.cost, wrt)
    if options.numpy:
        leaves = [*model.inputs, *model.parameters]  # in the order in which they are declared
        program = f"import numpy as np\n\n\n{tg.compile(leaves, [model.cost, *gradients]).source}"
        return Answer(program.rstrip(), {**_about(model, wrt), "program": program})
    found = _formulas(model.cost, wrt)
    text = columns([(f"{row['name']} = {row['formula']}", row["shape"]) for row in found])
    data = {**_about(model, wrt), "gradients": found}
    if not model.is_fed:
        return Answer(text, data)
    values = tg.evaluate(gradients, model.feeds)
    data["values"] = dict(zip(named(wrt), values, strict=True))
    blocks = [
        f"d{name} =\n{np.array2string(np.asarray(value), threshold=1000)}" for name, value in data["values"].items()
    ]
    return Answer("\n\n".join(filter(None, [text, *blocks, samples_of(model)])), data)


def check(options: Any, progress: Progress) -> Answer:
    """Compare each derivative with central differences."""
    model = model_of(options)
    wrt = model.wrt(options.wrt)
    fed, sampled = with_samples([model.cost, *tg.grad(model.cost, wrt)], model.feeds)
    checks: list[Any] = []
    try:
        for place, node in enumerate(wrt):
            progress.show(f"checking d{node.name}", place, len(wrt))
            checks += tg.check_grad(model.cost, node, fed).comparisons
    except tg.GradientError as error:
        why, _, found = str(error).partition("\n")
        return Answer(found, {**_about(model, wrt), "right": False, "error": why}, error=why)
    told = samples_of(model, fed, sampled)
    rows = [{"name": name, **asdict(found), "verdict": found.verdict} for name, _, found in checks]
    return Answer(
        f"{GradientCheck(checks, '')}\n{told}".rstrip(), {**_about(model, wrt), "right": True, "checks": rows}
    )


def _formulas(cost: Node, wrt: Sequence[Node]) -> list[dict[str, str]]:
    """The gradient of each box on the way back, as a formula of those before."""
    folded = Folded([cost], {}, also=wrt)
    boxes = [box for box in reversed(picture([cost], wrt, folded).boxes) if box.d]
    leaves = {node: place for place, node in enumerate(wrt) if not node.args}
    boxes.sort(key=lambda box: leaves.get(box.node, -1))  # what is asked for comes last
    return [
        {"of": box.name, "name": folded.d[box.node], "formula": box.gradient, "shape": str(box.node.shape)}
        for box in boxes
    ]


def _about(model: Model, wrt: Sequence[Node]) -> dict[str, Any]:
    return {"of": model.of, "wrt": named(wrt), "shapes": shapes(model), "sampled": named(model.sampled)}


def _written(options: Any, model: Model, wrt: Sequence[Node], told: str) -> Answer:
    """The answer of a command that has written a file, which is opened where that is asked for."""
    if options.open:
        webbrowser.open(Path(options.output).resolve().as_uri())
    text = "\n".join(filter(None, [f"wrote {options.output}", told]))
    return Answer(text, {**_about(model, wrt), "wrote": options.output})
