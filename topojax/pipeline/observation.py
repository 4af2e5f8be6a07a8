"""What the fitted network and ROI rule show of images, before any classifier: no label comes near.

The same function makes the training split's rows and those of every image after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.search import RoiRule
from topojax.topology import BankDescriptors, FilteredImages, describe_bank, describe_whole


@dataclass(frozen=True)
class Observation:
    """What is seen in n images, row by row in their order.

    Attributes:
        descriptors: Betti curves and sizes of the ROIs.
        whole: the same of the whole images (the paper's Topo-Original).
        empty: bool (n,); ROIs that came out empty and were replaced by the map's maximum.
        logits: float32 (n, classes), of the network.
        embeddings: float32 (n, F), the network's pooled features.
    """

    descriptors: BankDescriptors
    whole: BankDescriptors
    empty: np.ndarray
    logits: np.ndarray
    embeddings: np.ndarray

    def __len__(self) -> int:
        return len(self.empty)

    def rows(self, index: np.ndarray) -> Observation:
        """Return the observation of some of the images, by index or mask."""
        return Observation(
            self.descriptors.rows(index),
            self.whole.rows(index),
            self.empty[index],
            self.logits[index],
            self.embeddings[index],
        )


def observe(
    config: Config, rule: RoiRule, images: FilteredImages, cams: Sequence[CamStack]
) -> tuple[Observation, ...]:
    """Return what images show whose maps are known, one observation a network.

    Args:
        config: of the topology and of the fused map's scaling.
        rule: what makes ROIs of the maps.
        images: under the bank's filtrations; of all of them there are masks at once.
        cams: maps, logits and embeddings that each network has of the same images.
    """
    whole = describe_whole(images, config.topology)
    found = []
    for one in cams:
        masks, empty = rule.regions(one.maps, rescale=config.cam.rescale_fused)
        descriptors = describe_bank(images, masks, config.topology)
        found.append(Observation(descriptors, whole, empty, one.logits, one.embeddings))
    return tuple(found)


def concatenate(parts: Sequence[Observation]) -> Observation:
    """Return consecutive observations as one."""
    if len(parts) == 1:
        return parts[0]
    return Observation(
        BankDescriptors.concatenate([part.descriptors for part in parts]),
        BankDescriptors.concatenate([part.whole for part in parts]),
        np.concatenate([part.empty for part in parts]),
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
    )
