"""ResNet-18 and R3D-18 in torch under torchvision's names, which ours are timed beside.

torchvision itself has no build for every CPU torch; a state dict of these loads into its networks
and the other way round.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PlanarBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
            if stride > 1 or c_in != c_out
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class VolumetricBlock(nn.Module):
    """Two 3 x 3 x 3 convolutions beside a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv3d(c_in, c_out, 3, stride, 1, bias=False),
            nn.BatchNorm3d(c_out),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            nn.Conv3d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm3d(c_out)
        )
        self.relu = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Sequential(nn.Conv3d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm3d(c_out))
            if stride > 1 or c_in != c_out
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Volumes (B, C, D, H, W)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + shortcut)


class ResNet18(nn.Module):
    """He et al. 2016."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        add_layers(self, PlanarBlock)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) to logits."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class R3D18(nn.Module):
    """Tran et al. 2018."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(in_channels, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            nn.ReLU(inplace=True),
        )
        add_layers(self, VolumetricBlock)
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Volumes (B, C, D, H, W) to logits."""
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(self.avgpool(x).flatten(1))


def add_layers(network: nn.Module, block: type[nn.Module]) -> None:
    """Add layer1 to layer4 of two blocks, 64 to 512 channels."""
    c_in = 64
    for index in range(4):
        c_out = 64 * 2**index
        first = block(c_in, c_out, 1 if index == 0 else 2)
        setattr(network, f"layer{index + 1}", nn.Sequential(first, block(c_out, c_out, 1)))
        c_in = c_out


NETWORKS = {"resnet18": ResNet18, "r3d_18": R3D18}


def make_network(name: str, num_classes: int, in_channels: int, seed: int) -> nn.Module:
    """Return the network with torch's initial weights and batch norms away from 0 and 1."""
    torch.manual_seed(seed)
    network: nn.Module = NETWORKS[name](num_classes, in_channels)
    with torch.no_grad():
        for key, entry in network.state_dict().items():
            if entry.ndim == 1 and not key.startswith("fc"):
                entry.add_(0.1 * torch.rand(entry.shape))
    return network
