"""`features.npz`: what a run saw in its images, and what it tried, as arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from topojax.data import SPLITS, SplitName
from topojax.data.npz import keys_of, read_npz
from topojax.errors import DataError
from topojax.files import write_atomically
from topojax.runs.damage import broken, unreadable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    _Group = TypeVar("_Group", bound=DataclassInstance)

FILE_NAME = "features.npz"


@dataclass(frozen=True)
class SplitFeatures:
    """What the method reads in n images of a split; keys `{split}_…`.

    Attributes:
        labels: int64 (n,).
        descriptors: φ, float32 (n, n_features).
        roi_voxels: V', int64 (n,); float64, a mean, where several networks read.
        roi_empty: bool (n,); ROIs that came out empty and became the map's maximum.
    """

    labels: np.ndarray
    descriptors: np.ndarray
    roi_voxels: np.ndarray
    roi_empty: np.ndarray


@dataclass(frozen=True)
class Tried:
    """Every ROI rule that the search tried; keys `search_…`.

    Attributes:
        weights: float (m, L), of the layers in the configuration's order.
        taus: float (m,).
        scores: float (m,), as people read them; NaN or infinite where there was none.
    """

    weights: np.ndarray
    taus: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Examples:
    """m of the test images; keys `example_…`, of those that went wrong `error_…`.

    Attributes:
        images: (m, *spatial) or (m, *spatial, C).
        masks: bool (m, *spatial); the ROIs.
        fused: float32 (m, *spatial) in [0, 1]; the fused class activation maps.
        labels, predicted: integers (m,).
        index: integers (m,); places in the test split.
    """

    images: np.ndarray
    masks: np.ndarray
    fused: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    index: np.ndarray


@dataclass(frozen=True)
class ExampleTopology:
    """Betti curves of the m examples on the ROIs at T thresholds τ; keys `topology_…`.

    The ROI at τ is where the fused map reaches τ, and its maximum where it nowhere does.

    Attributes:
        values: float32 (m, *spatial), under the bank's first filtration; +inf never enters.
        own_tau: float64 (m,); τ of the run, one of `taus`.
        taus: float64 (m, T), increasing.
        voxels: int64 (m, T); sizes of the ROIs.
        thresholds: float64 (m, T, N), of the values, increasing.
        curves: int32 (m, T, d, N); Betti numbers, not divided.
    """

    values: np.ndarray
    own_tau: np.ndarray
    taus: np.ndarray
    voxels: np.ndarray
    thresholds: np.ndarray
    curves: np.ndarray


@dataclass(frozen=True)
class LastingBars:
    """The P longest bars of the m examples on their ROIs at `own_tau`; keys `bars_…`.

    Attributes:
        example, dim: int64 (P,); row of the example, dimension; longest first.
        ends: float64 (P, 2); birth and death, +inf where a bar never ends.
        voxels: int64 (P, 2); flat C-order index of the voxels that make them; -1 for no death.
        counts: int64 (m, d); all bars of each dimension, -1 where they were not computed.
        missing: str (m, d); why they were not, in folders of older versions, else empty.
    """

    example: np.ndarray
    dim: np.ndarray
    ends: np.ndarray
    voxels: np.ndarray
    counts: np.ndarray
    missing: np.ndarray


@dataclass(frozen=True)
class TestCurves:
    """Betti curves of the test images under one filtration.

    Attributes:
        thresholds: float64 (N,); None where each image has its own grid.
        rois: float32 (n, d, N), of the ROIs over V'; means where several networks read.
        whole: the same of whole images over all voxels.
    """

    thresholds: np.ndarray | None
    rois: np.ndarray
    whole: np.ndarray

    def to_npz(self, number: int) -> dict[str, np.ndarray]:
        """Return the arrays by their keys, of filtration `number`."""
        known = {} if self.thresholds is None else {"thresholds": self.thresholds}
        arrays = {**known, "test_curves": self.rois, "test_curves_full": self.whole}
        return {numbered(key, number): array for key, array in arrays.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], number: int) -> TestCurves:
        """Return what `to_npz` gave; KeyError where it is not there."""
        return cls(
            arrays.get(numbered("thresholds", number)),
            arrays[numbered("test_curves", number)],
            arrays[numbered("test_curves_full", number)],
        )


@dataclass(frozen=True)
class RunArrays:
    """The archive.

    Attributes:
        splits: all three.
        curves: by filtration; keys of the first one `thresholds`, `test_curves` and
            `test_curves_full`, of the second `thresholds_1`, and so on.
        probabilities: of the test split by method, float32 (n, K), before any calibration; keys
            `test_{method}_probabilities`, the method's hyphens as underscores.
        tried: None where nothing was searched for.
        examples: some test images.
        errors: some that were decided wrongly or whose ROI came out empty. This and what follows
            is None in folders of older versions.
        topology: of the examples.
        bars: of the examples.
        names: of the test images, str (n,); None where the data set has none. Key `test_names`.
    """

    splits: dict[SplitName, SplitFeatures]
    curves: dict[str, TestCurves]
    probabilities: dict[str, np.ndarray]
    tried: Tried | None
    examples: Examples
    errors: Examples | None = None
    topology: ExampleTopology | None = None
    bars: LastingBars | None = None
    names: np.ndarray | None = None

    def to_npz(self) -> dict[str, np.ndarray]:
        """Return the arrays by their keys."""
        arrays: dict[str, np.ndarray] = {}
        for name in SPLITS:
            arrays |= _keyed(name, self.splits[name])
        arrays["filtrations"] = np.array(list(self.curves))
        for number, curves in enumerate(self.curves.values()):
            arrays |= curves.to_npz(number)
        for method, found in self.probabilities.items():
            arrays[probabilities_key(method)] = found
        if self.names is not None:
            arrays["test_names"] = self.names
        groups: dict[str, DataclassInstance | None] = {
            "search": self.tried,
            "example": self.examples,
            "error": self.errors,
            "topology": self.topology,
            "bars": self.bars,
        }
        for prefix, group in groups.items():
            if group is not None:
                arrays |= _keyed(prefix, group)
        return arrays

    def write(self, folder: Path) -> None:
        """Write the archive into a run folder, compressed, at once.

        Raises:
            RunError: the folder cannot be written.
        """
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **self.to_npz())
        write_atomically(folder / FILE_NAME, buffer.getvalue())

    @classmethod
    def read(cls, folder: Path) -> RunArrays:
        """Read the archive of a run folder; shapes are not looked at.

        Raises:
            RunError: the file is missing or damaged, or lacks an array.
        """
        path = folder / FILE_NAME
        try:
            arrays = read_npz(path, keys_of(path))
        except DataError as error:
            raise unreadable(path, error) from None
        try:
            return cls(
                splits={name: _group(SplitFeatures, name, arrays) for name in SPLITS},
                curves={
                    str(name): TestCurves.of(arrays, number)
                    # Folders of older versions have one filtration, and do not name it.
                    for number, name in enumerate(arrays.get("filtrations", ["intensity"]))
                },
                probabilities=_probabilities(arrays),
                tried=_group(Tried, "search", arrays) if "search_scores" in arrays else None,
                examples=_group(Examples, "example", arrays),
                errors=_group_or_none(Examples, "error", arrays),
                topology=_group_or_none(ExampleTopology, "topology", arrays),
                bars=_group_or_none(LastingBars, "bars", arrays),
                names=arrays.get("test_names"),
            )
        except KeyError as error:
            raise broken(path, f"it lacks {error.args[0]}") from None


def numbered(key: str, number: int) -> str:
    """Return the key of filtration `number`, from 0."""
    return f"{key}_{number}" if number else key


def probabilities_key(method: str) -> str:
    """Return the key of a method's test probabilities."""
    return f"test_{method.replace('-', '_')}_probabilities"


def _probabilities(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start, end = "test_", "_probabilities"
    return {
        # No method has an underscore in its name.
        key.removeprefix(start).removesuffix(end).replace("_", "-"): array
        for key, array in arrays.items()
        if key.startswith(start) and key.endswith(end)
    }


def _keyed(prefix: str, group: DataclassInstance) -> dict[str, np.ndarray]:
    return {f"{prefix}_{field.name}": getattr(group, field.name) for field in fields(group)}


def _group(kind: type[_Group], prefix: str, arrays: Mapping[str, np.ndarray]) -> _Group:
    return kind(**{field.name: arrays[f"{prefix}_{field.name}"] for field in fields(kind)})


def _group_or_none(
    kind: type[_Group], prefix: str, arrays: Mapping[str, np.ndarray]
) -> _Group | None:
    """Return a group of which some array is there; KeyError where only a part of it is."""
    keys = {f"{prefix}_{field.name}" for field in fields(kind)}
    return _group(kind, prefix, arrays) if keys & arrays.keys() else None
