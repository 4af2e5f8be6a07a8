"""Betti curves by class, and the history of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topojax.report.rendering import PageFigure, class_colours, new_figure, plain, svg_figure
from topojax.report.run_files import RunFiles
from topojax.report.run_records import BackboneTraining

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# The paper's "40 % bands" (its figures 3 and 5), read as the middle 40 % of the images.
_BAND = (30, 50, 70)


def betti_figure(run: RunFiles) -> PageFigure:
    """Draw each class's median Betti curves with 40 % bands, one panel a dimension."""
    n_dims = run.curves.shape[1]
    figure = new_figure(3.6 * n_dims, 3.7)
    panels = figure.subplots(1, n_dims, squeeze=False)[0]
    labels = run.labels["test"]
    colours = class_colours(len(run.class_names))
    entries = []
    for dim, axes in enumerate(panels):
        for c, colour in enumerate(colours):
            line = _draw_class(axes, run, labels == c, dim, colour)
            if dim == 0:
                entries.append((line, f"{plain(run.class_names[c])} (n = {(labels == c).sum()})"))
        shared = run.thresholds is not None
        _label_axes(axes, "intensity" if shared else "share of the ROI's maximum")
        axes.set(title=f"Betti-{dim}", ylabel="Betti number per voxel" if dim == 0 else "")
    dotted = panels[0].plot([], [], color="0.3", linestyle=":")[0]
    handles, texts = zip(*entries, (dotted, "whole image, median"), strict=True)
    figure.legend(handles, texts, loc="outside lower center", ncols=4, frameon=False)
    dimensions = ", ".join(str(dim) for dim in range(n_dims))
    alt = (
        f"Median Betti curves of dimensions {dimensions} by class ({', '.join(run.class_names)}), "
        "solid with bands for the regions of interest, dotted for whole images."
    )
    caption = (
        "Betti curves by class, test split. Solid: median within the ROI, divided by the ROI's "
        "voxels; band: 30th to 70th percentile; dotted: median of whole images, divided by all "
        "voxels."
    )
    return svg_figure(figure, alt, caption)


def _draw_class(axes: Axes, run: RunFiles, members: np.ndarray, dim: int, colour: str) -> Line2D:
    n_thresholds = run.curves.shape[2]
    shared = run.thresholds
    thresholds = np.linspace(0, 1, n_thresholds) if shared is None else shared
    low, median, high = np.percentile(run.curves[members, dim], _BAND, axis=0)
    whole = np.median(run.full_curves[members, dim], axis=0)
    axes.fill_between(thresholds, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(thresholds, whole, color=colour, linestyle=":", linewidth=1.4)
    return axes.plot(thresholds, median, color=colour, linewidth=1.6)[0]


def training_figure(training: BackboneTraining) -> PageFigure:
    """Draw the backbone's losses and validation AUC by epoch."""
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
        _label_axes(axes, "epoch")
        axes.locator_params(axis="x", integer=True)
        axes.axvline(training.best_epoch, color="0.35", linewidth=1.2, linestyle=":", label="kept")
        axes.set(ylabel=name)
        axes.legend(frameon=False)
    best = max(record.val_auc for record in training.history)
    alt = (
        f"Training of the backbone over {len(epochs)} epochs: losses of train and val, and AUC of "
        f"val, at most {best:.3f}; epoch {training.best_epoch} was kept."
    )
    return svg_figure(figure, alt, "Training of the backbone; dotted: the epoch that was kept.")


def _label_axes(axes: Axes, xlabel: str) -> None:
    axes.set_xlabel(xlabel)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
