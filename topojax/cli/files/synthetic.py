"""`topojax synthetic`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli.options import PATH


@click.command(
    "synthetic",
    epilog="""\b
Examples:
  topojax synthetic big.zarr --shape 2048 2048 2048
  topojax synthetic bytes.npy --shape 512 512 512 --dtype uint8 --seed 3
  topojax synthetic planes --shape 256 256 256
  topojax features big.zarr -o features.npz

An ending chooses the format: .zarr (version 3), .npy, .tif, or none: a folder of TIFF files.""",
)
@click.argument("output", type=PATH)
@click.option(
    "--shape",
    type=click.IntRange(1),
    nargs=3,
    required=True,
    metavar="D H W",
    help="Voxels along each axis; of --kind shapes at least 16.",
)
@click.option(
    "--kind",
    type=click.Choice(["shapes", "smooth", "noise"]),
    default="shapes",
    show_default=True,
    help="shapes: balls, shells, tori and rods, whose Betti numbers are known at any threshold; "
    "smooth: waves; noise: independent voxels. Of these two no numbers are known.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "uint8"]),
    default="float32",
    show_default=True,
    help="float32 in [0, 1], or uint8 from 0 to 255.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--chunks",
    type=click.IntRange(1),
    nargs=3,
    metavar="D H W",
    help="Voxels of a chunk of .zarr.  [default: 16 256 256]",
)
@click.option("--overwrite", is_flag=True, help="Replace a volume, or one begun otherwise.")
def command(
    output: Path,
    shape: tuple[int, int, int],
    kind: Any,
    dtype: Any,
    seed: int,
    chunks: tuple[int, int, int] | None,
    overwrite: bool,
) -> None:
    """Write a test volume of any size to OUTPUT, one slab in memory at a time.

    Betti numbers that are known are printed, and stored in the attributes of .zarr, else in a JSON
    file beside the volume. The same command goes on after a kill.
    """
    from topojax.data.synthetic.volumes import VolumePlan, write_volume

    plan = VolumePlan(shape, kind, dtype, seed)
    write_volume(plan, output, chunks=chunks, overwrite=overwrite)
    known = plan.known()
    click.echo(f"{'threshold':>9}" + "".join(f"{f'beta_{k}':>12}" for k in range(3)))
    for threshold, betti in zip(known.thresholds, known.betti.T.tolist(), strict=True):
        click.echo(f"{threshold:>9g}" + "".join(f"{number:>12}" for number in betti))
    click.echo(f"in both constructions, T and V; {known.between}")
    click.echo(f"{output}: {' x '.join(map(str, shape))} voxels, {dtype}, {kind}, seed {seed}")
