"""Labelled examples: split by a seed, made two classes, scaled to X, and laid out as a table of shapes."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.command.shapes import rows
from models.data import Data, DataError, Scaling, sizes
from models.model import Sizes
from models.readers import read
from tinygraph.notation import columns

FEATURES, CATEGORIES = ("a", "b", "c=x", "c=y"), frozenset({"c=x", "c=y"})


def _table(numbers, labels=None, classes=("no", "yes")):
    """A table of columns a and b of numbers, and c of categories x and y."""
    m = len(numbers)
    ones = np.eye(2)[np.arange(m) % 2]
    labels = np.arange(m) % 2 if labels is None else labels
    return Data("t.csv", np.concatenate([numbers, ones], axis=1), labels, classes, FEATURES, CATEGORIES)


TABLES = st.integers(1, 30).flatmap(lambda m: arrays(float, (m, 2), elements=st.floats(-1e100, 1e100, width=64)))


@given(TABLES)
def test_numbers_get_mean_0_and_deviation_1_and_categories_stay(numbers):
    data = _table(numbers)
    X = Scaling.of(data).X(data)
    assert X.shape == (4, len(numbers))
    for x, column in zip(X[:2], numbers.T, strict=True):
        if np.ptp(column) > 1e-6 * np.abs(column).max() > 1e-100:
            np.testing.assert_allclose((x.mean(), x.std()), (0, 1), atol=1e-6)
    np.testing.assert_array_equal(X[2:].sum(axis=0), 1)


def test_a_column_of_one_value_becomes_zeros():
    data = _table(np.full((3, 2), 0.1))  # whose mean, and so whose spread, rounding changes
    assert np.abs(Scaling.of(data).X(data)[:2]).max() < 1e-15


def test_a_gap_is_filled_with_the_mean_of_the_training_examples():
    train, test = _table(np.array([[1, 0], [3, 1], [np.nan, 2]])), _table(np.array([[np.nan, 1], [2, 1]]))
    scaling = Scaling.of(train)
    assert scaling.shift[:, 0].tolist() == [2, 1, 0, 0]
    assert scaling.X(train)[0, 2] == 0
    assert scaling.X(test)[0].tolist() == [0, 0]
    assert Scaling.of(_table(np.full((3, 2), np.nan))).X(train)[0].tolist() == [1, 3, 0]


@settings(max_examples=25)
@given(st.lists(st.integers(5, 30), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_a_split_is_stratified_disjoint_exhaustive_and_the_seeds(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    names = tuple(str(i) for i in range(len(labels)))
    data = Data("d", np.arange(len(labels)).reshape(-1, 1), labels, tuple("abcde"[: len(counts)]), ("x",), names=names)
    train, test = data.split(seed)
    assert sorted(train.names + test.names, key=int) == list(names)
    assert train.names == tuple(str(i) for i in train.inputs[:, 0])
    np.testing.assert_array_equal(labels[test.inputs[:, 0]], test.labels)
    held_out = np.bincount(test.labels, minlength=len(counts))
    assert np.abs(held_out - np.array(counts) / 5).max() <= 1
    assert data.split(seed)[1].names == test.names


def test_another_seed_holds_out_others():
    data = read("iris")
    assert np.any(data.split(0)[1].inputs != data.split(1)[1].inputs)


@pytest.mark.parametrize(
    ("labels", "classes", "told"),
    [
        ([0, 0, 0, 1], ("no", "yes"), "there are 4, of 2 classes, and 1 of the class yes"),
        ([0, 0, 1, 1, 2, 2], ("a", "b", "c"), "there are 6, of 3 classes, and 2 of the class a"),
        ([7], (), "there are 1"),
    ],
)
def test_too_few_examples_can_not_be_split(labels, classes, told):
    data = Data("d.csv", np.zeros((len(labels), 1)), np.array(labels), classes, ("x",))
    message = f"d.csv: too few examples to hold a part of them out, so give --test-data: {told}"
    with pytest.raises(DataError, match=f"^{message}$"):
        data.split(0)


def test_one_class_against_the_rest():
    data = read("digits").against_the_rest("7")
    assert data.classes == ("not 7", "7")
    assert data.labels.sum() == 179
    assert read("breast_cancer").against_the_rest("malignant").classes == ("benign", "malignant")
    with pytest.raises(DataError, match=r"^iris has no class rose; it has: setosa, versicolor, virginica$"):
        read("iris").against_the_rest("rose")
    with pytest.raises(DataError, match=r"^diabetes has no class rose; it has: numbers$"):
        read("diabetes").against_the_rest("rose")


def test_sizes_and_Y():
    digits, iris, diabetes = read("digits"), read("iris"), read("diabetes")
    assert sizes(digits, "classes") == Sizes(64, 10, (8, 8, 1))
    assert sizes(iris, "classes") == Sizes(4, 3, None)
    assert sizes(diabetes, "a number") == Sizes(10, 1, None)
    Y = digits.Y("classes")
    assert Y.shape == (10, 1797)
    np.testing.assert_array_equal(np.argmax(Y, axis=0), digits.labels)
    np.testing.assert_array_equal(digits.against_the_rest("3").Y("two classes")[0], digits.labels == 3)


def _shapes(data, learns, of=None):
    scaling = Scaling.of(of or data)
    return columns(rows(data, scaling.X(data), data.Y(learns), scaling))


def test_the_shapes_of_the_digits():
    assert _shapes(read("digits").against_the_rest("0"), "two classes").splitlines() == [
        "images           (1797, 8, 8)  m = 1797 images; class 1: 0",
        "img = images[0]  (8, 8)        one image",
        "                 (64, 1)       img.reshape((img.shape[0]*img.shape[1], 1)), a column",
        "X                (64, 1797)    (n_x, m): images.reshape(m, -1).T, a column for each image",
        "Y                (1, 1797)     (1, m): labels, 178 of them 1",
    ]
    lines = _shapes(read("digits"), "classes").splitlines()
    assert lines[0].endswith("m = 1797 images; 10 classes")
    assert re.fullmatch(r"Y +\(10, 1797\) +\(n_y, m\): a 1 in the row of each example's class", lines[-3])
    assert re.fullmatch(r" +examples of 0: 178, 1: 182, .*", lines[-2])
    assert lines[-1].endswith(", 9: 180")
    assert _shapes(read("digits"), "a number").endswith("(1, m): numbers from 0 to 9")


def test_the_shapes_of_a_table():
    data = _table(np.array([[1, 5], [3, 7], [5, 9]]))
    assert _shapes(data, "two classes").splitlines() == [
        "table         (3, 4)  m = 3 examples; class 1: yes",
        "x = table[0]  (4,)    one example",
        "              (4, 1)  x.reshape((x.shape[0], 1)), a column",
        "numbers       (3, 2)  (x − mean) / std of the training examples: a, b",
        "                      such as (a − 3) / 1.633",
        "categories    (3, 2)  0 or 1 as they are: c=x, c=y",
        "X             (4, 3)  (n_x, m): table.T, scaled so, a column for each example",
        "Y             (1, 3)  (1, m): labels, 1 of them 1",
    ]
    assert "such as (a + 2) / 1\n" in _shapes(data, "two classes", of=_table(np.array([[-1.0, 5], [-3, 7]])))
    assert _shapes(read("diabetes"), "a number").endswith("(1, m): progression, numbers from 25 to 346")
