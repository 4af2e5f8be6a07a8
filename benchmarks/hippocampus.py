"""A derived task on grey volumes: is the anterior part of a hippocampus large?

From crops of T1 MRI with masks of the hippocampus's two parts (Medical Segmentation Decathlon, task
4): a manifest of the files as they are, or the crops cut to one shape in MedMNIST's form. The label
is derived, not clinical: 1 where the share of the anterior part in the labelled volume is above the
median over all crops, else 0. The masks give the label and nothing else, unless `--masks` keeps
them for `segmentation.py`.

    python benchmarks/hippocampus.py FOLDER hippocampus.csv
    python benchmarks/hippocampus.py FOLDER OUTPUT.npz [--side 48] [--seed 0] [--masks]

`FOLDER` holds `images/` and `labels/` with NIfTI files of equal names. Then, for instance,

    topojax fit hippocampus.csv --spacing 1.5 --shape 26,36,30 --set prepare.percentiles=[0.5,99.5]
    python benchmarks/methods.py OUTPUT.npz --size 28
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.model_selection import train_test_split

from topojax.experiments.bench.persistence.inputs import read_nifti

ANTERIOR, POSTERIOR = 1, 2
SHARES = {"train": 0.6, "val": 0.15, "test": 0.25}
RANGE = 0.5, 99.5
"""Percentiles of a crop's values that become 0 and 255: scanners give grey values of no unit."""


def centred(volume: np.ndarray, side: int, mode: Literal["edge", "constant"]) -> np.ndarray:
    """Return (side, side, side) about the middle: cut, or edges repeated, or zeros added."""
    for axis, length in enumerate(volume.shape):
        missing = max(0, side - length)
        before = missing // 2
        pads = [(before, missing - before) if k == axis else (0, 0) for k in range(volume.ndim)]
        start = max(0, length - side) // 2
        padded = np.pad(volume, pads, mode=mode)
        volume = np.take(padded, np.arange(start, start + side), axis=axis)
    return volume


def to_bytes(volume: np.ndarray) -> np.ndarray:
    """Return the volume as uint8, its `RANGE` spread over 0 to 255."""
    low, high = np.percentile(volume, RANGE)
    return np.round(255 * np.clip((volume - low) / (high - low), 0, 1)).astype(np.uint8)


def anterior_share(mask: np.ndarray) -> float:
    """Return the anterior part's share in the labelled voxels."""
    anterior, posterior = np.count_nonzero(mask == ANTERIOR), np.count_nonzero(mask == POSTERIOR)
    return anterior / (anterior + posterior)


def labelled(folder: Path) -> tuple[list[str], list[np.ndarray], np.ndarray]:
    """Return the files' names, their masks, and labels uint8 (n,)."""
    names = sorted(path.name for path in (folder / "images").glob("*.nii*"))
    if not names:
        raise SystemExit(f"{folder} holds no images/*.nii or .nii.gz")
    parts = [read_nifti(folder / "labels" / name) for name in names]
    shares = np.array([anterior_share(part) for part in parts])
    return names, parts, (shares > np.median(shares)).astype(np.uint8)


def write_manifest(folder: Path, output: Path) -> None:
    """Write a table of path, label and mask, which `topojax fit` reads."""
    names, _, labels = labelled(folder)
    with output.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "mask"])
        for name, label in zip(names, labels, strict=True):
            kinds = (folder.resolve() / kind / name for kind in ("images", "labels"))
            image, mask = (os.path.relpath(path, output.parent.resolve()) for path in kinds)
            writer.writerow([image, ("small", "large")[label], mask])
    print(f"{output}: {len(names)} rows, labels {np.bincount(labels).tolist()}")


def derived_task(folder: Path, side: int, seed: int, *, with_masks: bool) -> dict[str, np.ndarray]:
    """Return images uint8 (n, side, side, side) and labels uint8 (n, 1) of three splits.

    With masks, too, uint8 of the images' shape: 0 outside, 1 anterior, 2 posterior.
    """
    names, parts, labels = labelled(folder)
    volumes = (read_nifti(folder / "images" / name) for name in names)
    arrays = {"images": np.stack([to_bytes(centred(one, side, "edge")) for one in volumes])}
    if with_masks:
        masks = [centred(part, side, "constant") for part in parts]
        arrays["masks"] = np.stack(masks).astype(np.uint8)
    rest, test = train_test_split(
        np.arange(len(names)), test_size=SHARES["test"], stratify=labels, random_state=seed
    )
    of_rest = SHARES["val"] / (1 - SHARES["test"])
    train, val = train_test_split(rest, test_size=of_rest, stratify=labels[rest], random_state=seed)
    splits = {"train": train, "val": val, "test": test}
    return {
        f"{split}_{kind}": array[np.sort(rows)]
        for split, rows in splits.items()
        for kind, array in (arrays | {"labels": labels[:, None]}).items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, derive and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--side", type=int, default=48, help="voxels along each axis")
    parser.add_argument("--seed", type=int, default=0, help="of the splits")
    parser.add_argument("--masks", action="store_true", help="keep them beside images and labels")
    options = parser.parse_args(arguments)
    if options.output.exists():
        parser.error(f"{options.output} exists; name another file")
    if options.output.suffix == ".csv":
        write_manifest(options.folder, options.output)
        return
    task = derived_task(options.folder, options.side, options.seed, with_masks=options.masks)
    with options.output.open("xb") as file:
        np.savez_compressed(file, **task)
    for split in SHARES:
        images, labels = task[f"{split}_images"], task[f"{split}_labels"]
        counts = np.bincount(labels[:, 0]).tolist()
        print(f"{split}: {images.shape}, {images.dtype}, labels {counts}")


if __name__ == "__main__":
    main()
