"""`topojax predict`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import options


@click.command(
    "predict",
    epilog="""\b
Examples:
  topojax predict runs/adrenal volumes.npy -o predictions.csv
  topojax predict runs/adrenal data/adrenalmnist3d.npz --split test""",
)
@options.run_argument
@click.argument("data")
@options.split
@options.data_root
@options.spatial_dims
@click.option("-o", "--output", type=options.PATH, help="CSV file.  [default: standard output]")
def command(
    run: Path,
    data: str,
    split: str,
    data_root: Path | None,
    spatial_dims: int | None,
    output: Path | None,
) -> None:
    """Write the class probabilities of the images in DATA by the fitted RUN.

    DATA is an npy array, an npz file with `images` or `SPLIT_images`, or a data-set name. Rows are
    `index,p0,p1,…` without a header, as MedMNIST's evaluator reads them.
    """
    from topojax.defects import load_method
    from topojax.files import check_new_file, write_atomically
    from topojax.runs import predictions_csv

    if output is not None:
        check_new_file(output)
    fitted = load_method(run)
    images = options.images_for(fitted, data, split, data_root, spatial_dims).images
    text = predictions_csv(fitted.read(images, progress=True).probabilities)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text.encode())
        click.echo(f"{len(images)} predictions: {output}")
