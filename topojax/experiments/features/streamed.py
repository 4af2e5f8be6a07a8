"""What of a configuration can be done slab by slab."""

from __future__ import annotations

from pathlib import Path

from topojax.config import Config, TopologyConfig
from topojax.data.big_volumes import refuse_whole
from topojax.errors import ConfigError
from topojax.topology import expand_filtrations

_FILTRATIONS = ("intensity", "-intensity")
_GRIDS = ("fixed", "sample")


def streamed_topology(settings: Config, path: Path) -> TopologyConfig:
    """Return settings of the topology of a volume that is read in slabs, filtrations spelled out.

    Args:
        settings: of the topology, and of how voxels become intensities.
        path: of the volume, for messages.

    Raises:
        ConfigError: a filtration, a grid, or a preparation that needs the whole volume at once.
    """
    config = settings.topology
    names = expand_filtrations(config.filtrations, 3)
    for name in names:
        if name not in _FILTRATIONS:
            raise ConfigError(
                f"topology.filtrations: {name!r} needs the whole of {path}, which is read in "
                f"slabs; choose {' or '.join(_FILTRATIONS)}, or bring the volume to a size that "
                "fits into memory"
            )
    if config.grid not in _GRIDS:
        raise ConfigError(
            f"topology.grid={config.grid} needs the whole of {path}, which is read in slabs; "
            f"choose {' or '.join(_GRIDS)}"
        )
    if settings.size is not None:
        raise ConfigError(
            f"size={settings.size} needs the whole of {path}, which is read in slabs; leave it out"
        )
    refuse_whole(settings.prepare, path)
    return config.model_copy(update={"filtrations": names})
