"""Files of models and checkpoints: whole, versioned, without pickle, and refused by name where they are of another."""

import json
import os
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import tinygraph as tg
from models import logistic_regression, mlp, saved, softmax_regression
from models.command import folder
from models.command.checkpoint import Checkpoint, about
from models.data import Data, DataError, Scaling, sizes
from models.restored import Restored
from models.training import Settings, Training


def _data(seed=0, classes=2, n_x=3):
    rng = np.random.default_rng(seed)
    names = tuple("abc"[:classes])
    features = tuple(f"x{i}" for i in range(n_x))
    return Data("made up", rng.normal(size=(20, n_x)), np.arange(20) % classes, names, features)


@pytest.fixture
def checkpoint(tmp_path):
    """Make a run with its checkpoint, with parts of it replaced."""

    def make(recipe=logistic_regression.RECIPE, data=None, own=None, **changes):
        data, own = data or _data(), {name: o.default for name, o in recipe.options.items()} | (own or {})
        scaling, how = Scaling.of(data), replace(Settings(epochs=6), **changes)
        X, Y = scaling.X(data), data.Y(recipe.learns)
        model = recipe.build(sizes(data, recipe.learns), 0, **own)
        training = Training(model, how, X, Y, (X, Y))
        return Checkpoint(tmp_path / "checkpoint.npz", training, scaling, about(recipe, own, training, data))

    return make


def _run(checkpoint):
    checkpoint.training.run(lambda *_: True)
    return checkpoint


def test_a_checkpoint_is_gone_on_from(checkpoint):
    whole = _run(checkpoint())
    half = checkpoint(epochs=3)
    _run(half).write()
    other = checkpoint()
    assert other.resume() == f"going on from {other.path}, after 3 epochs"
    _run(other)
    for name, array in whole.training.state().items():
        np.testing.assert_array_equal(array, other.training.state()[name], strict=True)


def test_where_there_is_no_checkpoint_the_run_starts_from_the_beginning_and_says_so(checkpoint):
    run = checkpoint()
    assert run.resume() == f"there is no {run.path} yet: starting from the beginning"
    assert run.training.history.costs == []


MLP = mlp.RECIPE
OTHERS = [
    ({"learning_rate": 0.1}, "another learning_rate: 0.005, and this run has 0.1"),
    ({"optimizer": "adam"}, "another optimizer: gradient_descent, and this run has adam"),
    ({"batch_size": 5}, "another batch_size: none, and this run has 5"),
    ({"seed": 1}, "another seed: 0, and this run has 1"),
    ({"data": _data(1)}, r"another data: [0-9a-f]{16}, and this run has [0-9a-f]{16}"),
    ({"data": _data(n_x=4)}, "another n_x: 3, and this run has 4"),
    ({"recipe": softmax_regression.RECIPE}, "another model: logistic_regression, and this run has softmax_regression"),
]


@pytest.mark.parametrize(("changes", "told"), OTHERS)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(checkpoint, changes, told):
    _run(checkpoint()).write()
    other = checkpoint(**changes)
    start = other.training.state()
    remedy = "give what it was written with, another --out, or leave out --resume"
    with pytest.raises(saved.SavedError, match=f"checkpoint.npz was written with {told}; {remedy}$"):
        other.resume()
    for name, array in start.items():
        np.testing.assert_array_equal(array, other.training.state()[name])


def test_a_checkpoint_of_other_layers_is_refused(checkpoint):
    _run(checkpoint(MLP, own={"hidden": [4, 2]})).write()
    with pytest.raises(saved.SavedError, match=r"another hidden: 4 2, and this run has 5"):
        checkpoint(MLP, own={"hidden": [5]}).resume()


def _rewritten(path, **changes):
    """The file with arrays replaced, or left out where they are None; `about` is a dict that goes over the old one."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    told = json.loads(str(arrays[saved.ABOUT])) | changes.pop("about", {})
    arrays |= {saved.ABOUT: np.array(json.dumps(told))} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"about": {"version": 2}}, "has version 2 of the format, and this tinygraph reads version 1"),
        ({"W": np.zeros((5, 1))}, r"W has shape \(5, 1\), and this model's has \(3, 1\)"),
        ({"b": None}, "has no b: it is of another model, or no checkpoint"),
        ({saved.ABOUT: None}, "holds no model that was trained here, or is damaged"),
        ({saved.ABOUT: np.array("{")}, "holds no model that was trained here, or is damaged"),
    ],
)
def test_a_file_of_another_version_or_shape_is_refused(checkpoint, changes, told):
    run = _run(checkpoint())
    run.write()
    _rewritten(run.path, **changes)
    with pytest.raises(saved.SavedError, match=f"checkpoint.npz:? {told}"):
        checkpoint().resume()


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", None])
def test_a_damaged_file_is_refused(checkpoint, content):
    run = _run(checkpoint())
    run.write()
    whole = run.path.read_bytes()
    run.path.write_bytes(whole[:-30] if content is None else content)
    with pytest.raises(saved.SavedError, match="holds no model that was trained here, or is damaged"):
        checkpoint().resume()


def test_pickled_arrays_are_refused(checkpoint):
    run = _run(checkpoint())
    run.write()
    _rewritten(run.path, W=np.array([{}], dtype=object))
    with pytest.raises(saved.SavedError, match="damaged: Object arrays cannot be loaded"):
        checkpoint().resume()


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(saved.SavedError, match=re.escape(f"is a folder, and a model is a file such as {tmp_path}")):
        saved.read(tmp_path)


def test_the_parameters_of_a_model_are_read_by_load_too(checkpoint, tmp_path):
    run = _run(checkpoint())
    run.write_model(tmp_path / "model.npz")
    loaded = tg.load(tmp_path / "model.npz")
    assert list(loaded) == ["W", "b"]
    assert loaded["W"].shape == ("n_x", 1)
    np.testing.assert_array_equal(loaded["W"].value, run.training.model.weights[0].value)


def test_the_same_run_writes_the_same_bytes(checkpoint):
    contents = []
    for _ in range(2):
        run = _run(checkpoint())
        run.write()
        contents.append(run.path.read_bytes())
    assert contents[0] == contents[1]
    assert zipfile.ZipFile(run.path).testzip() is None


def test_a_model_is_no_checkpoint(checkpoint):
    run = _run(checkpoint())
    run.write_model(run.path)
    with pytest.raises(saved.SavedError, match="holds a model, and no checkpoint of its training: leave out --resume"):
        checkpoint().resume()
    run = _run(checkpoint(optimizer="adam"))
    run.write_model(run.path)
    with pytest.raises(saved.SavedError, match="has no step_count: it is of another model, or no checkpoint"):
        checkpoint(optimizer="adam").resume()


def test_fewer_epochs_than_were_run_are_refused(checkpoint):
    _run(checkpoint()).write()
    with pytest.raises(saved.SavedError, match="has 6 epochs already, and --epochs is 5: give more"):
        checkpoint(epochs=5).resume()


def test_numbers_that_are_not_finite_are_refused(checkpoint):
    run = _run(checkpoint())
    run.write()
    _rewritten(run.path, W=np.full((3, 1), np.nan))
    with pytest.raises(saved.SavedError, match="W does not hold finite numbers of float64"):
        checkpoint().resume()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"about": {"model": "magic"}}, "holds the model magic, and there are linear_regression, "),
        ({"about": {"n_x": "two"}}, "tells settings of which logistic_regression can't be built"),
        ({"scale": None}, "has no scale"),
        ({"scale": np.ones(3)}, r"scale has shape \(3,\), and this model's has \(3, 1\)"),
        ({"W": np.array([["a"], ["b"], ["c"]])}, "W does not hold finite numbers"),
        ({"tinygraph dims": None}, "holds no model that was trained here, or is damaged"),
    ],
)
def test_a_model_that_was_changed_is_refused(checkpoint, tmp_path, changes, told):
    _run(checkpoint()).write_model(tmp_path / "model.npz")
    _rewritten(tmp_path / "model.npz", **changes)
    with pytest.raises(saved.SavedError, match=f"model.npz:? {told}"):
        Restored.of(tmp_path / "model.npz")


def test_old_drafts_of_a_run_that_was_killed_are_swept_out_and_new_ones_stay(tmp_path):
    for age in ("old", "new"):
        (tmp_path / f".checkpoint.npz.{age}").write_bytes(b"half")
        (tmp_path / f".new-{age}").mkdir()
        (tmp_path / f".new-{age}" / "report.html").write_bytes(b"half")
    for draft in tmp_path.glob("*old"):
        os.utime(draft, (0, 0))
    folder.ready(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".checkpoint.npz.new", ".new-new"]
    (tmp_path / "checkpoint.npz").mkdir()
    with pytest.raises(DataError, match=r"checkpoint\.npz is a folder, where a file is to be written"):
        folder.ready(tmp_path)
