"""2-D kernels made 3-D (I3D, Carreira and Zisserman 2017, section 2.4.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from topojax.errors import WeightsError
from topojax.models import abstract_model
from topojax.weights.torchvision import network_entries

_NAMES = (
    (r"^conv1\.", "stem.0."),
    (r"^bn1\.", "stem.1."),
    (r"\.conv([12])\.", r".conv\1.0."),
    (r"\.bn([12])\.", r".conv\1.1."),
)


def inflate(kernel: np.ndarray, depth: int) -> np.ndarray:
    """Return a 2-D kernel repeated over depth and divided by it.

    Far from the border it answers to an image repeated along depth as the 2-D kernel to the image.

    Args:
        kernel: (out, in, H, W).

    Returns:
        (out, in, depth, H, W), of the same dtype.
    """
    return np.repeat(kernel[:, :, None] / depth, depth, axis=2).astype(kernel.dtype)


def inflate_resnet18(state_dict: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights of torchvision's resnet18 as weights of its r3d_18.

    The stem becomes 3 x 7 x 7, the 3 x 3 kernels 3 x 3 x 3, the projections 1 x 1 x 1. Two things
    differ between the networks all the same: r3d_18 has no max-pool, and it strides depth too.

    Args:
        state_dict: arrays by resnet18's names, kernels OIHW, wherever the network is in it.

    Returns:
        Arrays by r3d_18's names, kernels OIDHW; what is no convolution unchanged.

    Raises:
        WeightsError: there is no first 2-D convolution of resnet18's, so that this is another
            network; or several parts fit alike.
    """
    state_dict = network_entries(abstract_model("resnet18", 1), state_dict)
    if np.ndim(state_dict.get("conv1.weight", 0)) != 4:
        raise WeightsError(
            "the state dict has no 2-D kernel conv1.weight; only resnet18's can be inflated"
        )
    inflated = {}
    for name, array in state_dict.items():
        if np.ndim(array) == 4:
            array = inflate(array, 1 if array.shape[-1] == 1 else 3)
        for pattern, replacement in _NAMES:
            name = re.sub(pattern, replacement, name)
        inflated[name] = array
    return inflated
