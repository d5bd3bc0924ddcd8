"""`python -m models.predict`: what was learned, used on new pictures and on rows of new tables."""

import importlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from models import command, predict
from models.restored import RECIPES


def _train(name, *arguments):
    recipe = importlib.import_module(f"models.{name}").RECIPE
    assert command.main(recipe, [str(argument) for argument in arguments]) == 0


def _predict(*arguments):
    return predict.main([str(argument) for argument in arguments])


@pytest.fixture
def pets(tmp_path, rng):
    """A folder of pictures: reddish cats and greenish dogs, wider than high."""
    for number, name in enumerate(("cats", "dogs")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 120, (20, 30, 3)).astype(np.uint8)
            pixels[..., number] += 120
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    return tmp_path / "pets"


@pytest.fixture
def flowers(tmp_path, rng):
    """A table with a number, a text and a label, in which the number tells the label."""
    size = rng.normal(size=60)
    kind = np.where(size > 0, "tall", "low")
    table = pd.DataFrame({"size": size, "colour": rng.choice(["red", "blue"], 60), "kind": kind})
    table.to_csv(tmp_path / "flowers.csv", index=False)
    return tmp_path / "flowers.csv"


@pytest.mark.parametrize("name", ["logistic_regression", "softmax_regression", "cnn"])
def test_pictures_are_put_into_their_classes(name, pets, tmp_path, capsys):
    _train(name, "--data", pets, "--size", 8, "--epochs", 30, "--out", tmp_path / "out")
    capsys.readouterr()
    assert _predict(tmp_path / "out" / "model.npz", pets / "cats" / "0.png", pets / "dogs" / "0.png") == 0
    head, cat, dog = capsys.readouterr().out.splitlines()
    assert head.split() == ["example", "class", "probability"]
    assert re.fullmatch(rf"{re.escape(str(pets / 'cats' / '0.png'))} +cats +\d+\.\d %", cat)
    assert re.fullmatch(rf"{re.escape(str(pets / 'dogs' / '0.png'))} +dogs +\d+\.\d %", dog)
    assert _predict(tmp_path / "out" / "model.npz", pets / "cats") == 0
    assert capsys.readouterr().out.count(" cats ") == 12


def test_the_probabilities_are_those_of_training(pets, tmp_path, capsys):
    """What was saved is enough: a picture of the training data gets the answer that the report had for it."""
    from models import logistic_regression
    from models.data import Scaling
    from models.readers import Reading, read
    from models.restored import Restored

    _train("logistic_regression", "--data", pets, "--size", 8, "--grey", "--epochs", 30, "--out", tmp_path / "out")
    restored = Restored.of(tmp_path / "out" / "model.npz")
    data = read(str(pets), Reading(size=8, colour=False))
    W, b = (parameter.value for parameter in restored.model.parameters)
    A = 1 / (1 + np.exp(-(W.T @ Scaling.of(data).X(data) + b)))
    capsys.readouterr()
    files = [pets / name for name in data.names]
    assert _predict(tmp_path / "out" / "model.npz", *files, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose([told[str(file)]["dogs"] for file in files], A[0], rtol=1e-9)
    assert restored.recipe is logistic_regression.RECIPE


def test_a_checkpoint_can_be_used_too(pets, tmp_path, capsys):
    _train("mlp", "--data", pets, "--size", 4, "--epochs", 2, "--checkpoint-every", 1, "--out", tmp_path / "out")
    assert _predict(tmp_path / "out" / "checkpoint.npz", pets / "cats" / "0.png") == 0
    assert "cats" in capsys.readouterr().out


def test_digits_are_told_from_pictures_of_light_strokes_on_black(tmp_path, capsys):
    from sklearn.datasets import load_digits

    _train("softmax_regression", "--epochs", 200, "--out", tmp_path)
    digits, right = load_digits(), 0
    for i in range(20):
        Image.fromarray((digits.images[i] * 255 / 16).astype(np.uint8)).save(tmp_path / f"{i}.png")
    capsys.readouterr()
    assert _predict(tmp_path / "model.npz", *(tmp_path / f"{i}.png" for i in range(20)), "--json") == 0
    for i, told in enumerate(json.loads(capsys.readouterr().out).values()):
        right += max(told, key=told.get) == str(digits.target[i])
    assert right >= 19


def test_pixels_are_as_bright_as_in_training(tmp_path):
    from sklearn.datasets import load_digits

    from models.restored import Restored

    _train("softmax_regression", "--epochs", 1, "--out", tmp_path)
    image = load_digits().images[0]
    Image.fromarray((image * 255 / 16).round().astype(np.uint8)).save(tmp_path / "0.png")
    found = Restored.of(str(tmp_path / "model.npz")).picture(tmp_path / "0.png")
    np.testing.assert_allclose(found.inputs[0], image, atol=0.1)


def test_a_line_has_answers_and_no_probabilities(flowers, tmp_path, capsys):
    _train("linear_regression", "--data", flowers, "--label", "kind", "--epochs", 50, "--out", tmp_path / "out")
    capsys.readouterr()
    assert _predict(tmp_path / "out" / "model.npz", flowers) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["example", "class", "answer"]
    assert "%" not in printed


def test_rows_of_a_table_need_no_label(flowers, tmp_path, capsys):
    _train("logistic_regression", "--data", flowers, "--label", "kind", "--epochs", 500, "--out", tmp_path / "out")
    new = tmp_path / "new.csv"
    pd.DataFrame({"colour": ["red", "green"], "size": [3.0, -3.0]}).to_csv(new, index=False)
    capsys.readouterr()
    assert _predict(tmp_path / "out" / "model.npz", new) == 0
    printed = capsys.readouterr()
    assert re.search(r"new\.csv, row 1 +tall ", printed.out)
    assert re.search(r"new\.csv, row 2 +low ", printed.out)
    assert "colour is 'green' in 1 row" in printed.err


def test_numbers_are_told_as_numbers(flowers, tmp_path, capsys):
    _train("linear_regression", "--data", flowers, "--label", "size", "--out", tmp_path / "out")
    capsys.readouterr()
    assert _predict(tmp_path / "out" / "model.npz", flowers, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told) == 60
    assert all(isinstance(value, float) for value in told.values())


def test_what_can_not_be_used_is_one_sentence(pets, flowers, tmp_path, capsys):
    _train("softmax_regression", "--data", pets, "--size", 4, "--epochs", 2, "--out", tmp_path / "pictures")
    _train("softmax_regression", "--data", flowers, "--label", "kind", "--epochs", 2, "--out", tmp_path / "table")
    capsys.readouterr()
    pictures, table = tmp_path / "pictures" / "model.npz", tmp_path / "table" / "model.npz"
    broken, other = tmp_path / "broken.png", tmp_path / "other.csv"
    broken.write_bytes(b"\x89PNG")
    other.write_text("size,height\n1,2\n")
    for arguments, told in (
        ((tmp_path / "none.npz", broken), "there is no file .*none.npz: train a model first"),
        ((flowers, broken), "flowers.csv holds no model that was trained here, or is damaged"),
        ((pictures, tmp_path / "none.png"), "there is no file .*none.png; --skip-broken leaves it out"),
        ((pictures, broken), "broken.png can't be read as a picture: .*; --skip-broken leaves it out"),
        ((table, other), "the model was trained on a table: .*other.csv has no column colour"),
        ((pictures, flowers), "the model was trained on pictures, and .*flowers.csv is a table"),
        ((table, tmp_path / "pictures" / "model.npz"), "model.npz is an .npz file, and examples are told from a table"),
        ((table, pets / "cats" / "0.png"), "the model was trained on a table: .*0.png is a picture"),
    ):
        assert _predict(*arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert re.fullmatch(f"error: .*{told}.*\n", printed.err)
    assert _predict(pictures, broken, pets / "cats" / "1.png", "--skip-broken") == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 2
    assert re.fullmatch("left out: .*broken.png can't be read as a picture: .*\n", printed.err)


def test_every_model_can_be_restored():
    for name in RECIPES:
        recipe = importlib.import_module(f"models.{name}").RECIPE
        assert recipe.name == name
