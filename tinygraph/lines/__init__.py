"""Lines of NumPy notation read into a graph: no word of them is run, and what they may use is written down here."""

from tinygraph.lines.errors import LineError
from tinygraph.lines.model import Model, read
from tinygraph.lines.values import read_file, read_value

__all__ = ["LineError", "Model", "read", "read_file", "read_value"]
