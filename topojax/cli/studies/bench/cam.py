"""`topojax bench cam`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli.options import PATH
from topojax.cli.studies.bench import options


@click.command(
    "cam",
    cls=options.ManyValues,
    short_help="Maps kept as bytes, beside float32.",
    epilog="""\b
Examples:
  topojax bench cam breastmnist.npz
  topojax bench cam breastmnist.npz --sizes 28 64 --volumes adrenalmnist3d.npz""",
)
@click.argument("data", type=PATH)
@click.option(
    "--sizes",
    type=click.IntRange(1),
    multiple=True,
    default=(28, 64),
    show_default=True,
    help="Pixels along an axis; several, separated by spaces.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Of the network for images.",
)
@click.option("--volumes", type=PATH, help="Volumes in MedMNIST's form.")
@click.option(
    "--n-volumes", type=click.IntRange(2), default=100, show_default=True, help="At most so many."
)
@options.output
def cam(
    data: Path,
    sizes: tuple[int, ...],
    epochs: int,
    volumes: Path | None,
    n_volumes: int,
    output: Path,
) -> None:
    """Is a byte a voxel enough for class activation maps?

    DATA holds images in MedMNIST's form. Fine-tunes a network for a few epochs, takes maps of three
    layers of the training images in float32, and stores them as float16, as bytes, and, for
    contrast, in four bits. Regions of interest for some fusion weights and thresholds, their sizes,
    Betti curves, and the cross-validated AUC of a logistic regression on the descriptors are
    compared with those of float32. How long maps take is `topojax bench backbones`'s question.

    Writes cam_storage.json and .md.
    """
    from topojax.experiments.bench.cam.cases import planar_cases, volumetric_case
    from topojax.experiments.bench.cam.page import table_rows
    from topojax.experiments.bench.cam.record import write
    from topojax.experiments.bench.cam.running import run

    cases = planar_cases(data, sizes, epochs)
    if volumes is not None:
        cases.append(volumetric_case(volumes, n_volumes))
    measured = []
    for case in cases:
        measured.append(run(case))
        click.echo("\n".join(table_rows(measured[-1])), err=True)
    write(measured, output)
