"""Compile: the graph as one NumPy program, to run and to read."""

from tinygraph.compile.compile import compile
from tinygraph.compile.compiled import Compiled

__all__ = ["Compiled", "compile"]
