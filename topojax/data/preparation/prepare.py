"""One image from its file's voxels to the method's, in a fixed order that is recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.config import PrepareConfig
from topojax.data.foreground import foreground
from topojax.data.images import validate_images
from topojax.data.luma import LUMA
from topojax.data.memory import within_memory
from topojax.data.preparation.grid import Grid, obliquity, ras_axes
from topojax.data.preparation.intensities import windowed
from topojax.data.preparation.sampling import fitted_into, reoriented, resampled, resized
from topojax.data.preparation.spacings import Spacing, in_millimetres, same_spacing
from topojax.data.scale import AS_MADE, IntensityScale
from topojax.data.scans.scan import Scan
from topojax.errors import DataError

# Axes further from the patient's than this are said to be oblique.
_STRAIGHT_DEGREES = 1.0
# Headers hold single precision.
_SAME_PLACE_MM = 1e-2


@dataclass(frozen=True)
class Prepared:
    """An image as a method sees it.

    Attributes:
        voxels: float32 (*spatial) or (*spatial, 3).
        grid: where they are.
        stored_spacing: millimetres along the prepared axes before any resampling, or None.
        scale: how stored values became intensities.
        notes: what was done that is not plain, for people.
    """

    voxels: np.ndarray
    grid: Grid
    stored_spacing: tuple[float, ...] | None
    scale: IntensityScale
    notes: tuple[str, ...]


def prepare(
    scan: Scan,
    config: PrepareConfig,
    *,
    name: str,
    size: int | None = None,
    scale: IntensityScale | None = None,
) -> Prepared:
    """Return an image as the configuration says (METHOD.md, "Preparation").

    Intensities, then orientation, spacing and shape.

    Args:
        scan: as its file stores it.
        config: what is done.
        name: of the image, for messages.
        size: voxels along every axis, where `config.shape` is None.
        scale: of the images that this one goes with; None: this one sets it. Of no effect where
            `config` changes units.

    Raises:
        DataError: colour where it is not asked for, or none where it is; NaN or infinite values;
            another scale; no orientation or spacing where one is needed; another spacing than is
            expected; another number of axes than the spacing or shape has; or one intensity alone
            where a range is needed.
    """
    with within_memory(name):
        voxels, scale = _intensities(scan, config, name, scale)
        least = float(voxels.min())
        turned, begun, notes = _turned(scan, voxels, config, name)
        _refuse_unexpected(begun.spacing, config, name)
        placed, grid, cropped = _placed(scan, turned, begun, least, config, size, name)
    all_notes = (*scan.notes, *notes, *cropped)
    return Prepared(placed, grid, begun.spacing, scale, all_notes)


def prepare_mask(
    mask: Scan, image: Scan, config: PrepareConfig, *, name: str, size: int | None = None
) -> Prepared:
    """Return a mask on the grid of its prepared image; its voxels are bool (*spatial).

    A voxel is inside where half or more of it is; all classes that were drawn are inside.

    Args:
        mask: as its file stores it, 0 outside.
        image: that it was drawn on.
        config, size: as of the image.
        name: of the mask, for messages.

    Raises:
        DataError: the mask is of another grid than the image, of no numbers, or empty.
    """
    _refuse_other_grid(mask, image, name)
    inside = foreground(mask.voxels[None], (1, *image.shape), name=name)[0]
    if not inside.any():
        raise DataError(f"{name} is empty, 0 everywhere; draw it anew, or leave the image out")
    with within_memory(name):
        turned, begun, _ = _turned(image, inside.astype(np.float32), config, name)
        share, grid, _ = _placed(image, turned, begun, 0.0, config, size, name)
    if not (share >= 0.5).any():
        raise DataError(
            f"{name} is empty once it is at {' x '.join(map(str, share.shape))} voxels: its "
            f"{int(inside.sum())} voxels are less than half of one; choose a finer prepare.spacing "
            "or prepare.shape"
        )
    return Prepared(share >= 0.5, grid, begun.spacing, AS_MADE, ())


def _turned(
    scan: Scan, voxels: np.ndarray, config: PrepareConfig, name: str
) -> tuple[np.ndarray, Grid, list[str]]:
    """Return voxels of the scan's grid with their axes as the configuration says."""
    grid = Grid.of_file(scan.shape, scan.affine, scan.spacing)
    if config.orientation == "stored" or scan.spatial_dims == 2:
        return voxels, grid, []
    if scan.lacks_orientation:
        raise DataError(
            f"{name} does not say how it is oriented; write its affine, or set "
            "prepare.orientation=stored to take all images as they are stored"
        )
    if scan.affine is None:
        return voxels, grid, []
    angle = obliquity(scan.affine)
    notes = [f"axes {angle:.0f}° from the patient's"] if angle > _STRAIGHT_DEGREES else []
    return *reoriented(voxels, grid, *ras_axes(scan.affine)), notes


def _refuse_unexpected(spacing: Spacing, config: PrepareConfig, name: str) -> None:
    expected = config.expected_spacing
    if expected is None or config.spacing is not None or same_spacing(spacing, expected):
        return
    raise DataError(
        f"{name} has {in_millimetres(spacing)}; expected {in_millimetres(expected)}, which the "
        "run's images have: resample it, or fit with prepare.spacing, by which all are resampled"
    )


def _placed(
    scan: Scan,
    voxels: np.ndarray,
    grid: Grid,
    padding: float,
    config: PrepareConfig,
    size: int | None,
    name: str,
) -> tuple[np.ndarray, Grid, list[str]]:
    """Return voxels resampled, cropped and padded as the configuration says."""
    spacing, shape = _per_axis(config.spacing, scan, name), _shape(config, size, scan, name)
    notes: list[str] = []
    if spacing is not None:
        voxels, grid = resampled(voxels, grid, spacing, name)
    if shape is not None and spacing is None:
        voxels, grid = resized(voxels, grid, shape, name)
    elif shape is not None:
        voxels, grid, n_cropped = fitted_into(voxels, grid, shape, padding)
        if n_cropped:
            notes.append(f"{n_cropped} voxels cropped away")
    return np.ascontiguousarray(voxels), grid, notes


def _intensities(
    scan: Scan, config: PrepareConfig, name: str, scale: IntensityScale | None
) -> tuple[np.ndarray, IntensityScale]:
    """Return float32 intensities (*spatial) or (*spatial, 3), and the scale they are on."""
    _refuse_colour(scan, config, name)
    stored = scan.voxels
    if config.keeps_units:
        scale = scale or IntensityScale.of(stored)
    else:
        # Windows are in the file's units, bytes as well.
        scale, stored = AS_MADE, stored.astype(np.float32, copy=False)
    images, _ = validate_images(
        stored[None], name=name, spatial_dims=scan.spatial_dims, scale=scale
    )
    image = images[0]
    if scan.has_colour and config.colour == "luma":
        image = _grey(image)
    return windowed(image, config, name), scale


def _refuse_colour(scan: Scan, config: PrepareConfig, name: str) -> None:
    if not scan.has_colour and config.colour == "keep":
        raise DataError(
            f"{name} is grey where colour is expected (prepare.colour=keep); leave it out, or "
            "set prepare.colour=luma, by which all images are grey"
        )
    if scan.has_colour and config.colour == "refuse":
        equal = _is_grey(scan.voxels)
        grey = "; its three channels are equal, so that it shows no colour" * equal
        raise DataError(
            f"{name} has colour where grey is expected{grey}; set prepare.colour=luma to make grey "
            "images of colour ones, or prepare.colour=keep where all images have colour"
        )


def _grey(image: np.ndarray) -> np.ndarray:
    """Return the luma of colours; rounding would change a grey image that is stored as colour."""
    return image[..., 0] if _is_grey(image) else image @ LUMA


def _is_grey(image: np.ndarray) -> bool:
    return bool((image == image[..., :1]).all())


def _refuse_other_grid(mask: Scan, image: Scan, name: str) -> None:
    if mask.shape != image.shape:
        raise DataError(
            f"{name} has shape {mask.shape}, its image {image.shape}; expected a mask of the "
            "image's own voxels"
        )
    if mask.affine is None or image.affine is None:
        return
    apart = np.abs(mask.affine - image.affine).max()
    if apart > _SAME_PLACE_MM:
        raise DataError(
            f"{name} lies elsewhere than its image: their affines differ by up to {apart:.3g}; "
            "write the mask with the image's affine"
        )


def _per_axis(
    spacing: float | tuple[float, ...] | str | None, scan: Scan, name: str
) -> tuple[float, ...] | None:
    """Return the spacing in millimetres to resample to, one an axis, or None."""
    if spacing is None or isinstance(spacing, str):
        return None
    dims = scan.spatial_dims
    each = (float(spacing),) * dims if isinstance(spacing, int | float) else spacing
    if len(each) != dims:
        raise DataError(
            f"{name} has {dims} axes, prepare.spacing={list(each)} has {len(each)}; give one "
            "number an axis, or one for all"
        )
    if scan.spacing is None:
        raise DataError(
            f"{name} does not say how far its voxels are apart, so that it cannot be resampled to "
            f"{' x '.join(f'{one:g}' for one in each)} mm; leave prepare.spacing out, or use a "
            "format that says it, such as NIfTI"
        )
    return each


def _shape(
    config: PrepareConfig, size: int | None, scan: Scan, name: str
) -> tuple[int, ...] | None:
    dims = scan.spatial_dims
    if config.shape is None:
        return None if size is None else (size,) * dims
    if len(config.shape) != dims:
        raise DataError(
            f"{name} has {dims} axes, prepare.shape={list(config.shape)} has "
            f"{len(config.shape)}; give one length an axis"
        )
    return config.shape
