"""Topology inside `jit` on this machine's device, beside the kernels."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

import topojax.kernels as kernels
from topojax.search.on_device.measured import MeasuredRow, measurements_file, write_measurements
from topojax.topology.device import betti_curves, connected_components, euler_curve

Call = Callable[[], Any]

N_THRESHOLDS = 50
BETTI = "Betti curves"
BETTI_KERNEL = "Betti curves, kernel"
BETTI_KERNELS = "Betti curves, kernels on all processors"
_SHAPES = {
    "cpu": ((4, 28, 28, 28), (2, 64, 64, 64), (4, 224, 224)),
    "other": ((256, 28, 28, 28), (64, 64, 64, 64), (1, 256, 256, 256), (64, 224, 224)),
}
_SEED = 20240229
_BANDWIDTH_FLOATS = 2**26


@dataclass(frozen=True)
class DeviceTiming:
    """Medians on one batch of images.

    Attributes:
        images: what they show and their shape.
        shape: of one image.
        ns_a_voxel: by what was timed.
        bytes_a_voxel: by program, what the compiled program's own analysis counts.
        compile_s: by program, seconds.
    """

    images: str
    shape: tuple[int, ...]
    ns_a_voxel: dict[str, float]
    bytes_a_voxel: dict[str, float]
    compile_s: dict[str, float]


def bench_device(*, repeats: int = 5, progress: bool = False) -> tuple[list[DeviceTiming], Path]:
    """Time the topology on the first device, and keep what `search.topology=auto` goes by.

    Args:
        repeats: rounds; the median counts.
        progress: show a bar on a terminal.

    Returns:
        The timings, and the file of what is kept of them.

    Raises:
        RunError: the file cannot be written.
        RuntimeError: there is no folder for it; see `topojax.user_cache`.
    """
    device = jax.devices()[0]
    path = measurements_file(device)
    timings = []
    shapes = _SHAPES["cpu" if device.platform == "cpu" else "other"]
    batches = [(kind, shape) for shape in shapes for kind in (0, 1)]
    for kind, shape in tqdm(batches, "bench", disable=None if progress else True):
        name = ("smooth", "noise")[kind]
        timings.append(time_on_device(name, smooth_and_noise(shape)[kind], repeats))
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
    return timings, path


def device_bandwidth(repeats: int = 5) -> float:
    """Return the GB/s (10^9 bytes) that the first device reads and writes, for x + 1 on 256 MB."""
    x = jax.block_until_ready(jnp.zeros(_BANDWIDTH_FLOATS, jnp.float32))
    program = jax.jit(lambda x: x + 1).lower(x).compile()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(program(x))
        seconds.append(time.perf_counter() - start)
    return 2 * x.nbytes / min(seconds) / 1e9


def smooth_and_noise(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return B images (B, *spatial), float32: noise after a Gaussian of 2 voxels, and noise."""
    noise = np.random.default_rng(_SEED).standard_normal(shape, dtype=np.float32)
    return np.stack([gaussian_filter(image, 2.0) for image in noise]), noise


def time_on_device(
    name: str, images: np.ndarray, repeats: int, others: Mapping[str, Call] | None = None
) -> DeviceTiming:
    """Time the device, the kernels and others in turn, round after round, on the same images.

    Args:
        name: of what the images show.
        images: float32 (B, *shape); a single one is given without its leading axis.
        repeats: rounds; the median counts.
        others: what else is timed, by name.

    Raises:
        AssertionError: a curve is not the kernel's.
    """
    grid = np.linspace(images.min(), images.max(), N_THRESHOLDS)
    programs, bytes_a_voxel, compile_s = _compiled(images, grid)
    calls = programs | _kernel_calls(images, grid) | dict(others or {})
    for curve in (BETTI, "Euler curve"):
        np.testing.assert_array_equal(
            np.asarray(calls[curve]()).reshape(len(images), -1),
            np.asarray(calls[f"{curve}, kernel"]()).reshape(len(images), -1),
        )
    scale = 1e9 / images.size
    medians = {called: scale * found for called, found in median_seconds(calls, repeats).items()}
    shape = images.shape[1:]
    count = f"{len(images)} × " if len(images) > 1 else ""
    sizes = "×".join(map(str, shape))
    return DeviceTiming(f"{name} {count}{sizes}", shape, medians, bytes_a_voxel, compile_s)


def median_seconds(calls: Mapping[str, Call], repeats: int) -> dict[str, float]:
    """Return the median seconds of each call, all of them called once a round, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def _compiled(
    images: np.ndarray, grid: np.ndarray
) -> tuple[dict[str, Call], dict[str, float], dict[str, float]]:
    """Return programs to call, their bytes a voxel and the seconds that they took to compile."""
    single = len(images) == 1
    x = jax.device_put(images[0] if single else images)
    functions: dict[str, Callable[[jax.Array], Any]] = {
        BETTI: lambda x: betti_curves(x, grid),
        "Euler curve": lambda x: euler_curve(x, grid),
        "components at the middle": lambda x: connected_components(x <= grid[len(grid) // 2]),
    }
    calls: dict[str, Call] = {}
    bytes_a_voxel, compile_s = {}, {}
    for name, function in functions.items():
        start = time.perf_counter()
        program = jax.jit(function if single else jax.vmap(function)).lower(x).compile()
        compile_s[name] = time.perf_counter() - start
        analysis: Any = program.cost_analysis() or {}
        bytes_a_voxel[name] = analysis.get("bytes accessed", float("nan")) / images.size
        calls[name] = partial(_finished, program, x)
    return calls, bytes_a_voxel, compile_s


def _finished(program: Callable[[jax.Array], Any], x: jax.Array) -> Any:
    return jax.block_until_ready(program(x))


def _kernel_calls(images: np.ndarray, grid: np.ndarray) -> dict[str, Call]:
    kept = [np.ascontiguousarray(image) for image in images]
    return {
        BETTI_KERNEL: lambda: [kernels.betti_curves(one, grid) for one in kept],
        "Euler curve, kernel": lambda: [kernels.euler_curve(one, grid) for one in kept],
        BETTI_KERNELS: lambda: kernels.betti_curves_batch(images, grid),
    }


def _mean(one: DeviceTiming, other: DeviceTiming, name: str) -> float:
    return (one.ns_a_voxel[name] + other.ns_a_voxel[name]) / 2
