"""The search's landscape: panels, what is left out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.report.figures.landscape import UsedRule, draw_landscape, landscape_figure
from topojax.report.figures.rendering import png_figure

_LAYERS = ("layer1", "layer2", "layer3", "layer4", "layer5")

pytestmark = pytest.mark.filterwarnings("error")


def _search(n_layers: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = rng.dirichlet(np.ones(n_layers), 60)
    taus = rng.uniform(0.1, 0.9, 60)
    return weights, taus, 0.9 - weights[:, 0] ** 2 - (taus - 0.5) ** 2


def _labels(figure) -> list[str]:
    return [axes.get_xlabel() for axes in figure.axes if axes.get_label() != "<colorbar>"]


@pytest.mark.parametrize("n_layers", [1, 2, 3, 5])
@pytest.mark.parametrize("searched", [True, False])
@pytest.mark.parametrize("per_generation", [None, 20])
def test_panels_follow_what_was_searched(
    n_layers: int, searched: bool, per_generation: int | None, rng: np.random.Generator
) -> None:
    weights, taus, scores = _search(n_layers, rng)
    taus = taus if searched else np.full(60, 0.6)
    layers = _LAYERS[:n_layers]
    figure = draw_landscape(weights, taus, scores, layers, per_generation=per_generation)
    png_figure(figure, "", "")
    labels = _labels(figure)
    assert ("threshold τ" in labels) == (searched or n_layers == 1)
    assert ("generation" in labels) == (per_generation is not None)
    expected = (n_layers > 1) + (searched or n_layers == 1) + (per_generation is not None)
    assert len(labels) == expected


def test_corners_of_the_triangle_carry_their_layers(rng: np.random.Generator) -> None:
    layers = ("a$b$", "_c", "d")
    weights, taus, _ = _search(3, rng)
    for corner in range(3):
        figure = draw_landscape(weights, taus, weights[:, corner], layers)
        png_figure(figure, "", "")
        axes = figure.axes[0]
        (star,) = (dots.get_offsets()[0] for dots in axes.collections if dots.get_label() == "best")
        texts = {text.get_text(): text.get_position() for text in axes.texts}
        distances = {name: np.hypot(*(star - place)) for name, place in texts.items()}
        assert len(texts) == 3
        assert min(distances, key=distances.get) == (r"a\$b\$", "_c", "d")[corner]


def test_the_best_rule_is_read_out(rng: np.random.Generator) -> None:
    weights, taus, scores = _search(2, rng)
    scores[7], weights[7], taus[7] = 2.0, (0.25, 0.75), 0.5
    scores[:5] = np.nan, np.inf, -np.inf, np.nan, np.nan
    page = landscape_figure(weights, taus, scores, ("early", "late"), per_generation=30)
    assert "55 candidates" in page.alt
    assert "2.000 at early 0.25, late 0.75, threshold 0.50" in page.alt
    assert page.uri.startswith("data:image/png;base64,")
    again = landscape_figure(weights, taus, scores, ("early", "late"), per_generation=30)
    assert again == page


def _stars(figure) -> list[tuple[float, float]]:
    return [
        tuple(dots.get_offsets()[0])
        for axes in figure.axes
        for dots in axes.collections
        if dots.get_label() == "best"
    ]


@pytest.mark.parametrize("n_layers", [1, 2])
def test_of_equal_scores_the_first_is_marked_or_the_one_that_was_used(
    n_layers: int, rng: np.random.Generator
) -> None:
    weights, taus, scores = _search(n_layers, rng)
    layers = _LAYERS[:n_layers]
    scores[[7, 23, 51]] = 2.0
    for row, used in ((7, None), (23, UsedRule(weights[23], taus[23]))):
        stars = _stars(draw_landscape(weights, taus, scores, layers, used=used))
        expected = [(taus[row], 2.0)]
        if n_layers == 2:
            expected.insert(0, (weights[row, 1], 2.0))
        np.testing.assert_allclose(stars, expected)
        page = landscape_figure(weights, taus, scores, layers, used=used)
        assert f"{layers[-1]} {weights[row, -1]:.2f}, threshold {taus[row]:.2f}" in page.alt


@pytest.mark.parametrize("n_layers", [1, 2, 3, 4])
@pytest.mark.parametrize("m", [1, 8])
def test_equal_candidates_can_be_drawn(n_layers: int, m: int) -> None:
    weights = np.tile(np.eye(n_layers)[0], (m, 1))
    page = landscape_figure(
        weights, np.full(m, 0.6), np.ones(m), _LAYERS[:n_layers], per_generation=m
    )
    assert "1.000 at layer1 1.00" in page.alt


def test_a_first_generation_without_scores_leaves_a_gap(rng: np.random.Generator) -> None:
    weights, taus, scores = _search(3, rng)
    scores[:20] = np.nan
    figure = draw_landscape(weights, taus, scores, _LAYERS[:3], per_generation=20)
    png_figure(figure, "", "")
    best, mean = (line.get_ydata() for line in figure.axes[2].lines)
    assert np.isnan(best[0])
    assert np.isnan(mean[0])
    assert best[2] == np.nanmax(scores)
    assert mean[2] == pytest.approx(np.maximum(scores[20:40], scores[40:]).mean())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"taus": np.ones(59)}, r"taus \(59,\)"),
        ({"layers": ("one", "two")}, "for 2 layers"),
        ({"scores": np.full(60, np.nan)}, "none of the 60 scores"),
        ({"taus": np.full(60, np.nan)}, "NaN"),
        ({"used": UsedRule(np.ones(2), 0.5)}, r"used\.weights have shape \(2,\)"),
        ({"per_generation": 7}, "per_generation=7"),
        ({"per_generation": 0}, "per_generation=0"),
    ],
)
def test_what_does_not_fit_is_refused(
    changed: dict, message: str, rng: np.random.Generator
) -> None:
    weights, taus, scores = _search(3, rng)
    given = {"weights": weights, "taus": taus, "scores": scores, "layers": _LAYERS[:3]}
    with pytest.raises(DataError, match=message):
        draw_landscape(**(given | changed))
