"""What a test volume is, plane by plane, and which of its Betti numbers are known."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from topojax.data.synthetic.volumes.cells import CELL
from topojax.data.synthetic.volumes.fields import noise_planes, smooth_planes
from topojax.data.synthetic.volumes.shapes import betti_at_levels, shape_planes
from topojax.errors import ConfigError

VolumeKind = Literal["shapes", "smooth", "noise"]
VolumeDtype = Literal["float32", "uint8"]

# Of the background, which is the last, and of what enters before.
_LEVELS: dict[str, tuple[float, ...]] = {
    "float32": (0.0, 0.25, 0.5, 0.75, 1.0),
    "uint8": (0, 64, 128, 192, 255),
}
_STEPS = "at any other threshold they are those at the last of these that is not above it"
_ALL_THERE = (
    "of this kind no others are known than that nothing is there below 0, and all of the box from "
    "this threshold on"
)


@dataclass(frozen=True)
class KnownBetti:
    """Betti numbers that are known without counting.

    Attributes:
        thresholds: (N,), in units of the stored voxels.
        betti: int64 (3, N); of {volume <= thresholds[i]}, in both constructions.
        between: what is known of other thresholds, in words.
    """

    thresholds: tuple[float, ...]
    betti: np.ndarray
    between: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: `thresholds`, `T` and `V` with `beta_0` … `beta_2`, `between`."""
        curves = {f"beta_{k}": curve for k, curve in enumerate(self.betti.tolist())}
        return {
            "thresholds": list(self.thresholds),
            "T": curves,
            "V": curves,
            "between": self.between,
        }


@dataclass(frozen=True)
class VolumePlan:
    """A test volume of any size, of which each plane is known by itself.

    Attributes:
        shape: (D, H, W).
        kind: `shapes`, balls, shells, tori, pairs of balls and rods at four levels on a background,
            with known Betti numbers; `smooth`, a sum of waves; `noise`, independent voxels.
        dtype: `float32` in [0, 1], or `uint8` from 0 to 255.
        seed: chooses objects, waves or noise.

    Raises:
        ConfigError: an unknown kind or dtype, a negative seed, or a shape without voxels, of
            `shapes` with less than 16 along an axis.

    Example:
        >>> plan = VolumePlan((16, 32, 32), seed=2)
        >>> plan.planes(0, 16).shape, plan.known().thresholds
        ((16, 32, 32), (0.0, 0.25, 0.5, 0.75, 1.0))
        >>> plan.known().betti.tolist()
        [[1, 1, 3, 3, 1], [1, 1, 2, 1, 0], [0, 0, 0, 0, 0]]
    """

    shape: tuple[int, int, int]
    kind: VolumeKind = "shapes"
    dtype: VolumeDtype = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, get_args(VolumeKind)),
            ("dtype", self.dtype, get_args(VolumeDtype)),
        ):
            if value not in known:
                raise ConfigError(f"{name}={value!r} is unknown; choose one of {', '.join(known)}")
        least = CELL if self.kind == "shapes" else 1
        if len(self.shape) != 3 or min(self.shape) < least:
            raise ConfigError(
                f"shape={tuple(self.shape)} of kind {self.kind}; expected three axes of {least} "
                "voxels or more"
            )
        if self.seed < 0:
            raise ConfigError(f"seed={self.seed} must be 0 or more")

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return the planes from `start` to `stop`, (stop - start, H, W) of the volume's dtype."""
        if self.kind == "shapes":
            values = np.array(_LEVELS[self.dtype], self.dtype)
            return shape_planes(self.shape, self.seed, values, start, stop)
        make = smooth_planes if self.kind == "smooth" else noise_planes
        found = make(self.shape, self.seed, start, stop)
        if self.dtype == "float32":
            return found
        found *= 255
        return found.round(out=found).astype(np.uint8)

    def known(self) -> KnownBetti:
        """Return the Betti numbers that are known in closed form."""
        levels = _LEVELS[self.dtype]
        if self.kind == "shapes":
            return KnownBetti(levels, betti_at_levels(self.shape, self.seed), _STEPS)
        return KnownBetti(levels[-1:], np.array([[1], [0], [0]], np.int64), _ALL_THERE)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        return asdict(self) | {"shape": list(self.shape)}


def known_curves(plan: VolumePlan, thresholds: np.ndarray) -> np.ndarray:
    """Return the Betti curves of a volume of `shapes` at any thresholds, int64 (3, N).

    Args:
        plan: of the kind `shapes`.
        thresholds: (N,), in units of the stored voxels.

    Raises:
        ConfigError: a plan of another kind, whose numbers are not known.

    Example:
        >>> plan = VolumePlan((16, 32, 32), seed=2)
        >>> known_curves(plan, np.array([-1, 0.6, 7])).tolist()
        [[0, 3, 1], [0, 2, 0], [0, 0, 0]]
    """
    if plan.kind != "shapes":
        raise ConfigError(f"kind={plan.kind!r} has no known Betti curves; expected shapes")
    known = plan.known()
    before = np.pad(known.betti, ((0, 0), (1, 0)))
    return before[:, np.searchsorted(known.thresholds, thresholds, "right")]
