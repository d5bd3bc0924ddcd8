"""What all tests share: how hypothesis searches, and the notes' model."""

import os
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import hypothesis
import numpy as np
import pytest

import tinygraph as tg

os.environ.setdefault("MPLBACKEND", "Agg")  # plots need no screen

hypothesis.settings.register_profile("tinygraph", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tinygraph")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def notes():
    """The notes' logistic regression with the cross-entropy as written, n_x = 3."""
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.array([[0.3], [-0.2], [0.5]]), dims=("n_x", 1)), tg.parameter(np.array([[0.1]]))
    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return SimpleNamespace(X=X, Y=Y, W=W, b=b, Z=Z, A=A, L=L, J=tg.mean(L))


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium, with no host to go to."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    program = shutil.which("chromium")
    if not program:
        pytest.skip("Chromium is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium):
    """Opens a file as a page, and proves at the end that it ran without an error and asked nobody."""

    @contextmanager
    def open_file(path, complaint=None, **options):
        complaints, requests = [], []
        context = chromium.new_context(**{"viewport": {"width": 1400, "height": 800}, **options})
        try:
            tab = context.new_page()
            tab.on("console", lambda message: complaints.append(message.text))
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            tab.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
            tab.on("request", lambda request: requests.append(request.url))
            tab.goto(f"file://{path}")
            yield tab
            assert [text for text in complaints if not complaint or complaint not in text] == []
            assert bool(complaints) == bool(complaint)
            assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        finally:
            context.close()

    return open_file
