"""What a run ran on: versions, device, seed, data."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib import metadata

import jax

import topojax
from topojax.data import SPLITS, Dataset
from topojax.runs import DataFacts, Environment

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


def environment_of(dataset: Dataset, seed: int) -> Environment:
    """Return what a run on the data set runs on, now and here."""
    device = jax.devices()[0]
    return Environment(
        topojax=topojax.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        device=f"{device.platform}: {device.device_kind}",
        n_devices=jax.device_count(),
        packages={name: metadata.version(name) for name in _PACKAGES},
        seed=seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=tuple(sys.argv),
        data=data_facts(dataset),
    )


def data_facts(dataset: Dataset) -> DataFacts:
    """Return name, shape, classes, sizes and fingerprint of a data set."""
    return DataFacts(
        name=dataset.name,
        source=dataset.source,
        shape=dataset.shape,
        spatial_dims=3 if dataset.spatial_dims == 3 else 2,
        n_channels=dataset.n_channels,
        class_names=dataset.class_names,
        n={name: len(dataset.split(name).labels) for name in SPLITS},
        fingerprint=dataset.fingerprint(),
        scale=str(dataset.scale),
        preparation=dataset.preparation or None,
        division=dataset.division or None,
        level=dataset.level or None,
    )
