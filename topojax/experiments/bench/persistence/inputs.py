"""The images of the comparison: noise from a fixed seed, and real volumes where given."""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from topojax.errors import DataError

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

    @property
    def size(self) -> str:
        """The shape as a reader writes it: 64³, 224² or 197×233×189."""
        shape = self.image.shape
        if len(set(shape)) == 1:
            return f"{shape[0]}{'²³'[len(shape) - 2]}"
        return "×".join(map(str, shape))

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
        return Sample(self.name, self.image[cut].copy(), mask, self.thresholds)


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


def missing(inputs: Iterable[RealInput], data: Path | None) -> dict[str, str]:
    """Return why real inputs are left out, by name."""
    return {
        real.name: "no --data folder given" if data is None else f"{real.file} is not there"
        for real in inputs
        if data is None or not (data / real.file).is_file()
    }


def real_samples(inputs: Iterable[RealInput], data: Path | None) -> Iterator[Sample]:
    """Read the real inputs that are there, one at a time."""
    for real in inputs:
        if data is not None and (data / real.file).is_file():
            yield make_sample(real.name, real.read(data / real.file))
