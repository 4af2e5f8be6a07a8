"""PNG and JPEG images by the package imageio, which has Pillow decode them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.memory import refuse_beyond_memory
from topojax.data.scans.colour import without_alpha
from topojax.data.scans.refusals import check_exists, damage_named, library
from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown

# Pillow knows an image by its bytes, and of other formats it starts other programs (EPS).
_MAGICS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_GREY_OR_COLOUR = ("1", "L", "LA", "I", "I;16", "I;16B", "P", "PA", "RGB", "RGBA")
# In which a colour or number that stands for "transparent" becomes alpha, and a palette colour.
_WITH_ALPHA = {"1": "LA", "L": "LA", "RGB": "RGBA", "P": "RGBA", "PA": "RGBA"}
# In PNG's header: bits, and what a pixel is; alpha, colour, or both.
_BITS, _COLOUR_TYPE, _NOT_GREY_ALONE = 24, 25, (2, 4, 6)


def read_picture(path: Path) -> Scan:
    """Return the image of a PNG or JPEG file, (rows, columns) or (rows, columns, 3).

    It is turned as its EXIF data say; a palette is expanded; alpha that hides nothing is dropped.

    Raises:
        DataError: imageio is absent; the file is missing, damaged, of another format or too large
            for the memory; it is transparent, in CMYK, or several images.
    """
    imageio = library("imageio.v3", "pictures", path)
    check_exists(path)
    start = _start(path)
    kind = next((name for magic, name in _MAGICS.items() if start.startswith(magic)), None)
    if kind is None:
        raise DataError(f"{path} cannot be read as PNG or JPEG (it starts otherwise); get it again")
    with damage_named(path, kind), imageio.imopen(path, "r", plugin="pillow") as file:
        said = file.metadata(index=0, exclude_applied=False)
        _check(file, said, kind, path)
        pixels = file.read(index=0, rotate=True, mode=_mode(said, path))
    return _scan(pixels, path, (*_notes(said), *_fewer_bits(kind, start)))


def _start(path: Path) -> bytes:
    with damage_named(path, "PNG or JPEG"), path.open("rb") as file:
        return file.read(_COLOUR_TYPE + 1)


def _check(file: Any, said: dict[str, Any], kind: str, path: Path) -> None:
    declared = file.properties(index=0)
    # As decoded, copied, and as float32.
    needed = math.prod(declared.shape) * (2 * declared.dtype.itemsize + 4)
    refuse_beyond_memory(str(path), needed)
    if said["mode"] not in _GREY_OR_COLOUR:
        raise DataError(f"{path} is in {shown(said['mode'])}; expected grey or RGB: convert it")
    # Of a JPEG, further images are smaller copies and views of the same.
    n_images = file.properties(index=...).n_images if kind == "PNG" else 1
    if n_images > 1:
        raise DataError(f"{path} holds {n_images} images (a film); expected one: export it")


def _mode(said: dict[str, Any], path: Path) -> str | None:
    """Return what to convert the pixels to, None: nothing."""
    if "transparency" not in said:
        return _WITH_ALPHA["PA"] if said["mode"] == "PA" else None
    mode = _WITH_ALPHA.get(said["mode"])
    if mode is None:
        raise DataError(
            f"{path} has a number that stands for transparent pixels; expected an opaque image: "
            "save it without"
        )
    return mode


def _scan(pixels: np.ndarray, path: Path, notes: tuple[str, ...]) -> Scan:
    if pixels.ndim == 2:
        return Scan(pixels, 2, notes=notes)
    seen, more = without_alpha(pixels, path)
    return Scan(seen, 2, notes=notes + more)


def _notes(said: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if said["mode"] in ("P", "PA"):
        notes.append("palette expanded to RGB")
    if said.get("Orientation") in range(2, 9):
        notes.append(f"turned by its EXIF orientation {said['Orientation']}")
    return tuple(notes)


def _fewer_bits(kind: str, start: bytes) -> tuple[str, ...]:
    if kind == "PNG" and start[_BITS] == 16 and start[_COLOUR_TYPE] in _NOT_GREY_ALONE:
        return ("channels of 16 bits read as 8",)
    return ()
