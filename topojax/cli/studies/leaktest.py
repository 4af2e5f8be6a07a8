"""`topojax leaktest`."""

from __future__ import annotations

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import click

from topojax.cli import options
from topojax.cli.spreading import spreading
from topojax.executors import Spreading, open_executor


@click.command(
    "leaktest",
    epilog="""\b
Examples:
  topojax leaktest breastmnist
  topojax leaktest breastmnist --preset sound --preset paper --seeds 10
  topojax leaktest data/adrenalmnist3d.npz --limit 200 -o runs/leaktest
  topojax leaktest breastmnist --preset official           (fails: it leaks)
  topojax leaktest breastmnist --cam-target label          (fails: it leaks)""",
)
@click.argument("data")
@click.option("--size", type=int, help="Pixels along every axis: the official file or resized.")
@click.option(
    "--preset",
    "presets",
    multiple=True,
    help="sound (default), paper or official; may be given several times.",
)
@click.option(
    "--cam-target",
    "targets",
    multiple=True,
    type=click.Choice(["predicted", "label"]),
    help="Class that maps are of; label shows the leak; may be given twice.  [default: predicted]",
)
@click.option("--seeds", type=click.IntRange(2), default=5, show_default=True)
@click.option("--limit", type=click.IntRange(1), help="At most so many training images.")
@click.option(
    "--level",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    default=0.99,
    show_default=True,
    help="Of the intervals: an honest pipeline fails with probability 1 - LEVEL a row.",
)
@options.weights
@options.data_root
@options.spatial_dims
@click.option("--config", "config_file", type=options.PATH, help="JSON or TOML file of sections.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="e.g. backbone.epochs=5")
@spreading
@click.option(
    "-o", "--output", type=options.PATH, help="Folder of the trials; a killed test goes on there."
)
def command(
    data: str,
    size: int | None,
    presets: tuple[str, ...],
    targets: tuple[str, ...],
    seeds: int,
    limit: int | None,
    level: float,
    weights: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    spreading: Spreading,
    output: Path | None,
) -> None:
    """Run the whole pipeline on DATA without signal; fail if a held-out AUC leaves chance.

    Labels are shuffled within each split, or images replaced by noise. Each seed trains another
    network (2 epochs unless --set backbone.epochs says otherwise), searches another ROI rule and
    scores the test split. The AUC's mean over seeds must have 0.5 in its interval, which is as wide
    as that of scores that know nothing of the labels.
    """
    from topojax.config import LEAKTEST_BUDGET, make_config, parse_overrides
    from topojax.experiments.leaktest import (
        leak_trials,
        leak_verdicts,
        markdown_table,
        require_chance,
    )
    from topojax.files import write_atomically

    overrides: dict[str, Any] = LEAKTEST_BUDGET | parse_overrides(sets)
    shortcuts = {"size": size, "backbone.weights": weights}
    overrides |= {key: value for key, value in shortcuts.items() if value is not None}
    variants = {
        f"{preset}, {target} class" if target == "predicted" else f"{preset}, true class": (
            make_config(preset, file=config_file, overrides=overrides | {"cam.target": target})
        )
        for preset, target in product(presets or ("sound",), targets or ("predicted",))
    }
    settings = next(iter(variants.values()))
    dataset = options.dataset_for(settings, data, data_root, spatial_dims)
    with open_executor(spreading, folder=output and output / "slurm") as executor:
        trials = leak_trials(
            dataset,
            variants,
            seeds=range(seeds),
            n_train=limit,
            folder=output,
            progress=True,
            on_trial=_report,
            executor=executor,
            source=partial(options.dataset_for, settings, data, data_root, spatial_dims),
        )
    verdicts = leak_verdicts(trials, variants, level)
    table = markdown_table(trials, verdicts)
    if output is not None:
        write_atomically(output / "leaktest.md", table.encode())
    click.echo(table, nl=False)
    if any(verdict.leaks for verdict in verdicts):
        click.secho("Scores of the variants that leak mean nothing.", fg="red", bold=True)
    require_chance(verdicts)


def _report(trial: Any) -> None:
    from tqdm import tqdm

    found = f"no test AUC, as {trial.dropped} test images are dropped and with them a whole class"
    if trial.auc:
        found = f"test AUC {trial.auc['topocam']:.3f}, ROI size alone {trial.auc['roi-size']:.3f}"
    tqdm.write(f"{trial.null}, seed {trial.seed}, {trial.variant}: {found}", file=sys.stderr)
