"""Training that is killed before each file operation of any library goes on to the same state.

`test_kills` counts what Python does. Here tensorstore's own writes count, too: a library that is
preloaded (`kill_before.c`) looks at every call that changes a file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux", reason="preloads a library as Linux does"),
    pytest.mark.skipif(_COMPILER is None, reason="there is no C compiler"),
]

_RUN = """
import ctypes, os, shutil, signal, sys, warnings
from pathlib import Path
import numpy as np
from topojax.checkpoint import Series, load_checkpoint

warnings.simplefilter("ignore")  # of forks: there is one thread so far
preloaded = ctypes.CDLL(None)

def train(folder):
    states, value = Series(folder, "epoch"), np.zeros(3, np.float32)
    newest = states.newest()
    if newest is not None:
        (value,), meta = load_checkpoint(states.path(newest), lambda _: (value,))
        assert meta == {"epoch": newest}
    for epoch in range(0 if newest is None else newest + 1, 2):
        value = value * 2 + epoch + 1
        states.save(epoch, (value,), {"epoch": epoch})
        states.keep_only(epoch)
    return value

def killed_before(number, folder):
    preloaded.kill_before(str(folder).encode(), ctypes.c_long(number))
    train(folder)
    os._exit(7)  # it came to its end

def in_a_process(work, *args):
    child = os.fork()
    if child == 0:
        try:
            work(*args)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def go_on(folder):
    assert train(folder).tolist() == [4, 4, 4]
    # What a killed save or deletion left goes with the folder when a run ends.
    assert Series(folder, "epoch").newest() == 1

base, number, ended = Path(sys.argv[1]), 0, None
while ended != 7:
    number += 1
    folder = base / f"killed_{number:04d}"
    ended = in_a_process(killed_before, number, folder)
    assert ended in (7, -signal.SIGKILL), (number, ended)
    assert in_a_process(go_on, folder) == 0, number
    shutil.rmtree(folder)
print("killed", number - 1)
"""


def test_killed_before_every_operation_of_every_library(tmp_path: Path) -> None:
    library = tmp_path / "kill_before.so"
    source = Path(__file__).with_name("kill_before.c")
    subprocess.run(
        [str(_COMPILER), "-shared", "-fPIC", "-O1", "-D_LARGEFILE64_SOURCE", "-o", library, source,
         "-ldl"],
        check=True,
    )  # fmt: skip
    work = tmp_path / "work"
    work.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, str(work)],
        env=os.environ | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        timeout=3500,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert int(ended.stdout.split()[-1]) > 100
