"""Compiled code on disk: what it is keyed by, and what happens where it cannot be kept or made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import topojax.kernels
from topojax.kernels.compiling import source_digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package."""
    source = Path(topojax.kernels.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(source, tmp_path / "kernels", ignore=ignored))


def test_a_copy_has_the_digest_of_the_package(package):
    assert source_digest(package) == source_digest()


@pytest.mark.parametrize("name", ["euler.py", "simple/critical.py", "roi/regions.py"])
def test_every_folder_is_digested(package, name):
    before = source_digest(package)
    source = package / name
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert source_digest(package) != before


def test_where_a_file_lies_is_digested(package):
    before = source_digest(package)
    (package / "tree" / "basins.py").rename(package / "simple" / "basins.py")
    assert source_digest(package) != before


_ENTRIES = """
from compiling import entry

@entry
def double(x):
    return 2 * x

@entry
def half(x):
    return x / 2

print(double(21), half(4))
"""


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    return subprocess.run(
        [sys.executable, *arguments],
        env=known | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("writable", [True, False])
def test_without_a_folder_code_is_compiled_anew_with_one_warning(package, tmp_path, writable):
    code = tmp_path / "code"
    code.mkdir()
    shutil.copy(package / "compiling.py", code)
    (code / "entries.py").write_text(_ENTRIES)
    home = tmp_path / "home"
    if not writable:
        # Files where folders would have to be made stop root, too.
        (code / "__pycache__").write_text("")
        home.write_text("")
    done = _run("-B", str(code / "entries.py"), HOME=str(home))
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    assert done.stderr.count("NUMBA_CACHE_DIR") == (not writable)
    assert bool(list(code.glob("__pycache__/*.nbi"))) == writable


_FULL = """
import os, resource
if os.environ["LIMIT"]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LIMIT"]), resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
@pytest.mark.parametrize("limit", ["0", "2000", ""])
def test_on_a_full_disk_code_is_compiled_with_one_warning(package, tmp_path, limit):
    # An index is shorter than 2000 bytes, what is compiled is longer.
    shutil.copy(package / "compiling.py", tmp_path)
    (tmp_path / "entries.py").write_text(_FULL + _ENTRIES)
    kept = tmp_path / "kept"
    done = _run("-B", str(tmp_path / "entries.py"), LIMIT=limit, NUMBA_CACHE_DIR=str(kept))
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    assert done.stderr.count("cannot be kept in") == bool(limit)
    assert bool(list(kept.rglob("*.nbc"))) == (not limit)
    # With space again, it is kept.
    again = _run("-B", str(tmp_path / "entries.py"), LIMIT="", NUMBA_CACHE_DIR=str(kept))
    assert again.stdout.split() == ["42", "2.0"]
    assert again.stderr == ""
    assert len(list(kept.rglob("*.nbc"))) == 2


def test_kept_code_that_is_cut_short_is_compiled_anew(package, tmp_path):
    shutil.copy(package / "compiling.py", tmp_path)
    (tmp_path / "entries.py").write_text(_ENTRIES)
    kept = tmp_path / "kept"
    for damaged in ((), ("*.nbi",), ("*.nbc",)):
        for pattern in damaged:
            for file in kept.rglob(pattern):
                file.write_bytes(file.read_bytes()[:10])
        done = _run("-B", str(tmp_path / "entries.py"), NUMBA_CACHE_DIR=str(kept))
        assert done.stdout.split() == ["42", "2.0"], done.stderr
        assert done.stderr.count("Traceback") == 0


def test_without_a_compiler_one_line_says_so():
    done = _run("-c", "import topojax.kernels", NUMBA_DISABLE_JIT="1")
    assert done.returncode != 0
    assert "NUMBA_DISABLE_JIT=1 turns off" in done.stderr.splitlines()[-1]


def test_the_command_line_says_it_without_a_traceback(tmp_path):
    output = tmp_path / "features.npz"
    done = _run("-m", "topojax", "demo", "-o", str(output), NUMBA_DISABLE_JIT="1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("topojax: NUMBA_DISABLE_JIT=1")
    assert not output.exists()
