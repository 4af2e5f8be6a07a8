"""The history of the backbone's training."""

from __future__ import annotations

from topojax.report.figures.rendering import (
    PageFigure,
    class_colours,
    frame_axes,
    new_figure,
    svg_figure,
)
from topojax.runs import BackboneTraining


def training_figure(training: BackboneTraining, *, n_networks: int = 1) -> PageFigure:
    """Draw losses and validation AUC by epoch; of the first network, where there are several."""
    whose = "the backbone" if n_networks == 1 else f"the first of {n_networks} networks"
    figure = new_figure(8.4, 3.2)
    losses, aucs = figure.subplots(1, 2)
    epochs = [record.epoch for record in training.history]
    blue, red = class_colours(2)
    marker = "o" if len(epochs) < 15 else ""
    lines = (
        (losses, [record.train_loss for record in training.history], blue, "-", "train"),
        (losses, [record.val_loss for record in training.history], red, "--", "val"),
        (aucs, [record.val_auc for record in training.history], red, "--", "val"),
    )
    for axes, values, colour, style, label in lines:
        axes.plot(
            epochs, values, color=colour, linestyle=style, marker=marker, markersize=3, label=label
        )
    for axes, name in ((losses, "cross-entropy (nats)"), (aucs, "AUC")):
        frame_axes(axes, "epoch")
        axes.locator_params(axis="x", integer=True)
        axes.axvline(training.best_epoch, color="0.35", linewidth=1.2, linestyle=":", label="kept")
        axes.set(ylabel=name)
        axes.legend(frameon=False)
    best = max(record.val_auc for record in training.history)
    alt = (
        f"Training of {whose} over {len(epochs)} epochs: losses of train and val, and AUC of "
        f"val, at most {best:.3f}; epoch {training.best_epoch} was kept."
    )
    return svg_figure(figure, alt, f"Training of {whose}; dotted: the epoch that was kept.")
