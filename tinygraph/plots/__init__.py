"""Plots of the notes and their sequels: each function draws with matplotlib, and answers with the axes it drew on.

Given no `axes` it makes a figure, which a notebook shows by itself and a program by `matplotlib.pyplot.show()`. What
draws on several axes takes and answers an array of them. Every function raises `DrawError` where matplotlib is missing,
and where `axes` are not what it draws on.

>>> from tinygraph import plots
>>> axes = plots.sigmoid()
>>> axes.figure.savefig("sigmoid.svg")
"""

from tinygraph.plots.fits import linear_against_logistic
from tinygraph.plots.functions import activation, activations, losses, sigmoid
from tinygraph.plots.surfaces import convexity, cost_surface, curvature

__all__ = [
    "activation",
    "activations",
    "convexity",
    "cost_surface",
    "curvature",
    "linear_against_logistic",
    "losses",
    "sigmoid",
]
