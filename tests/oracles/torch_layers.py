"""torch's layers in evaluation mode, in numpy and float64, channels first: (B, C, *spatial)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Weights = Mapping[str, np.ndarray]
"""A state dict: arrays by torch's names, kernels (out, in / groups, *window)."""


def conv(
    x: np.ndarray,
    weights: Weights,
    name: str,
    *,
    stride: tuple[int, ...] | int = 1,
    padding: tuple[int, ...] | None = None,
    groups: int = 1,
) -> np.ndarray:
    """`nn.Conv2d` or `nn.Conv3d`: a correlation with zeros around; padding None: k // 2."""
    kernel = np.asarray(weights[f"{name}.weight"], np.float64)
    window = kernel.shape[2:]
    pads = tuple(k // 2 for k in window) if padding is None else padding
    patches = _windows(x, window, stride, pads, 0.0)
    parts = []
    for inputs, outputs in zip(
        np.split(patches, groups, axis=1), np.split(kernel, groups), strict=True
    ):
        # (B, C, *outputs, *window) with (out, C, *window)
        over = [1, *range(2 + len(window), 2 + 2 * len(window))]
        parts.append(np.tensordot(inputs, outputs, (over, list(range(1, kernel.ndim)))))
    y = np.moveaxis(np.concatenate(parts, axis=-1), -1, 1)
    bias = weights.get(f"{name}.bias")
    return y if bias is None else y + _per_channel(bias, y)


def batch_norm(x: np.ndarray, weights: Weights, name: str, eps: float = 1e-5) -> np.ndarray:
    """`nn.BatchNorm` by its running statistics; eps is added to the variance."""
    scale, bias, mean, var = (
        _per_channel(weights[f"{name}.{leaf}"], x)
        for leaf in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / np.sqrt(var + eps) * scale + bias


def linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """`nn.Linear`: x W^T + b."""
    return x @ np.asarray(weights[f"{name}.weight"], np.float64).T + weights[f"{name}.bias"]


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def max_pool(x: np.ndarray, window: int, stride: int, padding: int = 0) -> np.ndarray:
    """`nn.MaxPool`: what is around never wins, and a window that does not fit is left out."""
    dims = x.ndim - 2
    patches = _windows(x, (window,) * dims, stride, (padding,) * dims, -np.inf)
    return patches.max(axis=tuple(range(-dims, 0)))


def mean_pool(x: np.ndarray, window: int) -> np.ndarray:
    """`nn.AvgPool` of a stride that is its window, without padding."""
    dims = x.ndim - 2
    patches = _windows(x, (window,) * dims, window, (0,) * dims, 0.0)
    return patches.mean(axis=tuple(range(-dims, 0)))


def global_mean(x: np.ndarray) -> np.ndarray:
    """`nn.AdaptiveAvgPool` to one cell, flattened: (B, C)."""
    return x.reshape(*x.shape[:2], -1).mean(axis=-1)


def _windows(
    x: np.ndarray,
    window: tuple[int, ...],
    stride: tuple[int, ...] | int,
    padding: tuple[int, ...],
    around: float,
) -> np.ndarray:
    """Return what each output sees: (B, C, *outputs, *window)."""
    pads = [(0, 0), (0, 0), *((p, p) for p in padding)]
    padded = np.pad(np.asarray(x, np.float64), pads, constant_values=around)
    axes = tuple(range(2, x.ndim))
    seen = np.lib.stride_tricks.sliding_window_view(padded, window, axis=axes)
    steps = (stride,) * len(window) if isinstance(stride, int) else stride
    return seen[:, :, *(slice(None, None, step) for step in steps)]


def _per_channel(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64).reshape(1, -1, *(1,) * (x.ndim - 2))
