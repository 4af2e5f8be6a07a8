"""Bad input is refused in one line that names the argument; the import stays light."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from topojax.kernels import betti_curves, betti_curves_batch, betti_steps, persistence_pairs

IMAGE = np.arange(24.0).reshape(4, 6)
BATCH = np.stack([IMAGE, IMAGE])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((IMAGE[0], [1]), {}, ValueError, r"image has shape \(6,\); expected \(H, W\)"),
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
        ((IMAGE[0], [1]), {}, r"images has shape \(6,\); expected \(B, H, W\)"),
        ((BATCH, np.ones((3, 1))), {}, r"thresholds has shape \(3, 1\); expected \(N,\), \(2, N\)"),
        ((BATCH, np.ones((2, 3, 1))), {}, r"thresholds has shape \(2, 3, 1\)"),
        ((BATCH, [1]), {"masks": IMAGE > 2}, r"masks has shape \(4, 6\)"),
        ((BATCH, [1]), {"n_threads": 0}, "n_threads=0; expected at least 1"),
    ],
)
def test_betti_curves_batch_refuses(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        betti_curves_batch(*arguments, **options)


def test_steps_and_pairs_refuse():
    with pytest.raises(ValueError, match="image has NaN"):
        betti_steps(IMAGE * np.nan)
    with pytest.raises(ValueError, match="dim=2; expected 0 or 1 for a 2-D image"):
        persistence_pairs(IMAGE, 2)
    with pytest.raises(ValueError, match="dim=1; expected 0 or 2 for a 3-D image"):
        persistence_pairs(BATCH, 1)


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
