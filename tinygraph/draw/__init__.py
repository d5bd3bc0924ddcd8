"""Pictures of graphs."""

from tinygraph.draw.diagram import Drawing, draw
from tinygraph.draw.player import play

__all__ = ["Drawing", "draw", "play"]
