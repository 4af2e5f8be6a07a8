"""Images from npy and npz files."""

from __future__ import annotations

from pathlib import Path

from topojax.data.npz import keys_of, read_npy, read_npz
from topojax.data.scans.arrays.bare import bare_scan
from topojax.data.scans.refusals import check_exists
from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown

_GEOMETRY = ("affine", "spacing")


def read_npy_scan(path: Path) -> Scan:
    """Return the image of an npy file.

    Two axes are an image, three a volume, and a last axis of three colour.

    Raises:
        DataError: the file is missing or damaged, holds pickled objects or what is no image, or
            asks for more memory than there is.
    """
    check_exists(path)
    return bare_scan(read_npy(path), path)


def read_npz_scan(path: Path) -> Scan:
    """Return the image of an npz file: the array `image`, or the only one there.

    Further arrays may be `affine`, (4, 4), and `spacing`, 2 or 3 lengths in millimetres, which
    tells how many axes are spatial.

    Raises:
        DataError: as `read_npy_scan`; the file holds none or several arrays that may be the image.
    """
    check_exists(path)
    keys = keys_of(path)
    name = _image_key(keys, path)
    held = read_npz(path, [name, *(key for key in _GEOMETRY if key in keys)])
    return bare_scan(held[name], path, held.get("affine"), held.get("spacing"))


def _image_key(keys: tuple[str, ...], path: Path) -> str:
    images = [key for key in keys if key not in _GEOMETRY]
    if "image" in images:
        return "image"
    if len(images) == 1:
        return images[0]
    names = shown(", ".join(images), 200) or "no array"
    raise DataError(f"{path} holds {names}; expected one array, or one of them named image")
