"""Filtrations of many images, in threads: one at a time, each computed once an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from tqdm import tqdm

from topojax.data.images import refuse_masked
from topojax.errors import ConfigError, DataError, raised_as
from topojax.kernels.threads import check_threads, map_in_threads
from topojax.row_files.row_blocks import row_blocks
from topojax.row_files.row_budget import IN_MEMORY, RowBudget
from topojax.topology.filtrations.expansion import expand_filtrations
from topojax.topology.filtrations.object_shape import OtsuThresholds
from topojax.topology.filtrations.registry import Filtration, find_filtration

# Filtered at a time by a thread: few calls for small images, and intermediates stay in the cache.
_VOXELS_AT_ONCE = 2**16
# Of each thread, between two steps of the progress bar.
_BATCHES_AT_ONCE = 32


def filtered(
    images: np.ndarray, name: str, *, n_threads: int | None = None, progress: bool = False
) -> np.ndarray:
    """Return the values whose sublevel sets are filtered, float32 (n, *spatial).

    A filter sees the whole image. A region of interest restricts afterwards what enters: voxels
    near its border are filtered with what lies outside.

    Args:
        images: grey and finite, (n, H, W) or (n, D, H, W), taken as float32.
        name: of a filtration (METHOD.md, "Filtrations").
        n_threads: None: the processors that this process may use. The result is the same for any.
        progress: show a progress bar on a terminal.

    Returns:
        Finite, or with +inf at voxels that never enter. For `intensity` it may be `images` itself.

    Raises:
        ConfigError: the name is unknown or its parameters are wrong, or n_threads is below 1.
        DataError: images of another shape, or not finite; or values that are NaN, -inf, beyond
            float32, or +inf where the filtration says that it has none.

    Example:
        >>> spot = np.zeros((1, 3, 3), np.float32)
        >>> spot[0, 1, 1] = 1
        >>> filtered(spot, "distance")[0, 1:].astype(float).round(2).tolist()
        [[1.0, -1.0, 1.0], [1.41, 1.0, 1.41]]
        >>> filtered(spot, "-height:0,1")[0, 1].tolist()
        [inf, -0.0, inf]
    """
    (found,) = filtered_bank(images, [name], n_threads=n_threads, progress=progress)
    return found[1]


def filtered_bank(
    images: np.ndarray,
    names: Iterable[str],
    *,
    n_threads: int | None = None,
    progress: bool = False,
    budget: RowBudget = IN_MEMORY,
) -> Iterator[tuple[str, np.ndarray]]:
    """Return an iterator over (name, what `filtered` returns), one filtration at a time.

    Otsu's thresholds are computed once an image for all of them, and a filter once for both signs
    where these follow each other; that result is all that is kept from one to the next.

    Args:
        images, n_threads, progress: as `filtered`.
        names: of filtrations and of banks, as `expand_filtrations`.
        budget: of the values of one filtration.

    Raises:
        ConfigError, DataError: as `filtered`; what is wrong with arguments, at once.
        RunError: values beyond the budget cannot be written.

    Example:
        >>> images = np.array([[[0, 1]]], np.float32)
        >>> for name, values in filtered_bank(images, ["intensity", "-intensity"]):
        ...     print(name, values.tolist())
        intensity [[[0.0, 1.0]]]
        -intensity [[[-0.0, -1.0]]]
    """
    grey = _checked_images(images)
    dims = grey.ndim - 1
    bank = [find_filtration(name, dims) for name in expand_filtrations(names, dims)]
    with raised_as(ConfigError):
        threads = check_threads(n_threads)
    return _stream(grey, bank, threads, progress, budget)


def _stream(
    images: np.ndarray,
    bank: list[Filtration],
    threads: int,
    progress: bool,
    budget: RowBudget,
) -> Iterator[tuple[str, np.ndarray]]:
    otsu = OtsuThresholds(images)
    kept, values = None, images
    total = len(bank) * len(images)
    hidden = None if progress else True
    with tqdm(total=total, desc="filters", unit="image", disable=hidden) as bar:
        for filtration in bank:
            if filtration.unsigned != kept:
                values = images  # the last one is let go before the next is made
                values = _values(images, filtration, otsu, threads, bar, budget)
                kept = filtration.unsigned
            else:
                bar.update(len(images))
            yield filtration.name, _negated(values, budget) if filtration.is_superlevel else values


def _values(
    images: np.ndarray,
    filtration: Filtration,
    otsu: OtsuThresholds,
    threads: int,
    bar: tqdm,
    budget: RowBudget,
) -> np.ndarray:
    """Return the values of all images without the sign."""
    if filtration.unsigned == ("intensity", ()):
        bar.update(len(images))
        return images
    blocks = _blocks(images, filtration, otsu, threads, bar)
    return budget.array(blocks, images.shape, np.float32)


def _blocks(
    images: np.ndarray, filtration: Filtration, otsu: OtsuThresholds, threads: int, bar: tqdm
) -> Iterator[np.ndarray]:
    """Yield the values of runs of images, each computed by all threads."""
    step = max(1, _VOXELS_AT_ONCE // max(1, images[:1].size))
    for run in row_blocks(images.shape, _VOXELS_AT_ONCE * _BATCHES_AT_ONCE * threads, threads):
        found = np.empty(images[run].shape, np.float32)

        def write(first: int, run: slice = run, found: np.ndarray = found) -> None:
            rows = slice(first, min(first + step, run.stop))
            own = found[rows.start - run.start : rows.stop - run.start]
            # What overflows is told of below, by its name.
            with np.errstate(over="ignore", invalid="ignore"):
                own[...] = filtration.function(images[rows], lambda: otsu.of(rows))
            _check_values(own, filtration, first)

        map_in_threads(write, range(run.start, run.stop, step), threads)
        bar.update(len(found))
        yield found


def _negated(values: np.ndarray, budget: RowBudget) -> np.ndarray:
    """Return -values; +inf, which never enters, stays."""

    def negated(rows: slice) -> np.ndarray:
        block = -values[rows]
        block[np.isneginf(block)] = np.inf
        return block

    return budget.array(map(negated, row_blocks(values.shape)), values.shape, np.float32)


def _checked_images(images: np.ndarray) -> np.ndarray:
    refuse_masked(images, "images")
    array = np.asarray(images)
    if array.ndim not in (3, 4) or 0 in array.shape[1:] or array.dtype.kind not in "buif":
        raise DataError(
            f"images has shape {array.shape}, dtype {array.dtype}; expected real numbers "
            "(n, H, W) or (n, D, H, W); make colours grey with topojax.topology.grey_images"
        )
    with np.errstate(over="ignore"):
        grey = array.astype(np.float32, copy=False)
    for rows in row_blocks(grey.shape):
        finite = np.isfinite(grey[rows]).reshape(rows.stop - rows.start, -1).all(axis=1)
        if not finite.all():
            raise DataError(
                f"image {rows.start + finite.argmin()} in images holds NaN, infinite values or "
                "values beyond float32; expected finite ones; replace them before they are filtered"
            )
    return grey


def _check_values(values: np.ndarray, filtration: Filtration, first: int) -> None:
    wrong = ~np.isfinite(values)
    if not filtration.finite:
        wrong &= ~np.isposinf(values)
    if wrong.any():
        place = int(np.flatnonzero(wrong.reshape(len(values), -1).any(axis=1))[0])
        expected = "finite values" if filtration.finite else "finite values or +inf"
        raise DataError(
            f"filtration {filtration.name!r} of image {first + place} gives "
            f"{values[place][wrong[place]][0]}; expected {expected} within float32; rescale the "
            "images or leave this filtration out"
        )
