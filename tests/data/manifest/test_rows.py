"""Manifests: columns, separators, and one line for each row that cannot be used."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from topojax.config import ManifestConfig
from topojax.data.manifest import columns_there, is_files, read_rows, rows_of_files
from topojax.errors import DataError

NAMES = ManifestConfig()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of files that look like images; nothing here reads them."""
    for name in ("a.png", "b.png", "c.png", "mask.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def _manifest(folder: Path, text: str, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_are_read_by_their_columns(folder: Path, separator: str) -> None:
    lines = ["\ufeffpath,label,split,group,mask,age", "a.png,ill,Training,p1,mask.png,7"]
    lines += ["", "b.png , well,VALID,p2,,8", f"{folder}/c.png,ill,test,p3,,9"]
    text = "\r\n".join(lines).replace(",", separator)
    first, second, third = read_rows(_manifest(folder, text), NAMES)
    assert (first.number, first.path, first.label) == (2, folder / "a.png", "ill")
    assert (first.split, first.group, first.mask) == ("train", "p1", folder / "mask.png")
    assert (second.number, second.name, second.label, second.split) == (4, "b.png", "well", "val")
    assert (second.mask, third.path, third.split) == (None, folder / "c.png", "test")


def test_any_names_of_columns(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _manifest(folder, "file,dx,patient_id\na.png,ill,1\nb.png,well,2\n")
    with pytest.raises(DataError, match=r"no column 'path'.*file, dx, patient_id.*--column path="):
        read_rows(path, NAMES)
    with caplog.at_level(logging.WARNING, "topojax"):
        rows = read_rows(path, ManifestConfig(path="file", label="dx"))
    assert [row.label for row in rows] == ["ill", "well"]
    assert rows[0].group is None
    assert "--column group=patient_id" in caplog.text
    named = ManifestConfig(path="file", label="dx", group="patient_id")
    assert [row.group for row in read_rows(path, named)] == ["1", "2"]
    with pytest.raises(DataError, match="no column 'fold'"):
        read_rows(path, ManifestConfig(path="file", split="fold"))
    there = columns_there(path, ManifestConfig(path="file", label="diagnosis"))
    assert there == ManifestConfig(path="file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\n", "no row below its header"),
        ("path,label,label\na.png,x,y\n", "two columns 'label'"),
        ("path,label\na.png,x\nb.png,y,z\n", "row 3: 3 cells, and 2 in the header"),
        ("path,label\n,x\n", "row 2: no path"),
        ("path,label\na.png,x\nlost.png,y\n", "row 3: lost.png does not exist"),
        ("path,label,mask\na.png,x,lost.png\n", "row 2: lost.png does not exist"),
        ("path,label\na.png,x\n./a.png,y\n", "row 3: ./a.png is row 2's image as well"),
        ("path,label,split\na.png,x,train\nb.png,y,tset\n", "row 3: b.png has the split 'tset'"),
        ("path,label,split\na.png,x,train\nb.png,y,\n", "row 3: b.png has no split"),
        ("path,label,group\na.png,x,p1\nb.png,y,\n", "row 3: b.png has no group"),
        (
            "path,label,split,group\na.png,x,train,p1\nb.png,y,val,p2\nc.png,y,test,p1\n",
            "row 4: c.png of group 'p1' is in test, row 2 of the same group in train",
        ),
        (
            "path,label\n" + "lost.png,x\n" * 3,
            r"row 2: lost.png does not exist.*\(and 2 more rows\)",
        ),
        ('path,label\n"a.png,x\n', "cannot be read as CSV"),
    ],
)
def test_rows_that_cannot_be_used(folder: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as refused:
        read_rows(_manifest(folder, text), NAMES)
    assert "m.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_text(folder: Path) -> None:
    (folder / "m.csv").write_bytes(b"path\n\xff\xfe\n")
    with pytest.raises(DataError, match="cannot be read as CSV"):
        read_rows(folder / "m.csv", NAMES)
    with pytest.raises(DataError, match="No such file"):
        read_rows(folder / "none.csv", NAMES)


def test_sources_of_images(folder: Path) -> None:
    manifest = _manifest(folder, "path\na.png\n")
    pattern = f"{folder}/[ab].png"
    for source in (manifest, pattern, folder, folder / "a.png"):
        assert is_files(source), source
    for source in ("breastmnist", "volumes.npy", "lost.npz"):
        assert not is_files(source), source
    assert [row.name for row in rows_of_files(pattern, NAMES)] == ["a.png", "b.png"]
    assert [row.name for row in rows_of_files(manifest, NAMES)] == ["a.png"]
    in_folder = rows_of_files(folder, NAMES)
    assert [row.name for row in in_folder] == ["a.png", "b.png", "c.png", "mask.png"]
    assert {row.label for row in in_folder} == {""}
    with pytest.raises(DataError, match="names no image"):
        rows_of_files(f"{folder}/*.tiff", NAMES)
