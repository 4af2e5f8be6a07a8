"""What one run times: quick, and in full."""

from __future__ import annotations

from dataclasses import dataclass

from topojax.experiments.bench.persistence import inputs, peers
from topojax.experiments.bench.persistence.inputs import RealInput


@dataclass(frozen=True)
class Plan:
    """What one run times.

    Attributes:
        stem: name of the files of results.
        repeats: rounds; the median counts.
        budget: seconds of timing of one peer on one input, after which it takes no further round.
        volumes, images: names and widths of synthetic cubes and squares.
        real: real inputs, where their files are there.
        batches: widths and numbers of cubes.
        roi: width of the cube with a ROI.
        memory: names and widths of the cubes whose peak of memory is measured.
        limits: most voxels of a peer; without an entry, any number.
    """

    stem: str
    repeats: int
    budget: float
    volumes: tuple[tuple[str, int], ...]
    images: tuple[tuple[str, int], ...]
    real: tuple[RealInput, ...]
    batches: tuple[tuple[int, int], ...]
    roi: int
    memory: tuple[tuple[str, int], ...]
    limits: dict[str, int]


_KINDS = ("smooth", "noise", "quantised", "masked")
_SMALL = tuple((name, width) for width in (28, 64) for name in _KINDS)
QUICK = Plan(
    stem="persistence_quick",
    repeats=3,
    budget=1.0,
    volumes=(*_SMALL, ("smooth", 128), ("noise", 128)),
    images=(("smooth", 224), ("noise", 224)),
    real=(inputs.ADRENAL, inputs.HIPPOCAMPUS),
    batches=((28, 64), (64, 8)),
    roi=64,
    memory=(("smooth", 128),),
    limits={
        peers.GUDHI: 64**3,
        peers.CRIPSER: 64**3,
        peers.CRIPSER_RESTRICTED: 128**3,
        peers.GIOTTO: 28**3,
        peers.CC3D: 128**3,
    },
)
FULL = Plan(
    stem="persistence",
    repeats=7,
    budget=30.0,
    volumes=(
        *_SMALL,
        *((name, width) for width in (128, 256) for name in ("smooth", "noise")),
        ("smooth", 512),
    ),
    images=tuple((name, width) for width in (224, 1024) for name in ("smooth", "noise")),
    real=(inputs.ADRENAL, inputs.HIPPOCAMPUS, inputs.MNI152, inputs.STENT),
    batches=((28, 256), (64, 32)),
    roi=256,
    memory=(("smooth", 256), ("noise", 256)),
    limits={
        peers.GUDHI: 128**3,
        peers.CRIPSER: 128**3,
        peers.CRIPSER_RESTRICTED: 256**3,
        peers.GIOTTO: 128**3,
        peers.CC3D: 256**3,
    },
)
