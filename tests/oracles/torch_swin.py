"""torchvision's Swin V2 in evaluation mode, from its source, in numpy; cells are (B, H, W, C).

Written without windows: of the map completed with zeros, every cell scores every other, and those
of another window are left out. Blocks at odd places have windows that lie half a window further.
"""

from __future__ import annotations

import math

import numpy as np

from oracles.torch_layers import Weights, conv, linear

_SIDE = 8


def swin_v2(x: np.ndarray, weights: Weights, heads: tuple[int, ...]) -> np.ndarray:
    """Return logits (B, K) of images (B, C, H, W); heads: of the blocks of each stage."""
    x = conv(x, weights, "features.0.0", stride=4, padding=(0, 0))
    x = _layer_norm(np.moveaxis(x, 1, -1), weights, "features.0.2")
    for stage, n_heads in enumerate(heads):
        if stage:
            x = _merged(x, weights, f"features.{2 * stage}")
        index = 0
        while f"features.{2 * stage + 1}.{index}.norm1.weight" in weights:
            name = f"features.{2 * stage + 1}.{index}"
            y = _attention(x, weights, f"{name}.attn", n_heads, shifted=index % 2 == 1)
            x = x + _layer_norm(y, weights, f"{name}.norm1")
            y = linear(_gelu(linear(x, weights, f"{name}.mlp.0")), weights, f"{name}.mlp.3")
            x = x + _layer_norm(y, weights, f"{name}.norm2")
            index += 1
    return linear(_layer_norm(x, weights, "norm").mean(axis=(1, 2)), weights, "head")


def _attention(
    x: np.ndarray, weights: Weights, name: str, heads: int, *, shifted: bool
) -> np.ndarray:
    height, width = x.shape[1:3]
    whole = np.pad(x, [(0, 0), (0, -height % _SIDE), (0, -width % _SIDE), (0, 0)])
    grid = whole.shape[1:3]
    cells = np.argwhere(np.ones(grid))
    # Along an axis of one window nothing is shifted.
    shift = np.array([_SIDE // 2 if shifted and n > _SIDE else 0 for n in grid])
    window = (cells + shift) // _SIDE
    apart = (window[:, None] != window[None]).any(axis=-1)

    bias = np.array(weights[f"{name}.qkv.bias"], np.float64)
    bias[len(bias) // 3 : 2 * len(bias) // 3] = 0  # keys have none
    qkv = whole.reshape(len(x), len(cells), -1) @ weights[f"{name}.qkv.weight"].T + bias
    # (3, B, heads, cells, channels of a head)
    split = qkv.reshape(len(x), len(cells), 3, heads, -1).transpose(2, 0, 3, 1, 4)
    queries, keys = (_unit(part) for part in split[:2])
    scale = np.exp(np.minimum(weights[f"{name}.logit_scale"], math.log(100)))
    scores = scale * (queries @ keys.swapaxes(-1, -2))
    scores += _position_bias(cells, weights, f"{name}.cpb_mlp")
    scores[..., apart] = -np.inf
    attended = _softmax(scores) @ split[2]
    joined = attended.transpose(0, 2, 1, 3).reshape(len(x), *grid, -1)
    return linear(joined, weights, f"{name}.proj")[:, :height, :width]


def _position_bias(cells: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """16 sigmoid of a small network of log-spaced offsets, (heads, cells, cells)."""
    offsets = 8 * (cells[:, None] - cells[None]) / (_SIDE - 1)
    spaced = np.sign(offsets) * np.log2(np.abs(offsets) + 1) / math.log2(8)
    hidden = np.maximum(linear(spaced, weights, f"{name}.0"), 0)
    table = hidden @ weights[f"{name}.2.weight"].T
    return np.moveaxis(16 / (1 + np.exp(-table)), -1, 0)


def _merged(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    x = np.pad(x, [(0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)])
    four = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
    reduced = np.concatenate(four, axis=-1) @ weights[f"{name}.reduction.weight"].T
    return _layer_norm(reduced, weights, f"{name}.norm")


def _layer_norm(x: np.ndarray, weights: Weights, name: str, eps: float = 1e-5) -> np.ndarray:
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _unit(x: np.ndarray) -> np.ndarray:
    """`F.normalize`: what is 0, as keys of cells that complete the map are, stays 0."""
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def _gelu(x: np.ndarray) -> np.ndarray:
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


def _softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
