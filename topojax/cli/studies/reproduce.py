"""`topojax reproduce`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from topojax.cli import options
from topojax.cli.spreading import spreading
from topojax.executors import Spreading, open_executor


class _Names(click.ParamType):
    """Names separated by commas."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        return tuple(name.strip() for name in str(value).split(",") if name.strip())


@click.command(
    "reproduce",
    epilog="""\b
Examples:
  topojax reproduce table3 --datasets breastmnist
  topojax reproduce table4 table11 --datasets breastmnist --seeds 3 -o runs/thresholds
  topojax reproduce table2 --datasets adrenalmnist3d --models r3d_18,topocam,topo-original
  topojax reproduce table8 --datasets hippocampus.npz --set segmentation.epochs=20
  topojax reproduce all --budget paper --weights r3d_18=kinetics400 --weights resnet18=imagenet
  topojax reproduce figure5 figure6 --datasets adrenalmnist3d""",
)
@click.argument(
    "parts", nargs=-1, required=True, metavar="table2 … table12 | figure3 … figure6 | all"
)
@click.option(
    "--datasets",
    type=_Names(),
    help="Names or files by commas, the paper's or others.  [default: all of the table or figure]",
)
@click.option("--models", type=_Names(), help="Names by commas.  [default: all of the table]")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--budget",
    type=click.Choice(["quick", "paper"]),
    default="quick",
    show_default=True,
    help="quick: small images and few epochs, a table within an hour on two cores; paper: its own.",
)
@click.option("--size", type=int, help="Pixels along every axis.  [default: the budget's]")
@click.option(
    "--cut",
    type=click.IntRange(1),
    metavar="N",
    help="At most N images of each split, classes in proportion.  [default: all]",
)
@click.option(
    "--weights",
    "weights",
    multiple=True,
    metavar="NETWORK=imagenet|kinetics400|FILE",
    help="What a network starts from; may be given several times.  [default: from scratch]",
)
@click.option("--preset", default="paper", show_default=True, help="sound, paper or official.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="e.g. cam.folds=3, of table 8's U-Nets segmentation.epochs=20.",
)
@options.data_root
@spreading
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    default=Path("runs/reproduce"),
    show_default=True,
    help="Folder of tables, figures and all runs, which serve again where a later call needs them.",
)
def command(
    parts: tuple[str, ...],
    datasets: tuple[str, ...] | None,
    models: tuple[str, ...] | None,
    seeds: int,
    budget: str,
    size: int | None,
    cut: int | None,
    weights: tuple[str, ...],
    preset: str,
    sets: tuple[str, ...],
    data_root: Path | None,
    spreading: Spreading,
    output: Path,
) -> None:
    """Make tables and figures of the paper anew: ours with intervals, beside the published numbers.

    Every run is kept by its configuration and data: a killed command goes on, and a run that fails
    leaves the others alone and is listed with its reason.
    """
    from topojax.config import parse_overrides
    from topojax.experiments.reproduce import Asked, Choices, reproduce

    choices = Choices(
        preset=preset,
        budget="paper" if budget == "paper" else "quick",
        size=size,
        cut=cut,
        weights=dict(_weights_of(pair) for pair in weights),
        overrides=parse_overrides(sets),
    )
    tables, figures = _numbers(parts)
    asked = Asked(tables, datasets or (), models or (), tuple(range(seeds)), figures)
    with open_executor(spreading, folder=output / "slurm") as executor:
        made = reproduce(
            asked,
            choices,
            partial(_read_dataset, data_root),
            output,
            read_masks=partial(_read_masks, data_root),
            progress=True,
            executor=executor,
        )
    click.echo((output / "tables.md").read_text("utf-8"))
    n_missing = sum(len(part.reasons()) for part in made)
    click.echo(f"{output / 'tables.html'}" + (f"; {n_missing} not made" if n_missing else ""))


def _read_dataset(data_root: Path | None, name: str, size: int | None) -> Any:
    from topojax.data import read_dataset

    return read_dataset(name, size=size, data_root=data_root)


def _read_masks(data_root: Path | None, name: str, size: int | None) -> Any:
    from topojax.data import read_masks

    return read_masks(name, size, data_root=data_root)


def _numbers(names: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of the tables and of the figures that are named."""
    from topojax.experiments.reproduce import FIGURES, TABLES

    if "all" in names:
        return TABLES, FIGURES
    tables = {f"table{number}": number for number in TABLES}
    figures = {f"figure{number}": number for number in FIGURES}
    for name in names:
        if name not in tables | figures:
            raise click.UsageError(f"{name!r} is none of {', '.join(tables | figures)}, all")
    named = tuple(dict.fromkeys(names))
    return (
        tuple(tables[name] for name in named if name in tables),
        tuple(figures[name] for name in named if name in figures),
    )


def _weights_of(pair: str) -> tuple[str, str]:
    network, sign, weights = pair.partition("=")
    if not sign or not network or not weights:
        raise click.UsageError(f"--weights {pair} is not NETWORK=WEIGHTS, as r3d_18=kinetics400")
    return network, weights
