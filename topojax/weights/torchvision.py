"""torchvision's weights in our networks: names, layouts, channels and classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx

from topojax.errors import WeightsError, shown
from topojax.models import Backbone
from topojax.models.blocks.layers import Noise
from topojax.weights.names import Place, network_place

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
        not_finite: names of entries with values that are complex, or NaN or infinite as float32.
        summed_channels: the first convolution's channels are summed to one.
        head_kept: the head is for other classes or absent; the model's own is kept.
        prefix: what stands before the network's names in the state dict.
        rivals: other prefixes under which the network is as well, so that it is not known which.
        left_out: names of entries that are not the network's: beside the prefix, or of a head that
            is no linear map.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    not_finite: tuple[str, ...]
    summed_channels: bool
    head_kept: bool
    prefix: str = ""
    rivals: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether `load_torchvision` takes the weights."""
        misfits = self.missing or self.unexpected or self.reshaped or self.not_finite
        return not (misfits or self.rivals)

    def where_and_what_else(self) -> Iterator[str]:
        """Yield sentences, for people: where in the file the network is, and what is not used."""
        if self.prefix:
            yield f"its names begin with {shown(self.prefix)}"
        if self.left_out:
            more = ", …" if len(self.left_out) > 5 else ""
            names = ", ".join(map(shown, self.left_out[:5]))
            yield f"{len(self.left_out)} entries are left out: {names}{more}"


def load_torchvision(model: Backbone, state_dict: Mapping[str, np.ndarray]) -> Backbone:
    """Return a copy of the model with torchvision's weights.

    A one-channel model gets the sum of the first kernel over colours, which is what a grey image
    repeated three times would see. A head for other classes, or none, leaves the model's own.
    `num_batches_tracked` is ignored. Names of DenseNet's published file (`norm.1` for `norm1`) are
    understood. Where the network is a part of what the state dict holds, as under `backbone.`, it
    is found by its names and shapes.

    Args:
        model: from `create_model`.
        state_dict: arrays by torchvision's names, kernels OIHW or OIDHW, linear (out, in).

    Raises:
        WeightsError: entries that are missing, unexpected, of another shape, or not finite, or the
            network is there more than once; `torchvision_report` lists all of them.
    """
    report = torchvision_report(model, state_dict)
    _refuse_misfits(report)
    state_dict = network_entries(model, state_dict)
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
    expected = torch_shapes(model)
    state_dict = _current_names(state_dict)
    place = _place(expected, state_dict)
    own = _entries_at(place, state_dict)
    given = {
        name: np.shape(array)
        for name, array in own.items()
        if name.rpartition(".")[-1] not in model.buffers
    }
    common = expected.keys() & given.keys()
    head, first = _head_names(model), _first_kernel(model)
    headless = not common.intersection(head)
    other_head = {name for name in given if headless and name.startswith(f"{model.head_name}.")}
    head_kept = headless or (head[0] in common and given[head[0]][:1] != expected[head[0]][:1])
    grey = (*expected[first][:1], 3, *expected[first][2:])
    summed = expected[first][1] == 1 and given.get(first) == grey
    adapted = {name for name in head if head_kept} | ({first} if summed else set())
    needed = expected.keys() - (set(head) if headless else set())
    beside = {name for name in state_dict if not name.startswith(place.prefix)}
    return TorchvisionReport(
        missing=tuple(sorted(needed - given.keys())),
        unexpected=tuple(sorted(given.keys() - expected.keys() - other_head)),
        reshaped=tuple(
            (name, given[name], expected[name])
            for name in sorted(common - adapted)
            if given[name] != expected[name]
        ),
        not_finite=tuple(name for name in sorted(common) if not _is_finite(own[name])),
        summed_channels=summed,
        head_kept=head_kept,
        prefix=place.prefix,
        rivals=place.rivals,
        left_out=tuple(sorted(beside | {f"{place.prefix}{name}" for name in other_head})),
    )


def network_entries(model: Backbone, state_dict: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the entries of the part of a state dict that is the network, by its own names.

    Args:
        model: a network, or its shapes alone (`abstract_model`).
        state_dict: arrays by name.

    Raises:
        WeightsError: several parts of the state dict are this network, and all fit alike.
    """
    state_dict = _current_names(state_dict)
    place = _place(torch_shapes(model), state_dict)
    _refuse_rivals(place.prefix, place.rivals)
    return _entries_at(place, state_dict)


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


def _place(expected: Mapping[str, tuple[int, ...]], state_dict: Mapping[str, np.ndarray]) -> Place:
    return network_place(expected, {name: np.shape(a) for name, a in state_dict.items()})


def _entries_at(place: Place, state_dict: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(place.prefix): array
        for name, array in state_dict.items()
        if name.startswith(place.prefix)
    }


def _head_names(model: Backbone) -> tuple[str, str]:
    return f"{model.head_name}.weight", f"{model.head_name}.bias"


def _first_kernel(model: Backbone) -> str:
    return f"{model.first_conv}.weight"


def _refuse_misfits(report: TorchvisionReport) -> None:
    for problem, names in (("misses", report.missing), ("has unexpected", report.unexpected)):
        if names:
            listed = ", ".join(map(shown, names[:5]))
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise WeightsError(
                f"the state dict {problem} {listed}{more}; give one of the same torchvision network"
            )
    for name, given, expected in report.reshaped:
        raise WeightsError(
            f"{name} has shape {given}, the model expects {expected}; give weights of the same "
            "network and number of channels"
        )
    _refuse_rivals(report.prefix, report.rivals)
    for name in report.not_finite:
        raise WeightsError(
            f"{name} holds NaN, infinite or complex values, or larger ones than float32 has; these "
            "weights have diverged, or are of another network"
        )


def _is_finite(array: np.ndarray) -> bool:
    # As float32 a complex number would lose its imaginary part without a word.
    if np.iscomplexobj(array) or "complex" in np.asarray(array).dtype.name:
        return False
    with np.errstate(over="ignore"):
        return bool(np.isfinite(np.asarray(array, np.float32)).all())


def _refuse_rivals(prefix: str, rivals: tuple[str, ...]) -> None:
    if rivals:
        places = " and ".join(map(shown, (prefix, *rivals)))
        raise WeightsError(
            f"the state dict holds the network under {places} alike; write the one that is meant "
            "to a file of its own with `topojax weights convert FILE --under PREFIX -o NEW`"
        )
