"""The page of a comparison: its numbers, what differs, seeds, and that it is safe and whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from topojax.evaluation import summarise_seed_differences, summarise_seeds
from topojax.report.comparing import build_comparison_page, compare_runs
from topojax.report.comparing.differing import configuration_differences, environment_differences
from topojax.report.comparing.over_seeds import seed_difference_table, seed_groups, seed_table
from topojax.report.intervals import interval_text, rounded
from topojax.runs import Run


def _with(run: Run, seed: int | None = None, **classifier: Any) -> Run:
    """Return the run by another seed, or with other settings of the classifier."""
    config = run.config | {"classifier": run.config["classifier"] | classifier}
    if seed is None:
        return replace(run, config=config)
    environment = run.environment.model_copy(update={"seed": seed})
    return replace(run, config=config | {"seed": seed}, environment=environment)


def test_scores_and_differences_are_on_the_page(
    fitted_run: Run, named: Callable, other_probabilities: Callable
) -> None:
    runs = named(fitted_run, other_probabilities(fitted_run), other_probabilities(fitted_run))
    compared = compare_runs(runs, n_bootstrap=100)
    page = unescape(build_comparison_page(compared))
    for scored in (compared.topocam, compared.backbone):
        for one in scored:
            assert all(interval_text(score) in page for score in one.scores.metrics.values())
            p_values = [found.p_value for found in one.adjusted.values()]
            assert all(rounded(p) in page for p in p_values if p >= 0.001)
    assert "Holm's method over the 2 differences" in page
    assert ("of the AUC DeLong's" in page) == (len(fitted_run.class_names) == 2)
    assert "The configurations are the same." in page
    assert "Over seeds" not in page


def test_the_page_needs_nothing_beside_itself_and_is_the_same_again(
    fitted_run: Run, named: Callable
) -> None:
    compared = compare_runs(named(fitted_run, fitted_run), n_bootstrap=100)
    page = build_comparison_page(compared)
    assert build_comparison_page(compared) == page
    sources = re.findall(r'(?:src|href|srcset)="([^"]*)"', page)
    assert len(sources) == 4
    assert all(source.startswith("data:") for source in sources)
    assert "<script" not in page
    assert "Holm" not in page


def test_names_are_escaped(fitted_run: Run, named: Callable) -> None:
    first, second = named(fitted_run, fitted_run)
    compared = compare_runs((first, replace(second, title="<script>$_&")), n_bootstrap=100)
    page = build_comparison_page(compared)
    assert "<script" not in page
    assert "<script>$_&" in unescape(page)


def test_scores_that_mean_nothing_and_dropped_images_are_told(
    fitted_run: Run, named: Callable
) -> None:
    roi = fitted_run.metrics.roi
    roi = roi | {"test": roi["test"].model_copy(update={"empty": 2, "dropped": 2})}
    changes = {"meaningless": ("maps are of the true class",), "roi": roi}
    other = replace(fitted_run, metrics=fitted_run.metrics.model_copy(update=changes))
    page = build_comparison_page(compare_runs(named(fitted_run, other), n_bootstrap=100))
    assert "The scores of 2: run2 mean nothing." in page
    assert "The scores of 1: run1 mean nothing." not in page
    assert "2: run2 leaves 2 test images out" in page
    assert page.index("maps are of the true class") < page.index("<h2>")


def test_only_what_differs_is_listed(fitted_run: Run, named: Callable) -> None:
    assert configuration_differences(named(fitted_run, fitted_run)) is None
    assert environment_differences(named(fitted_run, fitted_run)) is None
    other = _with(fitted_run, hidden=[], calibrate=True)
    del other.config["topology"]
    table = configuration_differences(named(fitted_run, other))
    assert table is not None
    rows = {key: values for key, *values in table.rows}
    assert rows["classifier.hidden"] == ["128, 64", "none"]
    assert rows["classifier.calibrate"] == ["False", "True"]
    assert rows["topology.construction"] == ["T", "absent"]
    assert "classifier.epochs" not in rows
    packages = fitted_run.environment.packages | {"jax": "0.0.1"}
    environment = fitted_run.environment.model_copy(update={"packages": packages})
    table = environment_differences(named(fitted_run, replace(fitted_run, environment=environment)))
    assert table is not None
    assert table.rows == (("jax", fitted_run.environment.packages["jax"], "0.0.1"),)


def test_runs_of_one_configuration_are_summarised_over_seeds(
    fitted_run: Run, named: Callable, other_probabilities: Callable
) -> None:
    changed = [other_probabilities(fitted_run) for _ in range(3)]
    # Two configurations by two seeds each, not in their order.
    runs = named(
        _with(changed[0], seed=5),
        _with(changed[1], seed=3, calibrate=True),
        _with(fitted_run, seed=3),
        _with(changed[2], seed=5, calibrate=True),
    )
    groups = seed_groups(runs)
    assert [(group.places, group.seeds) for group in groups] == [((2, 0), (3, 5)), ((1, 3), (3, 5))]
    compared = compare_runs(runs, n_bootstrap=100)
    aucs = [one.scores.metrics["auc"].value for one in compared.topocam]
    table = seed_table(compared, 0.95)
    assert table is not None
    mean = summarise_seeds([aucs[2], aucs[0]])
    assert table.rows[0][0] == "3: run3, 1: run1"
    assert table.rows[0][2].startswith(f"{rounded(mean.mean)} [{rounded(mean.low)},")
    differences = seed_difference_table(compared, 0.95)
    assert differences is not None
    expected = summarise_seed_differences([aucs[1], aucs[3]], [aucs[2], aucs[0]])
    ((title, shown, _),) = differences.rows
    assert title == "2: run2, 4: run4"
    assert f"{abs(expected.mean):.3f} [" in shown
    assert "Over seeds" in build_comparison_page(compared)


@pytest.mark.parametrize("seeds", [(0, 0), (1, 1)])
def test_a_seed_that_comes_twice_says_nothing_of_spread(
    fitted_run: Run, named: Callable, seeds: tuple[int, int]
) -> None:
    runs = named(*(_with(fitted_run, seed=seed) for seed in seeds))
    assert seed_groups(runs) == ()
    assert seed_table(compare_runs(runs, n_bootstrap=100), 0.95) is None
    assert len(seed_groups(named(_with(fitted_run, seed=0), _with(fitted_run, seed=1)))) == 1
