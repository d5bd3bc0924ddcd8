"""A model as ONNX: the format that Netron shows, and that runtimes of production run."""

from tinygraph.onnx.export import to_onnx

__all__ = ["to_onnx"]
