"""Readers of data: sets that come along, folders of pictures, HDF5, tables, .npz, and whatever is wrong with them."""

import os
import re
import struct

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from models.data import DataError, Scaling
from models.readers import Reading, read, read_both, read_picture
from models.readers.columns import plain
from models.readers.features import columns_of, encoded, features_of

LABEL = Reading(label="k")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder in which the files of a test lie, so that messages name them as a user would."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _refused(told, source, options=Reading(), like=None):  # noqa: B008
    """Reading ends in that one sentence."""
    with pytest.raises(DataError) as caught:
        read(source, options, like)
    assert re.fullmatch(told, str(caught.value)), str(caught.value)


# What there is to read


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1797, 8, 8), 10),
        ("breast_cancer", (569, 30), 2),
        ("Breast cancer", (569, 30), 2),
        ("breast-cancer", (569, 30), 2),
        ("iris", (150, 4), 3),
        ("wine", (178, 13), 3),
        ("diabetes", (442, 10), 0),
    ],
)
def test_sets_that_come_along(name, shape, classes):
    data = read(name)
    assert data.inputs.shape == shape
    assert len(data.classes) == classes
    assert len(data.features) == (0 if data.are_pictures else shape[1])
    assert set(data.labels.tolist()) == set(range(classes)) or not classes
    assert (Scaling.of(data).X(data).shape) == (int(np.prod(shape[1:])), shape[0])


def test_digits_are_divided_by_what_the_model_says():
    assert Scaling.of(data := read("digits", Reading(brightest=16))).X(data).max() == 1
    assert Scaling.of(data := read("digits")).X(data).max() == 16


def test_unknown_sources(folder):
    sets = "digits, breast_cancer, iris, wine, diabetes"
    formats = r"a folder of pictures, or a file: \.h5, \.hdf5, \.csv, \.tsv, \.parquet or \.npz"
    along = "among the sets that come along"
    _refused(f"there is no file digit; {along}, did you mean digits\\? There are: {sets}", "digit")
    _refused(f"there is no file none\\.h5; {along}, there are: {sets}", "none.h5")
    (folder / "a.xlsx").write_bytes(b"PK\3\4")
    known = f"data are {formats}; or a set by its name: {sets}"
    _refused(rf"a\.xlsx is of no kind that can be read: {known}", "a.xlsx")
    Image.new("L", (2, 2)).save("a.jpg")
    _refused(rf"a\.jpg is a picture, and {known}", "a.jpg")


def test_files_without_a_suffix_are_told_by_their_first_bytes(folder):
    np.savez("a", X=np.eye(4), y=[0, 1, 0, 1])
    os.replace("a.npz", "a")
    assert read("a").inputs.shape == (4, 4)
    _hdf5("b.h5")
    os.replace("b.h5", "b")
    assert len(read("b")) == 40
    pd.DataFrame({"a": [1, 2, 4], "k": ["x", "y", "x"]}).to_parquet("c")
    assert len(read("c", LABEL)) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (LABEL, "--label is for a table in a .csv, .tsv or .parquet file"),
        (Reading(drop=("a",)), "--drop is for a table in a .csv, .tsv or .parquet file"),
        (Reading(missing="refuse"), "--missing is for a table in a .csv, .tsv or .parquet file"),
        (Reading(size=64), "--size is for a folder of pictures"),
        (Reading(colour=False), "--grey is for a folder of pictures"),
        (Reading(skip_broken=True), "--skip-broken is for a folder of pictures"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(options, told):
    _refused(re.escape(f"{told}, and iris is a set that comes with scikit-learn"), "iris", options)


def test_of_two_sources_an_option_may_fit_one(folder):
    _hdf5("a.h5", size=8)
    _pictures(folder / "more", {"cat": 2, "non-cat": 2})
    (folder / "more" / "cat" / "x.jpg").write_bytes(b"")
    train, test = read_both("a.h5", "more", Reading(skip_broken=True))
    assert test.inputs.shape == (4, 8, 8, 3)
    assert test.classes == train.classes == ("non-cat", "cat")
    assert test.labels.tolist() == [1, 1, 0, 0]
    with pytest.raises(DataError, match=r"^--label is for a table .* a\.h5 is an HDF5 file and more is a folder of"):
        read_both("a.h5", "more", LABEL)


# One picture


def _painted(mode="RGB", size=(40, 20)):
    """A picture whose left half is red, or dark, and whose right half is white."""
    image = Image.new("RGB", size, "white")
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "name"),
    [("RGB", "a.png"), ("P", "a.png"), ("P", "a.gif"), ("RGBA", "a.png"), ("RGBA", "a.webp"), ("RGB", "a.bmp")],
)
def test_each_mode_gives_the_same_pixels(folder, mode, name):
    _painted(mode).save(name, **({"lossless": True} if name.endswith("webp") else {}))
    pixels = read_picture(name, 8)
    assert (pixels.dtype, pixels.shape) == (np.uint8, (8, 8, 3))
    np.testing.assert_array_equal(pixels[:, 0], [[255, 0, 0]] * 8)
    np.testing.assert_array_equal(pixels[:, -1], [[255, 255, 255]] * 8)
    grey = read_picture(name, 8, colour=False)
    assert grey.shape == (8, 8)
    assert (grey[0, 0], grey[0, -1]) == (76, 255)


def test_cmyk_and_grey_and_one_bit(folder):
    _painted("CMYK").save("a.jpg", quality=95)
    np.testing.assert_allclose(read_picture("a.jpg", 8)[0, [0, -1]], [[255, 0, 0], [255, 255, 255]], atol=8)
    Image.new("1", (9, 9), 1).save("a.png")
    assert read_picture("a.png", 4).min() == 255
    Image.new("LA", (9, 9), (0, 128)).save("a.png")
    assert np.unique(read_picture("a.png", 4)).tolist() == [127]


def test_sixteen_bits_are_scaled(folder):
    Image.fromarray(np.array([[0, 65535], [257 * 100, 257 * 200]], np.uint16)).save("a.png")
    assert read_picture("a.png", 2, colour=False).tolist() == [[0, 255], [100, 200]]


def test_what_is_transparent_is_white(folder):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save("a.png")
    assert read_picture("a.png", 2).min() == 255
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.save("b.png", transparency=0)
    assert read_picture("b.png", 2).min() == 255


def test_a_picture_that_lies_on_its_side_is_turned(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be seen, it must be turned clockwise by a quarter
    _painted().save("a.jpg", exif=exif, quality=95)
    pixels = read_picture("a.jpg", 8)
    np.testing.assert_allclose(pixels[0], [[255, 0, 0]] * 8, atol=8)
    np.testing.assert_allclose(pixels[-1], [[255, 255, 255]] * 8, atol=8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_turns_are_those_that_pillow_makes(folder, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.effect_noise((9, 9), 90).save("a.png", exif=exif)
    with Image.open("a.png") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(read_picture("a.png", 9, colour=False), expected)


def test_damaged_exif_does_not_break_a_picture(folder):
    turned = struct.pack("<HHHII", 2, 0x0112, 3, 1, 6)
    damaged = struct.pack("<HHII", 0x0110, 12, 1, 0)  # the name of the camera as a float, which can't be written back
    for exif in (b"II*\0\x08\0\0\0" + turned + damaged + bytes(30), b"no EXIF at all"):
        _painted().save("a.png", exif=b"Exif\0\0" + exif)
        is_red = read_picture("a.png", 8)[0] == (255, 0, 0)
        assert is_red.all() == (b"II" in exif)


def test_of_a_moving_picture_the_first_frame_is_read(folder):
    _painted().save("a.gif", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")])
    assert read_picture("a.gif", 8)[0, 0].tolist() == [255, 0, 0]


def test_resizing_averages_what_it_leaves_out(folder):
    Image.fromarray(np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255).save("a.png")
    assert np.abs(read_picture("a.png", 4, colour=False).astype(int) - 127).max() < 8
    assert read_picture("a.png", (2, 5)).shape == (2, 5, 3)


def _break(path, how):
    Image.effect_noise((200, 200), 90).convert("RGB").save(path)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"no picture", "cut": whole[: len(whole) // 2]}[how])


BROKEN = {
    ("a.jpg", "empty"): "it is empty",
    ("a.jpg", "text"): "it is of no format that Pillow knows",
    ("a.jpg", "cut"): r"image file is truncated \(\d+ bytes not processed\)",
    ("a.png", "cut"): "image file is truncated.*",
}


@pytest.mark.parametrize(("name", "how"), BROKEN)
def test_a_broken_picture_is_named(folder, name, how):
    _break(folder / name, how)
    told = f"{name} can't be read as a picture: {BROKEN[name, how]}"
    with pytest.raises(DataError, match=f"^{told}$"):
        read_picture(name)


def test_pictures_that_are_missing_too_large_or_of_floats(folder, monkeypatch):
    with pytest.raises(DataError, match=r"^there is no file none\.jpg$"):
        read_picture("none.jpg")
    Image.new("F", (2, 2)).save("a.tif")
    with pytest.raises(DataError, match=r"a\.tif can't be read as a picture: its pixels are floats, and no rule"):
        read_picture("a.tif")
    Image.new("L", (30, 30)).save("a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    assert read_picture("a.png", 2).shape == (2, 2, 3)  # more pixels than usual, but not twice as many
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(DataError, match=r"^a\.png can't be read as a picture: Image size \(900 pixels\) exceeds"):
        read_picture("a.png")


# A folder of them


def _pictures(folder, classes):
    """So many pictures of each class, written in no order."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for i in reversed(range(count)):
            Image.new("RGB", (20, 10), (i, 0, 0)).save(folder / name / f"{i}.png")


def test_a_folder_with_a_subfolder_for_each_class(folder):
    _pictures(folder / "pets", {"dog": 3, "cat": 2, "bird": 1})
    data = read("pets", Reading(size=8))
    assert data.inputs.shape == (6, 8, 8, 3)
    assert data.inputs.dtype == np.uint8
    assert data.inputs[:, 0, 0, 0].tolist() == [0, 0, 1, 0, 1, 2]
    assert data.labels.tolist() == [0, 1, 1, 2, 2, 2]
    assert data.classes == ("bird", "cat", "dog")
    assert data.names == ("bird/0.png", "cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png", "dog/2.png")
    assert (data.notes, data.made, data.brightest) == ((), "squashed to 8 × 8", 255)
    grey = read("pets", Reading(colour=False))
    assert grey.inputs.shape == (6, 64, 64)
    assert grey.made == "squashed to 64 × 64, grey"


def test_litter_is_passed_over_and_other_files_are_told(folder):
    _pictures(folder / "pets", {"dog": 2, "cat": 2})
    for name in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "cat/notes.txt"):
        (folder / "pets" / name).write_text("")
    for name in ("__MACOSX", ".git"):
        (folder / "pets" / name).mkdir()
    _pictures(folder / "pets" / "cat" / "black", {"big": 1})
    (folder / "pets" / "cat" / "around").symlink_to(folder / "pets")
    (folder / "pets" / "round").symlink_to(folder)
    data = read("pets", Reading(size=4))
    assert data.names == ("cat/0.png", "cat/1.png", "cat/black/big/0.png", "dog/0.png", "dog/1.png")
    assert data.notes == ("passed over, since by their suffix they are no pictures: cat/notes.txt",)


def test_broken_pictures_end_the_reading_or_are_named(folder):
    _pictures(folder / "pets", {"dog": 2, "cat": 2})
    _break(folder / "pets" / "cat" / "cut.jpg", "cut")
    _break(folder / "pets" / "dog" / "empty.jpg", "empty")
    (folder / "pets" / "dog" / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    cut = r"pets/cat/cut\.jpg can't be read as a picture: image file is truncated \(\d+ bytes not processed\)"
    _refused(f"{cut}; --skip-broken leaves such files out", "pets")
    data = read("pets", Reading(size=4, skip_broken=True))
    assert data.names == ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png")
    assert len(data.inputs) == len(data.labels) == 4
    assert data.notes[0] == "skipped 3 of 7 pictures"
    assert re.fullmatch(f"skipped: {cut}", data.notes[1])
    assert data.notes[2:] == (
        "skipped: pets/dog/empty.jpg can't be read as a picture: it is empty",
        "skipped: there is no file pets/dog/gone.jpg",
    )


def test_folders_that_hold_no_classes(folder):
    (folder / "a").mkdir()
    _refused("a has no subfolders, and the pictures of each class belong in a subfolder of its own", "a")
    _pictures(folder / "a", {"cat": 2})
    _refused("a has one subfolder, cat, and a subfolder is a class: two are needed", "a")
    (folder / "a" / "dog").mkdir()
    _refused("a/dog holds no pictures, and each subfolder of a is a class", "a")
    (folder / "a" / "dog" / "dog.txt").write_text("")
    _refused(r"a/dog holds no pictures, only dog\.txt, and each subfolder of a is a class", "a")
    (folder / "a" / "dog" / "dog.jpg").write_text("")
    told = "a/dog holds no picture that can be read, and each subfolder is a class"
    _refused(told, "a", Reading(skip_broken=True))
    _pictures(folder / "b" / "pets", {"cat": 2, "dog": 2})
    told = "b has one subfolder, pets, and a subfolder is a class: two are needed; did you mean b/pets?"
    _refused(re.escape(told), "b")
    for part in ("test", "train"):
        _pictures(folder / "c" / part, {"cat": 2, "dog": 2})
    told = "c holds test, train, which are no classes but hold subfolders: give --data c/train --test-data c/test"
    _refused(told, "c")


def test_a_folder_is_read_like_another(folder):
    _pictures(folder / "a", {"cat": 2, "dog": 2, "bird": 2})
    _pictures(folder / "b", {"dog": 2})
    _pictures(folder / "c", {"dog": 1, "emu": 1})
    train = read("a", Reading(size=8, colour=False))
    test = read("b", like=train)
    assert test.inputs.shape == (2, 8, 8)
    assert (test.classes, test.labels.tolist()) == (("bird", "cat", "dog"), [2, 2])
    _refused("c has the class emu, and a has only: bird, cat, dog", "c", like=train)
    _refused(r"images of two sizes: \(8, 8\) in a and \(6, 6\) in b", "b", Reading(size=6), train)
    _refused("data of two kinds: a table in iris and pictures in b", "b", like=read("iris"))
    _refused("data of two kinds: pictures in a and a table in iris", "iris", like=train)


def test_more_pictures_than_memory_holds(folder, monkeypatch):
    _pictures(folder / "a", {"cat": 1, "dog": 1})

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(np, "empty", no_memory)
    told = "a: 2 pictures of 4096 × 4096 don't fit into memory: give a smaller --size than 4096"
    _refused(told, "a", Reading(size=4096))


# HDF5


def _hdf5(path, part="train", m=40, size=6, **changes):
    """Write a file in the layout of the course's cat pictures, with parts of it replaced."""
    pixels = np.arange(m * size * size * 3).reshape(m, size, size, 3).astype(np.uint8)
    sets = {f"{part}_set_x": pixels, f"{part}_set_y": np.arange(m) % 2, "list_classes": np.array([b"non-cat", b"cat"])}
    with h5py.File(path, "w") as file:
        for name, value in {**sets, **changes}.items():
            if value is not None:
                file[name] = value


def test_the_course_s_layout(folder):
    _hdf5("train.h5", m=209, size=64)
    _hdf5("test.h5", "test", m=50, size=64)
    train, test = read_both("train.h5", "test.h5")
    assert train.inputs.shape == (209, 64, 64, 3)
    assert train.classes == ("non-cat", "cat")
    assert Scaling.of(train).X(train).shape == (12288, 209)
    assert Scaling.of(train).X(train).max() == 1
    assert test.labels.tolist() == [0, 1] * 25


def test_more_classes_and_none_listed(folder):
    _hdf5("a.h5", train_set_y=np.arange(40) % 3, list_classes=np.array([b"a", b"b", "ü".encode()]))
    assert read("a.h5").classes == ("a", "b", "ü")
    _hdf5("b.h5", train_set_y=np.arange(40) % 3, list_classes=None)
    assert read("b.h5").classes == ("0", "1", "2")
    _hdf5("c.h5", "test", test_set_y=np.full(40, 2), list_classes=None)
    assert read("c.h5", Reading(part="test"), read("a.h5")).classes == ("a", "b", "ü")
    _hdf5("d.h5", list_classes=np.array(["ü".encode(), b"a"]))
    assert read("d.h5", like=read("a.h5")).labels.tolist() == [2, 0] * 20


def test_pixels_get_the_range_of_those_trained_on(folder):
    _hdf5("a.h5", train_set_x=np.full((40, 8, 8), 255), list_classes=None)
    digits = read("digits", Reading(brightest=16))
    data = read("a.h5", like=digits)
    assert (data.white, data.brightest, data.inputs.max()) == (16, 16, 16)
    assert Scaling.of(digits).X(data).min() == 1


NOT_A_NUMBER = np.full((40, 6, 6, 3), 0.5)
NOT_A_NUMBER[3, 0, 0, 0] = np.nan
IMAGES = r"and images are numbers of shape \(m, height, width, 3\)"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train_set_x": None}, " has no set train_set_x that can be read; it has: list_classes, train_set_y"),
        ({"train_set_y": None}, " has no set train_set_y that can be read; it has: list_classes, train_set_x"),
        ({"train_set_y": np.arange(40)}, ": train_set_y has the label 2, of image 2, and labels are 0 and 1"),
        ({"train_set_y": np.full(40, 0.5)}, r": train_set_y has the label 0\.5, of image 0, and labels are 0 and 1"),
        ({"train_set_y": np.array([b"cat"] * 40)}, r": train_set_y has the label b'cat', .*, and labels are 0 and 1"),
        ({"train_set_y": np.ones(40, int)}, ": all images to train on have the label 1, and two classes are needed"),
        ({"train_set_y": np.ones(39, int)}, r": train_set_y has shape \(39,\), and 40 images need labels of \(40,\)"),
        ({"train_set_y": np.arange(40) * 9, "list_classes": None}, ": train_set_y has the label 351, of image 39, .*"),
        ({"train_set_y": -np.arange(40), "list_classes": None}, ": train_set_y has the label -1, of image 1, .*"),
        ({"train_set_x": NOT_A_NUMBER}, ": train_set_x has a pixel that is NaN or infinite, in image 3"),
        (
            {"train_set_x": np.full((40, 6, 6, 3), 0.5)},
            r": train_set_x has floats up to 0\.5, already divided by 255; pixels are 0 to 255",
        ),
        (
            {"train_set_x": np.full((40, 6, 6, 3), 300)},
            ": train_set_x has values from 300 to 300, and pixels are 0 to 255",
        ),
        ({"train_set_x": np.zeros((40, 108))}, rf": train_set_x is float64 of shape \(40, 108\), {IMAGES}"),
        ({"train_set_x": np.zeros((40, 6, 6, 4))}, rf": train_set_x is float64 of shape \(40, 6, 6, 4\), {IMAGES}"),
        (
            {"train_set_x": np.zeros((0, 6, 6, 3)), "train_set_y": np.zeros(0, int)},
            rf": train_set_x is float64 of shape \(0, 6, 6, 3\), {IMAGES}",
        ),
        ({"train_set_x": np.array([b"text"] * 40)}, rf": train_set_x is .* of shape \(40,\), {IMAGES}"),
        ({"train_set_x": h5py.Empty("u1")}, " has no set train_set_x that can be read; .*"),
        ({"list_classes": h5py.Empty("u1")}, " has no set list_classes that can be read; .*"),
        ({"list_classes": 7}, r" lists classes of shape \(\), and their names are \(2,\), or more"),
        ({"list_classes": np.array([b"a"])}, r" lists classes of shape \(1,\), and their names are \(2,\), or more"),
        ({"list_classes": np.array([b"a", b"a"])}, " lists two classes that are called a, and each needs .*"),
    ],
)
def test_wrong_hdf5_is_one_sentence(folder, changes, told):
    _hdf5("a.h5", **changes)
    _refused(rf"a\.h5{told}", "a.h5")


def test_broken_and_ill_matched_hdf5(folder):
    (folder / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    _refused(r"broken\.h5 can't be read as HDF5: .*", "broken.h5")
    _hdf5("a.h5")
    _hdf5("b.h5", size=8)
    _refused(r"images of two sizes: \(6, 6, 3\) in a\.h5 and \(8, 8, 3\) in b\.h5", "b.h5", like=read("a.h5"))
    _refused(r"images of two sizes: \(8, 8\) in digits and \(6, 6, 3\) in a\.h5", "a.h5", like=read("digits"))
    told = r"a\.h5 has no set test_set_x that can be read; it has: list_classes, train_set_x, train_set_y"
    _refused(told, "a.h5", Reading(part="test"))


# Tables


PETS = "legs,colour,tame,k\n4,red,True,cat\n2,blue,False,bird\n4,blue,True,cat\n3,green,True,bird\n"


@pytest.fixture
def write(folder):
    def write_text(text, name="t.csv", encoding="utf-8"):
        (folder / name).write_bytes(text.encode(encoding))
        return name

    return write_text


def test_numbers_texts_and_booleans(write):
    data = read(write(PETS), LABEL)
    assert data.features == ("legs", "colour=blue", "colour=green", "colour=red", "tame")
    assert data.categories == frozenset(data.features[1:])
    assert data.inputs.tolist() == [[4, 0, 0, 1, 1], [2, 1, 0, 0, 0], [4, 1, 0, 0, 1], [3, 0, 1, 0, 1]]
    assert (data.classes, data.labels.tolist()) == (("bird", "cat"), [1, 0, 1, 0])
    assert (data.notes, data.made, data.label) == ((), "of 3 columns", "k")


def test_every_format_gives_the_same(write, folder):
    expected = read(write(PETS), LABEL)
    frame = pd.read_csv("t.csv")
    frame.to_csv("t.tsv", sep="\t", index=False)
    frame.to_parquet("t.parquet")
    frame.to_csv("t.csv.gz", index=False)
    frame.to_csv("semicolons.csv", sep=";", index=False)
    frame.to_csv("bom.txt", index=False, encoding="utf-8-sig")
    write(PETS.replace(",", " , "), "blanks.csv")
    for name in ("t.tsv", "t.parquet", "t.csv.gz", "semicolons.csv", "bom.txt", "blanks.csv"):
        data = read(name, LABEL)
        np.testing.assert_array_equal(data.inputs, expected.inputs)
        assert (data.features, data.classes) == (expected.features, expected.classes)
        assert data.notes == (("cells are separated by semicolons",) if name == "semicolons.csv" else ())


def test_columns_that_tell_nothing_are_left_out_and_told(folder):
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(30)], "Id": range(1, 31), "same": 7, "none": None})
    frame["year"], frame["k"] = range(2000, 2030), ["a", "b"] * 15
    frame.to_csv("t.csv")
    data = read("t.csv", LABEL)
    assert data.features == ("year",)
    assert data.names[:2] == ("n0", "n1")
    assert data.notes == (
        "left out, numbers of the rows: Unnamed: 0, Id",
        "left out, another text in each row: name",
        "left out, empty: none",
        "left out, the same in all rows: same",
    )
    _refused(
        r"t\.csv has no column to learn from: left out, .*; left out, another text in each row: name",
        "t.csv",
        Reading(label="k", drop=("year", "same", "none")),
    )
    assert read("t.csv", Reading(label="k", drop=("name",))).names == ()


def test_dates_become_days(folder):
    frame = pd.DataFrame({"born": ["1970-01-02", "1971-01-01 12:00"], "day": pd.to_datetime(["1970-01-11", None])})
    frame["time"], frame["k"] = pd.to_timedelta([1, 2], unit="h"), [0, 1]
    frame.to_parquet("t.parquet")
    data = read("t.parquet", Reading(label="k", missing="mean"))
    assert data.inputs[:, 0].tolist() == [1, 365.5]
    assert data.notes[0] == "born: dates, taken as days since 1970"
    assert data.notes[2] == "time: spans of time, taken as days"


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a10", "a2", "b"], ("a2", "a10", "b")),
        ([3, 8, 3, 8], ("3", "8")),
        ([-1.0, 1.0, 1.0, -1.0], ("-1", "1")),
        ([0, 1, 1], ("0", "1")),
        ([True, False, True], ("False", "True")),
        ([1, 2, 3, 4], ()),
        ([0.5, 1, 0.5, 1], ()),
        (list(range(21)) * 2, ()),
    ],
)
def test_what_labels_are(folder, labels, classes):
    pd.DataFrame({"a": np.arange(len(labels)) ** 2, "k": labels}).to_parquet("t.parquet")
    data = read("t.parquet", LABEL)
    assert data.classes == classes
    expected = [str(label) for label in labels] if classes else labels
    found = [data.classes[label] for label in data.labels] if classes else data.labels.tolist()
    assert found == [label.removesuffix(".0") for label in expected] if classes else found == expected


def test_the_task_tells_what_labels_are(write):
    name = write("a,k\n1,0\n2,1\n3,1\n4,2\n5,1.5\n6,1.5\n")
    assert read(name, LABEL).classes == ()
    assert read(name, Reading(label="k", task="classes")).classes == ("0", "1", "1.5", "2")
    assert read("iris", Reading(task="number")).classes  # these say themselves what they are
    told = r"t\.csv: a is different in each example, and that makes no classes: choose a model that learns numbers"
    _refused(told, name, Reading(label="a", task="classes"))
    told = r"t\.csv: k has labels such as 'cat', and this model learns numbers"
    _refused(told, write(PETS), Reading(label="k", task="number"))


GAPS = "age,colour,tame,k\n1,red,True,1\n,blue,,0\n3,,False,1\n?,red,True,0\n5,red,False,0\n"


def test_gaps_are_refused_left_out_or_filled(write):
    name = write(GAPS)
    found = r"age in 2 rows \(2, 4\), colour in 1 row \(3\), tame in 1 row \(2\)"
    told = rf"t\.csv has gaps, {found}: --missing drop leaves out rows with gaps, --missing mean takes the mean .*"
    _refused(told, name, LABEL)
    _refused(told, name, Reading(label="k", missing="refuse"))
    dropped = read(name, Reading(label="k", missing="drop"))
    assert dropped.inputs.tolist() == [[1, 1], [5, 0]]
    assert dropped.features == ("age", "tame")
    assert re.fullmatch(f"left out 3 of 5 rows, since they have gaps: {found}", dropped.notes[1])
    filled = read(name, Reading(label="k", missing="mean"))
    assert filled.features[1:4] == ("colour=(missing)", "colour=blue", "colour=red")
    assert filled.features[4:] == ("tame=(missing)", "tame=False", "tame=True")
    assert Scaling.of(filled).shift[0, 0] == 3
    np.testing.assert_array_equal(Scaling.of(filled).X(filled)[0, [1, 3]], 0)
    assert re.fullmatch(rf"filled gaps, .* the category \(missing\): {found}", filled.notes[0])
    told = r"t\.csv has a gap in each of its rows, a in 2 rows \(1, 2\), b in 1 row \(3\): --missing mean fills them"
    _refused(told, write("a,b,k\n,1,1\n,2,0\n3,,1\n"), Reading(label="k", missing="drop"))


def test_rows_without_a_label(write):
    name = write("a,k\n1,1\n2,\n3,0\n4,\n")
    _refused(r"t\.csv has rows without a label, k in 2 rows \(2, 4\): --missing drop leaves them out", name, LABEL)
    for missing in ("drop", "mean"):
        data = read(name, Reading(label="k", missing=missing))
        assert data.inputs.tolist() == [[1], [3]]
        assert data.notes == ("left out 2 of 4 rows, since they have no label: k in 2 rows (2, 4)",)
    _refused(r"t\.csv has no labels: the column k is empty", write("a,k\n1,\n2,\n"), LABEL)


MANY = "".join(f"c{i % 60},d{i % 70},{i % 2}\n" for i in range(140))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", " is empty"),
        ("\n\n", " is empty"),
        ("a,k\n", " has names of columns, and no rows below them"),
        ("a\n1\n", " has one column, a, and a table has two or more, separated by commas or semicolons or .*"),
        ("a b\n1 2\n", " has one column, a b, and a table has two or more, separated by .*"),
        ("a,k,k\n1,2,3\n", " has two columns called k: give each a name of its own"),
        (
            "5.1,3.5,setosa\n4,5,setosa\n",
            r" has numbers in its first line, 5\.1, 3\.5, setosa, where the names of the columns belong: .*",
        ),
        ("a,k\n1,2\n3,4,5\n", " can't be read as a table: Expected 2 fields in line 3, saw 3"),
        ("a,k\n1,2,3\n4,5,6\n", " has more cells in its rows than names in its first line"),
        ("age,k\n1,1\n2,1\n", ": all examples to train on have the label 1, and two classes are needed"),
        ("a,k\n1,1.5\n2,1.5\n", r": all examples to train on have the label 1\.5, and labels that differ are needed"),
        ("a,k\n1,1\n-inf,0\n", r": column a has -inf in row 2 below .*, and numbers are finite, 1e\+100 at most"),
        ("a,k\n1,1\n1e200,0\n", r": column a has 1e\+200 in row 2 below the names, and .*"),
        ("a;k\n1,5;1\n2,25;0\n", r": column a has a comma in its numbers, such as 1,5 in row 1 below .*: write 1\.5"),
        ("a,k\n1,1\n2,0\nsome,0\n4,1\n", ": column a has numbers, and 'some' in row 3 below the names: correct or .*"),
        ("a=b,k\nx,1\ny,0\nx,0\n", ": column a=b has a = in its name, as the features of categories have: rename it"),
        ("c=x,c,k\n1,x,1\n2,y,0\n3,x,0\n", ": column c=x has a = in its name, as .*"),
        ("c,d,k\n" + MANY, " has too many categories, .*: c has 60, d has 70; --drop c d leaves them out"),
        ("a,b\n1,1\n", r" has no column k: there are: a, b"),
        ("a,kk\n1,1\n", r" has no column k: did you mean kk\? There are: a, kk"),
    ],
)
def test_wrong_tables_are_one_sentence(write, text, told):
    _refused(rf"t\.csv{told}", write(text), LABEL)


def test_names_may_be_numbers_that_count_the_columns(write):
    assert read(write("0,1,2\n5,6,0\n7,8,1\n7,6,1\n"), Reading(label="2")).features == ("0", "1")
    assert read(write("0,1,k\n5,6,0\n7,8,1\n7,6,1\n"), LABEL).features == ("0", "1")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_are_told(write, encoding):
    _refused(r"t\.csv isn't written in UTF-8: save it so, .*", write("a,k\né,1\n", encoding=encoding), LABEL)


def test_options_of_tables(write, folder):
    told = r"a table needs --label COLUMN, the column to be learned, such as --label {}; t\.csv has: {}"
    _refused(told.format("k", "legs, colour, tame, k"), write(PETS))
    _refused(told.format("Species", "Species, a"), write("Species,a\nx,1\n"))
    _refused(
        r"t\.csv has no column tam: did you mean tame\? There are: .*", write(PETS), Reading(label="k", drop=("tam",))
    )
    told = "--drop k would leave out the label: give another --label, or don't drop it"
    _refused(told, "t.csv", Reading(label="k", drop=("k",)))
    _refused(r"t\.csv has no column to learn from: all were dropped", "t.csv", Reading("k", ("legs", "colour", "tame")))
    (folder / "x.parquet").write_bytes(b"PAR1")
    _refused(r"x\.parquet can't be read as a table: .*", "x.parquet", LABEL)
    pd.DataFrame({"a": [[1], [2]], "k": [0, 1]}).to_parquet("x.parquet")
    told = r"x\.parquet: column a holds values of the kind mixed, and no numbers, texts or dates: --drop leaves it out"
    _refused(told, "x.parquet", LABEL)


def test_a_second_table_has_the_features_and_classes_of_the_first(write):
    train = read(write(PETS), LABEL)
    more = write("k,tame,more,colour,legs\ncat,False,x,red,8\ncat,True,y,pink,9\n", "more.csv")
    data = read(more, LABEL, train)
    assert (data.features, data.categories, data.classes) == (train.features, train.categories, train.classes)
    assert data.inputs.tolist() == [[8, 0, 0, 1, 0], [9, 0, 0, 0, 1]]
    assert data.labels.tolist() == [1, 1]
    assert data.notes == ("colour is 'pink' in 1 row, which t.csv never has: taken as none of its own",)
    unlabelled = read(write("legs,colour,tame\n8,red,False\n", "more.csv"), Reading(), train)
    assert unlabelled.inputs.tolist() == [[8, 0, 0, 1, 0]]
    assert (unlabelled.classes, unlabelled.labels.tolist()) == (train.classes, [-1])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("legs,tame,k\n1,True,cat\n", " has no column colour, from which the model of t.csv learns: there are: .*"),
        ("legs,colour,tame\n1,red,True\n", " has no column k: there are: legs, colour, tame"),
        ("legs,colour,tame,k\n1,red,True,dog\n", " has the class dog, and t.csv has only: bird, cat"),
        ("legs,colour,tame,k\n1,red,True,7\n", " has the class 7, and t.csv has only: bird, cat"),
        ("legs,colour,tame,k\nx,red,True,cat\n", ": column legs is 'x' in row 1 .*, and in .* it is a number"),
        ("legs,colour,tame,k\n1,red,2,cat\n", ": column tame is .*2.* in row 1 .*, and in t.csv it is true or false"),
        ("legs,colour,tame,k\n1,red,,cat\n", r" has gaps, tame in 1 row \(1\): --missing drop .*"),
    ],
)
def test_a_second_table_that_does_not_match(write, text, told):
    train = read(write(PETS), LABEL)
    _refused(rf"more\.csv{told}", write(text, "more.csv"), LABEL, train)


def test_a_gap_among_booleans_of_a_second_table(write):
    train = read(write(PETS), LABEL)
    more = write("legs,colour,tame,k\n1,red,,cat\n2,red,True,cat\n,red,False,cat\n", "more.csv")
    told = r"more\.csv: column tame is '\(missing\)' in row 1 below the names, and in t\.csv it is true or false"
    _refused(told, more, Reading(label="k", missing="mean"), train)
    assert read(more, Reading(label="k", missing="drop"), train).inputs.tolist() == [[2, 0, 0, 1, 1]]


def test_a_second_table_of_numbers_to_be_learned(write):
    train = read(write("a,k\n1,0.5\n2,1.5\n4,2.5\n"), LABEL)
    more = read(write("a,k\n1,0\n2,1\n4,1\n", "more.csv"), LABEL, train)
    assert (more.classes, more.labels.tolist()) == ((), [0, 1, 1])
    assert np.isnan(read("more.csv", like=train).labels).all()
    _refused(r"t\.csv: k has labels such as 'cat', .*", write("a,k\n1,cat\n"), LABEL, train)


TEXT = st.text("ab=, 1é", max_size=4).map(str.strip).filter(lambda text: text and not re.fullmatch("[1,]*", text))


@settings(max_examples=50)
@given(st.lists(TEXT, min_size=1, max_size=12))
def test_categories_are_one_of_each_and_can_be_told_from_the_features(texts):
    frame = pd.DataFrame({"c": plain("t", pd.Series(texts, name="c"))[0], "n": np.arange(len(texts), dtype=float)})
    features, categories = features_of("t", frame)
    assert columns_of(features, categories) == {"c": [name[2:] for name in features[:-1]], "n": None}
    table = encoded(frame, features, categories)
    np.testing.assert_array_equal(table[:, :-1].sum(axis=1), 1)
    assert [features[i][2:] for i in np.argmax(table[:, :-1] == 1, axis=1)] == texts


# .npz


def test_arrays_by_many_names(folder):
    X, y = np.arange(12.0).reshape(6, 2), [0, 1, 2, 0, 1, 2]
    np.savez("a.npz", X=X, y=y)
    np.savez("b.npz", data=X, target=np.reshape(y, (6, 1)), classes=["a", "b", "c"], features=["u", "v"])
    a, b = read("a.npz"), read("b.npz")
    assert (a.features, a.classes, a.labels.tolist()) == (("x1", "x2"), ("0", "1", "2"), y)
    assert (b.features, b.classes, b.labels.tolist()) == (("u", "v"), ("a", "b", "c"), y)
    assert b.notes == ("read data and target",)
    np.savez("c.npz", x=X, labels=list("abcabc"))
    assert read("c.npz").classes == ("a", "b", "c")
    np.savez("d.npz", x=X, y=np.arange(6) / 2)
    assert read("d.npz").labels.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    np.savez("e.npz", x=X, y=y, features=["u", "v"])
    assert read("e.npz", like=b).classes == b.classes
    told = r"tables of two kinds: 2 features in b\.npz and 2 in a\.npz, u is not in both"
    _refused(told, "a.npz", like=b)


def test_keras_s_parts(folder):
    pixels, y = np.arange(8 * 9).reshape(8, 3, 3, 1).astype(np.uint8), np.arange(8) % 2
    np.savez("mnist.npz", x_train=pixels, y_train=y, x_test=pixels[:2], y_test=y[:2])
    train, test = read_both("mnist.npz", "mnist.npz")
    assert (train.inputs.shape, test.inputs.shape) == ((8, 3, 3), (2, 3, 3))
    assert (train.brightest, train.classes) == (255, ("0", "1"))


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"X": np.eye(3)}, " has no array y_train or y; it has: X"),
        ({"Q": np.eye(3)}, " has no array X_train or X; it has: Q"),
        ({}, " has no array X_train or X; it has: nothing"),
        ({"X": np.array([None]), "y": [1]}, " holds no plain arrays but Python's objects, which could run any .*"),
        (
            {"X": np.zeros((3, 5)), "y": np.arange(5)},
            r": X is \(3, 5\) and y \(5,\): examples seem to stand in columns, as in the notes' \(n_x, m\), and here "
            r"they stand in rows: save X\.T",
        ),
        ({"X": np.zeros((5, 3)), "y": np.eye(5)}, r": y has shape \(5, 5\), and labels are \(5,\): save y\.argmax.*"),
        ({"X": np.zeros((5, 3)), "y": [0, 1]}, r": y has shape \(2,\), and 5 examples need labels of \(5,\)"),
        (
            {"X": np.full((2, 3), np.nan), "y": [0, 1]},
            r": X is nan in row 0, column 0, and numbers .*",
        ),
        ({"X": np.full((2, 3), 1e160), "y": [0, 1]}, r": X is 1e\+160 in row 0, .* are finite, 1e\+100 at most"),
        ({"X": np.zeros((4, 3)), "y": [0.5, 1e200, 2, 3]}, r": y has numbers of more than 1e\+100, whose squares .*"),
        ({"X": np.zeros(5), "y": [0, 1]}, r": X is float64 of shape \(5,\), and examples are numbers, one in each row"),
        ({"X": np.full((2, 3, 3), -1), "y": [0, 1]}, ": X has values from -1 to -1, and pixels are 0 to 255"),
        ({"X": np.eye(2), "y": [1, 1]}, ": all examples to train on have the label 1, and two classes are needed"),
        ({"X": np.eye(2), "y": [0.5, np.inf]}, ": y is inf in example 1, and labels are finite"),
        ({"X": np.eye(2), "y": [0, 2], "classes": ["a", "b"]}, ": y has the label 2, of image 1, and labels are 0 .*"),
        ({"X": np.eye(2), "y": [0, 0], "classes": ["a", "b"]}, ": all examples to train on have the label 0, and .*"),
        ({"X": np.eye(2), "y": [0, 1], "features": ["a"]}, ": features has 1 names, and 2 columns need as many"),
    ],
)
def test_wrong_npz_is_one_sentence(folder, arrays, told):
    np.savez("a.npz", **arrays)
    _refused(rf"a\.npz{told}", "a.npz")


def test_broken_npz(folder):
    np.savez("a.npz", X=np.eye(100), y=np.arange(100) % 2)
    whole = (folder / "a.npz").read_bytes()
    told = r"a\.npz can't be read as \.npz: it is empty, cut off, or of another format"
    for content in (b"", b"text", whole[:500]):
        (folder / "a.npz").write_bytes(content)
        _refused(told, "a.npz")
    (folder / "a.npz").write_bytes(whole[:300] + b"\xff" * 100 + whole[400:])
    _refused(r"a\.npz can't be read as \.npz: .*", "a.npz")


def test_labels_of_two_kinds(folder):
    np.savez("a.npz", X=np.eye(4), y=[0.5, 1.5, 2.5, 3.5], classes_of=[1])
    np.savez("b.npz", X=np.eye(4), y=[0, 1, 0, 1], classes=["a", "b"])
    told = r"labels of two kinds: numbers in a\.npz and classes in b\.npz"
    _refused(told, "b.npz", like=read("a.npz"))
