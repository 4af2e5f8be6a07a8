"""What the method looks at in single images: maps and ROI as pictures and arrays."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from topojax.data import ImageSet, Row
from topojax.data.preparation import prepare
from topojax.data.scans import read_scan, write_nifti
from topojax.defects import explain
from topojax.errors import DataError, RunError
from topojax.files import write_atomically
from topojax.pipeline import Explanation, FittedTopoCAM
from topojax.report import default_style, explanation_figure


def write_explanation(
    fitted: FittedTopoCAM, found: ImageSet, indices: Sequence[int], folder: Path
) -> list[Path]:
    """Write one PNG an image and `maps.npz` into the new folder; return the files.

    Of volumes in files, ROI and fused map are written as NIfTI, too, on the voxels of the file and
    with its affine, so that viewers show them over it.

    Raises:
        DataError: an index beyond the images, or images of another shape.
        RunError: the folder exists or cannot be made.
    """
    images = found.images
    beyond = [index for index in indices if index >= len(images)]
    if beyond:
        raise DataError(f"index {beyond[0]} is beyond the {len(images)} images; start from 0")
    fitted.check_shape(images)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise RunError(f"{folder} exists and is not overwritten; choose another folder") from None
    except OSError as error:
        raise RunError(f"{folder} cannot be made: {error.strerror}; choose another") from None
    chosen = images[list(indices)]
    explanation = explain(fitted, images, indices)
    files = [
        _write_picture(fitted, chosen, explanation, row, folder / f"image_{index}.png")
        for row, index in enumerate(indices)
    ]
    files.append(_write_arrays(fitted, explanation, indices, folder / "maps.npz"))
    if found.rows and found.spatial_dims == 3:
        for row, index in enumerate(indices):
            files += _write_on_scan(fitted, found.rows[index], explanation, row, index, folder)
    return files


def _write_on_scan(
    fitted: FittedTopoCAM,
    image: Row,
    explanation: Explanation,
    row: int,
    index: int,
    folder: Path,
) -> list[Path]:
    """Write ROI and fused map on the voxels of the image's file; outside of what was read, 0."""
    config = fitted.config
    scan = read_scan(image.path)
    grid = prepare(scan, config.prepare, name=image.name, size=config.size, scale=fitted.scale).grid
    roi = grid.back(explanation.masks[row].astype(np.uint8), order=0).astype(bool)
    fused = grid.back(explanation.fused[row].astype(np.float32), order=1)
    stem = f"image_{index}_{_stem(image.path)}"
    paths = [folder / f"{stem}_roi.nii.gz", folder / f"{stem}_fused.nii.gz"]
    for values, path in zip((roi, fused), paths, strict=True):
        write_nifti(values, scan.affine, scan.spacing, path)
    return paths


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name if path.is_dir() else Path(name).stem


def _write_picture(
    fitted: FittedTopoCAM, images: np.ndarray, explanation: Explanation, row: int, path: Path
) -> Path:
    label = fitted.class_names[explanation.predicted[row]]
    buffer = io.BytesIO()
    with default_style():
        figure = explanation_figure(
            images[row],
            dict(zip(fitted.config.cam.layers, explanation.layer_maps[row], strict=True)),
            explanation.fused[row],
            explanation.masks[row],
            title=f"predicted: {label}",
        )
        figure.savefig(buffer, format="png", dpi=120)
    write_atomically(path, buffer.getvalue())
    return path


def _write_arrays(
    fitted: FittedTopoCAM, explanation: Explanation, indices: Sequence[int], path: Path
) -> Path:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        index=np.array(indices),
        layers=np.array(fitted.config.cam.layers),
        layer_maps=explanation.layer_maps,
        fused=explanation.fused,
        masks=explanation.masks,
        predicted=explanation.predicted,
    )
    write_atomically(path, buffer.getvalue())
    return path
