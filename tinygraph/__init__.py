"""tinygraph: a model, its derivatives and its training step as one computation graph."""

from tinygraph.check import check_grad
from tinygraph.derivatives import grad, vjp
from tinygraph.draw import Drawing, draw
from tinygraph.errors import (
    DrawError,
    DtypeError,
    EvaluationError,
    FeedError,
    FolderError,
    GradientError,
    ImmutableError,
    NodeTypeError,
    NonFiniteWarning,
    ShapeError,
    StorageError,
    TinygraphError,
)
from tinygraph.evaluate import evaluate
from tinygraph.graph import Node, Op, Parameter, constant, input, parameter
from tinygraph.ops.elementwise import (
    add,
    astype,
    divide,
    equal,
    exp,
    greater,
    greater_equal,
    leaky_relu,
    less,
    less_equal,
    log,
    multiply,
    negative,
    not_equal,
    power,
    relu,
    sigmoid,
    subtract,
    tanh,
    where,
)
from tinygraph.ops.linalg import dot, matmul
from tinygraph.ops.reductions import mean, sum
from tinygraph.ops.shaping import broadcast_like, reshape, transpose
from tinygraph.sizes import Size
from tinygraph.storage import load, save

__version__ = "0.1.0"

__all__ = [
    "input",
    "parameter",
    "constant",
    "Node",
    "Parameter",
    "Size",
    "Op",
    "grad",
    "vjp",
    "check_grad",
    "evaluate",
    "draw",
    "Drawing",
    "save",
    "load",
    "add",
    "astype",
    "broadcast_like",
    "divide",
    "dot",
    "equal",
    "exp",
    "greater",
    "greater_equal",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "matmul",
    "mean",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "relu",
    "reshape",
    "sigmoid",
    "subtract",
    "sum",
    "tanh",
    "transpose",
    "where",
    "DrawError",
    "DtypeError",
    "EvaluationError",
    "FeedError",
    "FolderError",
    "GradientError",
    "ImmutableError",
    "NodeTypeError",
    "NonFiniteWarning",
    "ShapeError",
    "StorageError",
    "TinygraphError",
]
