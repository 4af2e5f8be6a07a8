"""The weight files that torchvision publishes for our networks.

Names, addresses and sizes as torchvision 0.28.0 states them; the eight hex digits in a file's name
begin its SHA-256. timm's files of davit_tiny and mobilevit_s state no hash to check, so they are
not fetched: one that was downloaded is read as any file. For efficientnet3d_b0, cct3d, vit3d and
m3t nobody publishes weights of these layouts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from topojax.errors import WeightsError

DATASETS = ("imagenet", "kinetics400")
_FOLDER = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class PublishedWeights:
    """A weight file: whose it is, what it was trained on, and what it is called.

    Attributes:
        network: name for `create_model`.
        dataset: one of `DATASETS`.
        file: torchvision's file name, which ends with the beginning of its SHA-256.
        mebibytes: size of the file.
    """

    network: str
    dataset: str
    file: str
    mebibytes: float

    @property
    def url(self) -> str:
        """Address of the file."""
        return f"{_FOLDER}/{self.file}"

    @property
    def sha256_start(self) -> str:
        """The first hex digits of the file's SHA-256."""
        return re.findall(r"-([0-9a-f]{8,})\.pth$", self.file)[0]


PUBLISHED = (
    PublishedWeights("resnet18", "imagenet", "resnet18-f37072fd.pth", 44.7),
    PublishedWeights("resnet50", "imagenet", "resnet50-11ad3fa6.pth", 97.8),
    PublishedWeights("densenet121", "imagenet", "densenet121-a639ec97.pth", 30.8),
    PublishedWeights("vgg16", "imagenet", "vgg16-397923af.pth", 527.8),
    PublishedWeights("efficientnet_b0", "imagenet", "efficientnet_b0_rwightman-7f5810bc.pth", 20.5),
    PublishedWeights("swin_v2_t", "imagenet", "swin_v2_t-b137f0e2.pth", 108.6),
    PublishedWeights("r3d_18", "kinetics400", "r3d_18-b3b3357e.pth", 127.4),
    PublishedWeights("mc3_18", "kinetics400", "mc3_18-a90a0ba3.pth", 44.7),
    PublishedWeights("r2plus1d_18", "kinetics400", "r2plus1d_18-91a641e6.pth", 120.3),
)


def published_for(network: str) -> PublishedWeights:
    """Return the weights published for a network.

    Raises:
        WeightsError: there are none.
    """
    for weights in PUBLISHED:
        if weights.network == network:
            return weights
    names = ", ".join(weights.network for weights in PUBLISHED)
    raise WeightsError(f"no weights are published for {network!r}; choose one of {names}")
