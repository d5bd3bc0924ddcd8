"""Pictures of graphs."""

from tinygraph.draw.diagram import Drawing, draw

__all__ = ["Drawing", "draw"]
