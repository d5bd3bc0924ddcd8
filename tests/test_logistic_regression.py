"""The main job, run as a person runs it: on the digits, on the course's layout of HDF5, and on whatever is wrong."""

import re

import h5py
import numpy as np
import pytest

import tinygraph as tg
from models import logistic_regression
from models.data import digits, load

RESULTS = ["cost.png", "graph.png", "graph.svg", "parameters.npz"]


def _run(*arguments):
    return logistic_regression.main([str(argument) for argument in arguments])


def _images(m, rng, size=6):
    """Colour pictures in which class 1 is brighter in the middle."""
    labels = np.arange(m) % 2
    pixels = rng.integers(0, 200, (m, size, size, 3)).astype(np.uint8)
    pixels[labels == 1, 2:4, 2:4] += 55
    return pixels, labels


@pytest.fixture
def write(tmp_path, rng):
    """Write a file in the layout of the course's cat pictures, with parts of it replaced."""

    def write_hdf5(part="train", m=40, size=6, **changes):
        pixels, labels = _images(m, rng, size)
        sets = {f"{part}_set_x": pixels, f"{part}_set_y": labels, "list_classes": np.array([b"non-cat", b"cat"])}
        sets.update(changes)
        path = tmp_path / f"{part}{len(list(tmp_path.iterdir()))}.h5"
        with h5py.File(path, "w") as file:
            for name, value in sets.items():
                if value is not None:
                    file[name] = value
        return path

    return write_hdf5


@pytest.fixture
def out(tmp_path):
    """A folder with results of an earlier run."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in RESULTS:
        (folder / name).write_text("earlier")
    return folder


def test_the_digits_are_learned(tmp_path, capsys):
    assert _run("--out", tmp_path / "out", "--iterations", 300) == 0
    printed = capsys.readouterr().out
    for line in (
        r"images +\(1437, 8, 8\)",
        r"img\.reshape\(\(img\.shape\[0\]\*img\.shape\[1\], 1\)\)",
        r"X +\(64, 1437\) +\(n_x, m\)",
        r"^Cost after iteration 0: 0\.693147$",
        r"^Cost after iteration 200: 0\.\d{6}$",
        r"^train accuracy: (99|100)\.\d\d %$",
        r"^test accuracy: (99|100)\.\d\d %$",
    ):
        assert re.search(line, printed, re.M), line
    assert "iteration 300" not in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == RESULTS
    assert "dW" in (tmp_path / "out" / "graph.svg").read_text()


def test_the_printed_costs_are_those_of_the_notes_own_numpy(write, capsys, out):
    """The hand-written loop of the notes, on the same pictures."""
    path, test_path = write(), write("test", m=10)
    assert _run("--data", path, "--test-data", test_path, "--iterations", 201, "--print-every", 50, "--out", out) == 0
    printed = capsys.readouterr().out

    with h5py.File(path) as file:
        X, Y = file["train_set_x"][:].reshape(40, -1).T / 255, file["train_set_y"][:].reshape(1, 40)
    w, b, m = np.zeros((X.shape[0], 1)), 0, 40
    for i in range(201):
        A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
        cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        if i % 50 == 0:
            assert f"Cost after iteration {i}: {cost:.6f}\n" in printed
        dZ = A - Y
        w, b = w - 0.005 * np.dot(X, dZ.T) / m, b - 0.005 * np.sum(dZ) / m

    saved = tg.load(out / "parameters.npz")
    np.testing.assert_allclose(saved["W"].value, w, rtol=1e-9)
    np.testing.assert_allclose(saved["b"].value, [[b]], rtol=1e-9)
    assert saved["W"].shape == ("n_x", 1)
    assert re.search(r"img\.reshape\(\(img\.shape\[0\]\*img\.shape\[1\]\*3, 1\)\)", printed)
    assert "class 1: cat" in printed


def test_without_test_data_a_part_of_each_class_is_held_out_by_the_seed(write):
    path = str(write())
    splits = [load(path, None, None, seed) for seed in (0, 0, 1)]
    for train, test in splits:
        assert (len(train.labels), len(test.labels)) == (32, 8)
        assert (train.labels.sum(), test.labels.sum()) == (16, 4)
    np.testing.assert_array_equal(splits[0][1].pixels, splits[1][1].pixels)
    assert np.any(splits[0][1].pixels != splits[2][1].pixels)


def test_a_tie_is_class_0(rng):
    model = logistic_regression.build(n_x=2)  # parameters are zero, so every ŷ is exactly 0.5
    assert logistic_regression.accuracy(model, rng.normal(size=(2, 4)), np.zeros((1, 4))) == 100


def test_any_digit_can_be_class_1():
    images = digits(7)
    assert images.classes == ("another digit", "a 7")
    assert images.labels.sum() == 179


NOT_A_NUMBER = np.full((40, 6, 6, 3), 0.5)
NOT_A_NUMBER[3, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train_set_x": None}, "has no set train_set_x that can be read; it has: list_classes, train_set_y"),
        ({"train_set_y": None}, "has no set train_set_y"),
        ({"train_set_y": np.arange(40)}, "train_set_y has the label 2, of image 2, and labels are 0 and 1"),
        ({"train_set_y": np.full(40, 0.5)}, "has the label 0.5"),
        ({"train_set_y": np.array([b"cat"] * 40)}, "labels are 0 and 1"),
        ({"train_set_y": np.ones(40, int)}, "all images to train on have the label 1, and two classes are needed"),
        ({"train_set_y": np.ones(39, int)}, r"train_set_y has shape \(39,\), and 40 images need labels of \(40,\)"),
        ({"train_set_x": NOT_A_NUMBER}, "a pixel that is NaN or infinite, in image 3"),
        ({"train_set_x": np.full((40, 6, 6, 3), 0.5)}, "floats up to 0.5, already divided by 255"),
        ({"train_set_x": np.full((40, 6, 6, 3), 300)}, "values from 300 to 300, and pixels are 0 to 255"),
        ({"train_set_x": np.zeros((40, 108))}, r"float64 of shape \(40, 108\), and images are numbers of shape"),
        ({"train_set_x": np.zeros((0, 6, 6, 3)), "train_set_y": np.zeros(0, int)}, "images are numbers of shape"),
        ({"train_set_x": np.array([b"text"] * 40)}, "images are numbers of shape"),
        ({"train_set_x": h5py.Empty("u1")}, "has no set train_set_x that can be read"),
        ({"list_classes": np.array([b"a", b"b", b"c"])}, r"lists classes of shape \(3,\)"),
        ({"list_classes": 7}, r"lists classes of shape \(\)"),
    ],
)
def test_wrong_data_is_one_sentence_and_nothing_is_lost(write, out, capsys, changes, told):
    path = write(**changes)
    assert _run("--data", path, "--out", out) == 2
    printed = capsys.readouterr()
    assert re.fullmatch(f"error: .*{told}.*\n", printed.err)
    assert str(path) in printed.err
    assert sorted(p.name for p in out.iterdir()) == RESULTS
    assert all(p.read_text() == "earlier" for p in out.iterdir())


def test_missing_broken_and_ill_matched_files(write, out, tmp_path, capsys):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    for arguments, told in (
        (["--data", tmp_path / "none.h5"], "there is no file .*none.h5"),
        (["--data", tmp_path], "there is no file"),
        (["--data", broken], "broken.h5 can't be read as HDF5"),
        (["--data", write(), "--test-data", write("test", size=8)], r"images of two sizes: \(6, 6, 3\) .* \(8, 8, 3\)"),
        (["--data", write(), "--test-data", write("train")], "has no set test_set_x"),
        (["--test-data", write("test")], r"images of two sizes: \(8, 8\) in the digits"),
        (["--data", write(m=4)], "too few images to hold a part of them out"),
        (["--data", write(), "--class", 3], "--class chooses among the digits"),
        (["--out", broken], "broken.h5 is a file, and results go into a folder"),
    ):
        assert _run(*([] if "--out" in arguments else ["--out", out]), *arguments) == 2
        assert re.fullmatch(f"error: .*{told}.*\n", capsys.readouterr().err)
    assert all(p.read_text() == "earlier" for p in out.iterdir())


@pytest.mark.parametrize("rate", ["50", "1e200", "1e300"])
def test_no_learning_rate_makes_the_stable_cost_infinite(rate, out, capsys):
    assert _run("--learning-rate", rate, "--out", out) == 0
    assert "inf" not in capsys.readouterr().out


def test_numbers_beyond_what_a_float_can_hold_are_one_sentence():
    model = logistic_regression.build(n_x=2)
    X, Y = np.array([[1e200, -1e200], [1.0, 2.0]]), np.array([[1.0, 0.0]])
    told = r"the learning rate 1e\+200 is too large: in iteration \d+ .*; try --learning-rate 1e\+199"
    with pytest.raises(FloatingPointError, match=told):
        logistic_regression.train(model, X, Y, 10, 1e200, 100)
    assert np.isfinite(model.W.value).all()


@pytest.mark.parametrize(
    "option",
    [
        ("--iterations", "0"),
        ("--iterations", "many"),
        ("--iterations", "100000000000000000000"),
        ("--learning-rate", "nan"),
        ("--learning-rate", "-1"),
        ("--learning-rate", "0"),
        ("--class", "10"),
        ("--seed", "-1"),
        ("--out", ""),
        ("--nonsense", "1"),
    ],
)
def test_an_option_out_of_range_is_refused(option, capsys):
    with pytest.raises(SystemExit) as caught:
        _run(*option)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert option[0] in printed
    assert re.fullmatch("error: .*; --help tells the options\n", printed)


def test_a_folder_where_a_file_belongs_leaves_all_as_it_was(out, capsys):
    (out / "graph.png").unlink()
    (out / "graph.png").mkdir()
    assert _run("--iterations", 1, "--out", out) == 2
    assert "graph.png is a folder" in capsys.readouterr().err
    assert (out / "cost.png").read_text() == "earlier"


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        _run("--help")
    assert "python -m models.logistic_regression --data" in capsys.readouterr().out


def test_interrupting_leaves_what_was_there(out, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(logistic_regression, "train", interrupted)
    assert _run("--out", out) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert all(p.read_text() == "earlier" for p in out.iterdir())
