"""Parameters come back from a file as they went in, and a file is written whole or not at all."""

import os

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.files import write_whole


@pytest.fixture
def W():
    return tg.parameter(np.arange(3.0).reshape(3, 1), dims=("n_x", 1))


def test_a_round_trip_keeps_values_dtypes_names_and_sizes(tmp_path, W):
    b = tg.parameter(np.float32(0.5), name="bias")
    tg.save(tmp_path / "model.npz", [W, b])
    found = tg.load(tmp_path / "model.npz")
    assert list(found) == ["W", "bias"]
    assert found["W"].shape == ("n_x", 1)
    assert found["W"].name == "W"
    np.testing.assert_array_equal(found["W"].value, W.value)
    assert found["bias"].dtype == np.float32
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:  # plain NumPy reads it too
        np.testing.assert_array_equal(file["W"], W.value)


def test_a_dict_gives_the_names(tmp_path, W):
    tg.save(tmp_path / "model.npz", {"weights": W})
    assert list(tg.load(tmp_path / "model.npz")) == ["weights"]
    tg.save(tmp_path / "model.npz", W)
    assert list(tg.load(tmp_path / "model.npz")) == ["W"]


@pytest.mark.parametrize("name", ["file", "allow_pickle", "self", "a/b", "a b", "σ", "../up", "漢字"])
def test_any_plain_name_will_do(tmp_path, W, name):
    tg.save(tmp_path / "model.npz", {name: W})
    found = tg.load(tmp_path / "model.npz")
    assert list(found) == [name]
    np.testing.assert_array_equal(found[name].value, W.value)
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_damaged_file_is_refused_and_never_loads_wrong_numbers(tmp_path, W, rng):
    path = tmp_path / "model.npz"
    tg.save(path, W)
    whole = path.read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            found = tg.load(path)
        except tg.StorageError:
            continue
        np.testing.assert_array_equal(found["W"].value, W.value)


def test_what_cannot_be_saved_is_told_and_the_old_file_stays(tmp_path, W):
    path = tmp_path / "model.npz"
    tg.save(path, W)
    before = path.read_bytes()
    twin = tg.parameter(1.0, name="W")
    for nodes, told in (
        ([W, twin], "two parameters are called 'W'"),
        ([tg.parameter(1.0)], "can't be saved as None: give it a plain name"),
        ([W * 2], "only parameters have a value to save, not <W [*] 2"),
        ([np.ones(3)], "only parameters have a value to save"),
        (None, "only parameters have a value to save, not None"),
        ({3: W}, "can't be saved as 3"),
        ({"W.npy": W}, "can't be saved as 'W.npy'"),
        ({"W\0V": W}, "can't be saved as"),
        ({"\ud800": W}, "can't be saved as"),
    ):
        with pytest.raises(tg.StorageError, match=told):
            tg.save(path, nodes)
    with pytest.raises(tg.FolderError, match=r"there is no folder .*no to write model.npz into"):
        tg.save(tmp_path / "no" / "model.npz", W)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_what_is_no_file_of_parameters_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError):
        tg.load(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", a=1)
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "text.npz").write_text("text")
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("other.npz", "array.npy", "text.npz", "empty.npz"):
        with pytest.raises(tg.StorageError, match=f"{name} holds no parameters"):
            tg.load(tmp_path / name)


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, b"old")

    def no_room(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]
