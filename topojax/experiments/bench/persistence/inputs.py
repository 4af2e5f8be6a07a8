"""The images of the comparison: noise from a fixed seed, and real volumes where given."""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from topojax.errors import DataError
from topojax.kernels.arguments import Construction

SEED = 20240229
THRESHOLDS = 50
SIGMA = 2.0
INSCRIBED_BALL = math.pi / 6

_NIFTI_DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}


@dataclass(frozen=True)
class Sample:
    """One image, its mask where it has one, and the thresholds at which curves are asked for."""

    name: str
    image: np.ndarray
    mask: np.ndarray | None
    thresholds: np.ndarray
    construction: Construction = "T"

    @property
    def size(self) -> str:
        """The shape as a reader writes it: 64³, 224² or 197×233×189."""
        return written(self.image.shape)

    @cached_property
    def values(self) -> np.ndarray:
        """The image for libraries that know no mask: absent voxels are +inf."""
        if self.mask is None:
            return self.image
        return np.where(self.mask, self.image, np.float32(np.inf))

    def centre(self, width: int) -> Sample:
        """Return the central cube, for a first call that compiles and imports."""
        cut = tuple(slice(max(0, (n - width) // 2), (n + width) // 2) for n in self.image.shape)
        mask = None if self.mask is None else self.mask[cut].copy()
        return replace(self, image=self.image[cut].copy(), mask=mask)


def written(shape: tuple[int, ...]) -> str:
    """Return a shape as a reader writes it: 64³, 224² or 197×233×189."""
    if len(set(shape)) == 1:
        return f"{shape[0]}{'²³'[len(shape) - 2]}"
    return "×".join(map(str, shape))


def make_sample(name: str, image: np.ndarray, mask: np.ndarray | None = None) -> Sample:
    """Return the image with 50 thresholds from its smallest to its largest present value."""
    present = image if mask is None else image[mask]
    return Sample(name, image, mask, np.linspace(present.min(), present.max(), THRESHOLDS))


def noise(shape: tuple[int, ...], seed: int = SEED) -> np.ndarray:
    """Return white Gaussian noise, float32."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def smooth(shape: tuple[int, ...], seed: int = SEED) -> np.ndarray:
    """Return white noise after a Gaussian of 2 voxels, float32."""
    return gaussian_filter(noise(shape, seed), SIGMA)


def ball(shape: tuple[int, ...], fraction: float) -> np.ndarray:
    """Return the central ball that fills a fraction of a cube, bool."""
    radius = (3 * fraction / (4 * math.pi)) ** (1 / 3)
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    squares = sum(((a + 0.5) / n - 0.5) ** 2 for a, n in zip(axes, shape, strict=True))
    return np.asarray(squares) <= radius**2


def synthetic(name: str, shape: tuple[int, ...]) -> Sample:
    """Return noise, smooth, quantised (smooth as uint8) or masked (smooth in a ball)."""
    if name == "noise":
        return make_sample(name, noise(shape))
    image = smooth(shape)
    if name == "quantised":
        image -= image.min()
        return make_sample(name, (image * (255 / image.max())).astype(np.uint8))
    return make_sample(name, image, ball(shape, INSCRIBED_BALL) if name == "masked" else None)


@dataclass(frozen=True)
class SyntheticInput:
    """A cube, or a square of rank 2, that is made anew for every measurement."""

    kind: str
    width: int
    rank: int = 3
    construction: Construction = "T"

    def sample(self) -> Sample:
        """Make the image."""
        made = synthetic(self.kind, (self.width,) * self.rank)
        return replace(made, construction=self.construction)


def read_nifti(path: Path) -> np.ndarray:
    """Return the volume of a little-endian NIfTI-1 file in its stored type, float32 if scaled.

    Raises:
        DataError: the file is of another kind.
    """
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    (header_size,) = struct.unpack_from("<i", content, 0)
    if header_size != 348:
        raise DataError(
            f"{path.name} starts with {header_size}; expected a little-endian NIfTI-1 file, "
            "which starts with 348"
        )
    rank, *extents = struct.unpack_from("<8h", content, 40)
    (code,) = struct.unpack_from("<h", content, 70)
    offset, slope, intercept = struct.unpack_from("<3f", content, 108)
    shape = extents[:rank]
    flat = np.frombuffer(content, "<" + _NIFTI_DTYPES[code], math.prod(shape), int(offset))
    volume = np.ascontiguousarray(flat.reshape(shape, order="F"))
    if slope in (0.0, 1.0) and intercept == 0.0:
        return volume
    return (volume * np.float32(slope or 1) + np.float32(intercept)).astype(np.float32)


def _first_of(path: Path, key: str) -> np.ndarray:
    with np.load(path) as archive:
        return archive[key][0]


def _whole(path: Path, key: str) -> np.ndarray:
    with np.load(path) as archive:
        return archive[key]


@dataclass(frozen=True)
class RealInput:
    """A file below the data folder and how its volume is read."""

    name: str
    file: str
    read: Callable[[Path], np.ndarray]

    def there(self, data: Path | None) -> bool:
        """Whether the data folder has the file."""
        return data is not None and (data / self.file).is_file()

    def sample(self, data: Path) -> Sample:
        """Read the image."""
        return make_sample(self.name, self.read(data / self.file))


ADRENAL = RealInput(
    "AdrenalMNIST3D",
    "medmnist/adrenalmnist3d_64.npz",
    lambda path: _first_of(path, "train_images"),
)
HIPPOCAMPUS = RealInput(
    "hippocampus MRI", "nifti/hippocampus/images/hippocampus_001.nii.gz", read_nifti
)
MNI152 = RealInput(
    "MNI152 T1", "nifti/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz", read_nifti
)
STENT = RealInput("stent CT", "stent.npz", lambda path: _whole(path, "arr_0"))
STENT_MIDDLE = RealInput(
    "middle of the stent CT", "stent.npz", lambda path: _whole(path, "arr_0")[64:192].copy()
)


def missing(inputs: Iterable[RealInput], data: Path | None) -> dict[str, str]:
    """Return why real inputs are left out, by name."""
    return {
        real.name: "no --data folder given" if data is None else f"{real.file} is not there"
        for real in inputs
        if not real.there(data)
    }


def samples(inputs: Iterable[SyntheticInput | RealInput], data: Path | None) -> Iterator[Sample]:
    """Make or read those that are there, one at a time, as the largest fill memory."""
    for one in inputs:
        if isinstance(one, SyntheticInput):
            yield one.sample()
        elif data is not None and one.there(data):
            yield one.sample(data)
