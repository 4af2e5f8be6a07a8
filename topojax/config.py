"""The configuration: one frozen schema, two presets, overrides by dotted key.

A preset is a named set of values of the same fields (design, section 2). Everything that changes
a number is here; nothing else is.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from topojax.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BackboneConfig(_Section):
    """The network that the CAMs are taken of (paper, section 3)."""

    name: str = "auto"
    """One of `topojax.models.list_models()`, or `auto`: resnet18 for 2-D images, r3d_18 for
    volumes."""
    weights: Annotated[str | None, AfterValidator(lambda w: None if w == "none" else w)] = None
    """`imagenet` or `kinetics400`: what torchvision publishes for the network, downloaded by
    `topojax weights fetch` (r3d_18 from `imagenet`: resnet18's kernels, inflated); or the path of a
    state dict in torchvision's names (npz, pth, safetensors); None or `none`: from scratch."""
    epochs: int = Field(100, ge=1)
    batch_size: int = Field(32, ge=2)
    """Images an update of the weights, on all devices together."""
    learning_rate: float = Field(1e-3, gt=0)
    """Of Adam; the peak where a schedule changes it."""
    schedule: Literal["constant", "cosine", "one-cycle"] = "constant"
    """Of the learning rate over all updates; see `topojax.training.optimiser`."""
    warmup_epochs: int = Field(0, ge=0)
    """Epochs in which the learning rate grows linearly from 0; `one-cycle` has a rise of its
    own."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of activations in training; weights, statistics, loss and Adam's moments are float32, and
    so is every network after training."""
    class_weights: Literal["none", "balanced"] = "none"
    """`balanced`: a sample of class c weighs n / (k n_c) in the training loss."""
    accumulate: int = Field(1, ge=1)
    """Parts of a batch that are computed one after the other, to save memory; batch
    normalisation then sees a part at a time."""
    flip_axes: tuple[Annotated[int, Field(ge=0, le=2)], ...] = ()
    """Spatial axes along which training images are turned over, each with probability 1/2."""
    shift: int = Field(0, ge=0)
    """Training images are moved by up to so many voxels along every axis, edges repeated."""

    @model_validator(mode="after")
    def _fits_together(self) -> BackboneConfig:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"accumulate={self.accumulate} must divide batch_size={self.batch_size}"
            )
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs={self.warmup_epochs} must be below epochs={self.epochs}"
            )
        if self.warmup_epochs and self.schedule == "one-cycle":
            raise ValueError("schedule=one-cycle has a rise of its own; leave warmup_epochs at 0")
        if len(set(self.flip_axes)) != len(self.flip_axes):
            raise ValueError(f"an axis is named twice in flip_axes={list(self.flip_axes)}")
        return self


class CamConfig(_Section):
    """Class activation maps of the predicted class."""

    method: Literal["gradcam", "gradcam++", "scorecam"] = "gradcam"
    """`scorecam` runs the network once for every channel of every layer."""
    layers: tuple[str, ...] = ()
    """Stages of the network; none: those that it names itself (layer2, layer3 and layer4 of the
    residual networks)."""
    batch_size: int = Field(32, ge=1)

    @model_validator(mode="after")
    def _no_layer_twice(self) -> CamConfig:
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"a layer is named twice in {list(self.layers)}")
        return self


class SearchConfig(_Section):
    """Differential evolution over the fusion weights and the threshold."""

    objective: Literal["cv-auc", "val-auc"] = "cv-auc"
    """`cv-auc`: stratified folds inside the training split. `val-auc`: trained on the training
    split, scored on the validation split (paper, section 4.1)."""
    tau: float | None = Field(None, gt=0, le=1)
    """Fixed threshold, or None: searched in [tau_min, tau_max]."""
    tau_min: float = Field(0.1, gt=0, lt=1)
    tau_max: float = Field(0.9, gt=0, le=1)
    population_per_gene: int = Field(15, ge=2)
    generations: int = Field(50, ge=0)
    folds: int = Field(3, ge=2)
    classifier_epochs: int = Field(30, ge=1)
    """Epochs of a candidate's classifier; the final one trains `classifier.epochs`."""
    classifier_batch_size: int = Field(256, ge=2)
    """Larger than the final classifier's: hundreds of them train side by side."""

    @model_validator(mode="after")
    def _tau_range(self) -> SearchConfig:
        if self.tau_min >= self.tau_max:
            raise ValueError(f"tau_min={self.tau_min} must be below tau_max={self.tau_max}")
        return self


class TopologyConfig(_Section):
    """From image and ROI to descriptor (design, section 1)."""

    construction: Literal["T", "V"] = "T"
    background: Literal["exclude", "zero"] = "exclude"
    grid: Literal["fixed", "sample"] = "fixed"
    n_thresholds: int = Field(50, ge=2)


class ClassifierConfig(_Section):
    """The MLP on descriptors (paper, section 4.1)."""

    hidden: tuple[PositiveInt, ...] = (128, 64)
    epochs: int = Field(100, ge=1)
    batch_size: int = Field(32, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    standardise: bool = True
    """Descriptors to zero mean and unit variance, by statistics of the training split."""


class EvaluationConfig(_Section):
    """Stratified bootstrap intervals of every score."""

    n_bootstrap: int = Field(1000, ge=100)
    level: float = Field(0.95, gt=0, lt=1)


class Config(_Section):
    """Everything that changes a number."""

    preset: Literal["sound", "paper"] = "sound"
    seed: int = Field(0, ge=0, lt=2**32)
    size: int | None = Field(None, ge=1)
    """Pixels along every axis after linear resizing; None: as the data come."""
    backbone: BackboneConfig = BackboneConfig()
    cam: CamConfig = CamConfig()
    search: SearchConfig = SearchConfig()
    topology: TopologyConfig = TopologyConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    evaluation: EvaluationConfig = EvaluationConfig()


PRESETS: dict[str, dict[str, Any]] = {
    "sound": {"preset": "sound"},
    "paper": {
        "preset": "paper",
        "search": {"objective": "val-auc", "tau": 0.6},
        "topology": {"background": "zero", "grid": "sample"},
        "classifier": {"standardise": False},
    },
}


def make_config(
    preset: str | None = None,
    *,
    file: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """Build a configuration: the preset, then the file, then the overrides.

    Args:
        preset: `sound` or `paper`; None: the one that `file` names, else `sound`.
        file: JSON or TOML with the sections of `Config`.
        overrides: dotted key to value, such as `{"backbone.epochs": 5}`.

    Raises:
        ConfigError: unknown preset or key, or a value out of its range.
    """
    values: dict[str, Any] = _read_config_file(Path(file)) if file is not None else {}
    changes = dict(overrides or {})
    # A preset is more than its name: wherever it is named, its values are the base.
    name = changes.pop("preset", None) or preset or values.get("preset", "sound")
    if name not in PRESETS:
        raise ConfigError(f"preset={name!r} is unknown; choose one of {', '.join(PRESETS)}")
    merged = _merge(_merge(PRESETS[name], values), {"preset": name})
    for key, value in changes.items():
        merged = _merge(merged, _nest(key, value))
    return parse_config(merged)


def parse_config(values: Mapping[str, Any]) -> Config:
    """Validate nested values, as read back from a run folder's `config.json`.

    Raises:
        ConfigError: one line naming the first key that is wrong.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_problem(error)) from None


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """Read `key=value` strings; values are JSON where they parse as JSON, else text.

    Raises:
        ConfigError: a pair without `=`.
    """
    overrides: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key.strip():
            raise ConfigError(f"--set {pair!r} is not key=value; write it as backbone.epochs=5")
        try:
            overrides[key.strip()] = json.loads(text)
        except json.JSONDecodeError:
            overrides[key.strip()] = text
    return overrides


def _read_config_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from None
    try:
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"config file {path} is not valid JSON or TOML: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"config file {path} must hold an object of sections, got {text[:40]!r}")
    return values


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _nest(dotted: str, value: Any) -> dict[str, Any]:
    head, _, rest = dotted.partition(".")
    return {head: _nest(rest, value) if rest else value}


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    location = [str(part) for part in problem["loc"]]
    key = ".".join(location)
    if problem["type"] == "extra_forbidden":
        known = _known_keys()
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
        return f"configuration key {key!r} is unknown; {hint}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"configuration key {key!r} is {problem['input']!r}: {message}"


def _known_keys() -> list[str]:
    keys: list[str] = []
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            keys += [f"{name}.{inner}" for inner in section.model_fields]
        else:
            keys.append(name)
    return keys
