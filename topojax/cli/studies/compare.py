"""`topojax compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli import options


@click.command(
    "compare",
    epilog="""\b
Examples:
  topojax compare runs/sound runs/paper
  topojax compare runs/seed0 runs/seed1 runs/seed2 -o seeds.html
  topojax compare runs/size28 runs/size64 --same-images --overwrite""",
)
@click.argument("runs", nargs=-1, required=True, type=options.PATH, metavar="RUN RUN…")
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    default=Path("compare.html"),
    show_default=True,
    help="The page.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing page.")
@click.option(
    "--same-images",
    is_flag=True,
    help="You vouch for it that the test images are the same, in the same order, although the "
    "runs' data differ: in size, or in other splits.",
)
@click.option(
    "--level",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Nominal coverage of the intervals.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 100_000),
    default=1000,
    show_default=True,
    help="Of the bootstrap.",
)
def command(
    runs: tuple[Path, ...],
    output: Path,
    overwrite: bool,
    same_images: bool,
    level: float,
    resamples: int,
) -> None:
    """Compare finished RUNs on the same test images: one page of paired differences to the first.

    TopoCAM and the backbone of every run are scored on the same resamples. What differs in the
    runs' configurations and versions stands beside what differs in their scores.
    """
    from topojax.files import check_new_file, write_atomically
    from topojax.report.comparing import (
        build_comparison_page,
        check_same_data,
        check_same_test,
        compare_runs,
        named_runs,
    )

    if len(runs) < 2:
        raise click.UsageError("give two runs or more, the first is the reference")
    if not overwrite:
        check_new_file(output)
    found = named_runs(runs)
    check_same_test(found)
    if not same_images:
        check_same_data(found)
    compared = compare_runs(found, n_bootstrap=resamples, level=level)
    write_atomically(output, build_comparison_page(compared).encode("utf-8"))
    _print(compared)
    click.echo(f"{output}")


def _print(compared: Any) -> None:
    """Print AUC and accuracy of every run, and by what its AUC differs from the first one's."""
    n_runs = len(compared.runs)
    width = max(len(one.title) for one in compared.runs) + 2
    for name, scored in (("TopoCAM", compared.topocam), ("backbone", compared.backbone)):
        click.echo(f"{name:{width}}{'AUC':>24}{'accuracy':>24}{'AUC less the first':>28}{'p':>8}")
        for one in scored:
            cells = "".join(f"{one.scores.metrics[key]!s:>24}" for key in ("auc", "accuracy"))
            click.echo(f"{one.title:{width}}{cells}{_difference(one)}")
    first = compared.topocam[0].scores
    adjusted = f"; p by Holm's method over {n_runs - 1} runs" if n_runs > 2 else ""
    click.echo(f"n = {first.n}; brackets: {first.level * 100:g}% intervals{adjusted}")
    for one in compared.runs:
        for reason in one.run.metrics.meaningless:
            click.secho(f"The scores of {one.title} mean nothing: {reason}.", fg="red", bold=True)


def _difference(scored: Any) -> str:
    if scored.difference is None:
        return ""
    found = scored.adjusted["auc"]
    text = f"{found.value:+z.3f} [{found.low:+z.3f}, {found.high:+z.3f}]"
    return f"{text:>28}{found.p_value:>8.3f}"
