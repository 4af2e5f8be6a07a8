"""What keeps runs from being compared: other classes, other test images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.errors import RunError
from topojax.report.comparing.named_run import NamedRun


def check_same_test(runs: Sequence[NamedRun]) -> None:
    """Raise RunError unless all runs have the first one's classes and test labels, in its order."""
    first, *others = runs
    for other in others:
        _check_classes(first, other)
        _check_labels(first, other)


def check_same_data(runs: Sequence[NamedRun]) -> None:
    """Raise RunError unless all runs have the first one's data, by their fingerprints."""
    first, *others = runs
    for other in others:
        ours, theirs = (run.run.environment.data for run in (first, other))
        if ours.fingerprint != theirs.fingerprint:
            raise RunError(
                f"{first.folder} and {other.folder} were run on other data ({ours.name}, "
                f"fingerprint {ours.fingerprint[:12]}, and {theirs.name}, "
                f"{theirs.fingerprint[:12]}); compare runs on the same images, or give "
                "--same-images if their test images are the same, as at another size or on fewer "
                "training images"
            )


def _check_classes(first: NamedRun, other: NamedRun) -> None:
    ours, theirs = first.run.class_names, other.run.class_names
    if ours != theirs:
        raise RunError(
            f"{first.folder} and {other.folder} have other classes ({', '.join(ours)}; "
            f"{', '.join(theirs)}); compare runs on the same data"
        )


def _check_labels(first: NamedRun, other: NamedRun) -> None:
    ours, theirs = first.run.labels["test"], other.run.labels["test"]
    if len(ours) != len(theirs):
        differ = f"{len(ours)} and {len(theirs)} test images"
    elif np.array_equal(ours, theirs):
        return
    else:
        differ = f"other labels, of test image {int(np.flatnonzero(ours != theirs)[0])} first"
    raise RunError(
        f"{first.folder} and {other.folder} have {differ}; differences are paired by image, so "
        "compare runs of the same test split"
    )
