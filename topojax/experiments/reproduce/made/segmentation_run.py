"""One run of segment, then analyse: U-Nets on masks, the topology of what they predict, scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from topojax.checksums import arrays_checksum
from topojax.config import Config, SegmentationConfig
from topojax.data import SPLITS, Dataset, SplitName
from topojax.errors import RunError
from topojax.experiments.environment import environment_of
from topojax.experiments.segmentation import (
    SegmentThenAnalyse,
    TrueMasks,
    segment_then_analyse,
)
from topojax.files import exists
from topojax.pipeline import Stopwatch, stage_seed
from topojax.runs import RunFolder, open_run, write_predictions
from topojax.runs.record import FileRecord


class SegmentationSettings(FileRecord):
    """`segmentation.json`: what the run is of, beside `config.json`.

    Attributes:
        segmentation: settings of the U-Nets.
        seed: of their training, which follows from the run's.
        masks: by split, SHA-256 of the true masks.
    """

    file_name: ClassVar[str] = "segmentation.json"

    segmentation: dict[str, Any]
    seed: int
    masks: dict[SplitName, str]


class SegmentationScores(FileRecord):
    """`scores.json`, written last.

    Attributes:
        test: by kind of features (`topology`, `volumes`, `roi-size`), scores of the test split as
            `topojax.evaluation.Scores` has them.
        dice: by split, of each image's predicted and true mask, the mean over networks.
        n_empty: by split, images for which a network predicted no voxel.
        seconds: wall-clock time of the process that ended it.
    """

    file_name: ClassVar[str] = "scores.json"

    test: dict[str, dict[str, Any]]
    dice: dict[SplitName, tuple[float, ...]]
    n_empty: dict[SplitName, int]
    seconds: float

    def notes(self) -> tuple[str, ...]:
        """Return the Dice of the test split's masks as a sentence, where it has true ones."""
        if "test" not in self.dice:
            return ()
        dice = np.array(self.dice["test"])
        return (
            f"Dice of the predicted masks of {len(dice)} test images {dice.mean():.3f} ± "
            f"{dice.std(ddof=1):.3f} (mean ± standard deviation), {self.n_empty['test']} empty",
        )


def segmentation_run(
    dataset: Dataset,
    masks: TrueMasks,
    config: Config,
    segmentation: SegmentationConfig,
    path: Path,
    *,
    progress: bool = False,
) -> None:
    """Train U-Nets and score the topology of their masks in a folder, or go on with what is there.

    The folder holds both configurations, environment, log, the test split's predictions from
    topology and `scores.json`. Of the configuration `topology`, `classifier`, `evaluation`, seed
    and size are read.

    Args:
        dataset: images and labels of three splits.
        masks: of its images; those of test images are for their Dice alone, and may be missing.
        config: of what comes after the masks.
        segmentation: of the U-Nets.
        path: of the folder.
        progress: show bars on a terminal.

    Raises:
        DataError, ConfigError: as `segment_then_analyse`, before any training.
        RunError: the folder is of another run, or cannot be written.
        TrainingError: training diverged.
    """
    environment = environment_of(dataset, config.seed)
    with open_run(path, config, environment, resume=path.exists()) as folder:
        _claim(path, _settings(masks, config, segmentation))
        if not (path / SegmentationScores.file_name).exists():
            _train_and_score(dataset, masks, config, segmentation, folder, progress=progress)
        folder.remove_progress()


def _settings(
    masks: TrueMasks, config: Config, segmentation: SegmentationConfig
) -> SegmentationSettings:
    drawn = {split: masks.of(split) for split in SPLITS}
    return SegmentationSettings(
        segmentation=segmentation.model_dump(mode="json"),
        seed=stage_seed(config.seed, "segmentation"),
        masks={name: arrays_checksum(one) for name, one in drawn.items() if one is not None},
    )


def _claim(path: Path, own: SegmentationSettings) -> None:
    """Write the settings into the folder, or see that it was begun with them."""
    if not exists(path / SegmentationSettings.file_name):
        own.write(path)
    elif SegmentationSettings.read(path) != own:
        raise RunError(
            f"run folder {path} was begun with other masks or settings of the U-Nets "
            f"({SegmentationSettings.file_name} tells which); choose another folder"
        )


def _train_and_score(
    dataset: Dataset,
    masks: TrueMasks,
    config: Config,
    segmentation: SegmentationConfig,
    folder: RunFolder,
    *,
    progress: bool,
) -> None:
    watch = Stopwatch(folder.log)
    plan = (
        f"{segmentation.folds} x U-Net, {segmentation.epochs} epochs, "
        f"{len(dataset.train.labels)} images"
    )
    with watch.stage("segmentation", plan):
        found = segment_then_analyse(
            dataset, masks, config, segmentation, folder=folder.progress, progress=progress
        )
    write_predictions(folder.path, "test", found.probabilities["topology"]["test"])
    _scores(found, watch.seconds["segmentation"]).write(folder.path)
    folder.log("finished")


def _scores(found: SegmentThenAnalyse, seconds: float) -> SegmentationScores:
    return SegmentationScores(
        test={kind: scores["test"].to_json() for kind, scores in found.scores.items()},
        dice={split: tuple(one.tolist()) for split, one in found.dice.items()},
        n_empty=found.n_empty,
        seconds=round(seconds, 3),
    )
