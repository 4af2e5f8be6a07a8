"""What a torch pickle is made of: storages, tensors that view them, and a few known names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import ml_dtypes
import numpy as np

from topojax.errors import WeightsError, shown
from topojax.weights.formats.pickle_machine import PickleMachine, check_keys

_STORAGES = {
    "torch.DoubleStorage": "float64",
    "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
    "torch.ComplexFloatStorage": "complex64",
    "torch.ComplexDoubleStorage": "complex128",
    "torch.storage.UntypedStorage": "uint8",
}
_DTYPES = {
    "torch.half": "float16",
    "torch.float": "float32",
    "torch.double": "float64",
    **{
        f"torch.{name}": name
        for name in (
            *("float16", "float32", "float64", "bfloat16", "complex64", "complex128", "bool"),
            *("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
            *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"),
            *("float8_e8m0fnu", "complex32"),
        )
    },
}
_QUANTISED = ("torch.Q", "torch.q", "torch._utils._rebuild_qtensor")


@dataclass(frozen=True)
class Storage:
    """A run of bytes that tensors view: its key in the file, element type and count."""

    key: str
    dtype: np.dtype
    n_elements: int


@dataclass(frozen=True)
class Tensor:
    """A view of a storage; offset and strides count elements of dtype."""

    storage: Storage
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def torch_machine(storages: dict[str, Storage] | None = None) -> PickleMachine:
    """Return a reader of one pickle of `torch.save`.

    Args:
        storages: filled with every storage that the pickle names, by key.
    """

    def persistent(identity: Any) -> Storage:
        storage = _storage(identity)
        if storages is not None and storages.setdefault(storage.key, storage) != storage:
            raise WeightsError(f"storage {shown(storage.key)} is named with two types or sizes")
        return storage

    functions: dict[str, Callable[..., Any]] = {
        "collections.OrderedDict": _ordered_dict,
        "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
        "torch._utils._rebuild_tensor_v3": _rebuild_typed_tensor,
        "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
    }
    return PickleMachine(functions, _named_dtype, persistent)


def _named_dtype(name: str) -> np.dtype | None:
    found = _STORAGES.get(name) or _DTYPES.get(name)
    if found is not None:
        own = getattr(ml_dtypes, found, None)
        # complex32 came to ml_dtypes with 0.6.
        return np.dtype(own or found) if own or hasattr(np, found) else None
    if name.startswith(_QUANTISED):
        raise WeightsError(
            f"it holds quantised tensors ({shown(name)}); dequantise them before saving"
        )
    return None


def _storage(identity: Any) -> Storage:
    kind, dtype, key, _, n_elements, *view = identity
    if (
        kind != "storage"
        or not isinstance(dtype, np.dtype)
        or any(part is not None for part in view)
    ):
        raise WeightsError("it refers to what is not a plain storage")
    if type(key) is not str or type(n_elements) is not int or not 0 <= n_elements < 2**48:
        raise WeightsError("it names a storage without key or size")
    return Storage(key, dtype, n_elements)


def _ordered_dict(*items: list[Any]) -> dict[Any, Any]:
    # Python 2 pickled the items as a list. It is consumed, so that a small file cannot make many
    # copies of one long list.
    if not items:
        return {}
    (pairs,) = items
    if type(pairs) is not list:
        raise TypeError("items that are no list")
    check_keys(key for key, _ in pairs)
    made = dict(pairs)
    pairs.clear()
    return made


def _rebuild_tensor(
    storage: Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    requires_grad: bool = False,
    backward_hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    return _tensor(storage, storage.dtype, offset, shape, strides, metadata)


def _rebuild_typed_tensor(
    storage: Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    dtype: np.dtype,
    metadata: Any = None,
) -> Tensor:
    return _tensor(storage, dtype, offset, shape, strides, metadata)


def _tensor(
    storage: Any, dtype: Any, offset: Any, shape: Any, strides: Any, metadata: Any
) -> Tensor:
    typed = isinstance(storage, Storage) and isinstance(dtype, np.dtype)
    if not typed or type(shape) is not tuple or type(strides) is not tuple:
        raise WeightsError("it rebuilds a tensor from what is not a storage, shape and strides")
    if metadata:
        raise WeightsError(
            "it holds a conjugated or negated view; save it with resolve_conj() and resolve_neg()"
        )
    return Tensor(storage, dtype, offset, shape, strides)


def tensor_array(name: str, tensor: Tensor, storage_bytes: Callable[[str], bytes]) -> np.ndarray:
    """Return a tensor as a read-only view of its storage's bytes.

    Raises:
        WeightsError: it reaches outside its storage, or the storage is missing or cut short.
    """
    _check_extent(name, tensor)
    try:
        raw = storage_bytes(tensor.storage.key)
    except KeyError:
        raise WeightsError(f"the storage of {shown(name)} is missing") from None
    expected = tensor.storage.n_elements * tensor.storage.dtype.itemsize
    if len(raw) != expected:
        raise WeightsError(
            f"the storage of {shown(name)} has {len(raw)} bytes, {expected} are named; "
            "it is cut short or damaged"
        )
    size = tensor.dtype.itemsize
    steps = [size * step for step in tensor.strides]
    try:
        return np.ndarray(tensor.shape, tensor.dtype, raw, size * tensor.offset, steps)
    except ValueError as error:
        raise WeightsError(f"{shown(name)} has a shape that no array can have ({error})") from error


def _check_extent(name: str, tensor: Tensor) -> None:
    numbers = (tensor.offset, *tensor.shape, *tensor.strides)
    valid = all(type(number) is int and 0 <= number < 2**48 for number in numbers)
    if not valid or len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > 32:
        raise WeightsError(f"{shown(name)} has offset, shape or strides that are no valid sizes")
    held = tensor.storage.n_elements * tensor.storage.dtype.itemsize // tensor.dtype.itemsize
    n_elements = prod(tensor.shape)
    last = tensor.offset + sum(
        (size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True)
    )
    if n_elements > held or (n_elements > 0 and last >= held) or tensor.offset > held:
        raise WeightsError(
            f"{shown(name)} of shape {tensor.shape} reaches outside its storage of {held} elements"
        )
