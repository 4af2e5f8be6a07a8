"""`topojax bench search`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli.options import PATH
from topojax.cli.studies.bench import options


@click.command(
    "search",
    short_help="The search of ROI rules beside the paper's loop.",
    epilog="""\b
Examples:
  topojax bench search
  topojax bench search --data adrenalmnist3d.npz --images 200 --name adrenalmnist3d_200
  topojax bench search --loops 0 --filtrations intensity,log:1 --thresholds 32 --name bank""",
)
@click.option("--data", type=PATH, help="MedMNIST npz file; synthetic volumes if not given.")
@click.option("--size", type=click.IntRange(1), help="Pixels along every axis.")
@click.option("--images", type=click.IntRange(1), help="At most so many training images.")
@click.option(
    "--loops",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Candidates that the loop is timed on; 0 times the search alone.",
)
@click.option("--filtrations", default="intensity", show_default=True, help="By commas.")
@click.option("--thresholds", type=click.IntRange(2), default=50, show_default=True)
@click.option(
    "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Generations timed."
)
@click.option("--name", default="synthetic", show_default=True, help="Of the results' files.")
@options.output
def search(
    data: Path | None,
    size: int | None,
    images: int | None,
    loops: int,
    filtrations: str,
    thresholds: int,
    repeats: int,
    name: str,
    output: Path,
) -> None:
    """How many candidates a second does the search evaluate, beside the paper's loop?

    The same candidates (fusion weights and thresholds) of the same images, maps, folds and
    classifier budget, by `topojax.search.RoiObjective`, the whole population at once, and by the
    paper's loop, one candidate after the other on GUDHI (of the extra bench) and scikit-learn.
    Descriptors are compared before anything is timed, the orders of candidates after it. Maps come
    of a network that is not trained: they cost the same. Both sides use the processors as they do
    by default.

    --images bounds the images, --loops the candidates that the loop is timed on. --loops 0 times
    the search alone, for images that the loop would take hours for, and for a bank of filtrations,
    which the loop does not know. Writes search_NAME.json and .md.
    """
    names = tuple(filtrations.split(","))
    if loops and names != ("intensity",):
        raise click.UsageError("the loop knows intensity alone; give --loops 0 with --filtrations")
    from topojax.experiments.bench.records import write_record
    from topojax.experiments.bench.search.measuring import measure
    from topojax.experiments.bench.search.page import markdown
    from topojax.experiments.bench.search.plan import Plan

    record = measure(Plan(data, size, images, names, thresholds, repeats, loops))
    write_record(output, f"search_{name}", record, markdown(record))
