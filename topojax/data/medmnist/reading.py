"""MedMNIST files, by path or by name, as data sets of three splits."""

from __future__ import annotations

import difflib
import logging
import os
import re
from pathlib import Path

import numpy as np

from topojax.data.axes import has_two_readings, in_words
from topojax.data.dataset import (
    SPLITS,
    Dataset,
    Split,
    validate_dataset,
    validate_labels,
    whole_numbers,
)
from topojax.data.derived.resized import resize_dataset
from topojax.data.images import validate_images
from topojax.data.medmnist.download import download, file_md5
from topojax.data.medmnist.table import MEDMNIST, MedMNIST
from topojax.data.npz import check_file, read_npz
from topojax.data.scale import IntensityScale
from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)


def read_medmnist(
    source: str | Path,
    *,
    size: int | None = None,
    spatial_dims: int | None = None,
    data_root: Path | None = None,
    may_download: bool = True,
    progress: bool = True,
) -> Dataset:
    """Return a data set in MedMNIST's form: `{train,val,test}_{images,labels}` in an npz file.

    The training images set the scale of intensities (`IntensityScale`), the others are held to it.

    Args:
        source: a file, or a data set's name such as `adrenalmnist3d` or `adrenalmnist3d_64`, which
            is looked up in `data_root` and in `~/.medmnist`, then downloaded.
        size: voxels along every axis. For a name, the official file of that size where there is
            one; images of another size are resized.
        spatial_dims: 2 or 3; None: the table of data sets tells, or the shape, or, where that may
            be read in two ways, a file's name: `mnist3d` in it means volumes, `mnist` images.
        data_root: folder of official files, and where downloads go.
        may_download: False: a file that is not there is an error.
        progress: show a bar while downloading, on a terminal.

    Raises:
        DataError: the file or name is unknown, damaged, not the official one of its name, or cannot
            be downloaded; or its images or labels cannot be used (`validate_images`,
            `validate_labels`, `validate_dataset`).
    """
    # Before a download, which may take gigabytes.
    if not _looks_like_a_path(str(source)):
        _refuse_several_labels(MEDMNIST.get(_parse_name(str(source))[0]))
    path, facts = locate(
        source, size=size, data_root=data_root, may_download=may_download, progress=progress
    )
    _refuse_several_labels(facts)
    arrays = read_npz(
        path, [f"{split}_{part}" for split in SPLITS for part in ("images", "labels")]
    )
    dims = spatial_dims or spatial_dims_of(path, facts, arrays["train_images"].shape)
    dataset = _dataset(path, facts, arrays, dims)
    validate_dataset(dataset)
    for name in SPLITS:
        images = in_words(dataset.split(name).images, dataset.spatial_dims)
        _LOGGER.info("%s: %s read as %s, %s", path, name, images, dataset.scale)
    return dataset if size is None else resize_dataset(dataset, size)


def locate(
    source: str | Path,
    *,
    size: int | None = None,
    data_root: Path | None = None,
    may_download: bool = True,
    progress: bool = True,
) -> tuple[Path, MedMNIST | None]:
    """Return the file that `source` means, and the facts about it where it is an official one.

    Raises:
        DataError: no such file or name, an official file that cannot be downloaded, or one whose
            checksum differs.
    """
    text = str(source)
    if _looks_like_a_path(text):
        path = Path(source)
        check_file(path)
        return path, _facts_by_file(path)
    facts, official_size = official(text)
    chosen = official_size or (size if size in facts.md5 else 28)
    path = official_file(facts, chosen, data_root, may_download=may_download, progress=progress)
    return path, facts


def official(text: str) -> tuple[MedMNIST, int | None]:
    """Return the data set that `NAME` or `NAME_SIZE` means, and the size where it names one.

    Raises:
        DataError: there is none of this name.
    """
    name, size = _parse_name(text)
    facts = MEDMNIST.get(name)
    if facts is not None:
        return facts, size
    close = difflib.get_close_matches(name, MEDMNIST, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(MEDMNIST)}"
    raise DataError(
        f"{text!r} is neither a file nor a MedMNIST data set; {hint} (all: topojax data list)"
    )


def spatial_dims_of(path: Path, facts: MedMNIST | None, shape: tuple[int, ...]) -> int | None:
    """Return how many spatial axes the images of a file have, or None where their shape tells."""
    if facts is not None:
        return facts.spatial_dims
    if not (has_two_readings(shape) and "mnist" in path.stem):
        return None
    return 3 if "mnist3d" in path.stem else 2


def _refuse_several_labels(facts: MedMNIST | None) -> None:
    if facts is not None and facts.task == "multi-label":
        raise DataError(f"{facts.name} has several labels an image; one label an image is needed")


def official_file(
    facts: MedMNIST,
    size: int,
    data_root: Path | None = None,
    *,
    may_download: bool = True,
    progress: bool = True,
) -> Path:
    """Return an official file, checked; it is downloaded where it is not on this machine.

    Raises:
        DataError: none is published of this size, it cannot be downloaded, or its checksum differs.
    """
    if size not in facts.md5:
        sizes = ", ".join(map(str, facts.md5))
        raise DataError(f"{facts.name} has no official file of size {size}; choose from {sizes}")
    path = find_official(facts, size, data_root)
    if path is not None:
        _check_md5(path, facts.md5[size])
        return path
    folders = _folders(data_root)
    if not folders:
        raise DataError(
            f"{facts.file_name(size)} is looked up in ~/.medmnist, and there is no home folder; "
            "give its folder as data_root (--data-root), or set HOME"
        )
    target = folders[0] / facts.file_name(size)
    if not may_download:
        raise DataError(
            f"{target.name} is not on this machine; download {facts.address(size)} and put it "
            f"into {target.parent}"
        )
    return download(facts.address(size), target, facts.md5[size], progress=progress)


def find_official(facts: MedMNIST, size: int, data_root: Path | None = None) -> Path | None:
    """Return where an official file lies, in `data_root` or `~/.medmnist`; None: in neither.

    Its checksum is not looked at.
    """
    paths = (folder / facts.file_name(size) for folder in _folders(data_root))
    return next((path for path in paths if path.is_file()), None)


def _folders(data_root: Path | None) -> list[Path]:
    return [folder for folder in (data_root, _home_folder()) if folder is not None]


def _home_folder() -> Path | None:
    try:
        return Path.home() / ".medmnist"
    except RuntimeError:
        # Containers run under user ids that the system does not know, with HOME unset.
        return None


def _looks_like_a_path(text: str) -> bool:
    return text.endswith(".npz") or "/" in text or "\\" in text or os.path.exists(text)


def _parse_name(text: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"([a-z0-9]+?)_(\d+)", text)
    return (match[1], int(match[2])) if match else (text, None)


def _facts_by_file(path: Path) -> MedMNIST | None:
    """Return the facts of an official file, told by its name, its checksum checked."""
    name, size = _parse_name(path.stem)
    facts = MEDMNIST.get(name)
    if facts is None or path.suffix != ".npz" or (size or 28) not in facts.md5:
        return None
    _check_md5(path, facts.md5[size or 28])
    return facts


def _check_md5(path: Path, expected: str) -> None:
    got = file_md5(path)
    if got != expected:
        raise DataError(
            f"{path} has MD5 {got}, the official file {expected}: it is damaged or another file; "
            "delete it to download it again, or rename it if the data are your own"
        )


def _dataset(
    path: Path, facts: MedMNIST | None, arrays: dict[str, np.ndarray], dims: int | None
) -> Dataset:
    splits: dict[str, Split] = {}
    names = facts.class_names if facts else _numbered(path, arrays)
    scale = IntensityScale.of(arrays["train_images"])
    for name in SPLITS:
        images, dims = validate_images(
            arrays[f"{name}_images"],
            name=f"{path}: {name}_images",
            spatial_dims=dims,
            scale=scale,
        )
        labels = validate_labels(
            arrays[f"{name}_labels"], len(names), name=f"{path}: {name}_labels"
        )
        splits[name] = Split(images, labels)
    assert dims is not None
    train, val, test = (splits[name] for name in SPLITS)
    return Dataset(path.stem, train, val, test, names, dims, str(path), scale)


def _numbered(path: Path, arrays: dict[str, np.ndarray]) -> tuple[str, ...]:
    labels = [whole_numbers(arrays[f"{name}_labels"], f"{path}: {name}_labels") for name in SPLITS]
    top = max(int(part.max()) for part in labels)
    # Every class has to be in every split. Without a bound, one wild label names 10^9 classes.
    most = max(len(part) for part in labels)
    if top >= most:
        raise DataError(
            f"{path}: labels reach {top} with at most {most} samples a split; number the classes "
            "0, 1, 2 and so on"
        )
    return tuple(str(label) for label in range(top + 1))
