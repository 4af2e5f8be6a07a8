"""`topojax fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli import image_files, options
from topojax.cli.spreading import spreading as spreading_options
from topojax.executors import Spreading


@click.command(
    "fit",
    epilog="""\b
Examples:
  topojax fit breastmnist
  topojax fit data/adrenalmnist3d.npz --epochs 5 -o runs/adrenal
  topojax fit breastmnist --weights imagenet
  topojax fit scans.csv --column label=diagnosis --column group=patient --size 64
  topojax fit scans.csv --spacing 1 --shape 64,64,48 --set prepare.normalise=z-score
  topojax fit ct.csv --window -100,300 --spacing 2 --shape 96,96,96
  topojax fit brats2021:t1ce --data-root data/BraTS2021 --size 64
  topojax fit data/adrenalmnist3d.npz --weights kinetics400
  topojax fit data/breastmnist.npz --size 224 --preset paper
  topojax fit breastmnist --set search.generations=10 --set search.folds=5
  topojax fit breastmnist --set search.method=uniform --set search.tau=0.6
  topojax fit breastmnist --set classifier.features=topology+embedding
  topojax fit data/adrenalmnist3d.npz --set cam.folds=5 --workers 5 -o runs/folds
  topojax fit data/adrenalmnist3d.npz --epochs 5 -o runs/adrenal --resume""",
)
@click.argument("data")
@click.option("--size", type=int, help="Pixels along every axis: the official file or resized.")
@click.option("--epochs", type=int, help="Epochs of the backbone (backbone.epochs).")
@options.weights
@click.option(
    "--cam-target",
    type=click.Choice(["predicted", "label"]),
    help="Class that maps are of (cam.target); label shows the leak.  [default: predicted]",
)
@click.option(
    "--topology",
    type=click.Choice(["auto", "kernels", "device"]),
    help="Who counts the search's Betti numbers (search.topology): the kernels on the processor, "
    "or the device, where generations are one compiled program.  [default: auto]",
)
@image_files.options
@options.data_root
@options.spatial_dims
@options.configuration
@options.run_folder
@spreading_options
def command(
    data: str,
    size: int | None,
    epochs: int | None,
    weights: str | None,
    cam_target: str | None,
    topology: str | None,
    columns: tuple[str, ...],
    spacing: str | list[float] | None,
    shape: list[int] | None,
    window: list[float] | None,
    data_root: Path | None,
    spatial_dims: int | None,
    preset: str | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    seed: int | None,
    output: Path | None,
    overwrite: bool,
    resume: bool,
    spreading: Spreading,
) -> None:
    """Fit on DATA, a data set's name, its npz file or a manifest; score the test split once.

    A manifest is a CSV file with the columns path and label, and maybe split, group and mask; its
    images are NIfTI, DICOM, PNG, JPEG, TIFF, npy, npz or zarr.

    The backbone is fine-tuned, its Grad-CAM maps are fused and thresholded by a rule that
    differential evolution finds, and a classifier learns the topology of what is left. With
    --workers, --scheduler or --slurm the networks of cam.folds are trained side by side.
    """
    from topojax.config import make_config, parse_overrides

    shortcuts = {
        "seed": seed,
        "size": size,
        "backbone.epochs": epochs,
        "backbone.weights": weights,
        "cam.target": cam_target,
        "search.topology": topology,
    }
    overrides: dict[str, Any] = parse_overrides(sets)
    overrides |= {key: value for key, value in shortcuts.items() if value is not None}
    overrides |= image_files.overrides(columns, spacing, shape, window)
    config = make_config(preset, file=config_file, overrides=overrides)
    dataset = options.dataset_for(config, data, data_root, spatial_dims)
    path = options.output_folder(output, dataset.name, resume=resume)
    run_and_summarise(
        dataset, config, path, overwrite=overwrite, resume=resume, spreading=spreading
    )


def run_and_summarise(
    dataset: Any,
    config: Any,
    path: Path,
    *,
    overwrite: bool,
    resume: bool,
    spreading: Spreading | None = None,
) -> None:
    """Fit, then print the held-out scores and where the report is."""
    from topojax.cli.summary import print_summary
    from topojax.experiments import fit_run

    report = fit_run(
        dataset,
        config,
        path,
        overwrite=overwrite,
        resume=resume,
        progress=True,
        spreading=spreading,
    )
    print_summary(path)
    click.echo(f"report: {report}")
