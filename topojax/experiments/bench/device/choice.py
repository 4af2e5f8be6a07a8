"""What `search.topology=auto` goes by: Betti curves of many images, by device and kernels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import jax

from topojax.experiments.bench.device.timing import BETTI, BETTI_KERNELS, DeviceTiming
from topojax.search.on_device.measured import MeasuredRow, write_measurements


def keep_measurements(path: Path, timings: Sequence[DeviceTiming], device: jax.Device) -> None:
    """Keep what the search of this machine goes by.

    Args:
        path: from `measurements_file`.
        timings: of smooth images and of noise in turn, each two of one shape.
        device: that they are of.

    Raises:
        RunError: the file cannot be written.
    """
    rows = [
        MeasuredRow(
            smooth.shape,
            device=_mean(smooth, noise, BETTI),
            kernels=_mean(smooth, noise, BETTI_KERNELS),
        )
        for smooth, noise in zip(timings[::2], timings[1::2], strict=True)
    ]
    versions = {name: version(name) for name in ("topojax", "jax", "jaxlib", "numba")}
    date = datetime.now(UTC).date().isoformat()
    write_measurements(path, rows, date=date, device=device.device_kind, versions=versions)


def _mean(one: DeviceTiming, other: DeviceTiming, name: str) -> float:
    return (one.ns_a_voxel[name] + other.ns_a_voxel[name]) / 2
