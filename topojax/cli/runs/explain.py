"""`topojax explain`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import image_files, options


@click.command(
    "explain",
    epilog="""\b
Examples:
  topojax explain runs/adrenal data/adrenalmnist3d.npz -i 0 -i 7 -o explained
  topojax explain runs/breast scans.npy -i 3
  topojax explain runs/hippocampus scans/patient7.nii.gz -o explained""",
)
@options.run_argument
@click.argument("data")
@click.option(
    "-i",
    "--index",
    "indices",
    type=click.IntRange(min=0),
    multiple=True,
    default=(0,),
    show_default=True,
    help="Which images; may be repeated.",
)
@options.split
@options.data_root
@options.spatial_dims
@image_files.column
@click.option("-o", "--output", type=options.PATH, help="New folder.  [default: RUN/explained]")
def command(
    run: Path,
    data: str,
    indices: tuple[int, ...],
    split: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    columns: tuple[str, ...],
    output: Path | None,
) -> None:
    """Draw image, map of each layer, fused map and ROI of some images in DATA.

    One PNG an image, and `maps.npz` with the arrays. Of volumes in files, also ROI and fused map as
    NIfTI with the voxels and the affine of the file, to be opened over it in ITK-SNAP, 3D Slicer or
    napari.
    """
    from topojax.defects import load_method
    from topojax.experiments.explanation import write_explanation

    fitted = load_method(run)
    found = options.images_for(fitted, data, split, data_root, spatial_dims, columns)
    folder = output if output is not None else run / "explained"
    for file in write_explanation(fitted, found, indices, folder):
        click.echo(str(file))
