"""Betti curves by topojax and by the libraries that it is timed against.

Every peer takes a sample and returns curves at its thresholds, in the sample's construction; absent
voxels reach libraries that know no mask as +inf. All run on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np

from topojax.experiments.bench.persistence.bars import betti_curve, curves_of_rows
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.kernels import betti_curves
from topojax.kernels.arguments import Construction

OURS = "topojax"
GUDHI = "GUDHI"
GUDHI_2D = "GUDHI 2-D"
CRIPSER = "cripser"
CRIPSER_RESTRICTED = "cripser restricted"
GIOTTO = "giotto-tda"
CC3D = "cc3d"
FLASH = "Flash Cubical"
NAMES = (OURS, GUDHI, GUDHI_2D, CRIPSER, CRIPSER_RESTRICTED, GIOTTO, CC3D, FLASH)

Curves = Callable[[Sample], np.ndarray]
TimedCurves = Callable[[Sample], tuple[float, np.ndarray]]

EVERY = {2: (0, 1), 3: (0, 1, 2)}
# The Euler curve gives the one that is left.
NEEDED = {2: (0,), 3: (0, 2)}
FLASHED = {2: EVERY[2], 3: NEEDED[3]}

BOTH: tuple[Construction, ...] = ("T", "V")
TOP: tuple[Construction, ...] = ("T",)
VERTICES: tuple[Construction, ...] = ("V",)


@dataclass(frozen=True)
class Peer:
    """A way to compute Betti curves, with the seconds that it takes.

    Attributes:
        timed: returns seconds and curves, one row a homology dimension.
        dimensions: the homology dimensions of the rows, by the rank of the images that it takes.
        constructions: that it knows.
    """

    name: str
    timed: TimedCurves
    dimensions: Mapping[int, tuple[int, ...]]
    constructions: tuple[Construction, ...] = BOTH

    def takes(self, sample: Sample) -> bool:
        """Whether it knows images of this rank in this construction."""
        return sample.image.ndim in self.dimensions and sample.construction in self.constructions


def ours(sample: Sample) -> np.ndarray:
    """topojax, which takes the mask as it is."""
    return betti_curves(
        sample.image, sample.thresholds, mask=sample.mask, construction=sample.construction
    )


def gudhi_curves(sample: Sample) -> np.ndarray:
    """GUDHI's cubical complex of any dimension."""
    from gudhi import CubicalComplex

    cells = "vertices" if sample.construction == "V" else "top_dimensional_cells"
    complex_ = CubicalComplex(**{cells: sample.values})
    complex_.compute_persistence(homology_coeff_field=2)
    bars = [complex_.persistence_intervals_in_dimension(k) for k in range(sample.image.ndim)]
    return np.stack([_curve(b.reshape(-1, 2), sample) for b in bars])


def gudhi_2d_curves(sample: Sample) -> np.ndarray:
    """GUDHI's scikit-learn class, which has a path of its own for 2-D images.

    That path knows the T-construction alone; asked for vertices, the class takes the general one.
    By Alexander duality it serves V all the same: on the negated image in a frame that enters
    first, loops are the components of the image, and components other than the frame its loops.
    """
    from gudhi.sklearn import CubicalPersistence

    transformer = CubicalPersistence(homology_dimensions=[0, 1])
    if sample.construction == "T":
        (bars,) = transformer.fit_transform([sample.values])
        return np.stack([_curve(b, sample) for b in bars])
    dtype = np.result_type(sample.values, np.float32)
    framed = np.full([n + 2 for n in sample.image.shape], -np.inf, dtype)
    np.negative(sample.values, out=framed[1:-1, 1:-1], dtype=dtype)
    ((components, loops),) = transformer.fit_transform([framed])
    # Where the complement's bar ends, the image's begins.
    up, down = (_curve(-bars[:, ::-1], sample) for bars in (loops, components))
    return np.stack([up, down - 1])


def cripser_curves(sample: Sample) -> np.ndarray:
    """cripser in every dimension."""
    from cripser import compute_ph

    rank = sample.image.ndim
    rows = compute_ph(sample.values, filtration=sample.construction, maxdim=rank - 1)
    dimension, births, deaths = rows[:, :3].T
    return curves_of_rows(dimension, births, deaths, tuple(range(rank)), sample.thresholds)


def cripser_restricted_curves(sample: Sample) -> np.ndarray:
    """cripser for beta_0, and in 3-D beta_2: all that is needed besides the Euler curve."""
    from cripser import compute_ph

    compute = partial(compute_ph, sample.values, filtration=sample.construction)
    rows = [compute(maxdim=0)]
    if sample.image.ndim == 3:
        rows.append(compute(top_dim=True))
    return np.stack([_curve(r[:, 1:3], sample) for r in rows])


def flash_curves(sample: Sample) -> np.ndarray:
    """Flash Cubical; in 3-D without beta_1, which the Euler curve gives."""
    from flash_cubical import compute

    rank = sample.image.ndim
    births, deaths, dimension = compute(sample.values, h1=rank == 2).values.T
    return curves_of_rows(dimension, births, deaths, FLASHED[rank], sample.thresholds)


def _curve(bars: np.ndarray, sample: Sample) -> np.ndarray:
    return betti_curve(bars[:, 0], bars[:, 1], sample.thresholds)


def cc3d_curves(sample: Sample) -> np.ndarray:
    """Connected components at every threshold, in 3-D also of the complement, by cc3d."""
    values, top = sample.values, sample.construction == "T"
    counts = [_components(values <= not_above(t, values.dtype), top) for t in sample.thresholds]
    return np.array(counts).T


def _components(inside: np.ndarray, top: bool) -> tuple[int, ...]:
    from cc3d import connected_components

    label = partial(connected_components, return_N=True, binary_image=True)
    full, faces = (8, 4) if inside.ndim == 2 else (26, 6)
    within, without = (full, faces) if top else (faces, full)
    if inside.ndim == 2:
        return (label(inside, connectivity=within)[1],)
    # The margin joins all that touches the border to the one component that is no cavity.
    complement = np.pad(~inside, 1, constant_values=True)
    cavities = label(complement, connectivity=without)[1] - 1
    return label(inside, connectivity=within)[1], cavities


def not_above(threshold: float, dtype: np.dtype) -> np.generic:
    """Return the largest value of the dtype that is not above a threshold.

    Comparing in the image's own type spares cc3d a conversion of the image at every threshold.
    """
    if dtype.kind in "iu":
        return dtype.type(np.floor(threshold))
    rounded = dtype.type(threshold)
    return rounded if rounded <= threshold else np.nextafter(rounded, dtype.type(-np.inf))


def stopwatch(curves: Curves) -> TimedCurves:
    """Return a function that also returns the seconds that its call took."""

    def timed(sample: Sample) -> tuple[float, np.ndarray]:
        _ = sample.values  # made and kept before the clock starts
        start = time.perf_counter()
        answer = curves(sample)
        return time.perf_counter() - start, answer

    return timed


TOPOJAX = Peer(OURS, stopwatch(ours), EVERY)
_IMPORTED = {
    "gudhi": (
        Peer(GUDHI, stopwatch(gudhi_curves), EVERY),
        Peer(GUDHI_2D, stopwatch(gudhi_2d_curves), {2: EVERY[2]}),
    ),
    "cripser": (
        Peer(CRIPSER, stopwatch(cripser_curves), EVERY),
        Peer(CRIPSER_RESTRICTED, stopwatch(cripser_restricted_curves), NEEDED),
    ),
    "cc3d": (Peer(CC3D, stopwatch(cc3d_curves), NEEDED),),
    "flash_cubical": (Peer(FLASH, stopwatch(flash_curves), FLASHED, VERTICES),),
}
_DISTRIBUTIONS = {
    "numpy": "numpy",
    "numba": "numba",
    "gudhi": "gudhi",
    "cripser": "cripser",
    "cc3d": "connected-components-3d",
    "flash_cubical": "flash-cubical",
}


def importable_peers() -> tuple[list[Peer], dict[str, str]]:
    """Return the peers of this environment, and why others are left out, by name."""
    found = [p for module, peers in _IMPORTED.items() if find_spec(module) for p in peers]
    left_out = {
        p.name: f"{_DISTRIBUTIONS[module]} is not installed"
        for module, peers in _IMPORTED.items()
        if not find_spec(module)
        for p in peers
    }
    return found, left_out


def installed_versions() -> dict[str, str]:
    """Return the versions of what is timed, by module."""
    versions = {}
    for module, distribution in _DISTRIBUTIONS.items():
        try:
            versions[module] = version(distribution)
        except PackageNotFoundError:
            continue
    return versions
