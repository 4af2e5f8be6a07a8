"""torchvision's weights in our networks: names, layouts, channels and classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx

from topojax.errors import WeightsError
from topojax.models import Backbone
from topojax.models.blocks.layers import Noise

_LEAF = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


@dataclass(frozen=True)
class TorchvisionReport:
    """How torchvision's weights fit a network: what is wrong, and what is adapted.

    Attributes:
        missing: names that the network has and the state dict has not.
        unexpected: the other way round.
        reshaped: (name, shape given, shape expected), in torch's layout.
        not_finite: names of entries with values that are NaN or infinite as float32.
        summed_channels: the first convolution's channels are summed to one.
        head_kept: the head has another number of classes; the model's own is kept.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    not_finite: tuple[str, ...]
    summed_channels: bool
    head_kept: bool

    @property
    def fits(self) -> bool:
        """Whether `load_torchvision` takes the weights."""
        return not (self.missing or self.unexpected or self.reshaped or self.not_finite)


def load_torchvision(model: Backbone, state_dict: Mapping[str, np.ndarray]) -> Backbone:
    """Return a copy of the model with torchvision's weights.

    A one-channel model gets the sum of the first kernel over colours, which is what a grey image
    repeated three times would see. A head for other classes is left out. `num_batches_tracked`
    is ignored. Names of DenseNet's published file (`norm.1` for `norm1`) are understood.

    Args:
        model: from `create_model`.
        state_dict: arrays by torchvision's names, kernels OIHW or OIDHW, linear (out, in).

    Raises:
        WeightsError: entries that are missing, unexpected, of another shape, or not finite;
            `torchvision_report` lists all of them.
    """
    state_dict = _current_names(state_dict)
    report = torchvision_report(model, state_dict)
    _refuse_misfits(report)
    graph, state = nnx.split(model)
    flat = nnx.to_flat_state(state)
    kept = _head_names(model) if report.head_kept else ()
    leaves = []
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        name = torch_name(path, leaf)
        if name is None or name in kept:
            leaves.append(leaf)
            continue
        array = np.asarray(state_dict[name], np.float32)
        if path[-1] == "kernel":
            # (out, in, *window) to (*window, in, out); a linear map is the case without window.
            array = np.moveaxis(array, (1, 0), (-2, -1))
        if report.summed_channels and name == _first_kernel(model):
            array = array.sum(axis=-2, keepdims=True)
        leaves.append(leaf.replace(jnp.asarray(array)))
    loaded = nnx.from_flat_state(zip(flat.paths, leaves, strict=True))
    return nnx.merge(graph, loaded, copy=True)


def torchvision_report(model: Backbone, state_dict: Mapping[str, np.ndarray]) -> TorchvisionReport:
    """Return how the weights fit the model, or its shapes alone (`abstract_model`)."""
    state_dict = _current_names(state_dict)
    expected = torch_shapes(model)
    given = {
        name: np.shape(array)
        for name, array in state_dict.items()
        if name.rpartition(".")[-1] not in model.buffers
    }
    common = expected.keys() & given.keys()
    head, first = _head_names(model), _first_kernel(model)
    head_kept = head[0] in common and given[head[0]][:1] != expected[head[0]][:1]
    grey = (*expected[first][:1], 3, *expected[first][2:])
    summed = expected[first][1] == 1 and given.get(first) == grey
    adapted = {name for name in head if head_kept} | ({first} if summed else set())
    return TorchvisionReport(
        missing=tuple(sorted(expected.keys() - given.keys())),
        unexpected=tuple(sorted(given.keys() - expected.keys())),
        reshaped=tuple(
            (name, given[name], expected[name])
            for name in sorted(common - adapted)
            if given[name] != expected[name]
        ),
        not_finite=tuple(
            name
            for name in sorted(common)
            if not np.isfinite(np.asarray(state_dict[name], np.float32)).all()
        ),
        summed_channels=summed,
        head_kept=head_kept,
    )


def torch_shapes(model: Backbone) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the model's weights in torch's names and layouts."""
    flat = nnx.to_flat_state(nnx.state(model))
    shapes = {}
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        name = torch_name(path, leaf)
        if name is not None:
            kernel = path[-1] == "kernel"
            shapes[name] = (*leaf.shape[:-3:-1], *leaf.shape[:-2]) if kernel else leaf.shape
    return shapes


def torch_name(path: tuple, leaf: nnx.Variable) -> str | None:
    """Return the state-dict name of a variable; None where torch keeps none: a random key."""
    if isinstance(leaf, Noise):
        return None
    *module, last = map(str, path)
    return ".".join([*module, _LEAF.get(last, last)])


def _current_names(state_dict: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    # torchvision renames DenseNet's entries, too, when it loads its file of 2017.
    return {_OLD_DENSENET.sub(r"\1\2", name): array for name, array in state_dict.items()}


def _head_names(model: Backbone) -> tuple[str, str]:
    return f"{model.head_name}.weight", f"{model.head_name}.bias"


def _first_kernel(model: Backbone) -> str:
    return f"{model.first_conv}.weight"


def _refuse_misfits(report: TorchvisionReport) -> None:
    for problem, names in (("misses", report.missing), ("has unexpected", report.unexpected)):
        if names:
            shown = ", ".join(names[:5])
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise WeightsError(
                f"the state dict {problem} {shown}{more}; give one of the same torchvision network"
            )
    for name, given, expected in report.reshaped:
        raise WeightsError(
            f"{name} has shape {given}, the model expects {expected}; give weights of the same "
            "network and number of channels"
        )
    for name in report.not_finite:
        raise WeightsError(f"{name} holds NaN or infinite values; these weights have diverged")
