"""What a run ran on: versions, device, seed, data."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import jax

import topojax
from topojax.data import SPLITS, Dataset

_PACKAGES = (
    "numpy",
    "numba",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "evosax",
    "orbax-checkpoint",
    "scikit-learn",
)


def describe_environment(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return the JSON object of a run folder's `environment.json`."""
    device = jax.devices()[0]
    return {
        "topojax": topojax.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": f"{device.platform}: {device.device_kind}",
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "data": describe_data(dataset),
    }


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """Return name, shape, classes, sizes and fingerprint of a data set."""
    return {
        "name": dataset.name,
        "source": dataset.source,
        "shape": list(dataset.shape),
        "spatial_dims": dataset.spatial_dims,
        "n_channels": dataset.n_channels,
        "class_names": list(dataset.class_names),
        "n": {name: len(dataset.split(name).labels) for name in SPLITS},
        "fingerprint": dataset.fingerprint(),
    }
