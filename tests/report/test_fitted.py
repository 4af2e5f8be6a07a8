"""The estimator in notebooks: scikit-learn's own page, and what was fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn import config_context
from sklearn.base import clone

from topojax import TopoCAM
from topojax.report.fitted import fitted_html


def test_what_is_not_fitted_is_scikit_learns(fitted: TopoCAM) -> None:
    unfitted = clone(fitted)
    page = unfitted._repr_html_()
    assert "TopoCAM" in page
    assert "<caption>Fitted" not in page
    assert "<caption>Fitted" not in unfitted._repr_mimebundle_()["text/html"]


def test_what_is_fitted_is_shown_below(fitted: TopoCAM) -> None:
    method = fitted.fitted_
    table = fitted_html(method)
    for page in (fitted._repr_html_(), fitted._repr_mimebundle_()["text/html"]):
        assert page.endswith(table)
        assert page.count("<caption>Fitted") == 1
    assert fitted._repr_mimebundle_()["text/plain"] == repr(fitted)
    said = (
        "sound, seed 0",
        "28 × 28",
        "resnet18, from scratch",
        "mlp on topology",
        "12 thresholds",
    )
    assert all(text in table for text in said)
    assert f"τ = {method.rule.tau:.3f}" in table
    for layer, weight in zip(method.config.cam.layers, method.rule.weights, strict=True):
        assert f"{layer} {weight:.3f}" in table


def test_text_alone_is_text_alone(fitted: TopoCAM) -> None:
    with config_context(display="text"):
        assert set(fitted._repr_mimebundle_()) == {"text/plain"}
        with pytest.raises(AttributeError):
            _ = fitted._repr_html_


def test_classes_are_escaped_and_long_banks_cut(fitted: TopoCAM) -> None:
    method = fitted.fitted_
    names = ("intensity", "-intensity", "log:1", "log:2", "log:3", "radial")
    topology = method.config.topology.model_copy(update={"filtrations": names})
    config = method.config.model_copy(update={"topology": topology})
    table = fitted_html(replace(method, class_names=("<b>", "&"), config=config))
    assert "&lt;b&gt;, &amp;" in table
    assert "log:2 and 2 more;" in table
