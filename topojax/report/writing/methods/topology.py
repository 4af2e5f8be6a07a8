"""Topological descriptor: what was filtered, how, and what numbers it became."""

from __future__ import annotations

from collections.abc import Sequence

from topojax.config import Config, TopologyConfig
from topojax.report.writing.sentence import Sentence, listed
from topojax.runs import Run

_CONSTRUCTIONS = {
    "T": "top-dimensional cells (construction T)",
    "V": "vertices (construction V)",
}

_BACKGROUNDS = {
    "exclude": "Voxels outside the ROI were no part of the complex",
    "zero": "Voxels outside the ROI were set to 0 and filtered along with the others",
}

_GRIDS = {
    "fixed": ("{n} thresholds at even steps over the range of the training split", ()),
    "quantile": (
        "up to {n} thresholds between which the training split has equally many voxels",
        (),
    ),
    "sample": (
        "{n} thresholds at even steps from 0 to the maximum of each image's ROI, or from its "
        "minimum where that is negative",
        (),
    ),
    "giotto": (
        "{n} thresholds for each image and dimension, by the rule of giotto-tda",
        ("tauzin2021",),
    ),
}

_MOST_NAMED = 12


def topology_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the descriptor."""
    topology, data = config.topology, run.environment.data
    n_features = run.arrays.splits["train"].descriptors.shape[1]
    return [
        *_greys(data.n_channels),
        _complex(topology),
        *filtration_sentences(topology.filtrations),
        Sentence(_BACKGROUNDS[topology.background]),
        _curves(topology, data.spatial_dims, n_features),
    ]


def _greys(n_channels: int) -> list[Sentence]:
    if n_channels == 1:
        return []
    return [Sentence("Colour images were filtered by their luma, 0.299 R + 0.587 G + 0.114 B")]


def _complex(topology: TopologyConfig) -> Sentence:
    return Sentence(
        "Images were filtered as cubical complexes of which voxels are the "
        f"{_CONSTRUCTIONS[topology.construction]}",
        ("kaczynski2004", "bleile2022"),
    )


def filtration_sentences(filtrations: Sequence[str]) -> list[Sentence]:
    """Return by what values voxels entered."""
    if tuple(filtrations) == ("intensity",):
        return [Sentence("Voxels entered from low to high intensity")]
    if tuple(filtrations) == ("-intensity",):
        return [Sentence("Voxels entered from high to low intensity")]
    named = ", ".join(filtrations[:_MOST_NAMED])
    if len(filtrations) > _MOST_NAMED:
        named += f" and {len(filtrations) - _MOST_NAMED} more, as the configuration lists them"
    signs = " (a minus sign: from high to low)" if _has_superlevel(filtrations) else ""
    sentences = [Sentence(f"Voxels entered by the values of these filtrations: {named}{signs}")]
    if any(_asks_otsu(name) for name in filtrations):
        sentences.append(
            Sentence("The object that they refer to is above Otsu's threshold", ("otsu1979",))
        )
    return sentences


def _has_superlevel(filtrations: Sequence[str]) -> bool:
    return any(name.startswith("-") for name in filtrations)


def _asks_otsu(filtration: str) -> bool:
    name, _, parameters = filtration.removeprefix("-").partition(":")
    return name in ("radial", "height") or (name == "distance" and not parameters)


def _curves(topology: TopologyConfig, spatial_dims: int, n_features: int) -> Sentence:
    numbers = listed([f"β{dimension}" for dimension in range(spatial_dims)])
    grid, cites = _GRIDS[topology.grid]
    volumes = ", the volumes of the sublevel sets as shares of V'" if topology.volumes else ""
    return Sentence(
        f"The descriptor holds the Betti numbers {numbers} at "
        f"{grid.format(n=topology.n_thresholds)}, divided by the number V' of voxels in the ROI"
        f"{volumes}, and V' itself: {n_features} numbers in all, which were counted exactly",
        ("nuwagira_topocam", *cites),
    )
