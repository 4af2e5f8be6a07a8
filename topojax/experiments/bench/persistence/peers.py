"""Betti curves by topojax and by the libraries that it is timed against.

Every peer takes a sample and returns curves at its thresholds; absent voxels reach libraries that
know no mask as +inf. All follow the T-construction, on one thread.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from topojax.experiments.bench.persistence.bars import betti_curve, curves_of_rows
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.kernels import betti_curves

OURS = "topojax"
GUDHI = "GUDHI"
GUDHI_2D = "GUDHI 2-D"
CRIPSER = "cripser"
CRIPSER_RESTRICTED = "cripser restricted"
GIOTTO = "giotto-tda"
CC3D = "cc3d"
NAMES = (OURS, GUDHI, GUDHI_2D, CRIPSER, CRIPSER_RESTRICTED, GIOTTO, CC3D)

Curves = Callable[[Sample], np.ndarray]
TimedCurves = Callable[[Sample], tuple[float, np.ndarray]]

EVERY = {2: (0, 1), 3: (0, 1, 2)}
# The Euler curve gives the one that is left.
NEEDED = {2: (0,), 3: (0, 2)}


@dataclass(frozen=True)
class Peer:
    """A way to compute Betti curves, with the seconds that it takes.

    Attributes:
        timed: returns seconds and curves, one row a homology dimension.
        dimensions: the homology dimensions of the rows, by the rank of the images that it takes.
    """

    name: str
    timed: TimedCurves
    dimensions: Mapping[int, tuple[int, ...]]


def ours(sample: Sample) -> np.ndarray:
    """topojax, which takes the mask as it is."""
    return betti_curves(sample.image, sample.thresholds, mask=sample.mask)


def gudhi_curves(sample: Sample) -> np.ndarray:
    """GUDHI's cubical complex of any dimension."""
    from gudhi import CubicalComplex

    complex_ = CubicalComplex(top_dimensional_cells=sample.values)
    complex_.compute_persistence(homology_coeff_field=2)
    bars = [complex_.persistence_intervals_in_dimension(k) for k in range(sample.image.ndim)]
    return np.stack([_curve(b.reshape(-1, 2), sample) for b in bars])


def gudhi_2d_curves(sample: Sample) -> np.ndarray:
    """GUDHI's scikit-learn class, which has a path of its own for 2-D images."""
    from gudhi.sklearn import CubicalPersistence

    (bars,) = CubicalPersistence(homology_dimensions=[0, 1]).fit_transform([sample.values])
    return np.stack([_curve(b, sample) for b in bars])


def cripser_curves(sample: Sample) -> np.ndarray:
    """cripser in every dimension."""
    from cripser import compute_ph

    rank = sample.image.ndim
    rows = compute_ph(sample.values, filtration="T", maxdim=rank - 1)
    dimension, births, deaths = rows[:, :3].T
    return curves_of_rows(dimension, births, deaths, tuple(range(rank)), sample.thresholds)


def cripser_restricted_curves(sample: Sample) -> np.ndarray:
    """cripser for beta_0, and in 3-D beta_2: all that is needed besides the Euler curve."""
    from cripser import compute_ph

    rows = [compute_ph(sample.values, filtration="T", maxdim=0)]
    if sample.image.ndim == 3:
        rows.append(compute_ph(sample.values, filtration="T", top_dim=True))
    return np.stack([_curve(r[:, 1:3], sample) for r in rows])


def _curve(bars: np.ndarray, sample: Sample) -> np.ndarray:
    return betti_curve(bars[:, 0], bars[:, 1], sample.thresholds)


def cc3d_curves(sample: Sample) -> np.ndarray:
    """Connected components at every threshold, in 3-D also of the complement, by cc3d."""
    values = sample.values
    counts = [_components(values <= not_above(t, values.dtype)) for t in sample.thresholds]
    return np.array(counts).T


def _components(inside: np.ndarray) -> tuple[int, ...]:
    from cc3d import connected_components

    label = partial(connected_components, return_N=True, binary_image=True)
    if inside.ndim == 2:
        return (label(inside, connectivity=8)[1],)
    # The margin joins all that touches the border to the one component that is no cavity.
    complement = np.pad(~inside, 1, constant_values=True)
    cavities = label(complement, connectivity=6)[1] - 1
    return label(inside, connectivity=26)[1], cavities


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
}
_DISTRIBUTIONS = {
    "numpy": "numpy",
    "numba": "numba",
    "gudhi": "gudhi",
    "cripser": "cripser",
    "cc3d": "connected-components-3d",
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


@contextmanager
def giotto_peer(python: str | None) -> Iterator[tuple[Peer, str]]:
    """Run giotto-tda under another interpreter; yield the peer and its version.

    Raises:
        OSError: no interpreter, or it does not start, or has no giotto-tda.
    """
    if python is None:
        raise OSError("no --giotto-python given")
    worker = Path(__file__).with_name("giotto_worker.py")
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        hello = _answer(process.stdout)
        timed = partial(_ask, process.stdin, process.stdout, folder)
        yield Peer(GIOTTO, timed, EVERY), hello["version"]


def _ask(
    questions: IO[str], answers: IO[str], folder: str, sample: Sample
) -> tuple[float, np.ndarray]:
    np.save(Path(folder) / "values.npy", sample.values)
    np.save(Path(folder) / "thresholds.npy", sample.thresholds)
    questions.write(f"{folder}\n")
    questions.flush()
    answer = _answer(answers)
    return answer["seconds"], np.array(answer["curves"])


def _answer(answers: IO[str]) -> dict:
    line = answers.readline()
    if not line:
        raise OSError("giotto-tda's process ended; what it said is above")
    return json.loads(line)
