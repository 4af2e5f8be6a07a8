"""The scale of intensities: decided once, by the images that a method is fitted on, and recorded.

uint8 images are divided by 255, all others stay as they are. Deciding that array by array gives
images of one data set several scales where they are stored in several dtypes: every later array is
held to the first one's scale, or refused.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)

_BYTE = 255


@dataclass(frozen=True)
class IntensityScale:
    """How stored values become intensities.

    Attributes:
        dtype: of the images that set the scale, as numpy names it.
        divisor: what their values were divided by: 255 for bytes, else 1.
    """

    dtype: str
    divisor: int

    @classmethod
    def of(cls, images: np.ndarray) -> IntensityScale:
        """Return the scale that the first images of a data set give to all others."""
        dtype = images.dtype
        return cls(str(dtype), _BYTE if dtype == np.uint8 else 1)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> IntensityScale:
        """Return what `to_json` wrote."""
        return cls(str(stored["dtype"]), int(stored["divisor"]))

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the scale in words."""
        divided = f"divided by {self.divisor}" if self.divisor != 1 else "as they are"
        return f"{self.dtype}, {divided}"

    def scaled(self, images: np.ndarray, name: str) -> np.ndarray:
        """Return images on this scale, float32 where they are divided, else of their own dtype.

        Floats in [0, 1] are on the scale of divided bytes already, which is said on the logger.

        Args:
            images: of a real dtype.
            name: of the argument, for the message.

        Raises:
            DataError: their scale would be another one, or cannot be known.
        """
        is_bytes = images.dtype == np.uint8
        if self.divisor == 1:
            if is_bytes:
                raise DataError(
                    f"{name} has dtype uint8, the images that it goes with {self.dtype}, which are "
                    "taken as they are: whether bytes are in the same units cannot be known; "
                    f"convert them, such as with images.astype({self.dtype!r})"
                )
            return images
        if is_bytes:
            return images.astype(np.float32) / np.float32(self.divisor)
        _check_unit_interval(images, name)
        _LOGGER.info("%s: %s in [0, 1], taken as divided by 255 already", name, images.dtype)
        return images


AS_MADE = IntensityScale("float32", 1)
"""Of images that were never stored as anything else, such as synthetic ones."""


def _check_unit_interval(images: np.ndarray, name: str) -> None:
    is_float = images.dtype.kind == "f"
    # An empty array or NaN is named by the checks that follow.
    outside = images.size and (images.min() < 0 or images.max() > 1)
    if is_float and not outside:
        return
    span = f" from {images.min():.6g} to {images.max():.6g}" if images.size else ""
    raise DataError(
        f"{name} has dtype {images.dtype}{span}, the images that it goes with uint8, which are "
        "divided by 255; convert it to uint8, or to floats in [0, 1]"
    )
