"""Networks of folds, each trained by whoever is free.

What comes back is what a killed fit resumes from: every network's state in its own folder. So the
one who asked reads there what it would else have trained, and a worker that is killed leaves its
epochs to the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from topojax.data import Split
from topojax.executors import Spreading, open_executor, spread
from topojax.files import make_folder
from topojax.pipeline.announce import no_log
from topojax.pipeline.plan import FitPlan
from topojax.pipeline.spread.epoch_log import EpochLog
from topojax.pipeline.spread.job import NetworkJob
from topojax.row_files.shared_rows import share_rows, shared_rows

_PARTS = ("train_images", "train_labels", "val_images", "val_labels")


def train_side_by_side(
    plan: FitPlan,
    spreading: Spreading,
    train: Split,
    val: Split,
    jobs: Sequence[NetworkJob],
    log: EpochLog,
) -> None:
    """Train the networks that are not trained yet; each is in its job's folder afterwards.

    Images and labels are written once beside the networks, and mapped by the workers: the plan's
    folder is on a disk that all of them share.

    Args:
        plan: with a folder.
        spreading: who trains.
        train, val: images and labels.
        jobs: of the plan's networks.
        log: of their epochs, network by network as they end.

    Raises:
        TrainingError: the loss or the logits are no longer finite.
        RunError: the folder cannot be written, or workers died again and again.
    """
    folder = plan.folder_of("backbone")
    if folder is None:
        raise ValueError("plan.folder=None; expected a folder, from which networks are read back")
    images = folder.absolute() / "images"
    left = [job for job in jobs if len(job.history()) < plan.config.backbone.epochs]
    if left:
        _share(images, train, val)
        _train_all(plan, spreading, images, left, log)
    if images.exists():
        shutil.rmtree(images)


def _share(folder: Path, train: Split, val: Split) -> None:
    make_folder(folder, "choose another run folder")
    arrays = train.images, train.labels, val.images, val.labels
    for part, rows in zip(_PARTS, arrays, strict=True):
        share_rows(folder / f"{part}.npy", rows)


def _train_all(
    plan: FitPlan, spreading: Spreading, images: Path, jobs: Sequence[NetworkJob], log: EpochLog
) -> None:
    for job in jobs:
        log.leave(job)
    # Neither a bar in every process, nor a log that several write.
    quiet = replace(plan, folder=None, progress=False, log=no_log, spreading=None)
    call = partial(_train, quiet, images)
    placed = [replace(job, folder=job.folder and job.folder.absolute()) for job in jobs]
    with open_executor(spreading, folder=images.with_name("jobs")) as executor:
        found = spread(executor, call, placed, what="network", progress=plan.progress)
        for place, _ in found:
            log.catch_up(jobs[place])


def _train(plan: FitPlan, images: Path, job: NetworkJob) -> None:
    train_images, train_labels, val_images, val_labels = (
        shared_rows(images / f"{part}.npy") for part in _PARTS
    )
    job.fit(plan, Split(train_images, train_labels), Split(val_images, val_labels))
