"""torchvision's residual networks in evaluation mode, from its source: stage by stage in numpy.

What a block is made of shows in the names of its weights; strides do not, and are written here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from oracles.torch_layers import Weights, batch_norm, conv, global_mean, linear, max_pool, relu

Stages = dict[str, np.ndarray]
Convolution = Callable[[np.ndarray, Weights, str, int], np.ndarray]


def full(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    """A kernel of 3 along every axis; `Conv3DSimple`."""
    return conv(x, weights, name, stride=stride)


def no_temporal(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    """1 x 3 x 3, not strided in depth; `Conv3DNoTemporal`."""
    return conv(x, weights, name, stride=(1, stride, stride))


def factored(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    """1 x 3 x 3, batch norm, ReLU, 3 x 1 x 1; `Conv2Plus1D`."""
    x = conv(x, weights, f"{name}.0", stride=(1, stride, stride))
    x = relu(batch_norm(x, weights, f"{name}.1"))
    return conv(x, weights, f"{name}.3", stride=(stride, 1, 1))


def video_block(convolution: Convolution) -> Convolution:
    """`BasicBlock` of torchvision.models.video; the shortcut's stride is the convolution's."""

    def block(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
        y = convolution(x, weights, f"{name}.conv1.0", stride)
        y = relu(batch_norm(y, weights, f"{name}.conv1.1"))
        y = convolution(y, weights, f"{name}.conv2.0", 1)
        y = batch_norm(y, weights, f"{name}.conv2.1")
        steps = (1, stride, stride) if convolution is no_temporal else stride
        return relu(y + _shortcut(x, weights, name, steps))

    return block


def basic_block(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    """`BasicBlock` of torchvision.models.resnet."""
    y = relu(batch_norm(conv(x, weights, f"{name}.conv1", stride=stride), weights, f"{name}.bn1"))
    y = batch_norm(conv(y, weights, f"{name}.conv2"), weights, f"{name}.bn2")
    return relu(y + _shortcut(x, weights, name, stride))


def bottleneck(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    """`Bottleneck`, whose second convolution is the strided one."""
    y = relu(batch_norm(conv(x, weights, f"{name}.conv1"), weights, f"{name}.bn1"))
    y = relu(batch_norm(conv(y, weights, f"{name}.conv2", stride=stride), weights, f"{name}.bn2"))
    y = batch_norm(conv(y, weights, f"{name}.conv3"), weights, f"{name}.bn3")
    return relu(y + _shortcut(x, weights, name, stride))


def _shortcut(
    x: np.ndarray, weights: Weights, name: str, stride: tuple[int, ...] | int
) -> np.ndarray:
    if f"{name}.downsample.0.weight" not in weights:
        return x
    y = conv(x, weights, f"{name}.downsample.0", stride=stride)
    return batch_norm(y, weights, f"{name}.downsample.1")


BLOCKS: dict[str, tuple[Convolution, ...]] = {
    "resnet18": (basic_block,) * 4,
    "resnet50": (bottleneck,) * 4,
    "r3d_18": (video_block(full),) * 4,
    "mc3_18": (video_block(full), *(video_block(no_temporal),) * 3),
    "r2plus1d_18": (video_block(factored),) * 4,
}


def stem(network: str, x: np.ndarray, weights: Weights) -> np.ndarray:
    """Return what the first layer is given."""
    if network.startswith("resnet"):
        x = relu(batch_norm(conv(x, weights, "conv1", stride=2), weights, "bn1"))
        return max_pool(x, 3, 2, 1)
    x = relu(batch_norm(conv(x, weights, "stem.0", stride=(1, 2, 2)), weights, "stem.1"))
    if network == "r2plus1d_18":
        x = relu(batch_norm(conv(x, weights, "stem.3"), weights, "stem.4"))
    return x


def stages_from(network: str, x: np.ndarray, weights: Weights, start: str = "stem") -> Stages:
    """Return the output of every stage, (B, C, *map), and the logits (B, K) as `fc`.

    Args:
        network: one of `BLOCKS`.
        x: images (B, C, *spatial), or the output of the stage before `start`.
        weights: torchvision's state dict.
        start: the first stage to compute: stem, layer1 … layer4, fc.
    """
    names = ("stem", "layer1", "layer2", "layer3", "layer4", "fc")
    found: Stages = {}
    for stage in names[names.index(start) :]:
        if stage == "stem":
            x = stem(network, x, weights)
        elif stage == "fc":
            x = linear(global_mean(x), weights, "fc")
        else:
            number = int(stage[-1])
            block = BLOCKS[network][number - 1]
            n_blocks = len({key.split(".")[1] for key in weights if key.startswith(f"{stage}.")})
            for index in range(n_blocks):
                stride = 2 if index == 0 and number > 1 else 1
                x = block(x, weights, f"{stage}.{index}", stride)
        found[stage] = x
    return found
