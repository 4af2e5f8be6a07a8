"""`topojax data`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli import image_files, options


@click.group(
    "data",
    epilog="""\b
Examples:
  topojax data list
  topojax data info brats2021
  topojax data fetch adrenalmnist3d --size 64
  topojax data check scans.csv

MedMNIST's files are kept in --data-root, else in ~/.medmnist. What is behind a registration is
asked for at its publisher, unpacked, and named by --data-root.""",
)
def command() -> None:
    """List data sets, say how to get them, check manifests, and download MedMNIST's."""


@command.command(
    "list",
    short_help="List data sets, and which files are here.",
    epilog="""\b
Examples:
  topojax data list
  topojax data list --data-root data""",
)
@options.data_root
def list_(data_root: Path | None) -> None:
    """List MedMNIST's data sets and the files of them on this machine, and what is on request.

    Whether files are whole is checked when they are read.
    """
    from topojax.data import MEDMNIST, REGISTERED
    from topojax.data.medmnist.reading import find_official

    click.echo(f"{'MedMNIST':16}{'axes':6}{'sizes':18}here")
    for facts in MEDMNIST.values():
        here = [size for size in facts.md5 if find_official(facts, size, data_root) is not None]
        sizes, held = (" ".join(map(str, some)) for some in (facts.md5, here))
        click.echo(f"{facts.name:16}{facts.spatial_dims}-D   {sizes:18}{held or 'no'}")
    click.echo(f"\n{'on request':16}{'axes':6}{'modalities':18}from")
    for dataset in REGISTERED.values():
        click.echo(
            f"{dataset.name:16}{'3-D':6}{' '.join(dataset.modalities):18}"
            f"its publisher: topojax data info {dataset.name}"
        )


@command.command(
    "info",
    short_help="Say what a data set holds and how to get it.",
    epilog="""\b
Examples:
  topojax data info adrenalmnist3d
  topojax data info brats2019""",
)
@click.argument("name")
@options.data_root
def info(name: str, data_root: Path | None) -> None:
    """Say what the data set NAME holds, where its files are, or what to ask for where."""
    from topojax.data.medmnist.reading import official
    from topojax.data.registered.table import registered

    known = registered(name)
    if known is None:
        _print_official(official(name)[0], data_root)
    else:
        _print_registered(known[0])


@command.command(
    "fetch",
    short_help="Download a file of MedMNIST's.",
    epilog="""\b
Examples:
  topojax data fetch breastmnist
  topojax data fetch adrenalmnist3d --size 64 --data-root data""",
)
@click.argument("name")
@click.option("--size", type=int, help="Pixels along every axis, as published.  [default: 28]")
@options.data_root
def fetch(name: str, size: int | None, data_root: Path | None) -> None:
    """Download the official file of the MedMNIST data set NAME and check it, unless it is here.

    Data sets behind a registration are not fetched: what is asked of their users is between them
    and the publisher.
    """
    from topojax.data.medmnist.reading import official, official_file
    from topojax.data.registered.table import registered
    from topojax.errors import ConfigError, DataError

    known = registered(name)
    if known is not None:
        raise DataError(
            f"{known[0].name} is given out by its publisher on request and is not downloaded; "
            f"`topojax data info {known[0].name}` says where to ask"
        )
    facts, named = official(name)
    if named is not None and size not in (None, named):
        raise ConfigError(f"--size={size}; {name} names another size, so leave one of them out")
    chosen = next((pixels for pixels in (size, named) if pixels is not None), 28)
    path = official_file(facts, chosen, data_root)
    click.echo(f"{path}: use it with topojax fit {path}")


@command.command(
    "check",
    short_help="Say what is wrong with the rows of a manifest.",
    epilog="""\b
Examples:
  topojax data check scans.csv
  topojax data check scans.csv --column label=diagnosis --size 64""",
)
@click.argument("manifest", type=options.PATH)
@click.option("--size", type=int, help="Voxels along every axis, as in fit.")
@image_files.options
@options.configuration
def check(
    manifest: Path,
    size: int | None,
    columns: tuple[str, ...],
    spacing: str | list[float] | None,
    shape: list[int] | None,
    window: list[float] | None,
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
) -> None:
    """Read the MANIFEST and all its images as `fit` would, and say what they are or what is wrong.

    Every row that cannot be used is one line. The images are kept prepared, so that `fit` with the
    same settings begins at once.
    """
    from topojax.config import make_config, parse_overrides
    from topojax.data import SPLITS

    overrides = parse_overrides(sets) | image_files.overrides(columns, spacing, shape, window)
    overrides |= {} if size is None else {"size": size}
    config = make_config(preset, file=config_file, overrides=overrides)
    dataset = options.dataset_for(config, manifest)
    counts = ", ".join(f"{len(dataset.split(name).labels)} {name}" for name in SPLITS)
    click.echo(f"{dataset.source}: {counts}; classes {', '.join(dataset.class_names)}")


@command.command(
    "cache",
    short_help="List prepared images that are kept, or remove them.",
    epilog="""\b
Examples:
  topojax data cache
  topojax data cache --clear""",
)
@click.option("--clear", is_flag=True, help="Remove them all; they are made again when needed.")
def cache(clear: bool) -> None:
    """List the prepared images of manifests and folders that are kept for the next time."""
    from topojax.data.memory import in_units
    from topojax.data.prepared.cache import cached_sets, clear_cache

    if clear:
        click.echo(f"{in_units(clear_cache())} removed")
        return
    sets = list(cached_sets())
    for folder, n_bytes in sets:
        click.echo(f"{folder}  {in_units(n_bytes)}")
    total = in_units(sum(n_bytes for _, n_bytes in sets))
    click.echo(f"{total} in {len(sets)} set{'s' * (len(sets) != 1)} of images")


def _print_official(facts: Any, data_root: Path | None) -> None:
    from topojax.data.medmnist.reading import find_official

    colour = "colour" if facts.n_channels == 3 else "grey"
    kind = "volumes" if facts.spatial_dims == 3 else "images"
    counts = ", ".join(
        f"{n} {split}" for n, split in zip(facts.n_samples, ("train", "val", "test"), strict=True)
    )
    click.echo(f"{facts.name}: {colour} {kind}, {facts.task}")
    click.echo(f"images: {counts}")
    click.echo(f"{'labels' if facts.task == 'multi-label' else 'classes'}:")
    for number, class_name in enumerate(facts.class_names):
        click.echo(f"  {number:<3}{class_name}")
    click.echo("files:")
    for size in facts.md5:
        shape = " x ".join([str(size)] * facts.spatial_dims)
        place = find_official(facts, size, data_root)
        click.echo(f"  {shape:16}{place or f'not here: {facts.address(size)}'}")


def _print_registered(dataset: Any) -> None:
    click.echo(f"{dataset.name}: {dataset.title}")
    click.echo(f"modalities: {', '.join(dataset.modalities)} (the first unless told otherwise)")
    click.echo("classes:")
    for number, class_name in enumerate(dataset.class_names):
        click.echo(f"  {number:<3}{class_name}")
    click.echo("ask for:")
    for line in dataset.request:
        click.echo(f"  {line}")
    click.echo(f"terms: {dataset.terms}")
    click.echo(f"cite: {dataset.reference}")
    click.echo("folder expected, at any depth:")
    for line in dataset.layout.splitlines():
        click.echo(f"  {line}")
    click.echo(f"then: topojax fit {dataset.name} --data-root DIR")
    for modality in dataset.modalities[1:]:
        click.echo(f"or:   topojax fit {dataset.name}:{modality} --data-root DIR")
