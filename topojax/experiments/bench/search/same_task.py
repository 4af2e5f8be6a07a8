"""The paper's loop on what the search sees, and equal descriptors of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from topojax.config import Config
from topojax.errors import BenchError
from topojax.experiments.bench.search.paper_loop import PaperLoop
from topojax.experiments.bench.search.task import SEED
from topojax.search import LabelledMaps, decode_rules, stratified_folds
from topojax.topology import describe_candidates


def paper_loop(train: LabelledMaps, config: Config) -> PaperLoop:
    """Return the loop on the same images, maps, folds and classifiers."""
    search = config.search
    return PaperLoop(
        train.images.values["intensity"],
        train.maps.astype(np.float32) / np.float32(255),
        train.labels,
        stratified_folds(train.labels, search.folds, SEED),
        _grid(train),
        search.classifier_epochs,
        search.classifier_batch_size,
        search.classifier_learning_rate,
        config.classifier.hidden,
    )


def require_equal_descriptors(
    loop: PaperLoop, train: LabelledMaps, config: Config, genes: np.ndarray
) -> None:
    """Compare φ of one candidate on both sides.

    Raises:
        BenchError: they differ.
    """
    weights, taus = decode_rules(genes[:1], train.maps.shape[1], config.search)
    some = slice(0, min(24, len(train.labels)))
    grid = _grid(train)
    ours, _ = describe_candidates(
        loop.images[some], train.maps[some], weights, taus, grid, config.topology
    )
    one = replace(
        loop, images=loop.images[some], maps=loop.maps[some], labels=loop.labels[some], folds=()
    )
    theirs = one.descriptors(weights[0], float(taus[0])).astype(np.float32)
    if not np.allclose(ours.matrix()[0], theirs, rtol=1e-6, atol=0):
        raise BenchError("descriptors differ; not timed")


def _grid(train: LabelledMaps) -> np.ndarray:
    grid = train.images.grids["intensity"]
    # A search's grids are fixed unless the configuration says another kind, which it does not.
    assert grid is not None
    return grid
