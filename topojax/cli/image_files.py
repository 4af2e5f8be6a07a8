"""Options of images in files: columns of a manifest, and how images become voxels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class _Numbers(click.ParamType):
    """Numbers separated by commas; `words` are let through."""

    name = "numbers"

    def __init__(self, kind: type[int] | type[float], words: tuple[str, ...] = ()) -> None:
        self._kind, self._words = kind, words

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | list[int] | list[float]:
        if not isinstance(value, str) or value in self._words:
            return value
        try:
            return [self._kind(part) for part in value.split(",")]
        except ValueError:
            self.fail(f"{value!r} is not numbers separated by commas, such as 1,1,2", param, ctx)


column = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=NAME",
    help="Of a manifest, which column is path, label, split, group or mask (manifest.*).",
)


def options(command: Command) -> Command:
    """Add the options; `overrides` makes settings of what they gave."""
    decorators = [
        column,
        click.option(
            "--spacing",
            type=_Numbers(float, ("any",)),
            metavar="MM[,MM…]|any",
            help="Resample images of files to so many millimetres (prepare.spacing).",
        ),
        click.option(
            "--shape",
            type=_Numbers(int),
            metavar="N,N[,N]",
            help="Voxels along each axis: resized to, or with --spacing cropped and padded to "
            "(prepare.shape).",
        ),
        click.option(
            "--window",
            type=_Numbers(float),
            metavar="LOW,HIGH",
            help="Intensities in the files' units that become 0 and 1 (prepare.window).",
        ),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def overrides(
    columns: tuple[str, ...],
    spacing: str | list[float] | None,
    shape: list[int] | None,
    window: list[float] | None,
) -> dict[str, Any]:
    """Return settings by dotted key of what the options gave.

    Raises:
        ConfigError: a column that is not ROLE=NAME.
    """
    told: dict[str, Any] = {f"manifest.{role}": name for role, name in named(columns).items()}
    if spacing is not None:
        alone = isinstance(spacing, list) and len(spacing) == 1
        told["prepare.spacing"] = spacing[0] if alone else spacing
    if shape is not None:
        told["prepare.shape"] = shape
    if window is not None:
        told["prepare.window"] = window
    return told


def named(columns: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that `--column` names, by role.

    Raises:
        ConfigError: one that is not ROLE=NAME.
    """
    from topojax.data.manifest.rows import ROLES
    from topojax.errors import ConfigError

    found = {}
    for pair in columns:
        role, equals, name = pair.partition("=")
        if role not in ROLES or not equals or not name:
            raise ConfigError(
                f"--column {pair!r} must be ROLE=NAME with one of the roles {', '.join(ROLES)}, "
                "such as label=diagnosis"
            )
        found[role] = name
    return found
