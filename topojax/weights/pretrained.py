"""What `backbone.weights` stands for: published weights by their data set, or a file."""

from __future__ import annotations

import numpy as np

from topojax.errors import WeightsError
from topojax.weights.cache import cached_file
from topojax.weights.formats.state_dict_file import read_state_dict
from topojax.weights.inflation import inflate_resnet18
from topojax.weights.published import DATASETS, PUBLISHED, published_for


def pretrained_weights(weights: str, network: str) -> dict[str, np.ndarray]:
    """Return the state dict that a setting stands for.

    Args:
        weights: `imagenet` or `kinetics400`, of which the files are in the cache, or a path.
        network: name for `create_model`; r3d_18 from ImageNet gets resnet18's kernels, inflated.

    Returns:
        Arrays in torchvision's names and layouts.

    Raises:
        WeightsError: no such weights are published, they are not in the cache, or the file cannot
            be read.
    """
    if weights not in DATASETS:
        return read_state_dict(weights)
    inflated = (network, weights) == ("r3d_18", "imagenet")
    found = published_for("resnet18" if inflated else network)
    if found.dataset != weights:
        networks = [entry.network for entry in PUBLISHED if entry.dataset == weights]
        raise WeightsError(
            f"{network} has no {weights} weights but {found.dataset} ones; {weights} ones are "
            f"published for {', '.join(networks)}"
        )
    path = cached_file(found)
    if not path.is_file():
        raise WeightsError(
            f"{path} is not there; run `topojax weights fetch {found.network}` first"
        )
    state_dict = read_state_dict(path)
    return inflate_resnet18(state_dict) if inflated else state_dict
