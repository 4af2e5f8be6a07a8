"""Checkpoints come back bit by bit, and what does not fit is refused."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest

from topojax.checkpoint import Series, load_checkpoint, save_checkpoint
from topojax.checksums import arrays_checksum
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
    with pytest.raises(WeightsError, match="is no checkpoint of topojax"):
        load_checkpoint(tmp_path, lambda meta: {})


def _damaged_copies(point: Path) -> Iterator[tuple[str, Path]]:
    """Yield copies of a checkpoint in which one file is cut, emptied, changed or absent."""
    files = sorted(file for file in point.rglob("*") if file.is_file())
    for file in files:
        for how in ("absent", "empty", "cut", "zeros", "list"):
            copy = point.with_name("copy")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(point, copy)
            target, content = copy / file.relative_to(point), file.read_bytes()
            if how == "absent":
                target.unlink()
            else:
                half = content[: len(content) // 2]
                changed = {"empty": b"", "cut": half, "zeros": bytes(len(content)), "list": b"[1]"}
                target.write_bytes(changed[how])
            yield f"{how} {file.relative_to(point)}", copy


@pytest.mark.slow
def test_a_damaged_checkpoint_is_one_line_or_the_same(
    tmp_path: Path, arrays: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "point", arrays, {"epoch": 3})
    refused: dict[str, WeightsError] = {}
    for name, copy in _damaged_copies(tmp_path / "point"):
        try:
            loaded, meta = load_checkpoint(copy, lambda meta: _like(arrays))
        except WeightsError as error:
            refused[name] = error
            continue
        # Some files are copies of others, or are for people.
        assert meta == {"epoch": 3}, name
        for got, want in zip(jax.tree.leaves(loaded), jax.tree.leaves(arrays), strict=True):
            np.testing.assert_array_equal(got, want)
    for name, error in refused.items():
        assert str(tmp_path / "copy") in str(error), name
        assert "\n" not in str(error), name
        assert "dict_keys" not in str(error), name
        assert error.__cause__ is None, name
    assert len(refused) > 10
    gc.collect()
    assert capfd.readouterr().err == ""


def _replace_meta(point: Path, stored: Any) -> None:
    other = point.with_name("replacing")
    ocp.v1.save_checkpointables(other, {"meta": stored})
    shutil.rmtree(point / "meta")
    (other / "meta").rename(point / "meta")
    shutil.rmtree(other)


def test_a_changed_value_is_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    point = tmp_path / "point"
    save_checkpoint(point, arrays, {"epoch": 3, "history": (0.25, 1e-9)})
    stored = ocp.v1.load_checkpointables(point, {"meta": None})["meta"]
    for changed in (
        stored | {"content": {"epoch": 4, "history": [0.25, 1e-9]}},
        stored | {"content": {"epoch": 3, "history": [0.25, 2e-9]}},
        stored | {"sha256": "0" * 64},
        stored | {"meta_sha256": ["0"]},
    ):
        _replace_meta(point, changed)
        with pytest.raises(WeightsError, match=r"point is damaged: .* not what was written"):
            load_checkpoint(point, lambda meta: _like(arrays))
    # Of older versions: no checksum, nothing to compare with.
    _replace_meta(point, {"format": 1, "content": {"epoch": 4}})
    assert load_checkpoint(point, lambda meta: _like(arrays))[1] == {"epoch": 4}


def test_a_changed_array_is_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    # Whole files of another checkpoint, so that orbax finds nothing wrong.
    for name, first in (("point", 0.0), ("other", 1.0)):
        kernel = arrays["kernel"].copy()
        kernel[0, 0] = first
        save_checkpoint(tmp_path / name, arrays | {"kernel": kernel}, {})
    shutil.rmtree(tmp_path / "point" / "arrays")
    shutil.copytree(tmp_path / "other" / "arrays", tmp_path / "point" / "arrays")
    with pytest.raises(WeightsError, match=r"point is damaged: .* not what was written"):
        load_checkpoint(tmp_path / "point", lambda meta: _like(arrays))


@pytest.mark.parametrize(
    "array",
    [
        np.float32(1),
        np.zeros((2, 0), np.float32),
        np.arange(3, dtype=jax.numpy.bfloat16),
        np.ones(2, bool),
    ],
)
def test_every_kind_of_array_has_a_checksum(array: np.ndarray) -> None:
    found = arrays_checksum([array])
    assert found == arrays_checksum([jax.numpy.asarray(array)])
    assert found != arrays_checksum([array, array])


@pytest.mark.parametrize("stored", [[], None, 7, {"format": 1}, {"format": 1, "content": []}])
def test_a_foreign_checkpoint_is_refused(
    tmp_path: Path, arrays: dict[str, Any], stored: Any
) -> None:
    plain = {"kernel": arrays["kernel"]}
    ocp.v1.save_checkpointables(tmp_path / "point", {"arrays": plain, "meta": {"a": 1}})
    with pytest.raises(WeightsError, match="not written by topojax"):
        load_checkpoint(tmp_path / "point", lambda meta: {})
    (tmp_path / "point" / "meta" / "metadata").write_text(json.dumps(stored))
    with pytest.raises(WeightsError, match=r"not written by topojax|damaged"):
        load_checkpoint(tmp_path / "point", lambda meta: {})


@pytest.mark.parametrize(
    ("meta", "reason"),
    [({}, "KeyError"), ({"n": "x"}, "TypeError|ValueError"), ({"n": 1 << 60}, "ValueError|Memory")],
)
def test_values_that_lead_nowhere_are_a_damage(
    tmp_path: Path, arrays: dict[str, Any], meta: dict[str, Any], reason: str
) -> None:
    save_checkpoint(tmp_path / "point", arrays, meta)
    with pytest.raises(
        WeightsError, match=rf"point does not fit this model or is damaged \(({reason})"
    ):
        load_checkpoint(tmp_path / "point", lambda m: {"k": jax.ShapeDtypeStruct((m["n"],), "f4")})


_FULL = """
import sys, resource
from pathlib import Path
import numpy as np
from topojax.checkpoint import save_checkpoint
from topojax.files import NoSpaceError
import topojax.checkpoint
path, limit, reserves = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if reserves == "no":
    topojax.checkpoint.check_space = lambda *_: None  # another process takes the space meanwhile
rng = np.random.default_rng(0)
arrays = {f"k{i}": rng.standard_normal((300, 300)).astype(np.float32) for i in range(20)}
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    save_checkpoint(path / "point", arrays, {"epoch": 3})
except NoSpaceError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
@pytest.mark.parametrize("reserves", ["yes", "no"])
@pytest.mark.parametrize("limit", [100, 50_000, 1_000_000])
def test_without_space_one_line_is_said_and_nothing_left(
    tmp_path: Path, limit: int, reserves: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path), str(limit), reserves],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert re.fullmatch(
        rf"{tmp_path}/point cannot be written: no space left; it needs up to 7\.2 MB, .* MB are "
        rf"free in {tmp_path}\n",
        ended.stdout,
    ), ended.stdout
    assert list(tmp_path.iterdir()) == []


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
