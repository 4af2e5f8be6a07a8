"""`topojax features`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli import image_files, options
from topojax.cli.spreading import spreading as spreading_options
from topojax.executors import Spreading


@click.command(
    "features",
    epilog="""\b
Examples:
  topojax features data/adrenalmnist3d.npz --run runs/adrenal -o features.npz
  topojax features volumes.npy -o features.csv
  topojax features 'scans/*.nii.gz' -o features.csv
  topojax features big.zarr --chunks 32 -o features.csv
  topojax features manifest.csv --region mask --spacing 1 -o features.csv
  topojax features 'scans/*.nii.gz' --workers 8 -o features.npz
  topojax features scans.csv --run runs/ct --slurm gpu,time=60 -o features.npz
  topojax features breastmnist --split train --set topology.construction=V -o features.npz""",
)
@click.argument("data")
@click.option("--run", type=options.PATH, help="Fitted run: descriptors on its ROIs.")
@options.split
@options.data_root
@options.spatial_dims
@image_files.options
@click.option(
    "--region",
    type=click.Choice(["image", "mask"]),
    default="image",
    show_default=True,
    help="Of a manifest: descriptors of whole images, or of what the column mask names.",
)
@click.option(
    "--chunks",
    type=click.IntRange(1),
    metavar="N",
    help="DATA is one volume (.zarr, .npy, .tif, a folder of TIFF planes), read N planes at once.  "
    "[default: so beyond a quarter of the memory, by itself]",
)
@options.configuration
@click.option("-o", "--output", type=options.PATH, required=True, help="New .npz or .csv file.")
@spreading_options
def command(
    data: str,
    run: Path | None,
    split: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    columns: tuple[str, ...],
    spacing: str | list[float] | None,
    shape: list[int] | None,
    window: list[float] | None,
    region: Any,
    chunks: int | None,
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
    output: Path,
    spreading: Spreading,
) -> None:
    """Write the topological descriptors of the images in DATA.

    DATA is an npy array, an npz file, a data set's name, or images in files: a manifest, a quoted
    pattern, a folder, or one file. With --run they are those of the fitted run on its ROIs.
    Without, they are of the whole images, on thresholds over the images' own range (topology.*
    settings apply); files are read one at a time, and may differ in shape. A volume beyond the
    memory, or any with --chunks, is read in slabs, for the same numbers.

    With --workers, --scheduler or --slurm blocks of images, or slabs of a volume, are described
    side by side, with the same result. Finished ones, and those of files in any case, are kept in
    .OUTPUT.progress until the file is written: the same command goes on from them.
    """
    from topojax.config import make_config, parse_overrides
    from topojax.data import read_image_set
    from topojax.data.image_set import rows_of_split
    from topojax.data.manifest import is_files, is_manifest
    from topojax.defects import load_method
    from topojax.errors import ConfigError
    from topojax.experiments.features import (
        Work,
        check_feature_file,
        file_features,
        progress_folder,
        remove_progress,
        roi_features,
        volume_features,
        volume_in_slabs,
        whole_image_features,
        write_features,
    )
    from topojax.files import check_new_file

    check_new_file(output)
    check_feature_file(output)
    overrides = parse_overrides(sets) | image_files.overrides(columns, spacing, shape, window)
    named = all(key.startswith("manifest.") for key in overrides)
    if run is not None and (not named or preset or config_file or seed is not None):
        raise ConfigError(
            "--run brings its own configuration; leave --preset, --config, --set, --seed, "
            "--spacing, --shape and --window out"
        )
    if region == "mask" and (run is not None or not is_manifest(data)):
        raise ConfigError("--region mask is of manifests with a column of masks, without --run")
    if chunks is not None and (run is not None or region == "mask" or split or spatial_dims == 2):
        raise ConfigError(
            "--chunks is of one volume as a whole; leave --run, --region, --split and "
            "--spatial-dims out"
        )
    config = make_config(preset, file=config_file, overrides=overrides)
    progress = progress_folder(output)
    work = Work(spreading, progress)
    if run is not None:
        fitted = load_method(run)
        found = options.images_for(fitted, data, split, data_root, spatial_dims, columns)
        features = roi_features(fitted, found, run, work)
    elif (volume := volume_in_slabs(data, config, chunks=chunks)) is not None:
        features = volume_features(volume, config, chunks=chunks, work=work)
    elif is_files(data):
        rows = rows_of_split(data, split, config.manifest)
        features = file_features(rows, config, source=data, region=region, work=work)
    else:
        found = read_image_set(
            data,
            split=split,
            size=config.size,
            data_root=data_root,
            spatial_dims=spatial_dims,
            prepare=config.prepare,
            columns=config.manifest,
        )
        features = whole_image_features(found, config.topology, work)
    write_features(features, output)
    remove_progress(progress)
    click.echo(f"{len(features.matrix)} descriptors of {features.matrix.shape[1]} values: {output}")
