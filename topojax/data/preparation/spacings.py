"""Millimetres between voxels: when two are the same, and how people read them."""

from __future__ import annotations

# Headers hold single precision, and DICOM decimal text.
_SAME_SPACING = 1e-3

Spacing = tuple[float, ...] | None


def same_spacing(one: Spacing, other: Spacing) -> bool:
    """Tell whether two spacings are one, or both are not known."""
    if one is None or other is None:
        return one is other
    if len(one) != len(other):
        return False
    return all(abs(a - b) <= _SAME_SPACING * b for a, b in zip(one, other, strict=True))


def in_millimetres(spacing: Spacing) -> str:
    """Return a spacing for people: `voxels of 1 x 1 x 2.5 mm`."""
    if spacing is None:
        return "no spacing"
    return f"voxels of {' x '.join(f'{one:.4g}' for one in spacing)} mm"
