"""What stands before the names of a network's own entries, and how names are shown.

A state dict may be that of a wrapper (torch's DataParallel, torch.compile), of a larger module
that has the network as a part (`backbone.`), or one of several in a file (`model.`, `ema.`). All
of these are text before the network's own names. What it is cannot be listed, so that it is taken
from the names and shapes of the network that the weights are for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from topojax.errors import WeightsError, shown

T = TypeVar("T")
_WRAPPED = re.compile(r"(?:(?:module|_orig_mod)\.(?=.))*")
# Where two parts of a file fit alike, such as weights and their moving average: what torch's users
# call the weights themselves.
_CALLED = ("state_dict.", "model.")


@dataclass(frozen=True)
class Place:
    """Where in a state dict a network's entries are.

    Attributes:
        prefix: what stands before their names; "" or text that ends with a dot.
        rivals: prefixes under which the network's entries are as well; "" is never one of them.
    """

    prefix: str
    rivals: tuple[str, ...] = ()


def without_wrappers(entries: Mapping[str, T]) -> dict[str, T]:
    """Return the entries by their names without what torch's wrappers put before every name."""
    wrappers = [_WRAPPED.match(name)[0].split(".")[:-1] for name in entries]  # type: ignore[index]
    length = sum(len(wrapper) + 1 for wrapper in shared_start(wrappers))
    return {name[length:]: entry for name, entry in entries.items()}


def shared_start(paths: Sequence[Sequence[str]]) -> list[str]:
    """Return the parts with which all paths begin."""
    start = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        start.append(parts[0])
    return start


def network_place(
    expected: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]
) -> Place:
    """Return what stands before a network's names in a state dict.

    It is the prefix under which most of the network's entries are, first by shape, then by name;
    no prefix where that is as good, or where under none there is half of the network.

    Args:
        expected: shapes by the network's names.
        given: shapes by the state dict's names.
    """
    named: Counter[str] = Counter()
    shaped: Counter[str] = Counter()
    depth = max(name.count(".") for name in expected) + 1
    for name, shape in given.items():
        for prefix, own in _splits(name, depth):
            if own in expected:
                named[prefix] += 1
                shaped[prefix] += shape == expected[own]
    half = [prefix for prefix, count in named.items() if 2 * count >= len(expected)]
    best = max(((shaped[prefix], named[prefix]) for prefix in half), default=None)
    tied = sorted(prefix for prefix in half if (shaped[prefix], named[prefix]) == best)
    if not tied or "" in tied:
        return Place("")
    for called in _CALLED:
        found = [prefix for prefix in tied if prefix.startswith(called)]
        if len(found) == 1:
            return Place(found[0])
    return Place(tied[0], tuple(tied[1:]))


def entries_under(prefix: str, entries: Mapping[str, T]) -> dict[str, T]:
    """Return the entries whose names begin with a prefix and a dot, by the names without them.

    Raises:
        WeightsError: there are none.
    """
    start = f"{prefix.removesuffix('.')}."
    found = {n.removeprefix(start): entry for n, entry in entries.items() if n.startswith(start)}
    if not found:
        begins = ", ".join(shown(name) for name in list(entries)[:5])
        raise WeightsError(
            f"no entry is under {shown(start)}; give what comes before the names that are meant: "
            f"{begins or 'there are none'}"
        )
    return found


def _splits(name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the name as (prefix, rest) for rests of up to `depth` parts."""
    start = len(name)
    for _ in range(depth):
        start = name.rfind(".", 0, start)
        yield name[: start + 1], name[start + 1 :]
        if start < 0:
            return
