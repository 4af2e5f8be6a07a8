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


@pytest.mark.parametrize("name", ["euler.py", "simple/classification.py", "roi/regions.py"])
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


_FOLDERS = ("NUMBA_CACHE_DIR", "TOPOJAX_CACHE", "XDG_CACHE_HOME")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {k: v for k, v in os.environ.items() if k not in _FOLDERS}
    return subprocess.run(
        [sys.executable, *arguments],
        env=known | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _with_entries(package: Path, folder: Path, source: str = _ENTRIES) -> str:
    """Write entry points beside a copy of what compiles them; return their file."""
    shutil.copytree(package / "compiling", folder / "compiling")
    entries = folder / "entries.py"
    entries.write_text(source)
    return str(entries)


def _code_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.nbc"))


def test_installed_packages_stay_as_they_were_installed(package, tmp_path):
    # What pip does not know it leaves behind, and a folder that is left hides a later checkout.
    installed = tmp_path / "site-packages" / "code"
    entries = _with_entries(package, installed)
    before = set(installed.rglob("*"))
    done = _run("-B", entries, HOME=str(tmp_path / "home"))
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    assert set(installed.rglob("*")) == before
    assert len(_code_in(tmp_path / "home" / ".cache" / "topojax" / "kernels")) == 2


def test_wherever_code_is_kept_it_is_that_of_the_sources(package, tmp_path):
    # Beside each file by the file alone, if the user wishes so.
    entries = _with_entries(package, tmp_path / "code", _CONSTANTS)
    options = {"NUMBA_CACHE_LOCATOR_CLASSES": "InTreeCacheLocator", "HOME": str(tmp_path / "home")}
    assert _run("-B", entries, **options).stdout.split() == ["17", "1"]
    assert _run("-B", entries, **options).stdout.split() == ["17", "0"]
    (tmp_path / "code" / "other.py").write_text("")
    assert _run("-B", entries, **options).stdout.split() == ["17", "1"]


def test_a_named_folder_comes_first(package, tmp_path):
    entries = _with_entries(package, tmp_path / "code")
    home, named = tmp_path / "home", tmp_path / "named"
    done = _run("-B", entries, HOME=str(home), NUMBA_CACHE_DIR=str(named))
    assert done.stderr == ""
    assert len(_code_in(named)) == 2
    assert not home.exists()


@pytest.mark.parametrize("where", ["checkout", "site-packages"])
def test_without_the_users_cache_only_a_checkout_keeps_code(package, tmp_path, where):
    code = tmp_path / where / "code"
    entries = _with_entries(package, code)
    # A file where a folder would have to be made stops root, too.
    (tmp_path / "home").write_text("")
    done = _run("-B", entries, HOME=str(tmp_path / "home"))
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    kept = where == "checkout"
    assert len(_code_in(code / "__pycache__")) == (2 if kept else 0)
    assert done.stderr.count("NUMBA_CACHE_DIR") == (not kept)


def test_code_of_an_archive_is_not_kept(package, tmp_path):
    _with_entries(package, tmp_path / "code")
    archive = shutil.make_archive(str(tmp_path / "code"), "zip", tmp_path / "code")
    home = tmp_path / "home"
    done = _run("-c", "import entries", HOME=str(home), PYTHONPATH=archive)
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    assert done.stderr.count("unpack the archive") == 1
    assert not home.exists()


def test_code_of_other_sources_is_kept_apart_and_not_for_ever(package, tmp_path):
    kept = tmp_path / "kept"
    others = [kept / f"topojax-{age:016x}-numba-0.0" for age in range(12)]
    for age, folder in enumerate([*others, kept / "others", kept / "topojax-mine"]):
        folder.mkdir(parents=True)
        (folder / "file.nbc").write_text("")
        os.utime(folder, (1e9 - age, 1e9 - age))
    entries = _with_entries(package, tmp_path / "code")
    first, again = (_run("-B", entries, NUMBA_CACHE_DIR=str(kept)) for _ in range(2))
    assert first.stderr == again.stderr == ""
    left = set(kept.iterdir())
    # The oldest gives way to the new one, and no other when that is used again.
    assert len(left) == 12 + 2
    assert left >= {*others[:11], kept / "others", kept / "topojax-mine"}


_RAISING = """
from compiling import entry, making

@making
def check(x):
    if x > 1:
        raise ValueError("too large", x)
    return x

@making
def double(x):
    return 2 * check(x)

@entry
def quadruple(x):
    return 2 * double(x)

print(quadruple(1))
try:
    quadruple(5)
except ValueError as error:
    print(*error.args)
"""


def test_linked_functions_have_their_environments(package, tmp_path):
    # Where an exception's arguments are made; of code just compiled, and of code that was kept.
    entries = _with_entries(package, tmp_path / "code", _RAISING)
    for _ in range(2):
        done = _run("-B", entries, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
        assert done.stdout.splitlines() == ["4", "too large 5"], done.stderr
    assert len(_code_in(tmp_path / "kept")) == 1


_CONSTANTS = """
from compiling import entry, inner

@inner
def sum_to(n, start):
    total = start
    for k in range(n):
        total += k
    return total

@entry
def sums(x):
    return sum_to(3, 0) + sum_to(4, x) + sum_to(x, 5)

print(sums(2), len(sum_to.overloads))
"""


def test_a_function_is_compiled_once_for_all_constants(package, tmp_path):
    entries = _with_entries(package, tmp_path / "code", _CONSTANTS)
    done = _run("-B", entries, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
    assert done.stdout.split() == ["17", "1"], done.stderr


_FULL = """
import os, resource
if os.environ["LIMIT"]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LIMIT"]), resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
@pytest.mark.parametrize("limit", ["0", "2000", ""])
def test_on_a_full_disk_code_is_compiled_with_one_warning(package, tmp_path, limit):
    # An index is shorter than 2000 bytes, what is compiled is longer.
    entries = _with_entries(package, tmp_path / "code", _FULL + _ENTRIES)
    kept = tmp_path / "kept"
    done = _run("-B", entries, LIMIT=limit, NUMBA_CACHE_DIR=str(kept))
    assert done.stdout.split() == ["42", "2.0"], done.stderr
    assert done.stderr.count("cannot be kept in") == bool(limit)
    assert bool(_code_in(kept)) == (not limit)
    # With space again, it is kept.
    again = _run("-B", entries, LIMIT="", NUMBA_CACHE_DIR=str(kept))
    assert again.stdout.split() == ["42", "2.0"]
    assert again.stderr == ""
    assert len(_code_in(kept)) == 2


def test_kept_code_that_is_cut_short_is_compiled_anew(package, tmp_path):
    entries = _with_entries(package, tmp_path / "code")
    kept = tmp_path / "kept"
    for damaged in ((), ("*.nbi",), ("*.nbc",)):
        for pattern in damaged:
            for file in kept.rglob(pattern):
                file.write_bytes(file.read_bytes()[:10])
        done = _run("-B", entries, NUMBA_CACHE_DIR=str(kept))
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
