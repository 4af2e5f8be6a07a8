"""`topojax evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import image_files, options


@click.command(
    "evaluate",
    epilog="""\b
Examples:
  topojax evaluate runs/adrenal data/adrenalmnist3d.npz
  topojax evaluate runs/adrenal adrenalmnist3d --split val --json val.json""",
)
@options.run_argument
@click.argument("data")
@options.split
@options.data_root
@options.spatial_dims
@image_files.column
@click.option("--json", "json_file", type=options.PATH, help="Write the scores here as JSON too.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
def command(
    run: Path,
    data: str,
    split: str | None,
    data_root: Path | None,
    spatial_dims: int | None,
    columns: tuple[str, ...],
    json_file: Path | None,
    seed: int,
) -> None:
    """Score the fitted RUN on the images and labels of DATA, with bootstrap intervals.

    Of a manifest with splits, too, those of the test split unless told otherwise.
    """
    from topojax.cli.summary import print_comparisons, print_scores
    from topojax.defects import load_method
    from topojax.experiments.evaluation import evaluate_fitted
    from topojax.files import check_new_file
    from topojax.runs.record import write_json

    if json_file is not None:
        check_new_file(json_file)
    fitted = load_method(run)
    found = options.images_for(fitted, data, split or "test", data_root, spatial_dims, columns)
    scores = evaluate_fitted(fitted, found, seed=seed)
    if json_file is not None:
        write_json(json_file, scores.to_json())
    print_scores({"TopoCAM": scores.topocam, "backbone alone": scores.backbone})
    print_comparisons(scores.comparisons)
