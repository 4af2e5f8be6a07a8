"""The door to data sets: names, modalities, sizes, memory, and one split for fitted methods."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.data import (
    REGISTERED,
    SPLITS,
    IntensityScale,
    read_dataset,
    read_image_set,
    read_registered,
)
from topojax.data.registered import reading
from topojax.errors import ConfigError, DataError

from .layouts import write_brats2019, write_harvard_gdp


@pytest.fixture(scope="module")
def brats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_brats2019(tmp_path_factory.mktemp("brats"))


@pytest.fixture(scope="module")
def gdp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_harvard_gdp(tmp_path_factory.mktemp("gdp"))


def test_names_and_paths_go_through_one_door(
    brats: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    by_name = read_dataset("brats2019:t2", data_root=brats, size=5)
    by_argument = read_registered("brats2019", brats, modality="t2", size=5)
    assert by_name.fingerprint() == by_argument.fingerprint()
    assert by_name.name == "brats2019_t2"
    arrays = {}
    for split in SPLITS:
        arrays[f"{split}_images"] = rng.integers(0, 256, (4, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(4)[:, None] % 2
    np.savez(tmp_path / "mine.npz", **arrays)
    assert read_dataset(tmp_path / "mine.npz").shape == (28, 28)


def test_a_folder_of_that_name_beside_is_no_file(
    brats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brats2019").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_dataset("brats2019", data_root=brats, size=4).n_classes == 2


@pytest.mark.parametrize("name", REGISTERED)
def test_without_a_folder_it_says_how_to_get_one(name: str, tmp_path: Path) -> None:
    for root in (None, tmp_path / "absent"):
        with pytest.raises(DataError, match=f"topojax data info {name}") as caught:
            read_dataset(name, data_root=root)
        assert "data_root" in str(caught.value)
    with pytest.raises(DataError):
        read_dataset(name, data_root=tmp_path)


def test_what_is_asked_for_is_held_against_what_there_is(brats: Path, gdp: Path) -> None:
    with pytest.raises(
        DataError, match=r"modality='t3' of brats2019 is unknown; choose from flair"
    ):
        read_dataset("brats2019:t3", data_root=brats)
    with pytest.raises(DataError, match="modality='' of"):
        read_dataset("brats2019:", data_root=brats)
    with pytest.raises(DataError, match="modality='flair' of harvard-gdp"):
        read_registered("harvard-gdp", gdp, modality="flair")
    with pytest.raises(DataError, match="'brats2020' is no data set behind a registration"):
        read_registered("brats2020", brats)
    for read in (read_dataset, read_image_set):
        with pytest.raises(DataError, match="spatial_dims=2; brats2019 holds volumes"):
            read("brats2019", data_root=brats, spatial_dims=2)
    with pytest.raises(ConfigError, match="split_seed=-1"):
        read_registered("brats2019", brats, split_seed=-1)
    with pytest.raises(DataError, match="topojax data list"):
        read_dataset("brats2020", data_root=brats)


def test_memory_is_said_and_refused_before_anything_is_read(
    brats: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "topojax"):
        read_dataset("brats2019", data_root=brats, size=4)
    assert caplog.messages[0] == "brats2019_flair: 11 volumes of 4³ voxels take 2816 bytes"

    def never(path: Path) -> np.ndarray:
        raise AssertionError(path)

    unread = replace(REGISTERED["brats2019"], read_volume=never)
    monkeypatch.setitem(REGISTERED, "brats2019", unread)
    for size in (0, -3, 10**7):
        with pytest.raises(ConfigError, match=f"size={size}"):
            read_dataset("brats2019", data_root=brats, size=size)
    monkeypatch.setattr(reading, "memory_limit", lambda: 2815)
    with pytest.raises(ConfigError, match=r"11 volumes take 2816 bytes, more than .* 2815 bytes"):
        read_dataset("brats2019", data_root=brats, size=4)


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_alone_is_that_of_the_data_set(brats: Path, split: str) -> None:
    data = read_dataset("brats2019", data_root=brats, size=4)
    found = read_image_set("brats2019", split=split, data_root=brats, size=4)
    np.testing.assert_array_equal(found.images, data.split(split).images)
    np.testing.assert_array_equal(found.labels, data.split(split).labels)
    assert found.spatial_dims == 3
    assert found.source.endswith(split)


def test_a_fitted_method_holds_volumes_to_its_scale(brats: Path, gdp: Path) -> None:
    for root, name, scale, message in (
        (brats, "brats2019", IntensityScale("uint8", 255), "dtype float32 from"),
        (gdp, "harvard-gdp", IntensityScale("float32", 1), "dtype uint8"),
    ):
        with pytest.raises(DataError, match=message):
            read_image_set(name, data_root=root, size=4, scale=scale)
        own = read_dataset(name, data_root=root, size=4).scale
        assert len(read_image_set(name, data_root=root, size=4, scale=own).images) == 2
