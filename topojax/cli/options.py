"""Options that several commands share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from topojax.cli import image_files

_LOGGER = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)

data_root = click.option(
    "--data-root",
    type=PATH,
    help="Folder of MedMNIST files, looked at before ~/.medmnist; or of a data set behind a "
    "registration (topojax data list).",
)
spatial_dims = click.option(
    "--spatial-dims",
    type=click.IntRange(2, 3),
    help="2: DATA holds images, 3: volumes.  [default: as its shape or name tells]",
)
run_argument = click.argument("run", type=PATH)
weights = click.option(
    "--weights",
    metavar="imagenet|kinetics400|FILE|none",
    help="What the backbone starts from (backbone.weights): weights that `topojax weights fetch` "
    "downloaded, or a state dict in torchvision's names.  [default: none]",
)
split = click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    help="Which images of a data set with splits.  [default: test; of a manifest, all]",
)


def configuration(command: Command) -> Command:
    """Add the options that choose a configuration."""
    decorators = [
        click.option("--preset", default=None, help="sound (default), paper or official."),
        click.option("--config", "config_file", type=PATH, help="JSON or TOML file of sections."),
        click.option(
            "--set", "sets", multiple=True, metavar="KEY=VALUE", help="e.g. search.generations=10"
        ),
        click.option("--seed", type=int, help="Fixes every random draw.  [default: 0]"),
    ]
    return _decorate(command, decorators)


def run_folder(command: Command) -> Command:
    """Add the options of a run's folder."""
    decorators = [
        click.option("-o", "--output", type=PATH, help="Run folder.  [default: runs/NAME-TIME]"),
        click.option("--overwrite", is_flag=True, help="Replace an existing run folder."),
        click.option("--resume", is_flag=True, help="Go on with the run in --output."),
    ]
    return _decorate(command, decorators)


def _decorate(command: Command, decorators: list[Callable[[Any], Any]]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def output_folder(output: Path | None, name: str, *, resume: bool) -> Path:
    """Return the run folder asked for, or a new one named by data and time."""
    if output is not None:
        return output
    if resume:
        raise click.UsageError("--resume needs --output, the run folder to go on with")
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"


def dataset_for(
    config: Any, data: str | Path, data_root: Path | None = None, spatial_dims: int | None = None
) -> Any:
    """Return the data set DATA as a configuration wants it: size, columns, preparation."""
    from topojax.data import read_dataset

    return read_dataset(
        data,
        size=config.size,
        spatial_dims=spatial_dims,
        data_root=data_root,
        prepare=config.prepare,
        columns=config.manifest,
    )


def images_for(
    fitted: Any,
    data: str,
    split: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    columns: tuple[str, ...],
) -> Any:
    """Return the images of DATA, and their labels where it has any, as the run wants them."""
    from topojax.config import PrepareConfig
    from topojax.data import read_image_set
    from topojax.data.manifest import columns_there, is_files, is_manifest
    from topojax.errors import ConfigError

    if spatial_dims not in (None, fitted.spatial_dims):
        raise ConfigError(
            f"--spatial-dims={spatial_dims}; the run was fitted on images of "
            f"{fitted.spatial_dims} spatial axes, so leave it out"
        )
    manifest = fitted.config.manifest
    if is_manifest(data):
        manifest = columns_there(Path(data), manifest)
    manifest = manifest.model_copy(update=image_files.named(columns))
    of_files = is_files(data)
    if not of_files and fitted.config.prepare != PrepareConfig():
        _LOGGER.warning(
            "%s: taken as it is; the images that the run was fitted on were prepared (prepare.*)",
            data,
        )
    return read_image_set(
        data,
        split=split,
        size=fitted.config.size,
        spatial_dims=fitted.spatial_dims,
        scale=fitted.scale,
        data_root=data_root,
        prepare=fitted.config.prepare if of_files else None,
        columns=manifest if of_files else None,
        class_names=fitted.class_names,
    )
