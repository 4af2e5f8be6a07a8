"""`topojax demo`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import options
from topojax.cli.runs.fit import run_and_summarise


@click.command(
    "demo",
    epilog="""\b
Examples:
  topojax demo
  topojax demo -o runs/demo --seed 1
  topojax demo --preset paper --set search.generations=10""",
)
@options.configuration
@options.run_folder
def command(
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
    output: Path | None,
    overwrite: bool,
    resume: bool,
) -> None:
    """Run every stage of the method on synthetic volumes, in under three minutes on two cores.

    The volumes are made on the spot (no network is needed): balls, shells and tori of 28^3 voxels
    with noise and a bias field. An R3D-18 is trained from scratch for a few epochs.
    """
    from topojax.config import parse_overrides
    from topojax.experiments.demo import demo_config, demo_dataset

    overrides = parse_overrides(sets)
    if seed is not None:
        overrides["seed"] = seed
    config = demo_config(preset, config_file, overrides)
    path = options.output_folder(output, "demo", resume=resume)
    run_and_summarise(demo_dataset(config.seed), config, path, overwrite=overwrite, resume=resume)
