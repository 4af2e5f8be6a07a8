"""`topojax predict`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import image_files, options


@click.command(
    "predict",
    epilog="""\b
Examples:
  topojax predict runs/adrenal volumes.npy -o predictions.csv
  topojax predict runs/adrenal data/adrenalmnist3d.npz --split test
  topojax predict runs/hippocampus scans/ -o predictions.csv
  topojax predict runs/hippocampus 'scans/*.nii.gz' -o predictions.csv""",
)
@options.run_argument
@click.argument("data")
@options.split
@options.data_root
@options.spatial_dims
@image_files.column
@click.option("-o", "--output", type=options.PATH, help="CSV file.  [default: standard output]")
def command(
    run: Path,
    data: str,
    split: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    columns: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write the class probabilities of the images in DATA by the fitted RUN.

    DATA is an npy array, an npz file with `images` or `SPLIT_images`, or a data set's name: rows
    are then `index,p0,p1,…` without a header, as MedMNIST's evaluator reads them. Or it is images
    in files: a folder, a quoted pattern, a manifest or one file, prepared as the run's own were:
    rows are then `path,predicted,p(CLASS),…` under a header.
    """
    from topojax.defects import load_method
    from topojax.files import check_new_file, write_atomically
    from topojax.runs import named_predictions_csv, predictions_csv

    if output is not None:
        check_new_file(output)
    fitted = load_method(run)
    found = options.images_for(fitted, data, split, data_root, spatial_dims, columns)
    probabilities = fitted.read(found.images, progress=True).probabilities
    names = [row.name for row in found.rows]
    text = (
        named_predictions_csv(probabilities, fitted.class_names, names)
        if names
        else predictions_csv(probabilities)
    )
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text.encode())
        click.echo(f"{len(probabilities)} predictions: {output}")
