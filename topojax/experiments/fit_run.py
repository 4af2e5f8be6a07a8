"""One run: fit on train, choose on val, then score test once, and report."""

from __future__ import annotations

import shutil
from pathlib import Path

from topojax.config import Config
from topojax.data import SPLITS, Dataset, SplitName, validate_dataset
from topojax.defects import fit_method, read_split, save_method
from topojax.executors import Spreading
from topojax.experiments.arrays import run_arrays
from topojax.experiments.caveats import RESUMED
from topojax.experiments.comparison import check_scorable
from topojax.experiments.disk import check_disk, going_on_with_space, run_bytes
from topojax.experiments.environment import environment_of
from topojax.experiments.metrics import run_metrics
from topojax.pipeline import Fit, FitPlan, Reading, Stopwatch, plan_fit
from topojax.report import build_report
from topojax.runs import (
    Metrics,
    RunFolder,
    check_run,
    open_run,
    write_image_list,
    write_predictions,
)


def fit_run(
    dataset: Dataset,
    config: Config,
    path: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    progress: bool = False,
    spreading: Spreading | None = None,
) -> Path:
    """Fit, score and report; return the path of the report.

    A complete run that is resumed is left as it is.

    Args:
        dataset: three splits.
        config: see `topojax.config`.
        path: of the run folder; on a disk that all share who train, where networks are spread.
        overwrite: replace a run folder.
        resume: go on with the run in the folder.
        progress: show progress bars on a terminal.
        spreading: over what networks of folds are spread; None: they are trained here in turn.

    Raises:
        DataError, ConfigError, WeightsError, RunError: before any training, with nothing left.
    """
    plan = plan_run(dataset, config, progress=progress).spread_over(spreading)
    check_run(path, overwrite=overwrite, resume=resume)
    environment, n_bytes = environment_of(dataset, plan.config.seed), run_bytes(plan, dataset)
    if not (resume and RunFolder(path).is_complete()):
        check_disk(path, n_bytes)
    with (
        open_run(path, plan.config, environment, overwrite=overwrite, resume=resume) as folder,
        going_on_with_space(path, n_bytes),
    ):
        if not folder.is_complete():
            _run(plan.kept_in(folder.progress, folder.log), dataset, folder)
        folder.remove_progress()
        return folder.report


def _run(plan: FitPlan, dataset: Dataset, folder: RunFolder) -> None:
    """Fit and score, and write all that a run leaves; the report last."""
    fit = _fit(plan, dataset, folder)
    readings, metrics = _score(fit, dataset, folder, progress=plan.progress)
    if folder.is_resumed:
        warnings = (*metrics.warnings, *folder.changes, RESUMED)
        metrics = metrics.model_copy(update={"warnings": warnings})
    for name, reading in readings.items():
        write_predictions(folder.path, name, reading.probabilities)
    run_arrays(fit, dataset, readings).write(folder.path)
    write_image_list(folder.path, dataset)
    metrics.write(folder.path)
    build_report(folder.path)
    folder.log("finished")


def plan_run(dataset: Dataset, config: Config, *, progress: bool) -> FitPlan:
    """Return the plan of the fit, or raise what would stop the run half-way.

    Raises:
        DataError: a split that cannot be scored, or as `plan_fit`.
        ConfigError, WeightsError: as `plan_fit`.
    """
    validate_dataset(dataset)
    config = _holding_to_spacing(config, dataset)
    for name in SPLITS:
        check_scorable(dataset.split(name).labels, dataset.class_names, name=f"the {name} split")
    return plan_fit(
        config,
        dataset.train,
        dataset.class_names,
        dataset.spatial_dims,
        scale=dataset.scale,
        progress=progress,
    )


def _holding_to_spacing(config: Config, dataset: Dataset) -> Config:
    """Return the configuration by which later scans are held to the spacing of these."""
    if dataset.spacing is None:
        return config
    prepare = config.prepare.model_copy(update={"expected_spacing": dataset.spacing})
    return config.model_copy(update={"prepare": prepare})


def _fit(plan: FitPlan, dataset: Dataset, folder: RunFolder) -> Fit:
    """Fit the method and save it."""
    fit = fit_method(plan, dataset.train, dataset.val)
    if folder.model.exists():
        shutil.rmtree(folder.model)
    save_method(fit.fitted, folder.model)
    return fit


def _score(
    fit: Fit, dataset: Dataset, folder: RunFolder, *, progress: bool
) -> tuple[dict[SplitName, Reading], Metrics]:
    """Read the test split and score all three."""
    watch = Stopwatch(folder.log)
    with watch.stage("evaluation", "test images, for the first time"):
        # Everything is fixed by now: the test images are looked at for the first time here.
        folder.log("test_read")
        test = read_split(fit.fitted, dataset.test, progress=progress)
        readings: dict[SplitName, Reading] = {"train": fit.train, "val": fit.val, "test": test}
        metrics = run_metrics(fit, dataset, readings)
    return readings, metrics.model_copy(update={"timing": metrics.timing | watch.seconds})
