"""β0 by connected components at every threshold, which needs no merge tree."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

import topojax.kernels as kernels
from topojax.experiments.bench.device.timing import N_THRESHOLDS, Call


def by_labelling(image: np.ndarray) -> dict[str, Call]:
    """Return β0 at every threshold by labelling, on the processor and on a GPU.

    Empty where a library is not there: cc3d, cupy.

    Raises:
        AssertionError: a curve is not the kernel's.
    """
    grid = np.linspace(image.min(), image.max(), N_THRESHOLDS)
    found: dict[str, Call] = {}
    if find_spec("cc3d") is not None:
        import cc3d

        def by_cc3d() -> list[int]:
            return [int(cc3d.connected_components(image <= t, return_N=True)[1]) for t in grid]

        found["β0 by 50 labellings, cc3d"] = by_cc3d
    if find_spec("cupy") is not None:
        import cupy
        from cupyx.scipy import ndimage

        there, corners = cupy.asarray(image), cupy.ones((3, 3, 3))

        def by_cupyx() -> list[int]:
            return [int(ndimage.label(there <= t, corners)[1]) for t in grid]

        found["β0 by 50 labellings, cupyx"] = by_cupyx
    want = kernels.betti_curves(image, grid)[0]
    for call in found.values():
        np.testing.assert_array_equal(call(), want)
    return found
