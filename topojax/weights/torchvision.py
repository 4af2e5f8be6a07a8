"""torchvision's weights in our residual networks: names, layouts, channels and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx

from topojax.errors import WeightsError
from topojax.models import ResidualNetwork

_STEM = {2: ("conv1", "bn1"), 3: ("stem.0", "stem.1")}
_BLOCK = {
    2: {("first", "conv"): "conv1", ("first", "norm"): "bn1",
        ("second", "conv"): "conv2", ("second", "norm"): "bn2"},
    3: {("first", "conv"): "conv1.0", ("first", "norm"): "conv1.1",
        ("second", "conv"): "conv2.0", ("second", "norm"): "conv2.1"},
}  # fmt: skip
_SHORTCUT = {("shortcut", "conv"): "downsample.0", ("shortcut", "norm"): "downsample.1"}
_LEAF = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}
_HEAD = ("fc.weight", "fc.bias")


@dataclass(frozen=True)
class TorchvisionReport:
    """What had to be adapted to make torchvision's weights fit.

    Attributes:
        summed_channels: the first convolution's channels were summed to one.
        head_kept: the head had another number of classes; the model's own was kept.
    """

    summed_channels: bool
    head_kept: bool


def load_torchvision(
    model: ResidualNetwork, state_dict: Mapping[str, np.ndarray]
) -> ResidualNetwork:
    """Return a copy of the model with torchvision's weights.

    A one-channel model gets the sum of the first kernel over colours, which is what a grey image
    repeated three times would see. A head for other classes is left out. `num_batches_tracked`
    is ignored.

    Args:
        model: from `create_model`.
        state_dict: arrays by torchvision's names, kernels OIHW or OIDHW, linear (out, in).

    Raises:
        WeightsError: entries that are missing, unexpected, of another shape, or not finite.
    """
    return _load(model, state_dict)[0]


def torchvision_report(
    model: ResidualNetwork, state_dict: Mapping[str, np.ndarray]
) -> TorchvisionReport:
    """Return what `load_torchvision` adapts, or raise what it raises."""
    return _load(model, state_dict)[1]


def _load(
    model: ResidualNetwork, state_dict: Mapping[str, np.ndarray]
) -> tuple[ResidualNetwork, TorchvisionReport]:
    graph, state = nnx.split(model)
    flat = nnx.to_flat_state(state)
    dims = model.architecture.spatial_dims
    names = [_torchvision_name(path, dims) for path in flat.paths]
    _check_names(set(names), state_dict)
    head_kept = np.shape(state_dict[_HEAD[1]]) != (model.num_classes,)
    summed = False
    leaves = []
    for name, leaf in zip(names, flat.leaves, strict=True):
        if head_kept and name in _HEAD:
            leaves.append(leaf)
            continue
        array = _channels_last(np.asarray(state_dict[name], np.float32))
        if (
            name == f"{_STEM[dims][0]}.weight"
            and array.shape[-2:-1] == (3,)
            and model.in_channels == 1
        ):
            array, summed = array.sum(axis=-2, keepdims=True), True
        leaves.append(leaf.replace(jnp.asarray(_checked(name, array, leaf.shape))))
    loaded = nnx.from_flat_state(zip(flat.paths, leaves, strict=True))
    return nnx.merge(graph, loaded, copy=True), TorchvisionReport(summed, head_kept)


def _torchvision_name(path: tuple, dims: int) -> str:
    stage, *inner, leaf = path
    if stage == "head":
        module = "fc"
    elif stage == "stem":
        module = _STEM[dims][0 if inner[-1] == "conv" else 1]
    else:
        _, index, *unit = inner
        module = f"{stage}.{index}.{(_BLOCK[dims] | _SHORTCUT)[tuple(unit)]}"
    return f"{module}.{_LEAF[leaf]}"


def _check_names(expected: set[str], state_dict: Mapping[str, np.ndarray]) -> None:
    given = {name for name in state_dict if not name.endswith("num_batches_tracked")}
    for problem, names in (("misses", expected - given), ("has unexpected", given - expected)):
        if names:
            shown = ", ".join(sorted(names)[:5])
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise WeightsError(
                f"the state dict {problem} {shown}{more}; give one of the same torchvision network"
            )


def _channels_last(array: np.ndarray) -> np.ndarray:
    # (out, in, *window) to (*window, in, out); a linear map is the case without window.
    return np.moveaxis(array, (1, 0), (-2, -1)) if array.ndim > 1 else array


def _checked(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape != shape:
        raise WeightsError(
            f"{name} has shape {array.shape} (channels last), the model expects {shape}; "
            "give weights of the same network and number of channels"
        )
    if not np.isfinite(array).all():
        raise WeightsError(f"{name} holds NaN or infinite values; these weights have diverged")
    return array
