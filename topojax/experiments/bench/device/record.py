"""The whole timing of a device: its record, and what the search keeps of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from topojax.experiments.bench.device.choice import keep_measurements
from topojax.experiments.bench.device.images import (
    BATCHES,
    KINDS,
    single_images,
    smooth_and_noise,
)
from topojax.experiments.bench.device.labelling import by_labelling
from topojax.experiments.bench.device.timing import (
    DeviceTiming,
    device_bandwidth,
    time_on_device,
)
from topojax.experiments.bench.machine import processor, processors
from topojax.search.on_device.measured import measurements_file

_LOGGER = logging.getLogger(__name__)

QUESTION = "How fast is the topology inside jit, on this machine's device, beside the Numba kernel?"


def bench_device(sizes: Sequence[int], repeats: int) -> tuple[dict[str, Any], Path]:
    """Time the topology on the first device, and keep what `search.topology=auto` goes by.

    Args:
        sizes: voxels along an axis of the volumes that are timed one by one.
        repeats: rounds; the median counts.

    Returns:
        The record, and the file of what is kept for the search.

    Raises:
        AssertionError: a curve is not the kernel's.
        RunError: the file cannot be written.
        RuntimeError: there is no folder for it; see `topojax.user_cache`.
    """
    (device, *_) = jax.devices()
    path = measurements_file(device)
    timings = [_timed(kind, images, repeats) for kind, images in single_images(sizes)]
    shapes = BATCHES["cpu" if device.platform == "cpu" else "other"]
    batches = [
        _timed(kind, images, repeats)
        for shape in shapes
        for kind, images in zip(KINDS, smooth_and_noise(shape), strict=True)
    ]
    keep_measurements(path, batches, device)
    return _record(device, repeats, [*timings, *batches]), path


def _timed(kind: str, images: np.ndarray, repeats: int) -> DeviceTiming:
    others = by_labelling(images[0]) if len(images) == 1 and images.ndim == 4 else {}
    timing = time_on_device(kind, images, repeats, others)
    _LOGGER.info("%s", timing)
    return timing


def _record(device: jax.Device, repeats: int, timings: Sequence[DeviceTiming]) -> dict[str, Any]:
    return {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "platform": device.platform,
        "device": device.device_kind,
        "processor": processor(),
        "processors": processors(),
        "versions": {name: version(name) for name in ("topojax", "jax", "jaxlib", "numba")},
        "repeats": repeats,
        "bandwidth": device_bandwidth(repeats),
        "missing": "No GPU was there: its rows are not measured."
        if device.platform == "cpu"
        else "",
        "rows": [asdict(timing) for timing in timings],
    }
