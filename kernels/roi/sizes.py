"""How large the regions of a whole population of candidates are, without any topology."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import check_maps, map_bytes
from ..compiling import entry
from ..threads import check_threads, run_in_threads
from .regions import find_region
from .rules import Rules, rules_of


def region_sizes(
    maps: Any, weights: Any, taus: Any, *, rescale: bool = True, n_threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Count the voxels of the regions of P candidates; see `regions_of_interest`.

    Args:
        maps: (n, L, *spatial), float32 in [0, 1], or uint8 in units of 1/255.
        weights: (P, L), finite, not negative, not all zero; taken as float32.
        taus: (P,), in (0, 1]; taken as float32.
        rescale: scale every fused map to [0, 1]; see `fuse_maps`.
        n_threads: None: the processors that this process may use. The result is the same for any.

    Returns:
        voxels: int64 (P, n), at least 1.
        empty: bool (P, n), which regions came out empty and became the fused map's maximum.

    Raises:
        TypeError: another dtype.
        ValueError: wrong shapes, NaN, or values out of their range.

    Example:
        >>> import numpy as np
        >>> from topojax.kernels import region_sizes
        >>> maps = np.array([[[[0, 51], [102, 255]]]], np.uint8)
        >>> voxels, empty = region_sizes(maps, [[1.0], [0.5]], [0.4, 0.9])
        >>> voxels.tolist(), empty.tolist()
        ([[2], [1]], [[False], [False]])
    """
    stack = check_maps(maps)
    rules = rules_of(stack, weights, taus, rescale)
    threads = check_threads(n_threads)
    layers = map_bytes(stack)
    height, width = stack.shape[-2:]
    samples, population = len(stack), len(rules.taus)
    voxels = np.empty((samples, population), np.int64)
    empty = np.empty((samples, population), np.bool_)

    def write(start: int, stop: int) -> None:
        run = slice(start, stop)
        _write_sizes(layers[run], rules, height, width, voxels[run], empty[run])

    one_layer = stack.size // stack.shape[1]
    run_in_threads(write, samples, one_layer * population, threads)
    return voxels.T.copy(), empty.T.copy()


@entry
def _write_sizes(
    maps: np.ndarray,
    rules: Rules,
    height: int,
    width: int,
    voxels: np.ndarray,
    empty: np.ndarray,
) -> None:
    size = maps.shape[2] // 4 if rules.wide else maps.shape[2]
    totals = np.empty(size, np.float32)
    inside = np.empty(size, np.bool_)
    shadow = np.empty(height * width, np.bool_)
    for b in range(maps.shape[0]):
        for p in range(rules.taus.size):
            region = find_region(maps[b], rules, p, width, totals, inside, shadow)
            voxels[b, p], empty[b, p] = region.voxels, region.empty
