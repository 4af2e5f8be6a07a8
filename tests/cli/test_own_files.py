"""Images in files through every command: fit on a manifest, then read folders and scans."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from topojax.data import Dataset
from topojax.pipeline.storage import load_fitted
from topojax.runs import Environment, read_predictions


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPOJAX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def manifest(discs: Dataset, tmp_path: Path) -> Path:
    """Return a manifest of the discs as PNG files, in columns of other names."""
    folder = tmp_path / "scans"
    folder.mkdir()
    rows = []
    for split in ("test", "train", "val"):
        part = discs.split(split)
        for i, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
            pixels = np.round(image * 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{split}{i}.png")
            rows.append([f"scans/{split}{i}.png", discs.class_names[label], split, f"{split}-{i}"])
    with (tmp_path / "own.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "dx", "split", "patient"], *rows])
    return tmp_path / "own.csv"


def test_a_manifest_is_fitted_on_and_folders_are_read(
    topojax: Callable[..., Any],
    manifest: Path,
    discs_run: Path,
    tiny: dict[str, Any],
    tmp_path: Path,
) -> None:
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    names = ["--column", "path=file", "--column", "label=dx", "--column", "group=patient"]
    run = tmp_path / "run"
    outcome = topojax("fit", manifest, *names, "-o", run, *settings)
    assert outcome.code == 0, outcome.err
    # The same pixels as the array file's: the same numbers.
    for split in ("val", "test"):
        there = read_predictions(discs_run, split)  # type: ignore[arg-type]
        assert np.array_equal(read_predictions(run, split), there)  # type: ignore[arg-type]
    data = Environment.read(run).data
    assert data.preparation == "The 68 images were read from files; 28 x 28 as stored"
    assert data.scale == "uint8, divided by 255"
    config = json.loads((run / "config.json").read_text())
    assert config["manifest"]["label"] == "dx"
    listed = list(csv.reader((run / "images.csv").open()))
    assert listed[0] == ["split", "index", "image", "class"]
    assert len(listed) == 1 + 68
    assert ["test", "3", "scans/test3.png"] in [row[:3] for row in listed]

    predicted = topojax("predict", run, manifest.parent / "scans", "-o", tmp_path / "p.csv")
    assert predicted.code == 0, predicted.err
    table = list(csv.reader((tmp_path / "p.csv").open()))
    classes = load_fitted(run).class_names
    assert table[0] == ["path", "predicted", *(f"p({name})" for name in classes)]
    by_name = {row[0]: row for row in table[1:]}
    assert len(by_name) == 68
    wanted = read_predictions(run, "test")[3]
    assert np.array([*map(float, by_name["test3.png"][2:])]) == pytest.approx(wanted, abs=1e-6)
    assert by_name["test3.png"][1] == classes[int(wanted.argmax())]

    scored = topojax("evaluate", run, manifest)
    assert scored.code == 0, scored.err
    features = tmp_path / "f.csv"
    assert topojax("features", manifest, "--run", run, "-o", features).code == 0
    assert [row[0] for row in csv.reader(features.open())][:2] == ["path", "scans/test0.png"]
    refused = topojax("features", manifest, "--run", run, "-o", tmp_path / "g.csv", "--spacing", 1)
    assert "--run brings its own configuration" in refused.err


def test_a_manifest_is_checked_and_its_images_are_kept(
    topojax: Callable[..., Any], manifest: Path
) -> None:
    names = ["--column", "path=file", "--column", "label=dx"]
    found = topojax("data", "check", manifest, *names)
    assert found.code == 0, found.err
    assert "32 train, 16 val, 20 test; classes ball, shell" in found.out
    assert "--column group=patient" in found.err
    kept = topojax("data", "cache")
    assert "in 1 set of images" in kept.out
    assert topojax("data", "cache", "--clear").code == 0
    assert "in 0 sets" in topojax("data", "cache").out
    for name in ("train3", "val0"):
        (manifest.parent / "scans" / f"{name}.png").write_bytes(b"no image")
    refused = topojax("data", "check", manifest, *names)
    assert refused.code == 3
    lines = [line for line in refused.err.splitlines() if "cannot be read as PNG" in line]
    assert len(lines) == 2
    assert "row 25: " in refused.err
    assert "(and 1 more row)" in refused.err


def _volumes(folder: Path, run: Path, affine: np.ndarray) -> tuple[Path, np.ndarray]:
    """Write NIfTI volumes that the run can read, whose voxels lie as the affine says."""
    shape = load_fitted(run).spatial_shape
    folder.mkdir()
    rng = np.random.default_rng(5)
    axes, turned = (2, 0, 1), (True, False, True)
    stored = rng.random(shape, np.float32)
    for axis, is_turned in enumerate(turned):
        stored = np.flip(stored, axis) if is_turned else stored
    stored = stored.transpose(np.argsort(axes))
    nibabel.save(nibabel.Nifti1Image(stored, affine), folder / "scan.nii.gz")
    return folder / "scan.nii.gz", stored


def test_roi_and_map_lie_over_the_scan(
    topojax: Callable[..., Any], solids_run: Path, tmp_path: Path
) -> None:
    # Stored axes run to the head against the third, and so on: a rotation by 90° and mirrors.
    affine = np.zeros((4, 4))
    affine[0, 2], affine[1, 0], affine[2, 1] = -2.0, 1.5, -3.0
    affine[:, 3] = 10, 20, 30, 1
    path, stored = _volumes(tmp_path / "scans", solids_run, affine)
    outcome = topojax("explain", solids_run, path, "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    arrays = np.load(tmp_path / "out" / "maps.npz")
    canonical = nibabel.as_closest_canonical
    for kind, wanted in (("roi", arrays["masks"][0] * 1.0), ("fused", arrays["fused"][0])):
        image = nibabel.load(tmp_path / "out" / f"image_0_scan_{kind}.nii.gz")
        assert image.shape == stored.shape
        assert np.array_equal(image.affine, affine)
        assert canonical(image).get_fdata() == pytest.approx(wanted, abs=1e-5)
    assert nibabel.load(tmp_path / "out" / "image_0_scan_roi.nii.gz").get_data_dtype() == np.uint8


def test_features_of_files_of_any_shape(
    topojax: Callable[..., Any], tmp_path: Path, rng: np.random.Generator
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    volumes = [rng.random(shape, np.float32) for shape in ((4, 5, 6), (6, 5, 4), (7, 7, 7))]
    for i, volume in enumerate(volumes):
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), folder / f"{i}.nii")
        mask = (volume > 0.3).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), tmp_path / f"mask{i}.nii")
    out = tmp_path / "f.npz"
    outcome = topojax("features", f"{folder}/*.nii", "-o", out)
    assert outcome.code == 0, outcome.err
    assert "each kept its own shape" in outcome.err
    found = np.load(out)
    assert found["paths"].tolist() == ["0.nii", "1.nii", "2.nii"]
    # The same image by itself on the same thresholds, through the reader of arrays.
    from topojax.kernels import betti_curves

    assert found["thresholds"][[0, -1]] == pytest.approx(
        [min(v.min() for v in volumes), max(v.max() for v in volumes)]
    )
    for volume, row in zip(volumes, found["descriptors"], strict=True):
        curves = betti_curves(volume, found["thresholds"])
        assert row[:-1] == pytest.approx(curves.ravel() / volume.size)
        assert row[-1] == volume.size
    lines = ["path,mask", *(f"scans/{i}.nii,mask{i}.nii" for i in range(3))]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    on_masks = topojax("features", tmp_path / "m.csv", "--region", "mask", "-o", tmp_path / "m.npz")
    assert on_masks.code == 0, on_masks.err
    masked = np.load(tmp_path / "m.npz")["descriptors"]
    assert masked[:, -1].tolist() == [(volume > 0.3).sum() for volume in volumes]
    assert topojax("features", folder, "--region", "mask", "-o", tmp_path / "x.csv").code == 4


def test_bytes_and_floats_are_not_described_side_by_side(
    topojax: Callable[..., Any], tmp_path: Path, rng: np.random.Generator
) -> None:
    Image.fromarray(rng.integers(0, 256, (6, 7), dtype=np.uint8)).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", rng.integers(0, 256, (6, 7)).astype(np.float32))
    refused = topojax("features", f"{tmp_path}/?.*", "-o", tmp_path / "f.csv")
    assert refused.code == 3
    assert "b.npy has dtype float32 from" in refused.err
    np.save(tmp_path / "b.npy", rng.random((6, 7), np.float32))
    assert topojax("features", f"{tmp_path}/?.*", "-o", tmp_path / "f.csv").code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["fit", "{folder}"], "images without labels"),
        (["fit", "{folder}/lost.csv"], "No such file"),
        (["fit", "{folder}/m.csv", "--column", "label"], "must be ROLE=NAME"),
        (["fit", "{folder}/m.csv", "--shape", "8,x"], "is not numbers separated by commas"),
        (["fit", "{folder}/m.csv", "--window", "5,1"], "must be a range"),
        (["fit", "{folder}/m.csv", "--column", "label=dx"], "no column 'dx'"),
        (["features", "{folder}/*.tif", "-o", "{folder}/f.csv"], "names no image"),
        (
            ["features", "{folder}", "-o", "{folder}/f.csv", "--set", "topology.grid=quantile"],
            "needs all images at once",
        ),
        (["fit", "breastmnist.npz", "--spacing", "2"], "prepare.spacing=2.0 is of images in files"),
    ],
)
def test_refusals_in_one_line(
    topojax: Callable[..., Any], tmp_path: Path, command: list[str], words: str
) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.png,x\n")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    outcome = topojax(*(part.format(folder=tmp_path) for part in command))
    assert outcome.code in (2, 3, 4)
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_real_series_of_slices(topojax: Callable[..., Any], shared: Path, tmp_path: Path) -> None:
    pattern = str(shared / "data" / "dicom" / "series" / "*" / "*")
    mixed = topojax("features", pattern, "-o", tmp_path / "f.csv")
    if mixed.code:
        assert "set prepare.spacing" in mixed.err
    outcome = topojax("features", pattern, "--spacing", 2, "-o", tmp_path / "g.csv")
    assert outcome.code == 0, outcome.err
    rows = list(csv.reader((tmp_path / "g.csv").open()))
    assert [row[0].split("/")[0] for row in rows[1:]] == ["Study1", "Study2", "Study3"]


@pytest.mark.parametrize(
    ("name", "shape", "settings"),
    [
        ("nifti/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz", (197, 233, 189), []),
        ("ste*.npz", (256, 128, 128), ["--window", "-100,900"]),
        ("dicom/CT_small.dcm", (128, 128), ["--window", "-100,300"]),
    ],
)
def test_real_scans(
    topojax: Callable[..., Any],
    shared: Path,
    tmp_path: Path,
    name: str,
    shape: tuple[int, ...],
    settings: list[str],
) -> None:
    few = ["--set", "topology.n_thresholds=4", "-o", tmp_path / "f.npz"]
    outcome = topojax("features", shared / "data" / name, *settings, *few)
    assert outcome.code == 0, outcome.err
    found = np.load(tmp_path / "f.npz")
    (row,) = found["descriptors"]
    assert row[-1] == np.prod(shape)
    # At the last threshold all voxels are in: one piece without a hole.
    curves = row[:-1].reshape(len(shape), 4)
    assert curves[:, -1] * row[-1] == pytest.approx([1, *[0] * (len(shape) - 1)], abs=1e-3)
    assert curves.max() * row[-1] > 1
