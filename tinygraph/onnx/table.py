"""The table: for each op of the graph the ONNX ops that compute it; a new op takes one row here, or in `formulas`."""

import numpy as np

from tinygraph.onnx.arithmetic import bits, floor_divide, question, remainder, where
from tinygraph.onnx.dtypes import in_any, in_bool, in_common, in_result
from tinygraph.onnx.loops import loop
from tinygraph.onnx.places import fold, getitem, range_to, scatter, unfold
from tinygraph.onnx.reductions import all_of, any_of, argsort, axes_of, cumsum, extreme, place, reduction
from tinygraph.onnx.shapes import broadcast_like, broadcast_to, concatenate, pad, reshape, transpose
from tinygraph.onnx.writer import Lowering

REFUSED = ("inv", "solve", "cholesky", "sign_of_det", "log_abs_det")
"""What ONNX has no op for, and no formula of a few ops."""

ROW = np.array([-1])
"""The shape of all elements along one axis."""

# fmt: off
LOWERINGS: dict[str, Lowering] = {
    "size":          lambda w, node: w.size(node.params["size"]),
    "arange":        lambda w, node: range_to(w, w.size(node.params["size"])),

    "add":           in_result("Add"),
    "subtract":      in_result("Sub"),
    "multiply":      in_result("Mul"),
    "divide":        in_result("Div"),
    "power":         in_result("Pow"),
    "negative":      in_result("Neg"),
    "maximum":       in_result("Max"),
    "minimum":       in_result("Min"),
    "floor_divide":  in_result(floor_divide),
    "remainder":     in_result(remainder),

    "exp":           in_result("Exp"),
    "log":           in_result("Log"),
    "sqrt":          in_result("Sqrt"),
    "sign":          in_result("Sign"),
    "abs":           in_result("Abs"),
    "fabs":          in_result("Abs"),
    "square":        in_result(lambda w, node, x: w("Mul", x, x)),
    "reciprocal":    in_result("Reciprocal"),
    "sin":           in_result("Sin"),
    "tanh":          in_result("Tanh"),
    "sigmoid":       in_result("Sigmoid"),
    "floor":         in_result("Floor"),
    "ceil":          in_result("Ceil"),
    "rint":          in_result("Round"),

    "relu":          in_result("Relu"),

    # for float32 alone: `formulas` has what computes float64
    "leaky_relu":    in_result(lambda w, node, x: w("LeakyRelu", x, alpha=float(node.params["slope"]))),
    "elu":           in_result(lambda w, node, x: w("Elu", x, alpha=float(node.params["alpha"]))),
    "softplus":      in_result("Softplus"),
    "erf":           in_result("Erf"),
    "cos":           in_result("Cos"),
    "tan":           in_result("Tan"),
    "arcsin":        in_result("Asin"),
    "arccos":        in_result("Acos"),
    "arctan":        in_result("Atan"),
    "sinh":          in_result("Sinh"),
    "cosh":          in_result("Cosh"),
    "arcsinh":       in_result("Asinh"),
    "arccosh":       in_result("Acosh"),
    "arctanh":       in_result("Atanh"),
    "det":           in_result("Det"),

    "equal":         in_common("Equal"),
    "not_equal":     in_common(lambda w, node, x, y: w("Not", w("Equal", x, y))),
    "less":          in_common("Less"),
    "less_equal":    in_common("LessOrEqual"),
    "greater":       in_common("Greater"),
    "greater_equal": in_common("GreaterOrEqual"),
    "bitwise_and":   bits("BitwiseAnd", "And"),
    "bitwise_or":    bits("BitwiseOr", "Or"),
    "bitwise_xor":   bits("BitwiseXor", "Xor"),
    "invert":        bits("BitwiseNot", "Not"),
    "logical_and":   in_bool("And"),
    "logical_or":    in_bool("Or"),
    "logical_xor":   in_bool("Xor"),
    "logical_not":   in_bool("Not"),
    "isnan":         question(lambda w, x: w("IsNaN", x)),
    "isinf":         question(lambda w, x: w("IsInf", x)),
    "isfinite":      question(lambda w, x: w("Not", w("Or", w("IsNaN", x), w("IsInf", x)))),
    "where":         where,
    "astype":        lambda w, node: w.cast(w.of(node.args[0]), node.args[0].dtype, node.dtype),

    "sum":           reduction("ReduceSum"),
    "mean":          reduction("ReduceMean"),
    "prod":          reduction("ReduceProd"),
    "logsumexp":     reduction("ReduceLogSumExp"),
    "max":           extreme("ReduceMax"),
    "min":           extreme("ReduceMin"),
    "any":           in_bool(any_of),
    "all":           in_bool(all_of),
    "argmax":        place("ArgMax", 1),
    "argmin":        place("ArgMin", -1),
    "argsort":       in_common(argsort, np.int64),
    "cumsum":        in_result(cumsum),
    "softmax":       in_result(lambda w, node, x: w("Softmax", x, axis=axes_of(node)[0])),
    "log_softmax":   in_result(lambda w, node, x: w("LogSoftmax", x, axis=axes_of(node)[0])),

    "matmul":        in_result("MatMul"),
    "einsum":        in_result(lambda w, node, *xs: w("Einsum", *xs, equation=node.params["subscripts"])),

    "reshape":       in_any(reshape),
    "transpose":     in_any(transpose),
    "broadcast_like": broadcast_like,
    "broadcast_to":  in_any(broadcast_to),
    "concatenate":   concatenate,
    "pad":           in_result(pad),
    "getitem":       in_any(getitem),
    "scatter":       scatter,
    "unfold":        in_any(unfold),
    "fold":          fold,
    "flatnonzero":   in_bool(lambda w, node, x: w("Reshape", w("NonZero", w("Reshape", x, ROW)), ROW)),
    "for_each":      loop,
}
# fmt: on
