"""The backbone's history: what is read out, and a single epoch."""

from __future__ import annotations

import pytest

from topojax.report.figures.training import training_figure
from topojax.runs import BackboneTraining, Epoch


def _training(n_epochs: int) -> BackboneTraining:
    history = tuple(
        Epoch(epoch=e, train_loss=0.8**e, val_loss=0.9**e, val_auc=0.875 - 0.1 * abs(e - 3))
        for e in range(n_epochs)
    )
    return BackboneTraining(best_epoch=min(3, n_epochs - 1), history=history)


@pytest.mark.filterwarnings("error")
def test_the_best_epoch_is_read_out() -> None:
    figure = training_figure(_training(6))
    assert "over 6 epochs" in figure.alt
    assert "at most 0.875; epoch 3 was kept" in figure.alt
    assert "epoch 0 was kept" in training_figure(_training(1)).alt


def test_of_several_networks_it_says_whose_it_is() -> None:
    assert "Training of the backbone" in training_figure(_training(2)).caption
    several = training_figure(_training(2), n_networks=5)
    assert "the first of 5 networks" in several.caption
    assert "the first of 5 networks" in several.alt
