"""State dicts out of files that `torch.save` wrote, without torch and without running code.

Both formats: the zip archive (torch 1.6 and later) and the stream of pickles before it. Arrays
are read-only views of the file's bytes, so that memory stays within a small multiple of its size.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from topojax.errors import WeightsError, shown
from topojax.weights.expansion import check_expansion
from topojax.weights.formats.torch_objects import Storage, tensor_array, torch_machine
from topojax.weights.nesting import nested_tensors

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_ZIP_START, _PICKLE_START = b"PK", b"\x80"
_NOT_TORCH = "it is not a file that torch.save wrote; check what it is"
_BIG_ENDIAN = "it was written on a big-endian machine; save it again on a little-endian one"
_ENCRYPTED = 1
# What zipfile lets through of a damaged archive; the overflow: an offset beyond any file.
_DAMAGE = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
    struct.error,
)


def read_torch_file(path: str | Path) -> dict[str, np.ndarray]:
    """Read the state dict that `torch.save` wrote, by itself or within any dicts.

    What torch's wrappers put before every name (`module.`, `_orig_mod.`) is taken off. Where there
    are several state dicts, the keys that tell them apart stand before their names: `ema.conv1.…`.

    Returns:
        Read-only arrays by name; bfloat16 and float8 have ml_dtypes' types.

    Raises:
        WeightsError: the file is missing, no torch file, damaged or cut short, or asks for
            anything but tensors.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
        arrays = _read_zip(data) if data.startswith(_ZIP_START) else _read_legacy(data)
        n_bytes = sum(array.nbytes for array in arrays.values())
        check_expansion(n_bytes, len(data), "many names share its storages")
        return arrays
    except WeightsError as error:
        raise WeightsError(f"weight file {path} was refused: {error}") from error
    except OSError as error:
        raise WeightsError(f"weight file {path} cannot be read: {error.strerror}") from error
    except MemoryError:
        raise WeightsError(
            f"weight file {path} does not fit into memory; use a larger machine"
        ) from None


def _read_zip(data: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {info.filename: info for info in archive.infolist()}
            _check_entries(entries, len(data))
            contents = {name: archive.read(info) for name, info in entries.items()}
    except WeightsError:
        raise
    except _DAMAGE as error:
        raise WeightsError(f"it is cut short or damaged ({error}); download it again") from error
    pickles = [name for name in contents if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise WeightsError("it is a zip archive without torch's data.pkl")
    folder = pickles[0].removesuffix("data.pkl")
    if contents.get(f"{folder}byteorder", b"little") != b"little":
        raise WeightsError(_BIG_ENDIAN)
    found = torch_machine().load(io.BytesIO(contents[pickles[0]]))

    def storage_bytes(key: str) -> bytes:
        return contents[f"{folder}data/{key}"]

    return _arrays(found, storage_bytes)


def _check_entries(entries: dict[str, zipfile.ZipInfo], file_size: int) -> None:
    for info in entries.values():
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED:
            raise WeightsError("its entries are compressed or encrypted, which torch's never are")
    if sum(info.file_size for info in entries.values()) > file_size:
        raise WeightsError("its entries claim more bytes than the file holds")


def _read_legacy(data: bytes) -> dict[str, np.ndarray]:
    if not data.startswith(_PICKLE_START):
        raise WeightsError(_NOT_TORCH)
    stream = io.BytesIO(data)
    magic, protocol = torch_machine().load(stream), torch_machine().load(stream)
    if magic != _LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL:
        raise WeightsError(_NOT_TORCH)
    system = torch_machine().load(stream)
    storages: dict[str, Storage] = {}
    found = torch_machine(storages).load(stream)
    keys = torch_machine().load(stream)
    if type(system) is not dict or type(keys) is not list:
        raise WeightsError("its header is damaged; download it again")
    if not system.get("little_endian", True):
        raise WeightsError(_BIG_ENDIAN)
    contents: dict[str, bytes] = {}
    for key in keys:
        count = stream.read(8)
        if type(key) is not str or key not in storages or len(count) < 8:
            raise WeightsError("it is cut short or damaged; download it again")
        (n_elements,) = struct.unpack("<q", count)
        if n_elements != storages[key].n_elements:
            raise WeightsError(
                f"storage {shown(key)} holds {n_elements} elements, another count is named"
            )
        contents[key] = stream.read(n_elements * storages[key].dtype.itemsize)
    return _arrays(found, contents.__getitem__)


def _arrays(found: Any, storage_bytes: Callable[[str], bytes]) -> dict[str, np.ndarray]:
    return {
        name: tensor_array(name, tensor, storage_bytes)
        for name, tensor in nested_tensors(found).items()
    }
