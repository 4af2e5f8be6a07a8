"""Configurations from a preset, a file and overrides by dotted key."""

from __future__ import annotations

import difflib
import json
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from topojax.config.presets import PRESETS
from topojax.config.schema import Config
from topojax.config.section import Section
from topojax.config.segmentation import SegmentationConfig
from topojax.errors import ConfigError

_Kind = TypeVar("_Kind", bound=Section)

_SHOWN = 80
"""Characters of a wrong value in its error."""


def make_config(
    preset: str | None = None,
    *,
    file: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Config:
    """Build a configuration: the preset, then defaults, then the file, then the overrides.

    Args:
        preset: `sound`, `paper` or `official`; None: the one that `file` names, else `sound`.
        file: JSON or TOML with the sections of `Config`.
        overrides: dotted key to value, such as `{"backbone.epochs": 5}`.
        defaults: the same, of a command: the file comes before them.

    Raises:
        ConfigError: unknown preset or key, or a value out of its range.
    """
    values: dict[str, Any] = _read_config_file(Path(file)) if file is not None else {}
    changes = dict(overrides or {})
    # A preset is more than its name: wherever it is named, its values are the base.
    name = changes.pop("preset", None) or preset or values.get("preset", "sound")
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(f"preset={_short(name)} is unknown; choose one of {', '.join(PRESETS)}")
    merged = _merge(_changed(PRESETS[name], defaults or {}), values)
    return parse_config(_changed(merged, {"preset": name} | changes))


def parse_config(values: Mapping[str, Any]) -> Config:
    """Validate nested values, as read back from a run folder's `config.json`.

    Raises:
        ConfigError: one line naming the first key that is wrong.
    """
    return _validated(Config, values)


def make_segmentation_config(
    overrides: Mapping[str, Any] | None = None,
) -> SegmentationConfig:
    """Build the settings of a U-Net, such as `{"epochs": 40, "widths": [16, 32, 64]}`.

    Raises:
        ConfigError: an unknown key, or a value out of its range.
    """
    return _validated(SegmentationConfig, overrides or {})


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """Read `key=value` strings; values are JSON where they parse as JSON, else text.

    Numbers of thousands of digits, and brackets nested as deep, are text: no key takes either.

    Raises:
        ConfigError: a pair without `=`.
    """
    overrides: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key.strip():
            raise ConfigError(
                f"--set {_short(pair)} is not key=value; write it as backbone.epochs=5"
            )
        try:
            overrides[key.strip()] = json.loads(text)
        except (ValueError, RecursionError):
            overrides[key.strip()] = text
    return overrides


def _read_config_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from None
    try:
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ConfigError(f"config file {path} is not valid JSON or TOML: {error}") from None
    except RecursionError:
        raise ConfigError(
            f"config file {path} is nested too deep to be read; it must hold sections of keys"
        ) from None
    if not isinstance(values, dict):
        raise ConfigError(f"config file {path} must hold an object of sections, got {text[:40]!r}")
    return values


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for key, value in changes.items():
        if key.count(".") > 1:
            raise ConfigError(_unknown(key))
        merged = _merge(merged, _nest(key, value))
    return merged


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


def _validated(kind: type[_Kind], values: Mapping[str, Any]) -> _Kind:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, kind)) from None


def _first_problem(error: ValidationError, kind: type[Section]) -> str:
    problem = error.errors()[0]
    location = [str(part) for part in problem["loc"]]
    key = ".".join(location)
    if problem["type"] == "extra_forbidden":
        return _unknown(key, kind)
    message = problem["msg"].removeprefix("Value error, ")
    return f"configuration key {key!r} is {_short(problem['input'])}: {message}"


def _unknown(key: str, kind: type[Section] = Config) -> str:
    known = _known_keys(kind)
    # Among short ones: comparing takes time with the square of their length.
    close = difflib.get_close_matches(key[:_SHOWN], known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
    return f"configuration key {_short(key)} is unknown; {hint}"


def _short(value: Any) -> str:
    """Return the `repr` of a value, its middle left out where it is long or nested."""
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {value.bit_length()} bits"
    shown = reprlib.Repr()
    shown.maxstring = shown.maxlong = shown.maxother = _SHOWN
    shown.maxdict = shown.maxlist = shown.maxtuple = 30
    return shown.repr(value)


def _known_keys(kind: type[Section]) -> list[str]:
    keys: list[str] = []
    for name, field in kind.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            keys += [f"{name}.{inner}" for inner in section.model_fields]
        else:
            keys.append(name)
    return keys
