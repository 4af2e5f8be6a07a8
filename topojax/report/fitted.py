"""A fitted method as a notebook shows it: what was fitted to what, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topojax.html_tables import html_table
from topojax.report.intervals import rounded

if TYPE_CHECKING:
    from topojax.config import Config
    from topojax.pipeline import FittedTopoCAM

# A bank may have dozens.
_MOST_FILTRATIONS = 4


def fitted_html(fitted: FittedTopoCAM) -> str:
    """Return a small table: preset, images, classes, networks, rule, thresholds, classifier."""
    config = fitted.config
    rows = {
        "preset": f"{config.preset}, seed {config.seed}",
        "images": " × ".join(map(str, fitted.spatial_shape)),
        "classes": ", ".join(fitted.class_names),
        "network": _network(fitted),
        "maps": f"{config.cam.method} of {', '.join(config.cam.layers)}, {config.cam.target} class",
        "rule of the ROI": _rule(fitted),
        "topology": _topology(config),
        "classifier": _classifier(fitted),
    }
    return html_table("Fitted", ("Part", "Value"), rows.items())


def _network(fitted: FittedTopoCAM) -> str:
    backbone = fitted.config.backbone
    several = f"{len(fitted.networks)} × " if len(fitted.networks) > 1 else ""
    return f"{several}{backbone.name}, from {backbone.weights or 'scratch'}"


def _rule(fitted: FittedTopoCAM) -> str:
    pairs = zip(fitted.config.cam.layers, fitted.rule.weights.tolist(), strict=True)
    weights = ", ".join(f"{layer} {rounded(weight)}" for layer, weight in pairs)
    search = fitted.config.search
    several = search.method == "evolution" and search.searches > 1
    first = f" (the first of {search.searches})" if several else ""
    return f"{weights}; τ = {rounded(fitted.rule.tau)}{first}"


def _topology(config: Config) -> str:
    topology = config.topology
    names = ", ".join(topology.filtrations[:_MOST_FILTRATIONS])
    rest = len(topology.filtrations) - _MOST_FILTRATIONS
    more = f" and {rest} more" if rest > 0 else ""
    return (
        f"{names}{more}; {topology.n_thresholds} thresholds ({topology.grid}), construction "
        f"{topology.construction}, outside the ROI: {topology.background}"
    )


def _classifier(fitted: FittedTopoCAM) -> str:
    classifier = fitted.config.classifier
    model = fitted.classifiers[classifier.features].choice.model
    tempered = f", T = {fitted.temperature:.2f}" if classifier.calibrate else ""
    return f"{model} on {classifier.features}{tempered}"
