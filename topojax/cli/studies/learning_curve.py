"""`topojax learning-curve`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from topojax.cli import options
from topojax.cli.spreading import spreading
from topojax.executors import Spreading, open_executor


class _Sizes(click.ParamType):
    """Positive numbers and `all`, separated by commas."""

    name = "sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | str, ...]:
        parts = [part.strip() for part in str(value).split(",")]
        for part in parts:
            if part != "all" and not (part.isascii() and part.isdigit() and int(part) > 0):
                self.fail(f"{part!r} is no number of images; write it as 25,50,100,all", param, ctx)
        return tuple(part if part == "all" else int(part) for part in parts)


@click.command(
    "learning-curve",
    epilog="""\b
Examples:
  topojax learning-curve breastmnist -n 25,50,100,200,all
  topojax learning-curve breastmnist -n 50,all --seeds 5 --weights imagenet -o runs/curve
  topojax learning-curve data/adrenalmnist3d.npz -n 100,all --set backbone.epochs=5
  topojax learning-curve breastmnist -n 25,all --set topology.filtrations='["scale-space"]' \\
      --set classifier.model=auto""",
)
@click.argument("data")
@click.option(
    "-n",
    "--n",
    "sizes",
    type=_Sizes(),
    required=True,
    metavar="N,N,…,all",
    help="Numbers of training images, separated by commas; all is the whole training split.",
)
@click.option(
    "--seeds",
    type=click.IntRange(2),
    default=10,
    show_default=True,
    help="Fits of each number: of seed 0, 1 and so on, or from --seed on.",
)
@click.option("--size", type=int, help="Pixels along every axis: the official file or resized.")
@click.option("--epochs", type=int, help="Epochs of the backbone (backbone.epochs).")
@options.weights
@options.data_root
@options.spatial_dims
@options.configuration
@spreading
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="Folder of trials and report; a killed curve goes on there.  [default: runs/NAME-TIME]",
)
def command(
    data: str,
    sizes: tuple[int | str, ...],
    seeds: int,
    size: int | None,
    epochs: int | None,
    weights: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
    spreading: Spreading,
    output: Path | None,
) -> None:
    """Fit on some of DATA's training images, and score the test split: AUC against their number.

    Each seed chooses its images, classes in proportion, and trains all methods on them: the
    network, topology of the ROI and of the whole image, volumes, and stacks of topology and
    network. Means over seeds and differences to the network are printed, and drawn in a report.
    Networks are trained on 3 folds unless cam.folds says otherwise.
    """
    from topojax.config import LEARNING_CURVE_DEFAULTS, make_config, parse_overrides
    from topojax.experiments.learning_curve import learning_curve

    shortcuts = {
        "seed": seed,
        "size": size,
        "backbone.epochs": epochs,
        "backbone.weights": weights,
    }
    overrides: dict[str, Any] = parse_overrides(sets)
    overrides |= {key: value for key, value in shortcuts.items() if value is not None}
    config = make_config(
        preset, file=config_file, overrides=overrides, defaults=LEARNING_CURVE_DEFAULTS
    )
    dataset = options.dataset_for(config, data, data_root, spatial_dims)
    folder = options.output_folder(output, f"{dataset.name}-curve", resume=False)
    with (
        _one_line_a_fit(),
        open_executor(spreading, folder=folder / "slurm") as executor,
    ):
        curve = learning_curve(
            dataset,
            config,
            sizes,
            n_seeds=seeds,
            folder=folder,
            progress=True,
            on_trial=_report,
            executor=executor,
            source=partial(options.dataset_for, config, data, data_root, spatial_dims),
        )
    _print(curve)
    click.echo(f"report: {folder / 'report.html'}")


@contextmanager
def _one_line_a_fit() -> Iterator[None]:
    """Leave out what the stages of each fit say of themselves."""
    logger = logging.getLogger("topojax.pipeline")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _report(trial: Any) -> None:
    from tqdm import tqdm

    shown = ("backbone", "topology", "topology+logits")
    aucs = ", ".join(f"{name} {trial.auc[name]:.3f}" for name in shown if name in trial.auc)
    line = f"n={trial.n}, seed {trial.seed}: test AUC {aucs} ({trial.seconds:.0f} s)"
    tqdm.write(line, file=sys.stderr)


def _print(curve: Any) -> None:
    """Print AUCs, then their differences to the backbone's: one row a number of images."""
    click.echo("AUC on the test split")
    _print_rows(curve, curve.shown, lambda point: _interval(point.auc, ""))
    click.echo("AUC less the backbone's, paired by seed")
    others = [name for name in curve.shown if curve.points[name][0].difference]
    _print_rows(curve, others, lambda point: _interval(point.difference, "+"))
    click.echo(f"brackets: {curve.level:.0%} Student interval over {len(curve.seeds)} seeds")


def _print_rows(curve: Any, methods: Any, cell: Any) -> None:
    click.echo(f"{'n':>7}" + "".join(f"{name:>25}" for name in methods))
    for place, n in enumerate(curve.sizes):
        cells = "".join(f"{cell(curve.points[name][place]):>25}" for name in methods)
        click.echo(f"{n:>7}{cells}")


def _interval(found: Any, sign: str) -> str:
    return f"{found.mean:{sign}z.3f} [{found.low:{sign}z.3f}, {found.high:{sign}z.3f}]"
