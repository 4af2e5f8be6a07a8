"""`topojax features`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import options


@click.command(
    "features",
    epilog="""\b
Examples:
  topojax features data/adrenalmnist3d.npz --run runs/adrenal -o features.npz
  topojax features volumes.npy -o features.csv
  topojax features breastmnist --split train --set topology.construction=V -o features.npz""",
)
@click.argument("data")
@click.option("--run", type=options.PATH, help="Fitted run: descriptors on its ROIs.")
@options.split
@options.data_root
@options.spatial_dims
@options.configuration
@click.option("-o", "--output", type=options.PATH, required=True, help="New .npz or .csv file.")
def command(
    data: str,
    run: Path | None,
    split: str,
    data_root: Path | None,
    spatial_dims: int | None,
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
    output: Path,
) -> None:
    """Write the topological descriptors of the images in DATA.

    With --run they are those of the fitted run on its ROIs. Without, they are of the whole images,
    on thresholds over the images' own range (topology.* settings apply).
    """
    from topojax.config import make_config, parse_overrides
    from topojax.data import read_image_set
    from topojax.defects import load_method
    from topojax.errors import ConfigError
    from topojax.experiments.features import (
        check_feature_file,
        roi_features,
        whole_image_features,
        write_features,
    )
    from topojax.files import check_new_file

    check_new_file(output)
    check_feature_file(output)
    if run is not None and (sets or preset or config_file or seed is not None):
        raise ConfigError(
            "--run brings its own configuration; leave --preset, --config, --set, --seed out"
        )
    if run is not None:
        fitted = load_method(run)
        images = options.images_for(fitted, data, split, data_root, spatial_dims).images
        features = roi_features(fitted, images)
    else:
        config = make_config(preset, file=config_file, overrides=parse_overrides(sets))
        found = read_image_set(
            data, split=split, size=config.size, data_root=data_root, spatial_dims=spatial_dims
        )
        features = whole_image_features(found, config.topology)
    write_features(features, output)
    click.echo(f"{len(features.matrix)} descriptors of {features.matrix.shape[1]} values: {output}")
