"""From names of filtrations and of banks to names of filtrations."""

from __future__ import annotations

from collections.abc import Iterable

from topojax.errors import ConfigError, shown
from topojax.topology.filtrations.banks import BANKS
from topojax.topology.filtrations.registry import find_filtration


def expand_filtrations(names: Iterable[str], spatial_dims: int) -> tuple[str, ...]:
    """Return names of filtrations, those of banks replaced by their members, all checked.

    Args:
        names: of filtrations and of banks: `intensity` (the paper's), `scale-space`, `shape`.
        spatial_dims: 2 or 3.

    Raises:
        ConfigError: no name, an unknown one, wrong parameters, or a filtration that is named twice.

    Example:
        >>> expand_filtrations(["scale-space", "-intensity"], 2)
        ('intensity', 'gaussian:1', 'gaussian:2', 'gaussian:3', 'log:1', '-log:1', 'log:2',
         '-log:2', 'log:3', '-log:3', 'gradient:1', 'gradient:2', '-intensity')
        >>> len(expand_filtrations(["shape"], 3))
        28
    """
    if isinstance(names, str):
        raise ConfigError(f"filtrations={shown(names)!r}; expected a list of names, [{names!r}]")
    asked = list(names)
    members = [
        member
        for name in asked
        for member in (BANKS[name](spatial_dims) if name in BANKS else (name,))
    ]
    if not members:
        raise ConfigError("filtrations is empty; expected at least one name, such as 'intensity'")
    seen: dict[tuple, str] = {}
    for member in members:
        found = find_filtration(member, spatial_dims)
        key = (found.is_superlevel, found.unsigned)
        if key in seen:
            raise ConfigError(
                f"filtration {shown(member)!r} is named twice, as {shown(seen[key])!r} and in "
                f"{asked!r}; leave one out"
            )
        seen[key] = member
    return tuple(members)
