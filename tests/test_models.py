"""The commands `python -m models.NAME`, as a person runs them: on bundled sets, the course's layout, and bad input."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import tinygraph as tg
from models import training
from models.command import main
from models.restored import RECIPES

RESULTS = ["cost.png", "graph.png", "graph.svg", "model.npz", "report.html"]
ROOT = Path(__file__).parent.parent


def _run(name, *arguments):
    recipe = importlib.import_module(f"models.{name}").RECIPE
    return main(recipe, [str(argument) for argument in arguments])


def _logistic(*arguments):
    return _run("logistic_regression", *arguments)


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


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_digits_are_learned(tmp_path, capsys):
    assert _logistic("--out", tmp_path / "out", "--iterations", 300) == 0
    printed = capsys.readouterr().out
    for line in (
        r"images +\(1437, 8, 8\)",
        r"img\.reshape\(\(img\.shape\[0\]\*img\.shape\[1\], 1\)\)",
        r"X +\(64, 1437\) +\(n_x, m\)",
        r"^W +\(64, 1\) +\(n_x, 1\)$",
        r"^Z = W\.T @ X \+ b +\(1, 1437\) +\(1, m\)$",
        r"^A = sigmoid\(Z\) +\(1, 1437\) +\(1, m\)$",
        r"^Cost after iteration 0: 0\.693147$",
        r"^Cost after iteration 200: 0\.\d{6}$",
        r"^train accuracy: (99|100)\.\d\d %$",
        r"^test accuracy: (99|100)\.\d\d %$",
    ):
        assert re.search(line, printed, re.M), line
    assert "iteration 300" not in printed
    assert _names(tmp_path / "out") == RESULTS
    assert "dW" in (tmp_path / "out" / "graph.svg").read_text()


def test_the_printed_costs_are_those_of_the_notes_own_numpy(write, capsys, out):
    """The hand-written loop of the notes, on the same pictures."""
    path, test_path = write(), write("test", m=10)
    how = ("--iterations", 201, "--print-every", 50, "--out", out)
    assert _logistic("--data", path, "--test-data", test_path, *how) == 0
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

    saved = tg.load(out / "model.npz")
    np.testing.assert_allclose(saved["W"].value, w, rtol=1e-9)
    np.testing.assert_allclose(saved["b"].value, [[b]], rtol=1e-9)
    assert saved["W"].shape == ("n_x", 1)
    assert re.search(r"img\.reshape\(\(img\.shape\[0\]\*img\.shape\[1\]\*3, 1\)\)", printed)
    assert "class 1: cat" in printed


REACHED = [
    ("softmax_regression", 95),
    ("mlp", 97),
    pytest.param("cnn", 98, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "accuracy"), REACHED)
def test_digits_are_told_apart_by_default_options(name, accuracy, tmp_path, capsys):
    assert _run(name, "--out", tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["test_accuracy"] >= accuracy
    assert told["model"] == name
    assert [Path(file).name for file in told["files"]] == RESULTS == _names(tmp_path)


def test_a_number_is_learned_as_least_squares_would(tmp_path, capsys):
    from sklearn.linear_model import LinearRegression

    from models.data import Scaling
    from models.readers import Reading, read

    assert _run("linear_regression", "--out", tmp_path, "--iterations", 20000, "--learning-rate", 0.3) == 0
    train, test = read("diabetes", Reading()).split(0)
    X, saved = Scaling.of(train).X(train), tg.load(tmp_path / "model.npz")
    best = LinearRegression().fit(X.T, train.labels)
    np.testing.assert_allclose(saved["W"].value[:, 0], best.coef_, rtol=1e-3)
    assert f"test R²: {best.score(Scaling.of(train).X(test).T, test.labels):.3f}" in capsys.readouterr().out


@pytest.mark.parametrize("data", ["digits", "diabetes", "breast_cancer", "pictures"])
def test_a_line_learns_from_whatever_data_by_default(data, write, tmp_path, capsys):
    data = str(write(size=24)) if data == "pictures" else data
    assert _run("linear_regression", "--data", data, "--epochs", 200, "--json", "--out", tmp_path / "out") == 0
    told = json.loads(capsys.readouterr().out)
    assert told.get("train_R²", told.get("train_accuracy", 0) / 100) > 0.5


def test_a_line_can_be_made_to_classify(tmp_path, capsys):
    assert _run("linear_regression", "--data", "breast_cancer", "--out", tmp_path, "--epochs", 100) == 0
    assert re.search(r"^test accuracy: 9\d\.\d\d %$", capsys.readouterr().out, re.M)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("softmax_regression", "diabetes", "diabetes has numbers to learn, and no classes"),
        ("logistic_regression", "diabetes", "diabetes has numbers to learn, and no classes"),
        ("logistic_regression", "iris", r"iris has 3 classes \(setosa, .*\), and .* choose class 1 by"),
        ("cnn", "iris", "iris has no pictures"),
        ("mlp", "irsi", "irsi"),
    ],
)
def test_data_that_a_model_can_not_learn_from_are_refused(name, data, told, tmp_path, capsys):
    assert _run(name, "--data", data, "--out", tmp_path) == 2
    assert re.fullmatch(f"error: .*{told}.*\n", capsys.readouterr().err)
    assert _names(tmp_path) == []


def test_one_class_against_the_rest(tmp_path, capsys):
    assert _logistic("--data", "iris", "--class", "virginica", "--out", tmp_path, "--epochs", 10) == 0
    assert "class 1: virginica" in capsys.readouterr().out
    assert _logistic("--data", "iris", "--class", "rose", "--out", tmp_path) == 2
    assert "iris has no class rose; it has: setosa, versicolor, virginica" in capsys.readouterr().err


def test_all_options_of_training_come_through(tmp_path, capsys):
    options = "--hidden 8 4 --activation tanh --optimizer rmsprop --learning-rate 0.01 --batch-size 16 --l2 0.1"
    arguments = [*options.split(), "--data", "iris", "--early-stopping", 5, "--epochs", 400, "--seed", 3]
    assert _run("mlp", *arguments, "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^W2 +\(8, 4\)", printed, re.M)
    assert "Cost after epoch 5: " in printed
    assert "stopped early: the held-out cost was least in epoch" in printed


NOT_A_NUMBER = np.full((40, 6, 6, 3), 0.5)
NOT_A_NUMBER[3, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train_set_x": None}, "has no set train_set_x that can be read; it has: list_classes, train_set_y"),
        ({"train_set_y": np.full(40, 0.5)}, "has the label 0.5"),
        ({"train_set_y": np.ones(40, int)}, "all images to train on have the label 1, and two classes are needed"),
        ({"train_set_x": NOT_A_NUMBER}, "a pixel that is NaN or infinite, in image 3"),
        ({"train_set_x": np.full((40, 6, 6, 3), 0.5)}, "floats up to 0.5, already divided by 255"),
    ],
)
def test_wrong_data_is_one_sentence_and_nothing_is_lost(write, out, capsys, changes, told):
    path = write(**changes)
    assert _logistic("--data", path, "--out", out) == 2
    printed = capsys.readouterr()
    assert re.fullmatch(f"error: .*{told}.*\n", printed.err)
    assert str(path) in printed.err
    assert _names(out) == RESULTS
    assert all(p.read_text() == "earlier" for p in out.iterdir())


def test_missing_broken_and_ill_matched_files(write, out, tmp_path, capsys):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    for arguments, told in (
        (["--data", tmp_path / "none.h5"], "there is no file .*none.h5"),
        (["--data", broken], "broken.h5 can't be read as HDF5"),
        (["--data", write(), "--test-data", write("test", size=8)], r"images of two sizes: \(6, 6, 3\) .* \(8, 8, 3\)"),
        (["--data", write(), "--test-data", write("train")], "has no set test_set_x"),
        (["--data", write(m=4)], "too few examples to hold a part of them out"),
        (["--out", broken], "broken.h5 is a file, and results go into a folder"),
    ):
        assert _logistic(*([] if "--out" in arguments else ["--out", out]), *arguments) == 2
        assert re.fullmatch(f"error: .*{told}.*\n", capsys.readouterr().err)
    assert all(p.read_text() == "earlier" for p in out.iterdir())


@pytest.mark.parametrize("rate", ["50", "1e200", "1e300"])
def test_no_learning_rate_makes_the_stable_cost_infinite(rate, out, capsys):
    assert _logistic("--learning-rate", rate, "--out", out) == 0
    assert "inf" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "option",
    [
        ("--iterations", "0"),
        ("--iterations", "many"),
        ("--iterations", "100000000000000000000"),
        ("--learning-rate", "nan"),
        ("--learning-rate", "-1"),
        ("--learning-rate", "0"),
        ("--optimizer", "magic"),
        ("--batch-size", "-1"),
        ("--l2", "-1"),
        ("--early-stopping", "0"),
        ("--checkpoint-every", "0"),
        ("--size", "0"),
        ("--seed", "-1"),
        ("--out", ""),
        ("--nonsense", "1"),
    ],
)
def test_an_option_out_of_range_is_refused(option, capsys):
    with pytest.raises(SystemExit) as caught:
        _logistic(*option)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert option[0] in printed
    assert re.fullmatch("error: .*; --help tells the options\n", printed)


def test_a_folder_where_a_file_belongs_leaves_all_as_it_was(out, capsys):
    (out / "graph.png").unlink()
    (out / "graph.png").mkdir()
    assert _logistic("--iterations", 1, "--out", out) == 2
    assert "graph.png is a folder" in capsys.readouterr().err
    assert (out / "cost.png").read_text() == "earlier"


@pytest.mark.parametrize("name", RECIPES)
def test_help_has_an_example(name, capsys):
    with pytest.raises(SystemExit):
        _run(name, "--help")
    assert f"python -m models.{name} --data" in capsys.readouterr().out


def test_ctrl_c_ends_with_what_was_learnt_and_its_own_exit_code(tmp_path, capsys, monkeypatch):
    run = training.Training.run
    monkeypatch.setattr(training.Training, "run", lambda self, _: run(self, lambda epoch, _: epoch < 2))
    assert _run("softmax_regression", "--data", "iris", "--out", tmp_path) == 130
    assert "stopped by hand after 3 epochs" in capsys.readouterr().out
    assert _names(tmp_path) == sorted([*RESULTS, "checkpoint.npz"])


def test_a_run_ends_with_a_checkpoint_that_other_held_out_data_do_not_fit(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        np.savez(tmp_path / f"{name}.npz", X=rng.normal(size=(20, 3)), y=np.arange(20) % 2)
    a, b, c = (str(tmp_path / f"{name}.npz") for name in "abc")
    how = ("--data", a, "--epochs", 7, "--checkpoint-every", 5, "--out", tmp_path / "out")
    assert _logistic(*how, "--test-data", b) == 0
    capsys.readouterr()
    assert _logistic(*how, "--test-data", b, "--resume") == 0
    assert "after 7 epochs" in capsys.readouterr().out
    assert _logistic(*how, "--test-data", c, "--resume") == 2
    assert "was written with another data" in capsys.readouterr().err


def test_one_number_to_test_on_has_no_variance(tmp_path, capsys):
    for name, m in (("train", 20), ("test", 1)):
        np.savez(tmp_path / f"{name}.npz", X=np.random.default_rng(m).normal(size=(m, 2)), y=np.arange(m) + 0.5)
    how = ("--data", tmp_path / "train.npz", "--test-data", tmp_path / "test.npz", "--epochs", 5)
    assert _run("linear_regression", *how, "--json", "--out", tmp_path) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert "test_RMSE" in told
    assert "test_R²" not in told


def test_a_model_larger_than_memory_is_one_sentence(tmp_path, capsys):
    assert _run("mlp", "--data", "iris", "--hidden", 10**6, 10**6, "--out", tmp_path) == 2
    assert capsys.readouterr().err.startswith("error: that takes more memory than there is")


def test_costs_beyond_any_axis_are_drawn_and_json_stays_json(tmp_path, capsys):
    how = ("--epochs", 1, "--learning-rate", 1e300, "--optimizer", "adam", "--json", "--out", tmp_path)
    assert _run("softmax_regression", "--data", "iris", *how) == 0
    json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert _names(tmp_path) == RESULTS


def test_ctrl_c_before_training_leaves_what_was_there(out, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training.Training, "run", interrupted)
    assert _logistic("--out", out) == 130
    assert "no results were written" in capsys.readouterr().err
    assert all(p.read_text() == "earlier" for p in out.iterdir())


def _started(*arguments):
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


LONG = ("models.softmax_regression", "--epochs", 10**6, "--print-every", 1)


def _until_it_trains(process):
    for line in process.stdout:
        if line.startswith("Cost after iteration 3"):
            return
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
def test_ctrl_c_saves_what_was_learnt_and_the_run_can_be_resumed(tmp_path):
    process = _started(*LONG, "--out", tmp_path)
    _until_it_trains(process)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopping after this epoch, to save what was learnt" in errors
    done = int(re.search(r"stopped by hand after (\d+) epochs", printed)[1])
    assert f"--resume goes on from {tmp_path / 'checkpoint.npz'}" in printed
    assert _names(tmp_path) == sorted([*RESULTS, "checkpoint.npz"])
    again = _started("models.softmax_regression", "--epochs", done + 1, "--resume", "--out", tmp_path)
    printed, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert f"going on from {tmp_path / 'checkpoint.npz'}, after {done} epochs" in printed


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_and_resumed_ends_in_the_same_bits(tmp_path, rng):
    how = ["models.mlp", "--data", "iris", "--epochs", "1500", "--checkpoint-every", "1", "--early-stopping", "5000"]
    command = [sys.executable, "-m", *how, "--resume", "--out"]
    subprocess.run([*command, tmp_path / "whole"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    checkpoint = tmp_path / "killed" / "checkpoint.npz"
    for _ in range(4):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
        with subprocess.Popen([*command, checkpoint.parent], cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603
            while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
                assert process.poll() is None
                time.sleep(0.01)
            time.sleep(rng.random() / 2)
            process.kill()
    subprocess.run([*command, checkpoint.parent], cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    for name in ("model.npz", "checkpoint.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()
    whole = [name for name in _names(tmp_path / "killed") if not name.startswith(".")]  # drafts are swept out later
    assert whole == sorted([*RESULTS, "checkpoint.npz"])


def test_tab_completes_the_options_of_a_model(tmp_path):
    pytest.importorskip("argcomplete")
    line = "models.mlp --opt"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": " "}
    environment = {**os.environ, **asked, "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "found")}
    subprocess.run([sys.executable, "-m", "models.mlp"], cwd=ROOT, env=environment, check=True)
    assert (tmp_path / "found").read_text().split() == ["--optimizer"]


def test_argcomplete_finds_its_mark_in_each_command():
    for name in (*RECIPES, "predict"):
        assert b"PYTHON_ARGCOMPLETE_OK" in (ROOT / "models" / f"{name}.py").read_bytes()[:1024]
