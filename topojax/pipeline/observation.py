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
from topojax.topology import BettiDescriptors, describe, describe_candidates


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

    descriptors: BettiDescriptors
    whole: BettiDescriptors
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
    config: Config, rule: RoiRule, grid: np.ndarray | None, grey: np.ndarray, cams: CamStack
) -> Observation:
    """Return what images show whose maps are known.

    Args:
        config: of the topology and of the fused map's scaling.
        rule: what makes ROIs of the maps.
        grid: shared thresholds, float64 (N,), or None: as `config.topology.grid` has it.
        grey: what is filtered, float32 (n, *spatial); see `topojax.topology.filtered`.
        cams: maps, logits and embeddings of the same images.
    """
    found, empty = describe_candidates(
        grey,
        cams.maps,
        rule.weights[None],
        np.array([rule.tau], np.float32),
        grid,
        config.topology,
        rescale=config.cam.rescale_fused,
    )
    # As int64, whatever the kernel counts in: sums over many thresholds must not overflow.
    descriptors = BettiDescriptors(found.curves[0].astype(np.int64), found.voxels[0])
    whole = describe(grey, np.ones(grey.shape, bool), grid, config.topology)
    return Observation(descriptors, whole, empty[0], cams.logits, cams.embeddings)


def concatenate(parts: Sequence[Observation]) -> Observation:
    """Return consecutive observations as one."""
    return Observation(
        BettiDescriptors.concatenate([part.descriptors for part in parts]),
        BettiDescriptors.concatenate([part.whole for part in parts]),
        np.concatenate([part.empty for part in parts]),
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
    )
