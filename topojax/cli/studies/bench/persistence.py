"""`topojax bench persistence`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from topojax.cli.options import PATH
from topojax.cli.studies.bench import options


@click.command(
    "persistence",
    short_help="Betti curves here and in other libraries.",
    epilog="""\b
Examples:
  topojax bench persistence --quick
  topojax bench persistence --data data --giotto-python ~/giotto/bin/python""",
)
@click.option("--quick", is_flag=True, help="Small sizes, under two minutes.")
@click.option("--data", type=PATH, help="Folder with medmnist/, nifti/ and stent.npz.")
@click.option("--giotto-python", help="Interpreter that has giotto-tda.")
@click.option("--repeats", type=click.IntRange(1), show_default="7, with --quick 3", help="Rounds.")
@options.output
def persistence(
    quick: bool, data: Path | None, giotto_python: str | None, repeats: int | None, output: Path
) -> None:
    """How long do Betti curves take here and in other libraries, and how far from memory's speed?

    Times topojax's kernels and every peer that can be imported (GUDHI and its 2-D path, cripser in
    all dimensions and restricted to what Betti curves need, cc3d at every threshold, all by the
    extra bench; Flash Cubical where it is installed; giotto-tda from an environment of its own) on
    the same images, in turn, on one thread, in both constructions. Curves are compared before
    anything is timed; making and reading images is not timed. Then batches on one thread and two,
    single calls, a region, memory, and first calls with nothing compiled.

    Writes persistence.json, .md and .png; with --quick persistence_quick.json and so on.
    """
    from topojax.experiments.bench.persistence import plans, running

    plan = plans.QUICK if quick else plans.FULL
    plan = replace(plan, repeats=repeats or plan.repeats)
    running.write(running.run(plan, data, giotto_python), output, plan.stem)
    click.echo(f"written to {output / plan.stem}.json, .md and .png")
