"""Images with their ROI: a picture a test example for the page, and maps of a single image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from topojax.report.figures.rendering import PageFigure, new_figure, png_figure
from topojax.report.figures.tiles import MAP_COLOURS, OUTLINE, Tile, outline, tile_figure
from topojax.runs import Examples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL = 1.5  # inches
_HEAD = 0.22  # inches above a panel, for its title
Cuts: TypeAlias = list[tuple[str, tuple[slice | int, ...]]]


def example_figure(examples: Examples, row: int, class_names: Sequence[str]) -> PageFigure:
    """Draw one of the test images with its ROI's outline beside its fused map.

    An image of two axes gives one picture, a volume its three middle slices.
    """
    mask, fused = examples.masks[row].astype(bool), examples.fused[row]
    grey = displayable(examples.images[row], mask.ndim)
    cuts = middle_slices(mask.shape)
    volume = mask.ndim == 3
    pictures = [Tile(grey[cut], mask[cut], title or "image, ROI") for title, cut in cuts]
    maps = [Tile(fused[cut], mask[cut], "fused map", MAP_COLOURS) for _, cut in cuts]
    rows = [pictures, maps] if volume else [[*pictures, *maps]]
    figure = tile_figure(rows, side=_PANEL, head=_HEAD)
    true, predicted = (
        class_names[int(label[row])] for label in (examples.labels, examples.predicted)
    )
    verdict = "correct" if true == predicted else "wrong"
    index, share = int(examples.index[row]), mask.mean()
    view = "the three middle slices" if volume else "the image"
    alt = (
        f"Test image {index} of class {true}, predicted {predicted}: {view} with the region of "
        f"interest outlined ({share:.0%} of the voxels), and the fused activation map."
    )
    caption = f"Test image {index}: {true}, predicted {predicted} ({verdict}); ROI {share:.0%}."
    return png_figure(figure, alt, caption)


def explanation_figure(
    image: np.ndarray,
    layer_maps: Mapping[str, np.ndarray],
    fused: np.ndarray,
    mask: np.ndarray,
    *,
    title: str,
) -> Figure:
    """Draw one image with its ROI, its layers' maps and the fused map; one row a slice.

    A volume is cut where its ROI is largest.

    Args:
        image: (*spatial) or (*spatial, C); uint8, or floats on any scale.
        layer_maps: layer to map (*spatial) in [0, 1].
        fused: (*spatial) in [0, 1].
        mask: bool (*spatial), two or three axes; the ROI.
        title: drawn above.
    """
    grey = displayable(image, mask.ndim)
    cuts = largest_roi_slices(mask)
    maps = {**layer_maps, "fused": fused}
    figure = new_figure((1 + len(maps)) * _PANEL, len(cuts) * (_PANEL + _HEAD) + 2 * _HEAD)
    panels = figure.subplots(len(cuts), 1 + len(maps), squeeze=False)
    for (where, cut), row in zip(cuts, panels, strict=True):
        draw_image(row[0], grey[cut], mask[cut], where or "image, ROI")
        for (name, values), axes in zip(maps.items(), row[1:], strict=True):
            draw_map(axes, values[cut], mask[cut], name)
    figure.suptitle(title, parse_math=False, fontsize=10)
    return figure


def middle_slices(shape: tuple[int, ...]) -> Cuts:
    """Return a title and an index a picture: all of an image, a volume's three middle slices."""
    return _cuts([size // 2 for size in shape])


def largest_roi_slices(mask: np.ndarray) -> Cuts:
    """Return the same where the ROI's area is largest, of equal areas the one nearest the middle.

    An empty or a full ROI is cut in the middle.
    """
    places = []
    for axis, size in enumerate(mask.shape):
        area = mask.sum(axis=tuple(other for other in range(mask.ndim) if other != axis))
        largest = np.flatnonzero(area == area.max())
        places.append(int(largest[np.abs(largest - size // 2).argmin()]))
    return _cuts(places)


def _cuts(places: list[int]) -> Cuts:
    if len(places) == 2:
        return [("", (slice(None), slice(None)))]
    cuts: Cuts = []
    for axis, place in enumerate(places):
        cut: list[slice | int] = [slice(None)] * 3
        cut[axis] = place
        cuts.append((f"axis {axis}, slice {place}", tuple(cut)))
    return cuts


def displayable(image: np.ndarray, n_dims: int) -> np.ndarray:
    """Return an image as float32 in [0, 1], (*spatial) or (*spatial, 3).

    It is stretched from its own least to its own greatest value, the channels together. A number
    of channels other than 3 is averaged to grey.
    """
    values = image.astype(np.float32)
    if values.ndim > n_dims and values.shape[-1] != 3:
        values = values.mean(axis=-1)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.clip(values, 0, 1)


def draw_image(axes: Axes, picture: np.ndarray, mask: np.ndarray, title: str) -> None:
    """Draw a grey or RGB picture with the outline of a mask."""
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _finish(axes, mask, title)


def draw_map(axes: Axes, values: np.ndarray, mask: np.ndarray, title: str) -> None:
    """Draw a map in [0, 1] with the outline of a mask."""
    axes.imshow(values, cmap=MAP_COLOURS, vmin=0, vmax=1, interpolation="nearest")
    _finish(axes, mask, title)


def _finish(axes: Axes, mask: np.ndarray, title: str) -> None:
    x, y = outline(mask)
    for colour, width in OUTLINE:
        axes.plot(x, y, color=colour, linewidth=width, solid_capstyle="projecting", clip_on=False)
    height, width = mask.shape
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_axis_off()
    axes.set_title(title, fontsize=8, pad=3, parse_math=False)
