"""A run that is killed before each of its file operations, all of them, is gone on with.

The run is small: every kind of file that a fit writes, by what a fit writes it with, and no
network, so that hundreds of processes can be killed. Operations of Python are counted by an audit
hook; what tensorstore writes lies in a folder of orbax's that has no name yet.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.name != "posix", reason="kills by SIGKILL, and forks"),
]

_RUN = """
import os, shutil, signal, sys, warnings
from pathlib import Path
import numpy as np
from topojax.checkpoint import Series, load_checkpoint, save_checkpoint
from topojax.config import make_config
from topojax.files import write_atomically
from topojax.runs import DataFacts, Environment, check_run, open_run, write_predictions
from topojax.search.generation_files import GenerationFiles

warnings.simplefilter("ignore")  # of forks: there is one thread so far
facts = DataFacts(
    name="d", source="d", shape=(28, 28), spatial_dims=2, n_channels=1, class_names=("a", "b"),
    n={"train": 1, "val": 1, "test": 1}, fingerprint="f",
)
environment = Environment(
    topojax="0", python="3", platform="p", device="cpu", n_devices=1, packages={}, seed=0,
    started="now", data=facts,
)
CONFIG = make_config()
OPERATIONS = {
    "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.chmod",
    "os.truncate", "shutil.rmtree", "os.scandir", "os.listdir",
}

def train(folder):
    states, value = Series(folder / "backbone", "epoch"), np.zeros(3, np.float32)
    newest = states.newest()
    if newest is not None:
        (value,), _ = load_checkpoint(states.path(newest), lambda _: (value,))
    for epoch in range(0 if newest is None else newest + 1, 2):
        value = value * 2 + epoch + 1
        states.save(epoch, (value,), {})
        states.keep_only(epoch)
    return value

def search(folder, value):
    files = GenerationFiles(folder / "search", {"seed": 0})
    for generation in range(2):
        found = files.read(generation)
        if found is None:
            found = np.full((2, 3), value.sum() + generation, np.float32), value[:2]
            files.write(generation, *found)
    return found[0]

def run(path, **how):
    with open_run(path, CONFIG, environment, **how) as folder:
        if not folder.is_complete():
            value = train(folder.progress)
            genes = search(folder.progress, value)
            if folder.model.exists():
                shutil.rmtree(folder.model)
            save_checkpoint(folder.model, {"value": value, "genes": genes}, {"kind": "small"})
            folder.log("test_read")
            write_predictions(path, "test", np.array([[value[0], genes[0, 0]]]))
            write_atomically(folder.report, b"page")
            folder.log("finished")
        folder.remove_progress()

def killed_before(number, path, how):
    count = 0
    def hook(event, args):
        nonlocal count
        if event in OPERATIONS and any(str(path) in str(arg) for arg in args[:2]):
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    run(path, **how)
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

def again(path):
    run(path, **({"resume": True} if path.exists() else {}))

def contents(path):
    names = {str(file.relative_to(path)) for file in path.rglob("*")
             if "checkpoint/model/" not in str(file)}
    (model, meta) = load_checkpoint(path / "checkpoint" / "model", lambda _: {
        "value": np.zeros(3, np.float32), "genes": np.zeros((2, 3), np.float32)})
    page = (path / "predictions_test.csv").read_bytes()
    return names, model["value"].tolist(), model["genes"].tolist(), meta, page

def compare(path, whole):
    found, wanted = contents(path), contents(whole)
    assert found == wanted, (found, wanted)

base, how = Path(sys.argv[1]), sys.argv[2]
assert in_a_process(again, base / "whole") == 0
number, ended = 0, None
while ended != 7:
    number += 1
    path = base / f"killed_{number}"
    options = {}
    if how == "overwrite":
        shutil.copytree(base / "whole", path)
        (path / "predictions_test.csv").write_text("old")
        options = {"overwrite": True}
    ended = in_a_process(killed_before, number, path, options)
    assert ended in (7, -signal.SIGKILL), (number, ended)
    assert in_a_process(again, path) == 0, number
    if how == "overwrite" and (path / "predictions_test.csv").read_text() == "old":
        # It was killed before anything of the old run was touched, which is complete.
        assert in_a_process(lambda: run(path, overwrite=True)) == 0, number
    assert in_a_process(compare, path, base / "whole") == 0, number
    shutil.rmtree(path)
print("killed", number - 1)
"""


@pytest.mark.parametrize("how", ["new", "overwrite"])
def test_killed_before_every_file_operation(tmp_path: Path, how: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, str(tmp_path), how],
        capture_output=True,
        text=True,
        timeout=3500,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert int(ended.stdout.split()[-1]) > 80
