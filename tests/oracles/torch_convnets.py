"""torchvision's VGG, DenseNet and EfficientNet in evaluation mode, from its source, in numpy.

Widths and depths show in the weights; strides and the places of pools are written here. Images
and what is between are (B, C, H, W); every function returns logits (B, K).
"""

from __future__ import annotations

import numpy as np

from oracles.torch_layers import (
    Weights,
    batch_norm,
    conv,
    global_mean,
    linear,
    max_pool,
    mean_pool,
    relu,
)


def vgg(x: np.ndarray, weights: Weights) -> np.ndarray:
    """VGG-16: blocks of convolutions that a pool ends, 7 x 7 means, three linear maps."""
    index = 0
    for in_block in (2, 2, 3, 3, 3):
        for _ in range(in_block):
            x = relu(conv(x, weights, f"features.{index}"))
            index += 2
        x = max_pool(x, 2, 2)
        index += 1
    x = adaptive_mean(x, 7).reshape(len(x), -1)
    for name in ("classifier.0", "classifier.3"):
        x = relu(linear(x, weights, name))
    return linear(x, weights, "classifier.6")


def adaptive_mean(x: np.ndarray, n: int) -> np.ndarray:
    """`nn.AdaptiveAvgPool2d`: windows from floor(i m / n) up to ceil((i + 1) m / n)."""
    for axis in (2, 3):
        m = x.shape[axis]
        windows = [range(i * m // n, -(-(i + 1) * m // n)) for i in range(n)]
        x = np.stack([x.take(window, axis).mean(axis) for window in windows], axis)
    return x


def densenet(x: np.ndarray, weights: Weights) -> np.ndarray:
    """Stem, four dense blocks with transitions between, batch norm, ReLU, mean, linear map."""
    x = relu(batch_norm(conv(x, weights, "features.conv0", stride=2), weights, "features.norm0"))
    x = max_pool(x, 3, 2, 1)
    for block in range(1, 5):
        layer = 1
        while f"features.denseblock{block}.denselayer{layer}.conv1.weight" in weights:
            name = f"features.denseblock{block}.denselayer{layer}"
            y = conv(relu(batch_norm(x, weights, f"{name}.norm1")), weights, f"{name}.conv1")
            y = conv(relu(batch_norm(y, weights, f"{name}.norm2")), weights, f"{name}.conv2")
            x = np.concatenate([x, y], axis=1)
            layer += 1
        if block < 4:
            name = f"features.transition{block}"
            x = conv(relu(batch_norm(x, weights, f"{name}.norm")), weights, f"{name}.conv")
            x = mean_pool(x, 2)
    x = relu(batch_norm(x, weights, "features.norm5"))
    return linear(global_mean(x), weights, "classifier")


def efficientnet(x: np.ndarray, weights: Weights) -> np.ndarray:
    """B0: stem, stages of inverted residuals, 1 x 1 convolution, mean, linear map."""
    x = _conv_norm_silu(x, weights, "features.0", stride=2)
    for stage, stride in enumerate((1, 2, 2, 2, 1, 2, 1), 1):
        index = 0
        while f"features.{stage}.{index}.block.0.0.weight" in weights:
            name = f"features.{stage}.{index}.block"
            x = _inverted_residual(x, weights, name, stride if index == 0 else 1)
            index += 1
    x = _conv_norm_silu(x, weights, "features.8")
    return linear(global_mean(x), weights, "classifier.1")


def _inverted_residual(x: np.ndarray, weights: Weights, name: str, stride: int) -> np.ndarray:
    y, part = x, 0
    # A block of expansion 1 starts with the convolution a channel.
    if f"{name}.3.0.weight" in weights:
        y, part = _conv_norm_silu(y, weights, f"{name}.0"), 1
    y = _conv_norm_silu(y, weights, f"{name}.{part}", stride=stride, groups=y.shape[1])
    squeezed = y.mean(axis=(2, 3), keepdims=True)
    gate = _silu(conv(squeezed, weights, f"{name}.{part + 1}.fc1"))
    gate = conv(gate, weights, f"{name}.{part + 1}.fc2")
    y = conv(y / (1 + np.exp(-gate)), weights, f"{name}.{part + 2}.0")
    y = batch_norm(y, weights, f"{name}.{part + 2}.1")
    return x + y if stride == 1 and x.shape == y.shape else y


def _conv_norm_silu(
    x: np.ndarray, weights: Weights, name: str, *, stride: int = 1, groups: int = 1
) -> np.ndarray:
    x = conv(x, weights, f"{name}.0", stride=stride, groups=groups)
    return _silu(batch_norm(x, weights, f"{name}.1"))


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))
