"""Bad input is refused in one line that names the argument; the import stays light."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from topojax.kernels import (
    betti_curves,
    betti_curves_batch,
    betti_curves_slabs,
    betti_steps,
    euler_curve,
    fuse_maps,
    persistence_pairs,
    persistence_pairs_slabs,
    region_sizes,
    regions_of_interest,
    roi_betti_curves,
)
from topojax.kernels.batch import look_for_nan

IMAGE = np.arange(24.0).reshape(4, 6)
BATCH = np.stack([IMAGE, IMAGE])
MAPS = np.ones((1, 1, 1, 1), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((IMAGE[0, 0], [1]), {}, ValueError, r"image has shape \(\); expected \(W,\), \(H, W\)"),
        ((IMAGE + 1j, [1]), {}, TypeError, "image has dtype complex128"),
        ((IMAGE.astype(str), [1]), {}, TypeError, "image has dtype <U"),
        ((IMAGE * np.nan, [1]), {}, ValueError, "image has NaN"),
        ((np.full((2, 2), 2**53 + 1), [1]), {}, ValueError, r"integers beyond 2\^53"),
        ((np.full((2, 2), -(2**63)), [1]), {}, ValueError, r"integers beyond 2\^53"),
        ((IMAGE, []), {}, ValueError, r"thresholds has shape \(0,\)"),
        ((IMAGE, 1.0), {}, ValueError, r"thresholds has shape \(\)"),
        ((IMAGE, [[1.0]]), {}, ValueError, r"thresholds has shape \(1, 1\); expected \(N,\)"),
        ((IMAGE, [1, 1]), {}, ValueError, "thresholds is not strictly increasing"),
        ((IMAGE, [2, 1]), {}, ValueError, "thresholds is not strictly increasing"),
        ((IMAGE, [1, np.inf]), {}, ValueError, "thresholds has NaN or infinite"),
        ((IMAGE, [np.nan]), {}, ValueError, "thresholds has NaN or infinite"),
        ((IMAGE, ["a"]), {}, TypeError, "thresholds has dtype <U1"),
        ((IMAGE, [1]), {"mask": IMAGE > 2, "construction": "t"}, ValueError, "construction='t'"),
        ((IMAGE, [1]), {"mask": IMAGE}, TypeError, "mask has dtype float64; expected bool"),
        ((IMAGE, [1]), {"mask": IMAGE.T > 2}, ValueError, r"mask has shape \(6, 4\)"),
    ],
)
def test_betti_curves_refuses(arguments, options, error, message):
    with pytest.raises(error, match=message) as caught:
        betti_curves(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((IMAGE[0], [1]), {}, r"expected \(B, W\), .*: one image is images\[np.newaxis\]"),
        ((BATCH, np.ones((3, 1))), {}, r"thresholds has shape \(3, 1\); expected \(N,\), \(2, N\)"),
        ((BATCH, np.ones((2, 3, 1))), {}, r"thresholds has shape \(2, 3, 1\)"),
        ((BATCH, [1]), {"masks": IMAGE > 2}, r"masks has shape \(4, 6\)"),
        ((BATCH, [1]), {"n_threads": 0}, "n_threads=0; expected at least 1"),
    ],
)
def test_betti_curves_batch_refuses(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        betti_curves_batch(*arguments, **options)


def _with_nan(dtype: type, *images: int) -> np.ndarray:
    batch = np.zeros((40, 5, 7), dtype)
    batch[list(images), -1, -1] = np.nan
    return batch


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_first_image_with_nan_is_named(dtype, n_threads):
    for images in ((0,), (39,), (21, 22, 39), range(3, 40)):
        message = rf"images has NaN, first in image {images[0]}; replace it, or set absent"
        with pytest.raises(ValueError, match=message):
            betti_curves_batch(_with_nan(dtype, *images), [1], n_threads=n_threads)
    assert betti_curves_batch(_with_nan(dtype), [1], n_threads=n_threads).sum() == 40


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 31, 32, 63, 99, 100])
def test_nan_is_refused_anywhere_and_infinite_values_are_not(place, value):
    image, inside = np.zeros(101, np.float32), np.ones(101, bool)
    image[place] = value
    inside[place] = False
    for mask in (None, inside, np.zeros_like(inside)):
        if np.isnan(value):
            with pytest.raises(ValueError, match="image has NaN; replace it"):
                betti_curves(image, [1], mask=mask)
        else:
            betti_curves(image, [1], mask=mask)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_long_batches_are_looked_through_first(monkeypatch, n_threads):
    batch = _with_nan(np.float32, 17, 18)[:, np.newaxis]
    with pytest.raises(ValueError, match="images has NaN, first in image 17"):
        look_for_nan(batch, n_threads)
    look_for_nan(batch[:17], n_threads)
    for most in (batch.size - 1, batch.size):
        monkeypatch.setattr("topojax.kernels.batch._MOST_UNSEEN", most)
        with pytest.raises(ValueError, match="images has NaN, first in image 17") as caught:
            betti_curves_batch(batch[:, 0], [1], n_threads=n_threads)
        looked = "look_for_nan" in {entry.name for entry in caught.traceback}
        assert looked == (most < batch.size)
    assert betti_curves_batch(_with_nan(np.float32), [1], n_threads=n_threads).sum() == 40


ONE_IMAGE: dict[str, Callable[[np.ndarray], Any]] = {
    "betti_curves": lambda x: betti_curves(x, [1]),
    "betti_steps": betti_steps,
    "euler_curve": lambda x: euler_curve(x, [1]),
    "persistence_pairs": lambda x: persistence_pairs(x, 0),
}
BATCHES: dict[str, Callable[[np.ndarray], Any]] = {
    "betti_curves_batch": lambda x: betti_curves_batch(x, [1]),
    "roi_betti_curves": lambda x: roi_betti_curves(x, MAPS, [[1]], [0.5], [1]),
}
MAPPED: dict[str, Callable[[np.ndarray], Any]] = {
    "fuse_maps": lambda x: fuse_maps(x, [1]),
    "regions_of_interest": lambda x: regions_of_interest(x, [1], 0.5),
    "region_sizes": lambda x: region_sizes(x, [[1]], [0.5]),
}
SLABS: dict[str, Callable[[np.ndarray], Any]] = {
    "betti_curves_slabs": lambda x: betti_curves_slabs([x], [1]),
    "persistence_pairs_slabs": lambda x: persistence_pairs_slabs([x]),
}
ACCEPTED = (
    dict.fromkeys(ONE_IMAGE, (1, 2, 3))
    | {"betti_curves_batch": (2, 3, 4), "roi_betti_curves": (3, 4)}
    | dict.fromkeys(MAPPED, (4, 5))
    | dict.fromkeys(SLABS, (3,))
)
ADVICE = {
    "image": ": betti_curves_batch takes a batch (B, D, H, W), and channels are passed one by one",
    "images": ": channels are passed one by one",
    "maps": ": those of one image are maps[np.newaxis]",
    "slab 0": ": a plane is a slab of one, plane[np.newaxis]",
}


@pytest.mark.parametrize("call", ACCEPTED)
def test_other_numbers_of_axes_are_refused_with_what_to_do(call):
    kinds = zip(ADVICE, (ONE_IMAGE, BATCHES, MAPPED, SLABS), strict=True)
    name = next(name for name, calls in kinds if call in calls)
    function = (ONE_IMAGE | BATCHES | MAPPED | SLABS)[call]
    for ndim in range(7):
        array = np.full((1,) * ndim, 0.5, np.float32)
        if ndim in ACCEPTED[call]:
            if call == "roi_betti_curves":
                roi_betti_curves(array, array[:, np.newaxis], [[1]], [0.5], [1])
            else:
                function(array)
            continue
        with pytest.raises(ValueError, match="expected") as caught:
            function(array)
        message = str(caught.value)
        assert message.startswith(f"{name} has shape {array.shape}"), message
        assert "\n" not in message
        if ndim > max(ACCEPTED[call]):
            assert message.endswith(ADVICE[name]), message


def test_steps_and_pairs_refuse():
    with pytest.raises(ValueError, match="image has NaN"):
        betti_steps(IMAGE * np.nan)
    with pytest.raises(ValueError, match="dim=2; expected 0 or 1 for a 2-D image"):
        persistence_pairs(IMAGE, 2)
    with pytest.raises(ValueError, match="dim=3; expected 0, 1 or 2 for a 3-D image"):
        persistence_pairs(BATCH, 3)


def test_import_brings_numpy_and_numba_alone():
    code = (
        "import sys, topojax.kernels; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"numpy", "numba", "topojax"} <= loaded
    # numba itself looks for scipy.
    heavy = {"jax", "jaxlib", "flax", "optax", "evosax", "orbax", "sklearn", "pydantic"}
    assert not loaded & (heavy | {"matplotlib", "click", "tqdm"})
