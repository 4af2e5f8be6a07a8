"""MedMNIST files: by path and name, official checksums, downloads; real files where present."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from topojax.data import MEDMNIST, read_image_set, read_medmnist
from topojax.data.medmnist import reading
from topojax.data.medmnist.download import download, file_md5
from topojax.errors import DataError


@pytest.fixture
def arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    arrays = {}
    for split, n in (("train", 9), ("val", 6), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 3).astype(np.uint8)[:, None]
    return arrays


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path / "home"


def test_the_table_names_what_medmnist_publishes() -> None:
    assert len(MEDMNIST) == 18
    assert sum(facts.spatial_dims == 3 for facts in MEDMNIST.values()) == 6
    for facts in MEDMNIST.values():
        sizes = (28, 64) if facts.spatial_dims == 3 else (28, 64, 128, 224)
        assert tuple(facts.md5) == sizes
        assert all(len(md5) == 32 for md5 in facts.md5.values())
        assert len(facts.class_names) >= 2
    checksums = [md5 for facts in MEDMNIST.values() for md5 in facts.md5.values()]
    assert len(set(checksums)) == len(checksums)
    assert MEDMNIST["breastmnist"].file_name(224) == "breastmnist_224.npz"


def test_a_file_of_ones_own_is_read_by_path(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    data = read_medmnist(tmp_path / "mine.npz")
    assert data.class_names == ("0", "1", "2")
    assert (data.name, data.spatial_dims, data.n_channels, data.shape) == ("mine", 2, 1, (28, 28))
    np.testing.assert_array_equal(data.val.labels, [0, 1, 2, 0, 1, 2])
    np.testing.assert_allclose(data.test.images, arrays["test_images"] / 255, atol=1e-6)


def test_rgb_and_volumes(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    for suffix, dims, channels in (((3,), 2, 3), ((20,), 3, 1)):
        shaped = {
            key: np.repeat(value[..., None], suffix[0], -1) if "images" in key else value
            for key, value in arrays.items()
        }
        np.savez(tmp_path / "shaped.npz", **shaped)
        data = read_medmnist(tmp_path / "shaped.npz", spatial_dims=dims)
        assert (data.spatial_dims, data.n_channels) == (dims, channels)


def test_resized_to_the_size_asked_for(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    data = read_medmnist(tmp_path / "mine.npz", size=40)
    assert {data.split(name).images.shape[1:] for name in ("train", "val", "test")} == {(40, 40)}


def test_names_are_looked_up_in_the_data_root_then_at_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_check_md5", lambda path, expected: None)
    root = tmp_path / "root"
    for folder in (root, home / ".medmnist"):
        folder.mkdir(parents=True)
        (folder / "breastmnist.npz").write_bytes(b"")
    locate = functools.partial(reading.locate, may_download=False)
    assert locate("breastmnist", data_root=root)[0] == root / "breastmnist.npz"
    (root / "breastmnist.npz").unlink()
    assert locate("breastmnist", data_root=root)[0] == home / ".medmnist" / "breastmnist.npz"
    with pytest.raises(DataError, match=r"breastmnist_64\.npz is not on this machine.*https"):
        locate("breastmnist", size=64)
    with pytest.raises(DataError, match=r"nodulemnist3d_64\.npz"):
        locate("nodulemnist3d_64")
    with pytest.raises(DataError, match="no official file of size 224"):
        locate("nodulemnist3d_224")


def test_without_a_home_folder_the_data_root_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(reading, "_check_md5", lambda path, expected: None)
    (tmp_path / "breastmnist.npz").write_bytes(b"")
    locate = functools.partial(reading.locate, may_download=False)
    assert locate("breastmnist", data_root=tmp_path)[0] == tmp_path / "breastmnist.npz"
    with pytest.raises(DataError, match=f"put it into {tmp_path}"):
        locate("pathmnist", data_root=tmp_path)
    with pytest.raises(DataError, match="no home folder; give its folder as data_root"):
        locate("pathmnist")


def test_unknown_names_suggest_the_known(home: Path) -> None:
    with pytest.raises(DataError, match="did you mean adrenalmnist3d"):
        read_medmnist("adrenalmnist")


def test_a_damaged_official_file_is_told_by_its_checksum(
    home: Path, tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    official = tmp_path / "pneumoniamnist_64.npz"
    np.savez(official, **arrays)
    expected = MEDMNIST["pneumoniamnist"].md5[64]
    for source in (official, "pneumoniamnist_64"):
        with pytest.raises(DataError, match=f"{file_md5(official)}.*{expected}"):
            read_medmnist(source, data_root=tmp_path)


def test_several_labels_an_image_are_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chestmnist.npz"
    path.write_bytes(b"")
    monkeypatch.setitem(MEDMNIST["chestmnist"].md5, 28, file_md5(path))
    with pytest.raises(DataError, match="several labels"):
        read_medmnist(path)


@pytest.mark.parametrize("may_download", [False, True])
def test_several_labels_an_image_are_refused_before_a_download(
    home: Path, tmp_path: Path, may_download: bool
) -> None:
    with pytest.raises(DataError, match="several labels"):
        read_medmnist("chestmnist_224", data_root=tmp_path / "root", may_download=may_download)
    assert list(tmp_path.iterdir()) == []


def test_one_wild_label_does_not_name_a_billion_classes(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    labels = arrays["train_labels"].astype(np.int64)
    labels[4] = 10**15
    np.savez(tmp_path / "mine.npz", **(arrays | {"train_labels": labels}))
    with pytest.raises(DataError, match=r"mine\.npz: labels reach 1000000000000000"):
        read_medmnist(tmp_path / "mine.npz")


def test_labels_of_official_files_are_bound_by_the_table(
    home: Path, tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "breastmnist.npz"
    np.savez(path, **arrays)
    monkeypatch.setitem(MEDMNIST["breastmnist"].md5, 28, file_md5(path))
    with pytest.raises(DataError, match=r"label 2 \(sample 2\); expected 0 to 1"):
        read_medmnist("breastmnist", data_root=tmp_path)


def test_a_name_gives_what_its_official_file_holds(
    home: Path, tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {key: value % 2 for key, value in arrays.items() if key.endswith("_labels")}
    path = tmp_path / "breastmnist.npz"
    np.savez(path, **(arrays | labels))
    monkeypatch.setitem(MEDMNIST["breastmnist"].md5, 28, file_md5(path))
    by_name = read_medmnist("breastmnist", data_root=tmp_path)
    assert by_name.class_names == MEDMNIST["breastmnist"].class_names
    assert by_name.fingerprint() == read_medmnist(path).fingerprint()
    np.testing.assert_allclose(by_name.train.images, arrays["train_images"] / 255, atol=1e-6)


def test_reading_data_waits_for_neither_jax_nor_numba() -> None:
    code = "import sys, topojax.data; print(sorted({'jax', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CONTENT = b"not really an archive" * 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "data.npz").write_bytes(CONTENT)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()


def test_a_download_is_checked_and_put_in_place(server: str, tmp_path: Path) -> None:
    target = tmp_path / "root" / "data.npz"
    md5 = hashlib.md5(CONTENT).hexdigest()
    assert download(f"{server}/data.npz", target, md5) == target
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["data.npz"]


@pytest.mark.parametrize(
    ("file", "message"), [("data.npz", "MD5"), ("absent.npz", "cannot be reached")]
)
def test_a_bad_download_leaves_nothing(
    server: str, tmp_path: Path, file: str, message: str
) -> None:
    target = tmp_path / "root" / "data.npz"
    with pytest.raises(DataError, match=message):
        download(f"{server}/{file}", target, "0" * 32)
    assert os.listdir(target.parent) == []


def test_offline_the_message_says_what_to_do(tmp_path: Path) -> None:
    target = tmp_path / "root" / "breastmnist.npz"
    address = "http://127.0.0.1:9/breastmnist.npz"
    with pytest.raises(DataError) as caught:
        download(address, target, "0" * 32)
    message = str(caught.value)
    assert "\n" not in message
    for part in ("breastmnist.npz", address, str(target.parent)):
        assert part in message


def test_images_without_splits_or_labels_are_read(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((4, 20, 20), np.float32)
    np.save(tmp_path / "bare.npy", images)
    np.savez(tmp_path / "bare.npz", images=images)
    for name in ("bare.npy", "bare.npz"):
        found = read_image_set(tmp_path / name)
        np.testing.assert_array_equal(found.images, images)
        assert found.labels is None
    np.savez(tmp_path / "other.npz", pictures=images)
    with pytest.raises(DataError, match="pictures"):
        read_image_set(tmp_path / "other.npz")
    np.savez(tmp_path / "one.npz", images=images, labels=np.int64(1))
    with pytest.raises(DataError, match=r"4 images and labels of shape \(\)"):
        read_image_set(tmp_path / "one.npz")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    with pytest.raises(DataError, match="objects"):
        read_image_set(tmp_path / "objects.npy")


@pytest.mark.parametrize(
    ("name", "counts", "shape"),
    [
        ("breastmnist", ((147, 399), (21, 57), (42, 114)), (28, 28)),
        ("adrenalmnist3d", ((929, 259), (76, 22), (229, 69)), (28, 28, 28)),
        pytest.param(
            "adrenalmnist3d_64",
            ((929, 259), (76, 22), (229, 69)),
            (64, 64, 64),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_real_files(shared: Path, name: str, counts: tuple, shape: tuple[int, ...]) -> None:
    path = shared / "data" / "medmnist" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path.name} is absent from ../shared")
    data = read_medmnist(path)
    assert data.shape == shape
    assert data.class_names == MEDMNIST[name.removesuffix("_64")].class_names
    for split, expected in zip(("train", "val", "test"), counts, strict=True):
        assert tuple(np.bincount(data.split(split).labels)) == expected
    by_name = read_medmnist(name, data_root=shared / "data" / "medmnist")
    assert by_name.fingerprint() == data.fingerprint()
