"""What is written of a trained model: the report, the graph and the cost curve."""

from pathlib import Path

import numpy as np

import tinygraph as tg
from models.report import report
from models.report.curves import MOST
from models.results import Results


def write(results: Results, folder: Path, table: str, command: str) -> None:
    """Write them into a folder: report.html, graph.svg, graph.png, cost.png."""
    from matplotlib.figure import Figure

    (folder / "report.html").write_text(report(results, table, command), encoding="utf-8")
    picture = tg.draw(results.model.J, grad=results.model.parameters)
    picture.save(folder / "graph.svg")
    picture.save(folder / "graph.png")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    epochs, held_out = zip(*results.history.held_out, strict=True)
    axes.plot(np.minimum(results.history.costs, MOST), label="training examples")
    axes.plot(epochs, np.minimum(held_out, MOST), label="held-out examples")
    axes.set(xlabel="epoch", ylabel="mean loss", title=results.recipe.title)
    axes.legend()
    figure.savefig(folder / "cost.png", dpi=150)
