"""The report: its numbers are those of scikit-learn, its page stands alone, and text from data stays text."""

import base64
import io
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets, metrics

from models import cnn, linear_regression, logistic_regression, mlp, softmax_regression
from models.data import Data, Scaling, sizes
from models.report import report
from models.report.markup import percent
from models.report.mistakes import most_wrong
from models.results import Results
from models.training import Settings, Training, safe_rate

HOSTILE = "</script><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "img", "br"}


def _trained(module, data, own=None, l2=0.0, patience=None, **how):
    """A model of that module after a few epochs, as `models.command` makes it."""
    recipe = module.RECIPE
    train, test = data.split(0)
    train, watched = (train, test) if patience is None else train.split(0, 0.1)
    scaling = Scaling.of(train)
    rate = recipe.training["learning_rate"] or safe_rate(scaling.X(train))
    chosen = {"learning_rate": rate, "epochs": 20, "l2": l2, "patience": patience, **how}
    settings = Settings(**{**recipe.training, **chosen})
    own = {name: option.default for name, option in recipe.options.items()} | (own or {})
    model = recipe.build(sizes(train, recipe.learns), 0, **own)
    held_out = scaling.X(watched), watched.Y(recipe.learns)
    training = Training(model, settings, scaling.X(train), train.Y(recipe.learns), held_out)
    training.run(lambda *_: True)
    training.keep_the_best()
    return Results(recipe, model.regularized(l2), settings, training.history, train, test, scaling)


def _digits(brightest=1, count=400):
    found = datasets.load_digits()
    names = tuple(map(str, range(10)))
    return Data("digits", found.images[:count], found.target[:count], names, brightest=brightest, white=16)


def _table(name):
    found = getattr(datasets, f"load_{name}")()
    classes = tuple(map(str, getattr(found, "target_names", ())))
    return Data(name, found.data, found.target, classes, features=tuple(map(str, found.feature_names)))


def _photos(size=24, count=40):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    pixels = rng.integers(0, 200, (count, size, size, 3)) + 55 * labels[:, None, None, None]
    names = tuple(f"{'קט' if label else '猫'}/{i}.jpg" for i, label in enumerate(labels))
    return Data("photos", pixels.astype(np.uint8), labels, ("猫", "קט"), brightest=255, names=names, notes=("a < b",))


RUNS = {
    "logistic": lambda: _trained(logistic_regression, _digits().against_the_rest("8"), epochs=5),
    "softmax": lambda: _trained(softmax_regression, _digits(), l2=0.5),
    "iris": lambda: _trained(softmax_regression, _table("iris"), learning_rate=0.1),
    "mlp": lambda: _trained(mlp, _digits(16), own={"hidden": (16, 12)}, patience=2),
    "cnn": lambda: _trained(cnn, _digits(16, 200), own={"filters": (4, 6)}, epochs=2),
    "numbers": lambda: _trained(linear_regression, _table("diabetes"), epochs=200),
    "line": lambda: _trained(linear_regression, _table("breast_cancer"), learning_rate=0.05, epochs=500),
    "photos": lambda: _trained(logistic_regression, _photos()),
}


@cache
def _results(name):
    return RUNS[name]()


@cache
def _page(name):
    return report(_results(name), "X  (n_x, m)", f"python -m models.{_results(name).recipe.name} --seed 0")


class _Read(HTMLParser):
    """What a page holds: headings, ids, links, pictures, and the cells of the tables of each section."""

    def __init__(self, page):
        super().__init__()
        self.open, self.headings, self.ids, self.links, self.tags = [], [], [], [], []
        self.tables, self.pictures, self.cards, self.text = {}, [], [], ""
        self.section = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.tags.append((tag, told))
        self.open += [] if tag in VOID else [tag]
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if tag == "a" else []
        self.pictures += [(self.section, told)] if tag == "img" else []
        self.section = told.get("id", "") if tag == "section" else self.section
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        elif tag == "table":
            self.tables.setdefault(self.section, []).append([])
        elif tag == "tr" and self.tables.get(self.section):
            self.tables[self.section][-1].append([])
        elif tag in ("td", "th"):
            self.tables[self.section][-1][-1].append("")
        elif tag == "li" and self.section == "mistakes":
            self.cards.append("")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop() if tag not in VOID else None

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"style", "title"} & set(self.open):
            return
        self.text += data
        if re.fullmatch("h[1-6]", self.open[-1] if self.open else ""):
            self.headings[-1][1] += data
        if {"td", "th"} & set(self.open):
            self.tables[self.section][-1][-1][-1] += data
        if "li" in self.open and self.section == "mistakes":
            self.cards[-1] += f" {data}"


@cache
def _read(name):
    return _Read(_page(name))


def _held_out(name):
    """The right classes, the probabilities and the guesses, computed without the report."""
    results = _results(name)
    A = results.model.A.eval({results.model.X: results.scaling.X(results.test)})
    p = A.T if len(A) > 1 else np.stack([1 - A[0], A[0]], axis=1)
    return results.test.labels, p, p.argmax(axis=1)


CLASSIFIERS = [name for name in RUNS if name != "numbers"]


@pytest.mark.parametrize("name", RUNS)
def test_the_page_has_all_its_sections_and_links_to_each(name):
    read = _read(name)
    ids = ["data", "graph", "derivation", "curves", "accuracy"]
    ids += [] if name == "numbers" else ["confusion", "calibration"]
    ids += ["line"] if name == "line" else []
    ids += ["weights", "mistakes"]
    assert read.links == [f"#{id}" for id in ids]
    assert [told["id"] for tag, told in read.tags if tag == "section"] == ids
    assert len(set(read.ids)) == len(read.ids)
    levels = [level for level, _ in read.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1
    assert all(title.strip() for _, title in read.headings)


@pytest.mark.parametrize("name", RUNS)
def test_the_page_stands_alone_and_is_small(name):
    page, read = _page(name), _read(name)
    assert len(page.encode()) < 1_500_000
    assert "default-src 'none'" in page
    assert not {"script", "iframe", "object"} & {tag for tag, _ in read.tags}
    assert not re.search(r"(?<!xmlns=\")(?<!xlink=\")https?://", page)
    assert not re.search(r"\b(nan|inf|None)\b", read.text.replace("inf or NaN", ""))
    assert all(told["alt"] and told["src"].startswith("data:image/png") for _, told in read.pictures)
    assert all(told.get("aria-label") or told.get("aria-labelledby") for tag, told in read.tags if tag == "svg")


@pytest.mark.parametrize("name", ["logistic", "line", "photos"])
def test_the_same_run_makes_the_same_bytes(name):
    command = f"python -m models.{_results(name).recipe.name} --seed 0"
    assert report(RUNS[name](), "X  (n_x, m)", command) == _page(name)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_scores_are_those_of_scikit_learn(name):
    labels, _, guesses = _held_out(name)
    classes = _results(name).test.classes
    overall, by_class = _read(name).tables["accuracy"]
    assert overall[2][-1] == percent(metrics.accuracy_score(labels, guesses), 2)
    assert overall[2][1:3] == [str((labels == guesses).sum()), str(len(labels))]
    told = metrics.classification_report(labels, guesses, labels=range(len(classes)), output_dict=True, zero_division=0)
    for i, row in enumerate(by_class[1:]):
        expected = [told[str(i)][score] for score in ("precision", "recall", "f1-score")]
        is_told = [(guesses == i).any(), (labels == i).any(), (guesses == i).any() or (labels == i).any()]
        assert row[0] == classes[i]
        assert row[1:4] == [percent(score) if told else "–" for score, told in zip(expected, is_told, strict=True)]
        assert row[4] == str(told[str(i)]["support"])[:-2]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_confusion_matrix_counts_what_was_put_where(name):
    labels, _, guesses = _held_out(name)
    count = len(_results(name).test.classes)
    (rows,) = _read(name).tables["confusion"]
    found = np.array([[int(cell) for cell in row[1:]] for row in rows[2:]])
    expected = np.zeros((count, count), int)
    np.add.at(expected, (labels, guesses), 1)
    np.testing.assert_array_equal(found, expected)
    assert rows[1] == [row[0] for row in rows[2:]] == list(_results(name).test.classes)


@pytest.mark.parametrize("name", ["logistic", "softmax", "mlp"])
def test_calibration_is_that_of_each_bin(name):
    labels, p, guesses = _held_out(name)
    given, is_so = (p[:, 1], labels == 1) if name == "logistic" else (p.max(axis=1), guesses == labels)
    bins = np.ceil(given * 10).astype(int) - 1  # ]0, 0.1], ]0.1, 0.2], …
    expected = []
    for b in np.unique(bins):
        here = bins == b
        told = f"{b / 10:.1f} to {(b + 1) / 10:.1f}"
        expected.append([told, str(here.sum()), percent(given[here].mean()), percent(is_so[here].mean())])
    (rows,) = _read(name).tables["calibration"]
    assert rows[1:] == expected


def test_numbers_are_told_with_their_errors():
    results = _results("numbers")
    found = results.model.A.eval({results.model.X: results.scaling.X(results.test)})[0]
    (rows,) = _read("numbers").tables["accuracy"]
    mean = np.sqrt(np.mean((results.train.labels.mean() - results.test.labels) ** 2))
    expected = [
        metrics.r2_score(results.test.labels, found),
        metrics.root_mean_squared_error(results.test.labels, found),
        metrics.mean_absolute_error(results.test.labels, found),
        mean,
    ]
    assert [float(cell) for cell in rows[2][1:]] == pytest.approx(expected, rel=1e-3)


def test_what_goes_wrong_when_a_line_classifies_is_told_in_numbers():
    results, read = _results("line"), _read("line")
    z = results.model.A.eval({results.model.X: results.scaling.X(results.train)})[0]
    y = results.train.labels
    outside, experiment = read.tables["line"]
    assert outside[1][1] == f"{np.sum((z < 0) | (z > 1))} of {len(z)}"
    loss = (z - y) ** 2
    beyond = ((y == 1) & (z > 1)) | ((y == 0) & (z < 0))
    assert f"{percent(loss[beyond].sum() / loss.sum())} of the cost" in read.text
    (line, curve), (line_after, curve_after) = ([int(cell) for cell in row[1:]] for row in experiment[1:])
    slope, start = np.polyfit(z, y, 1)
    assert line == np.sum((slope * z + start > 0.5) != y)
    assert line_after > line + 10
    assert abs(curve_after - curve) < 4
    assert "python -m models.logistic_regression --seed 0" in read.text


@pytest.mark.parametrize("name", ["logistic", "softmax", "photos"])
def test_the_most_wrong_come_first(name):
    results = _results(name)
    labels, p, guesses = _held_out(name)
    of_right = p[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(guesses != labels)
    expected = wrong[np.argsort(of_right[wrong], kind="stable")][:24]
    np.testing.assert_array_equal(most_wrong(results.judged[1]), expected)
    cards = _read(name).cards
    assert len(cards) == len(expected)
    for card, i in zip(cards, expected, strict=True):
        words = " ".join(card.split())  # which makes spaces of those that may not break, too
        classes = results.test.classes
        file = results.test.names[i] if results.test.names else f"held-out {i}"
        assert words == (
            f"is {classes[labels[i]]} {percent(of_right[i])} "
            f"taken for {classes[guesses[i]]} {percent(p[i, guesses[i]])} {file}"
        ).replace("\xa0", " ")


def test_where_nothing_is_wrong_the_least_certain_are_shown():
    rng = np.random.default_rng(0)
    inputs = np.concatenate([rng.normal(-9, 1, (30, 2)), rng.normal(9, 1, (30, 2))])
    data = Data("apart", inputs, np.repeat([0, 1], 30), ("left", "right"), features=("u", "v"))
    read = _Read(report(_trained(logistic_regression, data, learning_rate=0.5), ""))
    assert [2, "Least certain"] in read.headings
    assert "No held-out example is put into a wrong class" in read.text
    certain = [float(row[2].replace(">", "").split("\xa0")[0]) for row in read.tables["mistakes"][0][1:]]
    assert certain == sorted(certain)


@pytest.mark.parametrize("name", RUNS)
def test_each_gradient_is_derived_and_each_line_checked(name):
    model = _results(name).model
    rows = [row for table in _read(name).tables["derivation"] for row in table if len(row) == 5]
    assert all(re.match(r"✓ (0|\de-\d\d)$", row[-1]) for row in rows)
    derived = {row[0] for row in rows}
    assert {f"d{p.name}" for p in model.parameters} <= derived
    assert len(_read(name).tables["derivation"]) == len(model.weights)


def test_what_stopped_training_is_told_and_marked():
    page, history = _page("mlp"), _results("mlp").history
    best = min(history.held_out, key=lambda pair: pair[1])[0]
    assert f"best: epoch {best}" in page
    assert history.stopped in page


def test_the_weights_of_a_digit_are_its_picture():
    W = _results("logistic").model.weights[0].value.reshape(8, 8)
    ((_, told),) = [picture for picture in _read("logistic").pictures if picture[0] == "weights"]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(told["src"].split(",")[1]))).convert("RGB"), float)
    red_over_blue = pixels[..., 0] - pixels[..., 2]
    np.testing.assert_array_equal(np.argsort(red_over_blue.ravel())[[0, -1]], np.argsort(W.ravel())[[0, -1]])
    assert np.corrcoef(red_over_blue.ravel(), W.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("module", [logistic_regression, linear_regression, softmax_regression, mlp])
def test_text_from_data_stays_text(module):
    rng = np.random.default_rng(0)
    classes = (HOSTILE, "\0\u202eשלום")
    data = Data(HOSTILE, rng.normal(size=(40, 1)), np.arange(40) % 2, classes, (HOSTILE,), notes=(HOSTILE,))
    page = report(_trained(module, data), HOSTILE, HOSTILE)
    read = _Read(page)
    assert not any(told.get("src") == "x" or "onerror" in told for _, told in read.tags)
    assert not {"script"} & {tag for tag, _ in read.tags}
    assert read.text.count(HOSTILE) > 8
    assert "\0" not in page


def test_a_hundred_classes_are_told_by_what_is_confused_most():
    labels = np.repeat(np.arange(100), 10)
    rng = np.random.default_rng(0)
    inputs = (2 * labels[:, None, None] + rng.integers(0, 50, (1000, 8, 8))).astype(np.uint8)
    data = Data("many", inputs, labels, tuple(f"class {i}" for i in range(100)), brightest=255)
    results = _trained(softmax_regression, data, epochs=10)
    read = _Read(report(results, ""))
    (rows,) = read.tables["confusion"]
    counts = metrics.confusion_matrix(results.test.labels, results.judged[1].guesses)
    np.fill_diagonal(counts, 0)
    assert [int(row[2]) for row in rows[1:]] == sorted(counts.ravel(), reverse=True)[:20]
    for right, guessed, count, _ in rows[1:]:
        assert counts[int(right[6:]), int(guessed[6:])] == int(count)


def test_numbers_can_be_learned_from_pictures_and_from_one_feature():
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (40, 6, 6)).astype(np.uint8)
    pictures = Data("ages", inputs, inputs.mean(axis=(1, 2)), brightest=255)
    assert _Read(report(_trained(linear_regression, pictures), "")).tables["mistakes"]
    one = Data("one", rng.normal(size=(40, 1)), rng.normal(size=40), features=("x",))
    assert _Read(report(_trained(linear_regression, one, epochs=1), "")).tables["mistakes"]


def test_a_model_that_is_sure_to_the_last_bit_is_reported_too():
    results = _trained(logistic_regression, replace(_photos(), inputs=_photos().inputs[..., 0]))
    results.model.weights[0].value = 1e4 * results.model.weights[0].value
    assert "the logarithm of 0" in report(results, "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_what_is_behind_them(scheme):
    """By the rule of the Web Content Accessibility Guidelines, a contrast of at least 4.5."""
    template = (Path(__file__).parent.parent / "models/report/report.html").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", template, re.DOTALL)[:2]
    color = {
        name: np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        for name, digits in re.findall(r"--(\w+): #(\w{6})", light if scheme == "light" else dark)
    }
    strongest = [0.42 * color[tint] + 0.58 * color["card"] for tint in ("forward", "gradient")]
    pairs = [("card", "forward"), *(("ink", back) for back in strongest)]
    pairs += [(ink, back) for ink in ("ink", "muted", "forward", "gradient") for back in ("paper", "card", "soft")]
    for pair in pairs:
        low, high = sorted(_luminance(color[each] if isinstance(each, str) else each) for each in pair)
        assert (high + 0.05) / (low + 0.05) >= 4.5, pair


def _luminance(color):
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("name", ["softmax", "mlp", "cnn", "line", "photos"])
@pytest.mark.parametrize("width", [1280, 375])
def test_a_browser_shows_it_without_a_complaint_or_a_request(name, width, browse, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(_page(name), encoding="utf-8")
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": "dark" if width == 375 else "light"}
    with browse(path, **options) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate("document.fonts.check('16px \"tinygraph math\"')")
        shown = tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        assert shown
        tab.locator("nav a").last.click()
        assert tab.url.endswith("#mistakes")
