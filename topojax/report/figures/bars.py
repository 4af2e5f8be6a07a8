"""The voxels where the longest bars of an image begin and end, drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.report.figures.examples import displayable
from topojax.report.figures.rendering import PageFigure, png_figure
from topojax.report.figures.tiles import Mark, Tile, tile_figure
from topojax.runs import Examples, LastingBars

# Bars of each dimension of a volume, each with two slices.
_DRAWN = 3
_SIDE = {2: 2.5, 3: 1.25}  # inches, by the number of axes
_HEAD = 0.34  # inches above a tile, for two lines


def bars_figure(
    examples: Examples, bars: LastingBars, row: int, class_names: Sequence[str]
) -> PageFigure:
    """Draw one of the examples with its longest bars: one row a dimension of a volume.

    An image shows all bars of a dimension at once, a volume each bar in the slices across axis 0
    that hold its voxels of birth and death.
    """
    mask = examples.masks[row].astype(bool)
    picture = displayable(examples.images[row], mask.ndim)
    tiles_of = _volume_tiles if mask.ndim == 3 else _image_tiles
    rows = [tiles_of(picture, mask, bars, row, dim) for dim in range(mask.ndim)]
    if mask.ndim == 2:
        rows = [[tile for of_dim in rows for tile in of_dim]]
    rows = [tiles for tiles in rows if tiles]
    index, label = int(examples.index[row]), class_names[int(examples.labels[row])]
    n_drawn = sum(len(tile.marks) for tiles in rows for tile in tiles)
    alt = (
        f"Test image {index} of class {label} with {n_drawn} voxels at which its longest bars are "
        "born or die; the table below has their places."
    )
    figure = tile_figure(rows, side=_SIDE[mask.ndim], head=_HEAD)
    return png_figure(figure, alt, f"Test image {index}: {label}.")


def _image_tiles(
    picture: np.ndarray, mask: np.ndarray, bars: LastingBars, row: int, dim: int
) -> list[Tile]:
    marks = [
        Mark(int(voxel) // mask.shape[1], int(voxel) % mask.shape[1], is_birth, rank + 1)
        for rank, i in enumerate(_chosen(bars, row, dim))
        for voxel, is_birth in zip(bars.voxels[i], (True, False), strict=True)
        if voxel >= 0
    ]
    return [Tile(picture, mask, f"β{dim}", marks=tuple(marks))]


def _volume_tiles(
    picture: np.ndarray, mask: np.ndarray, bars: LastingBars, row: int, dim: int
) -> list[Tile]:
    tiles = []
    for rank, i in enumerate(_chosen(bars, row, dim)[:_DRAWN]):
        for voxel, verb, end in zip(bars.voxels[i], ("born", "dies"), bars.ends[i], strict=True):
            if voxel >= 0:
                z, y, x = (int(place) for place in np.unravel_index(voxel, mask.shape))
                mark = Mark(y, x, verb == "born", rank + 1)
                title = f"β{dim} {rank + 1} {verb} {end:.3g}\nslice {z}"
                tiles.append(Tile(picture[z], mask[z], title, marks=(mark,)))
    return tiles


def _chosen(bars: LastingBars, row: int, dim: int) -> np.ndarray:
    return np.flatnonzero((bars.example == row) & (bars.dim == dim))
