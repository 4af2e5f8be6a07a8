"""The tensors of a torch file, wherever in its dicts they are.

Training scripts save `{"net": state_dict, "epoch": 3}`, `{"model": {"backbone": state_dict}}` and
the like. The names do not matter: what holds tensors of floating-point numbers is a state dict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from topojax.errors import WeightsError, shown
from topojax.weights.formats.torch_objects import Tensor
from topojax.weights.names import shared_start, without_wrappers

# Keys longer than any name, and dicts deeper than any script nests them, would let a small file
# make a great many long names.
_KEY_LENGTH = 100
_DEPTH = 8
_Path = tuple[str, ...]


def nested_tensors(found: Any) -> dict[str, Tensor]:
    """Return the tensors of a pickle's object by name.

    Where they are in one dict, wherever it is, the names are its keys. Where they are in several,
    the keys that lead to a dict stand before its names, joined by dots, but for those that all
    dicts share. What torch's wrappers put before every name of a dict is taken off.

    Dicts without an array of floating-point numbers, such as counters and states of random
    generators, count only where there is no other; an optimiser's, whose keys are numbers, never.

    Raises:
        WeightsError: it is no dict, or holds no tensors.
    """
    if type(found) is not dict:
        raise WeightsError(f"it holds a {type(found).__name__}, not a state dict")
    every = dict(_dicts_of_tensors(found))
    dicts = {path: held for path, held in every.items() if any(map(_is_weight, held.values()))}
    dicts = dicts or every
    if not dicts:
        keys = ", ".join(shown(str(key)) for key in list(found)[:8])
        raise WeightsError(f"it holds no state dict; its keys are: {keys or 'none'}")
    n_shared = len(shared_start(list(dicts)))
    tensors: dict[str, Tensor] = {}
    for path, held in dicts.items():
        for name, tensor in without_wrappers(held).items():
            full = ".".join((*path[n_shared:], name))
            if full in tensors:
                raise WeightsError(f"it holds two entries that come to the name {shown(full)}")
            tensors[full] = tensor
    return tensors


def _dicts_of_tensors(found: dict[Any, Any]) -> Iterator[tuple[_Path, dict[str, Tensor]]]:
    """Yield every dict that holds tensors and the keys that lead to it; each dict once.

    A pickle may hold a dict within itself, or one dict in a great many places.
    """
    waiting: list[tuple[_Path, dict[Any, Any]]] = [((), found)]
    seen = {id(found)}
    for path, held in waiting:
        texts = {key: value for key, value in held.items() if type(key) is str}
        tensors = {key: value for key, value in texts.items() if isinstance(value, Tensor)}
        if tensors:
            yield path, tensors
        for key, value in texts.items():
            deeper = type(value) is dict and len(path) < _DEPTH and len(key) <= _KEY_LENGTH
            if deeper and id(value) not in seen:
                seen.add(id(value))
                waiting.append(((*path, key), value))


def _is_weight(tensor: Tensor) -> bool:
    return bool(tensor.shape) and tensor.dtype.kind not in "biu"
