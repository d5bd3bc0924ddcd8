"""NumPy's functions, methods and indexing, each written once and applied to arrays and to nodes: the same comes out."""

import operator

import numpy as np
import pytest

import tinygraph as tg
from tinygraph import protocol
from tinygraph.graph import OPS
from tinygraph.structure import leaves, map_leaves

# What is written, and the shapes that it is applied to.
ROWS = {
    "shape": (lambda x: np.shape(x), (2, 3)),
    "ndim": (lambda x: np.ndim(x), (2, 3)),
    "size": (lambda x: np.size(x), (2, 3)),
    "len": (lambda x: len(x), (2, 3)),
    "rows of a loop": (lambda x: [row * 2 for row in x], (2, 3)),
    "positive": (lambda x: +x, (2, 3)),
    "negative": (lambda x: -x, (2, 3)),
    "arithmetic": (lambda x, y: (2 * x - y / 3 + 1) ** 2, (2, 3), (3,)),
    "whole steps": (lambda x, y: 7 // (x * x + 1) + (x % (y * y + 1)), (2, 3), (3,)),
    "numbers on the left": (lambda x: 2 - x + 1 / (x * x + 1) + 2**x, (2, 3)),
    "comparisons": (lambda x, y: [x < y, x <= y, x > y, x >= y, x == y, x != y], (2, 3), (3,)),
    "truth": (lambda x, y: [(x > 0) & (y > 0), (x > 0) | (y > 0), ~(x > 0)], (2, 3), (3,)),
    "clip": (lambda x: np.clip(x, -0.5, 0.7), (2, 3)),
    "clip below": (lambda x: np.clip(x, -0.5, None), (2, 3)),
    "clip above": (lambda x: np.clip(x, None, 0.5), (2, 3)),
    "clip by arrays": (lambda x, low, high: np.clip(x, low, high), (2, 3), (3,), (2, 1)),
    "clip method": (lambda x: x.clip(0), (2, 3)),
    "clip method to a bound": (lambda x: x.clip(max=0.5), (2, 3)),
    "any": (lambda x: np.any(x > 0, axis=1), (2, 3)),
    "all": (lambda x: np.all(x > 0, axis=0, keepdims=True), (2, 3)),
    "ravel": (lambda x: np.ravel(x), (2, 3, 4)),
    "ravel method": (lambda x: x.ravel(), (2, 3)),
    "reshape method": (lambda x: x.reshape(3, -1), (2, 3)),
    "reshape method, a tuple": (lambda x: x.reshape((3, 2)), (2, 3)),
    "reshape to a number": (lambda x: x.reshape(()), (1, 1)),
    "expand_dims": (lambda x: np.expand_dims(x, 1), (2, 3)),
    "expand_dims, last": (lambda x: np.expand_dims(x, -1), (2, 3)),
    "expand_dims, several": (lambda x: np.expand_dims(x, (0, 2, -1)), (2, 3)),
    "squeeze": (lambda x: np.squeeze(x), (1, 3, 1)),
    "squeeze, one axis": (lambda x: np.squeeze(x, axis=-1), (1, 3, 1)),
    "squeeze, several": (lambda x: np.squeeze(x, axis=(0, 2)), (1, 3, 1)),
    "squeeze method": (lambda x: x.squeeze(0), (1, 3)),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2), (2, 3, 4)),
    "swapaxes method": (lambda x: x.swapaxes(0, -1), (2, 3, 4)),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), (2, 3, 4)),
    "moveaxis, several": (lambda x: np.moveaxis(x, [0, 1], [-1, 0]), (2, 3, 4)),
    "T": (lambda x: x.T, (2, 3, 4)),
    "mT": (lambda x: x.mT, (2, 3, 4)),
    "transpose method": (lambda x: x.transpose(2, 0, 1), (2, 3, 4)),
    "transpose by a list": (lambda x: np.transpose(x, [1, 0]), (2, 3)),
    "broadcast_to": (lambda x: np.broadcast_to(x, (4, 2, 3)), (2, 1)),
    "tile": (lambda x: np.tile(x, 2), (2, 3)),
    "tile, fewer axes": (lambda x: np.tile(x, (2,)), (2, 3)),
    "tile, more axes": (lambda x: np.tile(x, (2, 1, 3)), (2, 3)),
    "tile of a number": (lambda x: np.tile(x, (2, 3)), ()),
    "tile by 0": (lambda x: np.tile(x, (0, 1)), (2, 3)),
    "zeros_like": (lambda x: np.zeros_like(x), (2, 3)),
    "ones_like": (lambda x: np.ones_like(x), (2, 3)),
    "take": (lambda x: np.take(x, [2, 0, 0], axis=1), (2, 3)),
    "take, of all": (lambda x: np.take(x, [5, -1, 2]), (2, 3)),
    "take, a table": (lambda x: np.take(x, [[0, 1], [1, 0]], axis=0), (2, 3)),
    "take, a number": (lambda x: np.take(x, 1, axis=-1), (2, 3)),
    "take method": (lambda x: x.take([1, 0], 0), (2, 3)),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.array([[2], [0]]), axis=1), (2, 3)),
    "take_along_axis, first": (lambda x: np.take_along_axis(x, np.array([[1, 0, 1]]), axis=0), (2, 3)),
    "take_along_axis of argmax": (
        lambda x: np.take_along_axis(x, np.argmax(x, axis=-1, keepdims=True), axis=-1),
        (2, 3, 4),
    ),
    "flip": (lambda x: np.flip(x), (2, 3)),
    "flip, one axis": (lambda x: np.flip(x, -1), (2, 3)),
    "flip, several": (lambda x: np.flip(x, (0, 2)), (2, 3, 4)),
    "roll": (lambda x: np.roll(x, 2), (2, 3)),
    "roll, one axis": (lambda x: np.roll(x, -1, axis=1), (2, 3)),
    "roll, several": (lambda x: np.roll(x, (1, -2), axis=(0, 1)), (2, 3)),
    "roll, several by the same": (lambda x: np.roll(x, 1, axis=(0, 1)), (2, 3)),
    "roll, one axis twice": (lambda x: np.roll(x, (1, 1), axis=(1, 1)), (2, 3)),
    "roll, two shifts along one axis": (lambda x: np.roll(x, (1, 1), axis=0), (3, 2)),
    "roll, two shifts of all": (lambda x: np.roll(x, (1, 2)), (2, 3)),
    "NumPy's numbers for axes": (lambda x: np.flip(np.swapaxes(x, np.int64(0), np.int64(-1)), np.int64(0)), (2, 3)),
    "NumPy's numbers for counts": (lambda x: np.split(np.repeat(x, np.int64(2), axis=0), np.int64(2)), (2, 3)),
    "roll, beyond the end": (lambda x: np.roll(x, 7, axis=0), (2, 3)),
    "split": (lambda x: np.split(x, 2, axis=1), (2, 4)),
    "split at places": (lambda x: np.split(x, [1, 3]), (4, 2)),
    "split at places beyond": (lambda x: np.split(x, [1, 9]), (4, 2)),
    "split from the end": (lambda x: np.split(x, np.array([-1]), axis=-1), (2, 3)),
    "repeat": (lambda x: np.repeat(x, 2), (2, 3)),
    "repeat along an axis": (lambda x: np.repeat(x, 3, axis=1), (2, 3)),
    "repeat, each": (lambda x: np.repeat(x, [2, 0, 1], axis=1), (2, 3)),
    "repeat, none": (lambda x: np.repeat(x, 0, axis=0), (2, 3)),
    "repeat method": (lambda x: x.repeat(2, 0), (2, 3)),
    "tril": (lambda x: np.tril(x), (3, 3)),
    "tril, offset": (lambda x: np.tril(x, 1), (2, 3, 4)),
    "triu": (lambda x: np.triu(x), (3, 3)),
    "triu, offset": (lambda x: np.triu(x, -1), (2, 4, 3)),
    "tril of a vector": (lambda x: np.tril(x), (3,)),
    "triu of a vector": (lambda x: np.triu(x, 1), (3,)),
    "diagonal": (lambda x: np.diagonal(x), (2, 3)),
    "diagonal, to the right": (lambda x: np.diagonal(x, 1), (3, 4)),
    "diagonal, below": (lambda x: np.diagonal(x, -2), (3, 4)),
    "diagonal, beyond": (lambda x: np.diagonal(x, 7), (3, 4)),
    "diagonal, other axes": (lambda x: np.diagonal(x, 1, 2, 0), (2, 3, 4)),
    "diagonal method": (lambda x: x.diagonal(0, 1, 2), (2, 3, 4)),
    "diag of a matrix": (lambda x: np.diag(x, 1), (3, 3)),
    "diag of a vector": (lambda x: np.diag(x), (3,)),
    "diag of a vector, offset": (lambda x: np.diag(x, -2), (3,)),
    "diag of a vector, to the right": (lambda x: np.diag(x, 1), (2,)),
    "trace": (lambda x: np.trace(x), (3, 3)),
    "trace, offset": (lambda x: np.trace(x, -1), (3, 4)),
    "trace, other axes": (lambda x: np.trace(x, 0, -1, 0), (2, 3, 4)),
    "trace method": (lambda x: x.trace(1), (3, 3)),
    "std": (lambda x: np.std(x, axis=1), (2, 3)),
    "std, ddof": (lambda x: np.std(x, axis=0, ddof=1, keepdims=True), (4, 3)),
    "std method": (lambda x: x.std(), (2, 3)),
    "norm": (lambda x: np.linalg.norm(x), (2, 3)),
    "norm of a vector": (lambda x: np.linalg.norm(x, 2), (4,)),
    "norm of 3 axes": (lambda x: np.linalg.norm(x), (2, 3, 2)),
    "norm, fro": (lambda x: np.linalg.norm(x, "fro"), (2, 3)),
    "norm, 1": (lambda x: np.linalg.norm(x, 1), (4,)),
    "norm, 3": (lambda x: np.linalg.norm(x, 3), (4,)),
    "norm, 2.5": (lambda x: np.linalg.norm(x, 2.5, axis=1), (2, 3)),
    "norm, 1/2": (lambda x: np.linalg.norm(x, 0.5), (4,)),
    "norm, -2": (lambda x: np.linalg.norm(x, -2), (4,)),
    "norm, -inf": (lambda x: np.linalg.norm(x, -np.inf), (4,)),
    "norm, inf": (lambda x: np.linalg.norm(x, np.inf), (4,)),
    "norm of rows": (lambda x: np.linalg.norm(x, axis=1), (2, 3)),
    "norm of rows, kept": (lambda x: np.linalg.norm(x, 1, axis=-1, keepdims=True), (2, 3)),
    "norm of columns, inf": (lambda x: np.linalg.norm(x, np.inf, 0), (2, 3)),
    "norm of a matrix, 1": (lambda x: np.linalg.norm(x, 1), (2, 3)),
    "norm of a matrix, inf": (lambda x: np.linalg.norm(x, np.inf), (2, 3)),
    "norm of stacked matrices, 1": (lambda x: np.linalg.norm(x, 1, axis=(-2, -1)), (2, 3, 4)),
    "norm of stacked matrices, inf": (lambda x: np.linalg.norm(x, np.inf, axis=(2, 0)), (2, 3, 4)),
    "norm of stacked matrices, kept": (lambda x: np.linalg.norm(x, 1, axis=(0, 1), keepdims=True), (2, 3, 4)),
    "norm of stacked matrices, fro": (lambda x: np.linalg.norm(x, "fro", axis=(1, 2)), (2, 3, 4)),
    "einsum, product": (lambda x, y: np.einsum("ij,jk->ik", x, y), (2, 3), (3, 4)),
    "einsum, implicit": (lambda x, y: np.einsum("ij,jk", x, y), (2, 3), (3, 4)),
    "einsum, implicit in the letters' order": (lambda x: np.einsum("ba", x), (2, 3)),
    "einsum, spaces": (lambda x, y: np.einsum(" ij , jk -> ki ", x, y), (2, 3), (3, 4)),
    "einsum, number": (lambda x, y: np.einsum("ij,ij->", x, y), (2, 3), (2, 3)),
    "einsum, dots": (lambda x, y: np.einsum("...ij,...jk->...ik", x, y), (2, 2, 3), (3, 4)),
    "einsum, dots in front": (lambda x: np.einsum("i...->...i", x), (2, 3, 4)),
    "einsum, dots summed": (lambda x: np.einsum("...i->...", x), (2, 3, 4)),
    "einsum, dots implicit": (lambda x, y: np.einsum("...j,j", x, y), (2, 3), (3,)),
    "einsum, dots of two ranks": (lambda x, y: np.einsum("...,...a->...a", x, y), (3,), (2, 3, 4)),
    "einsum, trace": (lambda x: np.einsum("ii", x), (3, 3)),
    "einsum, diagonal": (lambda x: np.einsum("ii->i", x), (3, 3)),
    "einsum, diagonal of stacks": (lambda x: np.einsum("iji->ij", x), (3, 2, 3)),
    "einsum, a letter three times": (lambda x: np.einsum("iii->i", x), (3, 3, 3)),
    "einsum, two letters twice": (lambda x: np.einsum("ijij->ji", x), (2, 3, 2, 3)),
    "einsum, diagonal times": (lambda x, y: np.einsum("ii,ij->j", x, y), (3, 3), (3, 2)),
    "einsum, a letter in one alone": (lambda x, y: np.einsum("ij,k->k", x, y), (2, 3), (4,)),
    "einsum, letters in one alone": (lambda x, y: np.einsum("ij,ik->i", x, y), (2, 3), (2, 4)),
    "einsum, three": (lambda x, y, z: np.einsum("ij,jk,kl->il", x, y, z), (2, 3), (3, 4), (4, 2)),
    "einsum, four": (lambda x, y, z, w: np.einsum("i,j,ij,j->i", x, y, z, w), (2,), (3,), (2, 3), (3,)),
    "einsum, numbers": (lambda x, y: np.einsum(",i->i", x, y), (), (3,)),
    "einsum, a size of 1": (lambda x, y: np.einsum("ij,ij->ij", x, y), (2, 1), (2, 3)),
    "einsum, a size of 1 summed": (lambda x, y: np.einsum("ij,jk->ik", x, y), (2, 1), (3, 4)),
    "einsum, a size of 1 and a letter alone": (lambda x, y: np.einsum("ij,j->j", x, y), (2, 1), (3,)),
    "einsum, sizes of 1 in both": (lambda x, y: np.einsum("ij,ij->", x, y), (1, 3), (2, 1)),
    "einsum, the same array twice": (lambda x: np.einsum("ij,kj->ik", x, x), (2, 3)),
    "einsum, capitals": (lambda x, y: np.einsum("aB,Bc->ca", x, y), (2, 3), (3, 4)),
    "einsum, nothing": (lambda x, y: np.einsum("ij,jk->ik", x, y), (2, 0), (0, 3)),
    "tensordot": (lambda x, y: np.tensordot(x, y), (2, 3, 4), (3, 4, 2)),
    "tensordot, 1": (lambda x, y: np.tensordot(x, y, 1), (2, 3), (3, 4)),
    "tensordot, 0": (lambda x, y: np.tensordot(x, y, axes=0), (2,), (3, 2)),
    "tensordot, an axis of each": (lambda x, y: np.tensordot(x, y, (0, 1)), (2, 3), (4, 2)),
    "tensordot, axes of each": (lambda x, y: np.tensordot(x, y, ([0, -1], [1, 0])), (2, 3, 4), (4, 2)),
    "inner": (lambda x, y: np.inner(x, y), (3,), (3,)),
    "inner of matrices": (lambda x, y: np.inner(x, y), (2, 3), (4, 3)),
    "inner with a number": (lambda x, y: np.inner(x, y), (2, 3), ()),
    "outer": (lambda x, y: np.outer(x, y), (2,), (3,)),
    "outer of matrices": (lambda x, y: np.outer(x, y), (2, 2), (3, 1)),
    "linalg.outer": (lambda x, y: np.linalg.outer(x, y), (2,), (3,)),
    "kron": (lambda x, y: np.kron(x, y), (2, 3), (3, 2)),
    "kron of two ranks": (lambda x, y: np.kron(x, y), (2,), (2, 3)),
    "kron with a number": (lambda x, y: np.kron(x, y), (), (2, 3)),
    "concatenate": (lambda x, y: np.concatenate([x, y]), (2, 3), (1, 3)),
    "concatenate, axis 1": (lambda x, y: np.concatenate((x, y, x), axis=-1), (2, 3), (2, 1)),
    "concatenate, of all": (lambda x, y: np.concatenate([x, y], axis=None), (2, 3), (2,)),
    "stack": (lambda x, y: np.stack([x, y]), (2, 3), (2, 3)),
    "stack, last": (lambda x, y: np.stack([x, y], axis=-1), (2, 3), (2, 3)),
    "stack of numbers": (lambda x, y: np.stack([x, y]), (), ()),
    "vstack": (lambda x, y: np.vstack([x, y]), (3,), (2, 3)),
    "hstack": (lambda x, y: np.hstack([x, y]), (2, 3), (2, 1)),
    "hstack of vectors": (lambda x, y: np.hstack([x, y]), (3,), (2,)),
    "hstack of numbers": (lambda x, y: np.hstack([x, y]), (), ()),
    "column_stack": (lambda x, y: np.column_stack([x, y, x]), (3,), (3, 2)),
    "vdot": (lambda x, y: np.vdot(x, y), (2, 3), (3, 2)),
    "diff": (lambda x: np.diff(x), (2, 4)),
    "diff, twice along axis 0": (lambda x: np.diff(x, 2, axis=0), (4, 2)),
    "pad": (lambda x: np.pad(x, 1), (2, 3)),
    "pad, a pair": (lambda x: np.pad(x, (1, 2)), (2, 3)),
    "pad, pairs": (lambda x: np.pad(x, [(1, 0), (0, 2)]), (2, 3)),
    "pad, a number": (lambda x: np.pad(x, 1, constant_values=2.5), (2, 3)),
    "pad, edge": (lambda x: np.pad(x, ((1, 2), (0, 3)), mode="edge"), (2, 3)),
    "pad, reflect": (lambda x: np.pad(x, 2, "reflect"), (3, 4)),
    "pad, symmetric": (lambda x: np.pad(x, ((0, 2), (3, 1)), "symmetric"), (2, 3)),
    "pad, wrap": (lambda x: np.pad(x, 2, "wrap"), (2, 3)),
    "pad, reflect further than the size": (lambda x: np.pad(x, 5, "reflect"), (3,)),
    "dot": (lambda x, y: np.dot(x, y), (2, 3), (3, 4)),
    "dot of vectors": (lambda x, y: np.dot(x, y), (3,), (3,)),
    "dot with a number": (lambda x, y: np.dot(x, y), (2, 3), ()),
    "dot of stacks": (lambda x, y: np.dot(x, y), (2, 3), (2, 3, 4)),
    "dot of two stacks": (lambda x, y: np.dot(x, y), (2, 2, 3), (4, 3, 2)),
    "dot of a stack and a vector": (lambda x, y: np.dot(x, y), (2, 2, 3), (3,)),
    "dot of a vector and a stack": (lambda x, y: np.dot(x, y), (3,), (2, 3, 4)),
    "dot method": (lambda x, y: x.dot(y), (2, 3), (3, 4)),
    "an array on the left": (lambda x: np.arange(6.0).reshape(2, 3) @ x, (3, 4)),
    "slogdet": (lambda x: tuple(np.linalg.slogdet(x + 3 * np.eye(3))), (3, 3)),
    "slogdet of stacks": (lambda x: np.linalg.slogdet(3 * np.eye(3) - x).logabsdet, (2, 3, 3)),
    "slogdet, sign": (lambda x: np.linalg.slogdet(x[::-1] + 3 * np.eye(3)[::-1]).sign, (3, 3)),
    "sort": (lambda x: np.sort(x), (2, 3)),
    "sort, first axis": (lambda x: np.sort(x, axis=0), (4, 3)),
    "sort, of all": (lambda x: np.sort(x, axis=None), (2, 3)),
    "argsort": (lambda x: np.argsort(x, axis=0), (4, 3)),
    "sum method": (lambda x: x.sum(0), (2, 3)),
    "sum method, kept": (lambda x: x.sum(axis=(0, 2), keepdims=True), (2, 3, 4)),
    "mean method": (lambda x: x.mean(axis=-1), (2, 3)),
    "var method": (lambda x: x.var(axis=0, ddof=1), (4, 3)),
    "prod method": (lambda x: x.prod(1), (2, 3)),
    "max method": (lambda x: x.max(), (2, 3)),
    "min method": (lambda x: x.min(axis=0, keepdims=True), (2, 3)),
    "argmax method": (lambda x: x.argmax(1), (2, 3)),
    "argmin method": (lambda x: x.argmin(), (2, 3)),
    "cumsum method": (lambda x: x.cumsum(), (2, 3)),
    "cumsum method, axis": (lambda x: x.cumsum(axis=1), (2, 3)),
    "round method": (lambda x: x.round(1), (2, 3)),
    "astype method": (lambda x: x.astype(np.float32), (2, 3)),
    "where": (lambda x, y: np.where(x > y, x, 2 * y), (2, 3), (3,)),
    "maximum with a number": (lambda x: np.maximum(x, 0), (2, 3)),
    "maximum of a number": (lambda x: np.maximum(0.25, x), (2, 3)),
    "sum in NumPy's places": (lambda x: np.sum(x, 0, None, None, True), (2, 3)),
    "var in NumPy's places": (lambda x: np.var(x, 1, None, None, 1), (2, 3)),
    "std by name": (lambda x: np.std(x, ddof=1, axis=0), (4, 3)),
    "clip by name": (lambda x: np.clip(x, a_max=0.5, a_min=-0.5), (2, 3)),
    "reshape in order": (lambda x: np.reshape(x, (3, 2), order="C"), (2, 3)),
    "einsum, optimized": (lambda x, y: np.einsum("ij,jk->ik", x, y, optimize=True), (2, 3), (3, 4)),
    "take by name": (lambda x: np.take(x, indices=[1, 0], axis=0), (2, 3)),
    "pad by name": (lambda x: np.pad(x, pad_width=1, mode="constant", constant_values=1), (2, 3)),
    "norm by name": (lambda x: np.linalg.norm(x, axis=0, ord=1, keepdims=True), (2, 3)),
    "flip of nothing": (lambda x: np.flip(x, 1), (0, 3)),
    "roll of nothing": (lambda x: np.roll(x, 2, axis=0), (0, 3)),
    "tile of nothing": (lambda x: np.tile(x, (2, 2)), (0, 3)),
    "repeat of nothing": (lambda x: np.repeat(x, 2, axis=0), (0, 3)),
    "split of nothing": (lambda x: np.split(x, 3, axis=1), (0, 3)),
    "pad of nothing": (lambda x: np.pad(x, 1), (0, 3)),
    "diag of nothing": (lambda x: np.diag(x), (0,)),
    "trace of nothing": (lambda x: np.trace(x), (0, 0)),
    "kron with nothing": (lambda x, y: np.kron(x, y), (2, 0), (3, 2)),
    "stack of nothing": (lambda x, y: np.stack([x, y], axis=1), (0, 3), (0, 3)),
    "norm of nothing": (lambda x: np.linalg.norm(x), (0,)),
    "sort of nothing": (lambda x: np.sort(x, axis=0), (0, 3)),
    "a mask of nothing": (lambda x: x[x > 0], (0, 3)),
    "log-sum-exp as it is written": (
        lambda x: np.log(np.sum(np.exp(x - np.max(x, axis=0)), axis=0)) + np.max(x, axis=0),
        (3, 4),
    ),
}

# Every kind of index, for an array of shape (3, 4, 5).
KEYS = {
    "a number": np.index_exp[1],
    "a number from the end": np.index_exp[-1],
    "a NumPy number": np.index_exp[np.int64(2)],
    "numbers": np.index_exp[1, -2, 0],
    "a slice": np.index_exp[1:],
    "a slice from the end": np.index_exp[:, -3:-1],
    "a slice beyond the end": np.index_exp[1:9, -9:2],
    "steps": np.index_exp[::2, 1::2],
    "steps back": np.index_exp[::-1, ::-2],
    "steps back with bounds": np.index_exp[2:0:-1, 3::-2, -2:0:-1],
    "an empty slice": np.index_exp[2:1],
    "an empty slice back": np.index_exp[0:2:-1],
    "dots": np.index_exp[..., 1],
    "dots between": np.index_exp[0, ..., 1:3],
    "dots alone": np.index_exp[...],
    "dots that are nothing": np.index_exp[0, 1, ..., 2],
    "new axes": np.index_exp[None, :, None, 1, ..., None],
    "nothing": (),
    "a list": np.index_exp[[2, 0]],
    "a list with repeats": np.index_exp[[0, 0, 2, 0]],
    "a list from the end": np.index_exp[:, [-1, 1, -4]],
    "an array of 2 axes": np.index_exp[:, np.array([[0, 3], [1, 1]])],
    "an empty list": np.index_exp[[]],
    "an array of one number": np.index_exp[np.array(1)],
    "arrays together": np.index_exp[[0, 2, 2], [1, 1, 3]],
    "arrays together behind a slice": np.index_exp[:, [0, 2, 2], [1, 1, 3]],
    "arrays broadcast": np.index_exp[np.array([[0], [2]]), np.array([1, 3, 3])],
    "arrays apart": np.index_exp[[0, 2], :, [1, 4]],
    "arrays apart by a new axis": np.index_exp[[0, 2], None, [1, 3]],
    "arrays apart and broadcast": np.index_exp[np.array([[0], [2]]), 1:, np.array([1, 4, 0])],
    "a number beside an array": np.index_exp[1, [0, 2]],
    "an array beside a number": np.index_exp[[0, 2], 1],
    "a number apart from an array": np.index_exp[1, :, [0, 2]],
    "an array apart from a number": np.index_exp[[0, 2], :, -1],
    "all three arrays": np.index_exp[[0, 1], [1, 2], [2, 3]],
    "a mask of one axis": np.index_exp[np.array([True, False, True])],
    "a mask of the second axis": np.index_exp[:, np.array([True, False, True, True])],
    "a mask as a list": np.index_exp[[True, False, True]],
    "a mask of two axes": np.index_exp[np.arange(12).reshape(3, 4) % 3 == 0],
    "a mask of the last two axes": np.index_exp[:, np.arange(20).reshape(4, 5) % 3 == 0],
    "a mask of all axes": np.index_exp[np.arange(60).reshape(3, 4, 5) % 7 == 0],
    "a mask that holds nowhere": np.index_exp[np.zeros(3, bool)],
    "a mask beside an array": np.index_exp[np.array([True, False, True]), [1, 2]],
    "a mask beside a slice and a number": np.index_exp[np.array([True, False, True]), 1:3, 2],
    "a mask apart from a number": np.index_exp[np.array([True, False, True]), :, 2],
}

# Keys that are made of the array itself, so that of a node they are nodes.
MADE_KEYS = {
    "mask": lambda x: x[x > 0],
    "mask of one axis": lambda x: x[x[:, 0, 0] > 0],
    "mask of two axes": lambda x: x[x[..., 0] > 0],
    "mask of inner axes": lambda x: x[:, x[0, :, :] > 0],
    "mask and a number": lambda x: x[x[:, 0, 0] > 0, 1],
    "mask and its opposite": lambda x: [x[x > 0].sum(), x[~(x > 0)].sum()],
    "places": lambda x: x[np.argmax(x, axis=0), 0],
    "places beside a slice": lambda x: x[:, np.argmax(x, axis=1)],
    "places apart": lambda x: x[np.argmax(x[:, 0, 0]), :, np.argmin(x[0, 0])],
}

CALLS = {name: (function, shapes) for name, (function, *shapes) in ROWS.items()}
CALLS |= {f"[{name}]": (lambda x, key=key: x[key], [(3, 4, 5)]) for name, key in KEYS.items()}
CALLS |= {f"[{name} of the array]": (function, [(3, 4, 5)]) for name, function in MADE_KEYS.items()}

every_call = pytest.mark.parametrize("name", CALLS)
pytestmark = pytest.mark.filterwarnings("ignore::tinygraph.BroadcastWarning")


def _drawn(shapes, dtype=np.float64, seed=0):
    """Numbers that are distinct, and away from 0."""
    rng = np.random.default_rng(seed)
    sizes = [int(np.prod(shape)) for shape in shapes]
    grid = np.linspace(-1.9, 1.9, 2 * sum(sizes) + 9)
    numbers = rng.permutation(grid[np.abs(grid) > 0.2])[: sum(sizes)] + 1e-3 * rng.uniform(-1, 1, sum(sizes))
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    arrays = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    return [x.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(4 * x).astype(dtype) for x in arrays]


def _inputs(arrays):
    return [tg.input(f"x{place}", x.shape, x.dtype) for place, x in enumerate(arrays)]


def _values(result, feeds):
    return map_leaves(lambda part: part.eval(feeds) if isinstance(part, tg.Node) else part, result)


def _agree(name, dtype):
    function, shapes = CALLS[name]
    arrays = _drawn(shapes, dtype)
    inputs = _inputs(arrays)
    try:
        with np.errstate(all="ignore"):
            expected = leaves(function(*arrays))
    except (TypeError, ValueError, OverflowError):
        assert np.dtype(dtype).kind != "f"
        return
    if dtype == np.bool_ and name.startswith(("tril", "triu", "clip method")):
        return  # where(mask, x, 0) is whole numbers
    built = leaves(function(*inputs))
    values = _values(built, dict(zip(inputs, arrays, strict=True)))
    assert len(expected) == len(values)
    for node, value, wanted in zip(built, values, expected, strict=True):
        wanted = np.asarray(wanted)
        if isinstance(node, tg.Node):
            assert node.dtype == wanted.dtype
            assert [size for size in node.shape if isinstance(size, int)] == [
                number for size, number in zip(node.shape, wanted.shape, strict=True) if isinstance(size, int)
            ]
        assert np.shape(value) == wanted.shape
        precision = 1e-13 if wanted.dtype != np.float32 else 1e-5
        np.testing.assert_allclose(value, wanted, rtol=precision, atol=precision)


@every_call
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_])
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_value_shape_and_dtype_are_numpys(name, dtype):
    _agree(name, dtype)


@every_call
def test_gradient_agrees_with_differences_and_both_modes_with_each_other(name):
    function, shapes = CALLS[name]
    arrays = _drawn(shapes)
    inputs = _inputs(arrays)
    feeds = dict(zip(inputs, arrays, strict=True))
    outs = [out for out in leaves(function(*inputs)) if isinstance(out, tg.Node) and out.dtype == np.float64]
    if not outs:
        return
    J = sum(tg.sum(out * tg.tanh(out)) for out in outs)
    tg.check_grad(J, inputs, feeds)

    rng = np.random.default_rng(1)
    fixed = [out for out in outs if all(isinstance(size, int) for size in out.shape)]
    g = [rng.normal(size=out.shape) for out in fixed]
    v = [rng.normal(size=x.shape) for x in arrays]
    forward = tg.evaluate(tg.jvp(fixed, inputs, v), feeds)
    backward = tg.evaluate(tg.vjp(fixed, inputs, g), feeds)
    np.testing.assert_allclose(
        sum(np.sum(a * b) for a, b in zip(g, forward, strict=True)),
        sum(np.sum(a * b) for a, b in zip(v, backward, strict=True)),
        rtol=1e-10,
        atol=1e-10,
    )


@every_call
def test_the_hessian_along_a_direction_agrees_with_differences_of_the_gradient(name):
    function, shapes = CALLS[name]
    arrays = _drawn(shapes)
    inputs = _inputs(arrays)
    outs = [out for out in leaves(function(*inputs)) if isinstance(out, tg.Node) and out.dtype == np.float64]
    J = sum((tg.sum(out * out * out) for out in outs), tg.sum(inputs[0]))
    v = [np.random.default_rng(place).normal(size=x.shape) for place, x in enumerate(arrays)]
    gradients = tg.grad(J, inputs)

    def at(step):
        moved = [x + step * direction for x, direction in zip(arrays, v, strict=True)]
        return tg.evaluate(gradients, dict(zip(inputs, moved, strict=True)))

    ours = tg.evaluate(tg.hvp(J, inputs, v), dict(zip(inputs, arrays, strict=True)))
    for found, up, down in zip(ours, at(1e-5), at(-1e-5), strict=True):
        scale = 1 + np.max(np.abs(up), initial=0)
        np.testing.assert_allclose(found, (up - down) / 2e-5, rtol=1e-6, atol=1e-7 * scale)


def test_every_function_that_has_an_answer_is_tried(monkeypatch):
    tried = set()
    answer = protocol.answer

    def recorded(function, args, kwargs):
        tried.add(function)
        return answer(function, args, kwargs)

    monkeypatch.setattr(protocol, "answer", recorded)
    for function, shapes in CALLS.values():
        function(*_inputs(_drawn(shapes)))
    tried |= {function for op in OPS.values() for function in op.numpy}  # which the test of every op tries
    tried.add(operator.getitem)  # which Python asks for, not NumPy
    missing = sorted(getattr(f, "__name__", str(f)) for f in set(protocol.ANSWERS) - tried)
    assert not missing, f"no row of ROWS tries {', '.join(missing)}"


# With named sizes: what is written, and the shapes by name; every size is fed as 1, and as others.
NAMED = {
    "arithmetic": (lambda x, y: (2 * x - y) / 3, ("n", "m"), ("m",)),
    "sums": (lambda x: [np.sum(x, 0), np.mean(x, 1, keepdims=True), np.var(x), np.std(x, axis=0)], ("n", "m")),
    "extremes": (lambda x: [np.max(x, 0), np.min(x), np.argmax(x, 1), np.argmin(x)], ("n", "m")),
    "prod": (lambda x: [np.prod(x), np.prod(x, 0)], ("n", "m")),
    "cumsum": (lambda x: [np.cumsum(x), np.cumsum(x, 1)], ("n", "m")),
    "norm": (lambda x: [np.linalg.norm(x), np.linalg.norm(x, 1), np.linalg.norm(x, np.inf, axis=1)], ("n", "m")),
    "clip": (lambda x: np.clip(x, -0.5, 0.5), ("n", "m")),
    "ravel": (lambda x: np.ravel(x), ("n", "m", 2)),
    "reshape": (lambda x: np.reshape(x, (x.shape[1], -1)), ("n", "m")),
    "transpose": (lambda x: [x.T, np.transpose(x, (1, 0, 2)), x.mT], ("n", "m", "k")),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2), ("n", "m", "k")),
    "moveaxis": (lambda x: np.moveaxis(x, -1, 0), ("n", "m", "k")),
    "expand_dims": (lambda x: np.expand_dims(x, (0, 2)), ("n", "m")),
    "squeeze": (lambda x: np.squeeze(x, 1), ("n", 1, "m")),
    "broadcast_to": (lambda x, y: np.broadcast_to(x, y.shape), ("m",), ("n", "m")),
    "tile": (lambda x: np.tile(x, (2, 3)), ("n", "m")),
    "tile by a size": (lambda x: np.tile(x, (x.shape[1], 1)), ("n", "m")),
    "likes": (lambda x: [np.zeros_like(x), np.ones_like(x)], ("n", "m")),
    "a number": (lambda x: [x[0], x[-1], x[:, -1]], ("n", "m")),
    "slices": (lambda x: [x[1:], x[:-1], x[::2], x[::-1], x[:, ::-2]], ("n", "m")),
    "new axes": (lambda x: x[:, None, ..., None], ("n", "m")),
    "places": (lambda x: [x[[0, -1, 0]], x[:, [0, 0]], x[[0, 0], [-1, 0]]], ("n", "m")),
    "masks": (lambda x: [x[x > 0], x[x[:, 0] > 0], x[:, x[0] > 0]], ("n", "m")),
    "places of the largest": (lambda x: x[np.argmax(x, axis=0), np.arange(1)], ("n", "m")),
    "take": (lambda x: [np.take(x, [0, -1], axis=1), np.take(x, 0)], ("n", "m")),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.argmax(x, axis=1, keepdims=True), axis=1), ("n", "m")),
    "flip": (lambda x: [np.flip(x), np.flip(x, 1)], ("n", "m")),
    "roll": (lambda x: [np.roll(x, 1), np.roll(x, (1, -2), axis=(0, 1))], ("n", "m")),
    "split": (lambda x: np.split(x, 2, axis=1), ("n", 4)),
    "repeat": (lambda x: [np.repeat(x, 2), np.repeat(x, 3, axis=1)], ("n", "m")),
    "tril": (lambda x: [np.tril(x), np.triu(x, 1)], ("n", "m")),
    "diagonal": (lambda x: [np.diagonal(x), np.trace(x), np.diag(x)], ("n", "n")),
    "diag of a vector": (lambda x: [np.diag(x), np.diag(x, 1), np.diag(x, -2)], ("n",)),
    "einsum": (lambda x, y: np.einsum("ij,jk->ki", x, y), ("n", "m"), ("m", "k")),
    "einsum, a letter alone": (lambda x, y: np.einsum("ij,k->k", x, y), ("n", "m"), ("k",)),
    "einsum, diagonal": (lambda x: np.einsum("ii->i", x), ("n", "n")),
    "einsum, dots": (lambda x, y: np.einsum("...i,i->...", x, y), ("n", "m", "k"), ("k",)),
    "tensordot": (lambda x, y: np.tensordot(x, y, (0, 1)), ("n", "m"), ("k", "n")),
    "inner": (lambda x, y: np.inner(x, y), ("n", "m"), ("k", "m")),
    "outer": (lambda x, y: np.outer(x, y), ("n",), ("m", "k")),
    "kron": (lambda x, y: np.kron(x, y), ("n", "m"), ("k", 2)),
    "vdot": (lambda x, y: np.vdot(x, y), ("n", "m"), ("n", "m")),
    "column_stack": (lambda x, y: np.column_stack([x, y]), ("n",), ("n", "m")),
    "diff": (lambda x: np.diff(x, axis=0), ("n", "m")),
    "concatenate": (lambda x, y: np.concatenate([x, y], axis=1), ("n", "m"), ("n", "k")),
    "concatenate, of all": (lambda x, y: np.concatenate([x, y], axis=None), ("n", "m"), ("k",)),
    "stack": (lambda x, y: np.stack([x, y], axis=1), ("n", "m"), ("n", "m")),
    "vstack": (lambda x, y: np.vstack([x, y]), ("m",), ("n", "m")),
    "hstack": (lambda x, y: np.hstack([x, y]), ("n", "m"), ("n", "k")),
    "pad": (lambda x: np.pad(x, ((1, 0), (2, 3))), ("n", "m")),
    "matmul": (lambda x, y: x @ y, ("k", "n", "m"), ("m", 2)),
    "dot": (lambda x, y: np.dot(x, y), ("n", "m"), ("k", "m", 2)),
    "inv": (lambda x: np.linalg.inv(np.diag(np.exp(x))), ("n",)),
    "solve": (lambda x, y: np.linalg.solve(np.diag(np.exp(x)), y), ("n",), ("n", "m")),
    "det": (lambda x: [np.linalg.det(np.diag(x)), np.linalg.slogdet(np.diag(x)).logabsdet], ("n",)),
    "cholesky": (lambda x: np.linalg.cholesky(x @ x.T + np.diag(np.exp(x[:, 0]))), ("n", "m")),
    "sort": (lambda x: [np.sort(x), np.sort(x, 0), np.sort(x, None), np.argsort(x)], ("n", "m")),
    "where": (lambda x, y: np.where(x > y, x, y), ("n", "m"), ("m",)),
    "any and all": (lambda x: [np.any(x > 1, 0), np.all(x > -1, axis=1)], ("n", "m")),
}


@pytest.mark.parametrize("name", NAMED)
def test_with_named_sizes_one_graph_serves_arrays_of_every_size(name):
    function, *dims = NAMED[name]
    inputs = [tg.input(f"x{place}", shape) for place, shape in enumerate(dims)]
    built = leaves(function(*inputs))
    for numbers in ({"n": 3, "m": 4, "k": 2}, {"n": 1, "m": 1, "k": 1}, {"n": 2, "m": 5, "k": 3}):
        arrays = _drawn([[numbers.get(size, size) for size in shape] for shape in dims])
        feeds = dict(zip(inputs, arrays, strict=True))
        expected = leaves(function(*arrays))
        for node, wanted in zip(built, expected, strict=True):
            value = node.eval(feeds)
            assert (value.shape, value.dtype, node.dtype) == (np.shape(wanted), wanted.dtype, wanted.dtype)
            np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", NAMED)
def test_with_named_sizes_gradients_agree_with_differences(name):
    function, *dims = NAMED[name]
    inputs = [tg.input(f"x{place}", shape) for place, shape in enumerate(dims)]
    arrays = _drawn([[{"n": 3, "m": 4, "k": 2}.get(size, size) for size in shape] for shape in dims])
    outs = [out for out in leaves(function(*inputs)) if out.dtype == np.float64]
    J = sum((tg.sum(out * tg.tanh(out)) for out in outs), tg.sum(inputs[0]))
    tg.check_grad(J, inputs, dict(zip(inputs, arrays, strict=True)))
