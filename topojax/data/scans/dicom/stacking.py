"""Slices to a volume: their order, the step between them, and where the volume lies.

Coordinates are DICOM's, millimetres to the patient's left, back and head (LPS); the affine that
comes out is RAS+. Source: DICOM PS3.3, C.7.6.2.1.1 (positions and orientations of planes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.errors import DataError

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
# So much of a step may steps differ, or millimetres where that is more: between positions of two
# decimals, steps differ by 0.02.
_OF_STEP, _MILLIMETRES = 0.01, 0.0201
# But never so much of a step that a slice could be another.
_MOST_OF_STEP = 0.1
# Steps beyond this angle to the normal are a tilt, not rounding.
_TILT_DEGREES = 0.1


@dataclass(frozen=True)
class Plane:
    """Where a slice lies.

    Attributes:
        name: of its file or frame, for messages.
        position: (3,), the centre of its first pixel.
        along_row: (3,), unit vector in which the index of columns grows.
        along_column: (3,), unit vector in which the index of rows grows.
        spacing: millimetres between rows, and between columns.
    """

    name: str
    position: np.ndarray
    along_row: np.ndarray
    along_column: np.ndarray
    spacing: tuple[float, float]

    @property
    def normal(self) -> np.ndarray:
        """Return the unit vector across the slice."""
        normal = np.cross(self.along_row, self.along_column)
        return normal / np.linalg.norm(normal)


@dataclass(frozen=True)
class Stack:
    """The volume that slices make, its axes (slice, row, column).

    Attributes:
        order: which slice comes first, second and so on.
        affine: float64 (4, 4), index to millimetres, RAS+.
        spacing: millimetres along each axis; between slices along the step from one to the next.
        notes: what is not plain about it.
    """

    order: tuple[int, ...]
    affine: np.ndarray
    spacing: tuple[float, float, float]
    notes: tuple[str, ...]


def stacked(planes: list[Plane], what: str) -> Stack:
    """Return how slices lie on each other, sorted by their position along the normal.

    Args:
        planes: two or more, parallel and of one spacing.
        what: the file or folder, for messages.

    Raises:
        DataError: slices are turned to each other, lie at one position, are missing, or are spaced
            unevenly.
    """
    _refuse_differing(planes, what)
    normal = planes[0].normal
    along = np.array([plane.position @ normal for plane in planes])
    order = np.argsort(along, kind="stable")
    ordered = [planes[i] for i in order]
    _check_steps(ordered, along[order], what)
    positions = np.array([plane.position for plane in ordered])
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    _check_line(ordered, positions, step, what)
    first = planes[0]
    affine = np.eye(4)
    affine[:3, 0] = _LPS_TO_RAS @ step
    affine[:3, 1] = _LPS_TO_RAS @ first.along_column * first.spacing[0]
    affine[:3, 2] = _LPS_TO_RAS @ first.along_row * first.spacing[1]
    affine[:3, 3] = _LPS_TO_RAS @ positions[0]
    spacing = (float(np.linalg.norm(step)), *first.spacing)
    return Stack(tuple(map(int, order)), affine, spacing, _tilt(step, normal))


def _refuse_differing(planes: list[Plane], what: str) -> None:
    first = planes[0]
    for plane in planes[1:]:
        axes = np.concatenate([plane.along_row, plane.along_column])
        expected = np.concatenate([first.along_row, first.along_column])
        if not np.allclose(axes, expected, rtol=0, atol=1e-3):
            raise DataError(
                f"{what}: {plane.name} is turned to {first.name}; expected parallel slices: leave "
                "localisers and other orientations out"
            )
        if not np.allclose(plane.spacing, first.spacing, rtol=1e-3):
            raise DataError(
                f"{what}: {plane.name} has pixels of {_lengths(plane.spacing)}, {first.name} of "
                f"{_lengths(first.spacing)}; expected one spacing"
            )


def _check_steps(ordered: list[Plane], along: np.ndarray, what: str) -> None:
    """Raise DataError unless slices follow each other in one step."""
    steps = np.diff(along)
    apart = np.sort(steps[steps > _OF_STEP * steps.max()])
    # The lower of two in the middle: where a gap is one of two steps, the other is the step.
    usual = float(apart[(len(apart) - 1) // 2]) if len(apart) else 0.0
    pairs = list(zip(ordered, ordered[1:], steps, strict=False))
    for before, after, step in pairs:
        if step <= _MOST_OF_STEP * usual:
            raise DataError(
                f"{what}: {before.name} and {after.name} lie at one position; expected one volume: "
                "take several times, echoes or volumes of a series apart"
            )
    for before, after, step in pairs:
        _check_gap(f"{before.name} and {after.name}", float(step), usual, what)


def _check_gap(between: str, step: float, usual: float, what: str) -> None:
    missing = round(step / usual) - 1
    if missing > 0 and abs(step - (missing + 1) * usual) <= _tolerance(usual) * (missing + 1):
        raise DataError(
            f"{what} has missing slices: {missing} between {between}, which lie {step:.4g} mm "
            f"apart where others lie {usual:.4g} mm; get them again"
        )
    if abs(step - usual) > _tolerance(usual):
        raise DataError(
            f"{what} has slices that are spaced unevenly: {between} lie {step:.4g} mm apart, "
            f"others {usual:.4g} mm; expected one distance: get missing slices, or resample it"
        )


def _check_line(ordered: list[Plane], positions: np.ndarray, step: np.ndarray, what: str) -> None:
    """Raise DataError unless the first pixels of all slices lie in one line, evenly."""
    line = positions[0] + np.arange(len(positions))[:, None] * step
    off = np.linalg.norm(positions - line, axis=1)
    length = float(np.linalg.norm(step))
    worst = int(off.argmax())
    # Rounding and single steps within their tolerance add up over slices, but do not run away.
    if off[worst] > max(2 * _tolerance(length), _MOST_OF_STEP * length):
        raise DataError(
            f"{what}: {ordered[worst].name} lies {off[worst]:.4g} mm beside the line of the other "
            "slices; expected one straight stack: take its volumes apart"
        )


def _tolerance(step: float) -> float:
    return max(_OF_STEP * step, min(_MILLIMETRES, _MOST_OF_STEP * step))


def _tilt(step: np.ndarray, normal: np.ndarray) -> tuple[str, ...]:
    across = min(1.0, abs(float(step @ normal)) / float(np.linalg.norm(step)))
    degrees = float(np.degrees(np.arccos(across)))
    if degrees <= _TILT_DEGREES:
        return ()
    return (f"slices shifted against each other by {degrees:.1f}° (gantry tilt): affine sheared",)


def _lengths(spacing: tuple[float, float]) -> str:
    return " x ".join(f"{length:.6g}" for length in spacing) + " mm"
