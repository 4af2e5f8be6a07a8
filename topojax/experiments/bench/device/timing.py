"""Timing of the topology inside `jit` on the first device, beside the kernels."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import topojax.kernels as kernels
from topojax.topology.device import betti_curves, connected_components, euler_curve

Call = Callable[[], Any]

N_THRESHOLDS = 50
BETTI = "Betti curves"
BETTI_KERNEL = "Betti curves, kernel"
BETTI_KERNELS = "Betti curves, kernels on all processors"
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

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {ns:.3g}" for name, ns in self.ns_a_voxel.items())
        return f"{self.images}, ns a voxel: {figures}"


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
