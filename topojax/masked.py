"""numpy's masked arrays where nothing can be absent: refused, in one wording."""

from __future__ import annotations

from typing import Any

import numpy as np

from topojax.errors import DataError


def refuse_masked(numbers: Any, name: str) -> None:
    """Raise DataError where a masked array masks something: np.asarray would drop the mask.

    Args:
        numbers: an array, or a sequence of arrays.
        name: of the argument, for the message.
    """
    parts = numbers if isinstance(numbers, list | tuple) else [numbers]
    masked = sum(int(np.ma.count_masked(p)) for p in parts if isinstance(p, np.ma.MaskedArray))
    if masked:
        raise DataError(
            f"{name} has {masked} masked values, which cannot be left out here; fill them, such as "
            f"with {name}.filled(value)"
        )
