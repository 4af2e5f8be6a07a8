"""A fitted method with defects: rules in turn, maps of the true class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from topojax.cam import CamStack
from topojax.config import Config
from topojax.data import Split
from topojax.defects.label_cams import label_cams_of
from topojax.errors import ConfigError
from topojax.pipeline import Explanation, FittedTopoCAM, Observation, Reading
from topojax.pipeline.observation import concatenate, observe
from topojax.search import RoiRule
from topojax.topology import FilteredImages


@dataclass(frozen=True, kw_only=True)
class DefectiveTopoCAM(FittedTopoCAM):
    """What the authors' script, or a map of the true class, makes of the method.

    Attributes:
        rules: image i follows number i modulo their number; `rule` is the first of them.
    """

    rules: tuple[RoiRule, ...]

    def observe_run(
        self, images: FilteredImages, cams: Sequence[CamStack], *, first: int
    ) -> tuple[Observation, ...]:
        """Return what few images show whose maps are known, each by the rule whose turn it is.

        Args:
            images: under the bank's filtrations.
            cams: of the same images, by the one network that there is.
            first: place of the first of them among all that are read together.
        """
        turns = (first + np.arange(len(images))) % len(self.rules)
        parts, order = [], []
        for turn in np.unique(turns):
            index = np.flatnonzero(turns == turn)
            rows = images.rows(index), [one.rows(index) for one in cams]
            honest = observe(self.config, self.rules[turn], *rows)
            parts.append(honest)
            order.append(index)
        in_order = np.argsort(np.concatenate(order))
        return tuple(concatenate(of_one).rows(in_order) for of_one in zip(*parts, strict=True))

    def read(self, images: np.ndarray, *, progress: bool = False) -> Reading:
        """Return what the method reads in images (n, *spatial[, 3]), n >= 1.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
            ConfigError: the method was fitted on maps of the true class, so that it cannot read
                images without their labels.
        """
        check_reads_without_labels(self.config)
        return super().read(images, progress=progress)

    def read_labelled(self, split: Split, *, progress: bool = False) -> Reading:
        """Return what a method that was fitted on maps of the true class reads in images.

        Raises:
            DataError: the images have another shape or number of channels than those fitted on.
        """
        self.check_shape(split.images)
        cams = label_cams_of(self.networks[0], split, self.config.cam, progress=progress)
        return self.judge(self.observe(self.filtered(split.images), (cams,)))

    def explain_places(self, images: np.ndarray, places: Sequence[int]) -> Explanation:
        """Return maps and ROIs of some of the images, each by the rule that reads it.

        Maps are of the predicted class, whatever the method was fitted on.

        Args:
            images: all that are read together, (n, *spatial[, 3]).
            places: of those that are explained.
        """
        rules = [self.rules[place % len(self.rules)] for place in places]
        parts = [
            replace(self, rule=rule, rules=(rule,)).explain(images[[place]])
            for rule, place in zip(rules, places, strict=True)
        ]
        columns = zip(*map(_arrays, parts), strict=True)
        return Explanation(*(np.concatenate(column) for column in columns))


def check_reads_without_labels(config: Config) -> None:
    """Raise ConfigError where maps are of the true class."""
    if config.cam.target == "label":
        raise ConfigError(
            "cam.target='label' takes maps of the true class, so that no image is read without its "
            "label: it exists to show the leak (`topojax leaktest`); give cam.target='predicted'"
        )


def _arrays(explanation: Explanation) -> tuple[np.ndarray, ...]:
    return explanation.layer_maps, explanation.fused, explanation.masks, explanation.predicted
