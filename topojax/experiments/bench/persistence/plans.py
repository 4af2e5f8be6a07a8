"""What one run times: quick, and in full."""

from __future__ import annotations

from dataclasses import dataclass

from topojax.experiments.bench.persistence import inputs, peers
from topojax.experiments.bench.persistence.inputs import RealInput, SyntheticInput
from topojax.experiments.bench.persistence.processes import compilation
from topojax.kernels.arguments import Construction


@dataclass(frozen=True)
class Batch:
    """Cubes of one kind from many seeds; the peers take the first few, one at a time."""

    kind: str
    width: int
    count: int
    for_peers: int = 0


@dataclass(frozen=True)
class Plan:
    """What one run times.

    Attributes:
        stem: name of the files of results.
        repeats: rounds; the median counts.
        budget: seconds of timing of one peer on one input, after which it takes no further round.
        images: what every peer is timed on, as far as its limit allows; real inputs where their
            files are there.
        batches: on one thread and on two.
        single: the batch whose images are also passed one by one.
        roi: width of the cube with a ROI.
        memory: images of which the peak of memory is measured.
        loops: volumes of which persistence pairs of dimension 1 are timed.
        first_calls: names of `compilation.CALLS`.
        limits: most voxels of a peer; without an entry, any number.
    """

    stem: str
    repeats: int
    budget: float
    images: tuple[SyntheticInput | RealInput, ...]
    batches: tuple[Batch, ...]
    single: Batch
    roi: int
    memory: tuple[SyntheticInput | RealInput, ...]
    loops: tuple[SyntheticInput | RealInput, ...]
    first_calls: tuple[str, ...]
    limits: dict[str, int]

    def real(self) -> tuple[RealInput, ...]:
        """Return the inputs that are read from files."""
        every = (*self.images, *self.memory, *self.loops)
        return tuple(dict.fromkeys(one for one in every if isinstance(one, RealInput)))


_SMOOTH_AND_NOISE = ("smooth", "noise")
_SMALL = tuple(
    SyntheticInput(kind, width)
    for width in (28, 64)
    for kind in (*_SMOOTH_AND_NOISE, "quantised", "masked")
)


def _pair(width: int, rank: int, construction: Construction) -> tuple[SyntheticInput, ...]:
    return tuple(SyntheticInput(kind, width, rank, construction) for kind in _SMOOTH_AND_NOISE)


QUICK = Plan(
    stem="persistence_quick",
    repeats=3,
    budget=1.0,
    images=(
        *_SMALL,
        *_pair(128, 3, "T"),
        *_pair(224, 2, "T"),
        inputs.ADRENAL,
        inputs.HIPPOCAMPUS,
        *_pair(28, 3, "V"),
        *_pair(224, 2, "V"),
    ),
    batches=(Batch("smooth", 28, 64, 1), Batch("smooth", 64, 8)),
    single=Batch("smooth", 16, 200),
    roi=64,
    memory=(SyntheticInput("smooth", 128),),
    loops=_pair(28, 3, "T"),
    first_calls=("volume",),
    limits={
        peers.GUDHI: 64**3,
        peers.CRIPSER: 64**3,
        peers.CRIPSER_RESTRICTED: 128**3,
        peers.GIOTTO: 28**3,
        peers.CC3D: 128**3,
        peers.FLASH: 64**3,
    },
)
FULL = Plan(
    stem="persistence",
    repeats=7,
    budget=20.0,
    images=(
        *_SMALL,
        *_pair(128, 3, "T"),
        *_pair(256, 3, "T"),
        SyntheticInput("smooth", 512),
        *_pair(224, 2, "T"),
        *_pair(1024, 2, "T"),
        inputs.ADRENAL,
        inputs.HIPPOCAMPUS,
        inputs.MNI152,
        inputs.STENT,
        *_pair(64, 3, "V"),
        *_pair(224, 2, "V"),
        *_pair(1024, 2, "V"),
    ),
    batches=(
        Batch("smooth", 28, 1000, 10),
        Batch("noise", 28, 1000, 10),
        Batch("smooth", 64, 32),
    ),
    single=Batch("smooth", 16, 1000),
    roi=256,
    memory=(*_pair(256, 3, "T"), SyntheticInput("noise", 1024, 2), inputs.STENT),
    loops=(*_SMALL, inputs.ADRENAL, inputs.HIPPOCAMPUS, inputs.STENT_MIDDLE),
    first_calls=tuple(compilation.CALLS),
    limits={
        peers.GUDHI: 128**3,
        peers.CRIPSER: 128**3,
        peers.CRIPSER_RESTRICTED: 256**3,
        peers.GIOTTO: 1024**2,
        peers.CC3D: 256**3,
        peers.FLASH: 128**3,
    },
)
