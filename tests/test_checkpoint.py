"""Checkpoints come back bit by bit, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from topojax.checkpoint import Series, load_checkpoint, save_checkpoint
from topojax.errors import WeightsError


@pytest.fixture
def arrays(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "kernel": rng.standard_normal((3, 4)).astype(np.float32),
        "nested": (np.int32(7), {"bias": rng.standard_normal(5).astype(np.float32)}),
    }


def _like(arrays: Any) -> Any:
    return jax.eval_shape(lambda: jax.tree.map(jax.numpy.asarray, arrays))


def test_round_trip(tmp_path: Path, arrays: dict[str, Any]) -> None:
    save_checkpoint(tmp_path / "point", arrays, {"epoch": 3, "history": [{"loss": 0.1}]})
    loaded, meta = load_checkpoint(tmp_path / "point", lambda meta: _like(arrays))
    assert meta == {"epoch": 3, "history": [{"loss": 0.1}]}
    assert jax.tree.structure(loaded) == jax.tree.structure(arrays)
    for got, want in zip(jax.tree.leaves(loaded), jax.tree.leaves(arrays), strict=True):
        np.testing.assert_array_equal(got, want)


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="absent does not exist"):
        load_checkpoint(tmp_path / "absent", lambda meta: {})


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(WeightsError, match="does not fit"):
        load_checkpoint(tmp_path, lambda meta: {})


@pytest.mark.parametrize("shape", [(3, 5), (12,)])
def test_arrays_of_another_shape_are_refused(
    tmp_path: Path, arrays: dict[str, Any], shape: tuple[int, ...]
) -> None:
    save_checkpoint(tmp_path / "point", arrays, {})
    other = arrays | {"kernel": np.zeros(shape, np.float32)}
    with pytest.raises(WeightsError, match=r"another model|does not fit"):
        load_checkpoint(tmp_path / "point", lambda meta: _like(other))


def test_arrays_of_other_names_are_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    save_checkpoint(tmp_path / "point", arrays, {})
    other = {"gamma": arrays["kernel"], "nested": arrays["nested"]}
    with pytest.raises(WeightsError, match="does not fit"):
        load_checkpoint(tmp_path / "point", lambda meta: _like(other))


def test_series_keeps_the_newest(tmp_path: Path, arrays: dict[str, Any]) -> None:
    series = Series(tmp_path / "states", "epoch")
    assert series.newest() is None
    for epoch in (0, 1, 2):
        series.save(epoch, arrays, {"epoch": epoch})
    (tmp_path / "states" / "epoch_00009.orbax-checkpoint-tmp-1").mkdir()  # a save that was killed
    assert series.newest() == 2
    series.keep_only(2)
    assert [p.name for p in series.folder.glob("epoch_0000?")] == ["epoch_00002"]
    series.save(2, arrays, {"epoch": "again"})
    assert load_checkpoint(series.path(2), lambda meta: _like(arrays))[1] == {"epoch": "again"}
