"""`tg.play`: the steps of the graph itself, its numbers and its NumPy, in a browser with the keyboard alone."""

import re

import numpy as np
import pytest

import tinygraph as tg

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def played(notes, tmp_path):
    """The page of the notes' model, and the model."""
    W, b, Z, A, L, J = notes.W, notes.b, notes.Z, notes.A, notes.L, notes.J  # noqa: F841 (their names are looked up)
    feeds = {notes.X: np.array([[4.0, 0.0, 1.0], [0.0, 3.0, 1.0], [1.0, 1.0, 2.0]]), notes.Y: [[1, 0, 1]]}
    tg.play(J, [W, b], tmp_path / "play.html", feeds)
    return tmp_path / "play.html", notes, feeds


def _position(tab):
    return tab.inner_text("#position")


def test_values_come_first_then_gradients_flow_back(browse, played):
    path, _, _ = played
    names = []
    with browse(path) as tab:
        count = int(re.search(r"of (\d+)", _position(tab)).group(1))
        for _ in range(count):
            tab.keyboard.press("ArrowRight")
            names.append(_position(tab).partition(": ")[2])
    assert sorted(names[:8]) == sorted(["X", "Y", "W", "b", "Z", "A", "L", "J"])
    assert names[8:12] == ["dJ", "dL", "dA", "dZ"]
    assert set(names[12:]) == {"dW", "db"}


def test_each_step_tells_its_formula_its_numbers_and_its_line_of_numpy(browse, played):
    path, notes, feeds = played
    dZ = tg.grad(notes.J, notes.Z).eval(feeds)
    with browse(path) as tab:
        tab.keyboard.press("End")
        for _ in range(50):
            if _position(tab).endswith(": dZ"):
                break
            tab.keyboard.press("ArrowLeft")
        panel = tab.inner_text("#step")
        assert "dZ = dA * A * (1 - A)" in panel
        assert "(1, m) = (1, 3)" in panel
        said = tab.get_attribute("#step math", "aria-label")
        assert said == "dZ = dA ⊙ ∂A/∂Z = dA ⊙ A(1 − A) = 1/m (A − Y)"
        shown = [cell.inner_text() for cell in tab.query_selector_all("#step .values td")]
        assert [float(cell.replace("−", "-")) for cell in shown[:3]] == pytest.approx(dZ.ravel(), rel=0.01)


def test_gradient_descent_takes_steps_of_its_own_and_leaves_the_parameters_alone(browse, played):
    path, notes, feeds = played
    before = float(notes.J.eval(feeds))
    np.testing.assert_array_equal(notes.W.value, [[0.3], [-0.2], [0.5]])
    with browse(path) as tab:
        assert f"{before:.4g}" in tab.inner_text("#descent")
        for _ in range(5):
            tab.keyboard.press("d")
        text = tab.inner_text("#descent")
        after = float(re.search(r"5 of 30 steps: ([\d.e-]+)", text).group(1))
        assert after < before


def test_the_steps_ahead_are_those_of_gradient_descent(notes, tmp_path):
    from tinygraph.draw.player import RATES, player_data

    W, b, J = notes.W, notes.b, notes.J
    feeds = {notes.X: np.ones((3, 2)), notes.Y: [[1, 0]]}
    descent = player_data(J, [W, b], {}, feeds)["descent"]
    rate = RATES[descent["default"]]
    dW, db = tg.grad(J, [W, b])
    now = {W: W.value, b: b.value}
    for cost in descent["costs"][descent["default"]]:
        assert cost == pytest.approx(float(J.eval({**feeds, **now})))
        now = {W: now[W] - rate * dW.eval({**feeds, **now}), b: now[b] - rate * db.eval({**feeds, **now})}


def test_a_node_that_is_used_twice_gets_its_gradient_in_parts(browse, tmp_path):
    x = tg.input("x", (2,))
    y = tg.sin(x)
    z = tg.exp(x)
    J = tg.sum(y * z)
    tg.play(J, x, tmp_path / "parts.html")
    with browse(tmp_path / "parts.html") as tab:
        tab.keyboard.press("End")
        assert "adds to dx" in tab.inner_text("#step")
        assert "y and z use x, so its gradient is a sum" in tab.inner_text("#step").replace("z and y", "y and z")


def test_the_first_inf_is_told_where_it_happens(browse, tmp_path):
    Z = tg.input("Z", (3,))
    A = tg.sigmoid(Z)
    J = tg.sum(tg.log(A))
    with pytest.warns(tg.NonFiniteWarning):
        tg.play(J, Z, tmp_path / "fault.html", {Z: [0.0, -800.0, 1.0]})
    with browse(tmp_path / "fault.html") as tab:
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
        assert "log(A) is -inf: A is 0 at [1], because Z = -800" in tab.inner_text("#step")
        assert tab.query_selector(".faulty") is not None


def test_a_hostile_name_stays_text(browse, tmp_path):
    x = tg.input(HOSTILE, ("n",))
    y = tg.exp(x).named(HOSTILE + "y")
    tg.play(tg.sum(y), x, tmp_path / "hostile.html")
    with browse(tmp_path / "hostile.html") as tab:
        for _ in range(6):
            tab.keyboard.press("ArrowRight")
        assert tab.query_selector("img") is None
        assert HOSTILE in tab.inner_text("body")


def test_a_network_with_layers_and_a_matrix_of_any_size_plays(browse, rng, tmp_path):
    A = tg.input("X", ("n", "m"))
    weights = []
    for layer in range(1, 6):
        W = tg.parameter(rng.normal(size=(30, 30)) / 5, f"W{layer}", dims=("n", "n"))
        weights.append(W)
        A = tg.relu((W @ A).named(f"Z{layer}")).named(f"A{layer}")
    tg.play(tg.mean(A * A), weights, tmp_path / "network.html")
    with browse(tmp_path / "network.html") as tab:
        tab.keyboard.press("End")
        assert "dW1" in tab.inner_text("#step") or "dW" in _position(tab)


def test_what_cannot_be_played_is_a_clear_error(notes, tmp_path):
    with pytest.raises(tg.DrawError, match=r"play\.svg ends in '\.svg': a page to play is \.html"):
        tg.play(notes.J, notes.W, tmp_path / "play.svg")
    with pytest.raises(tg.DrawError, match="play has no ending"):
        tg.play(notes.J, notes.W, tmp_path / "play")
    with pytest.raises(tg.GradientError, match="no single number"):
        tg.play(notes.L, notes.W, tmp_path / "play.html")
    with pytest.raises(tg.FolderError, match="there is no folder"):
        tg.play(notes.J, notes.W, tmp_path / "no" / "play.html")
    assert list(tmp_path.iterdir()) == []


def test_descent_that_leaves_where_the_model_is_defined_stops_there():
    from tinygraph.draw.player import player_data

    A = tg.parameter(np.eye(2) * 2.0, "A")
    descent = player_data(tg.sum(tg.cholesky(A)), [A], {}, None)["descent"]
    assert any(np.isnan(costs[-1]) for costs in descent["costs"])
    assert all(np.isfinite(costs[0]) for costs in descent["costs"])


def test_a_parameter_that_J_does_not_depend_on_has_a_step_that_says_so():
    from tinygraph.draw.player import player_data

    w, q = tg.parameter(2.0, "w"), tg.parameter(1.0, "q")
    (step,) = [step for step in player_data(w * w, [w, q], {}, None)["steps"] if step["name"] == "dq"]
    assert step["note"] == "J does not depend on q"
    assert step["value"]["rows"] == [["0"]]
    assert [step["name"] for step in player_data(w * w, [q], {}, None)["steps"]] == ["w", "J", "q", "dJ", "dq"]
