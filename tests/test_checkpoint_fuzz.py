"""Damaged checkpoints by the hundred: the same, or refused in one line, soon and cheaply.

One process reads them all: files of a fitted model, of a few arrays, and a search's generations.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from topojax.checkpoint import save_checkpoint
from topojax.search.generation_files import GenerationFiles

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

_SECONDS_A_FILE = 10.0
# Beyond what the process takes to read what is whole.
_MEGABYTES = 1000

_READER = """
import json, resource, sys, time, warnings
from pathlib import Path
import jax
import numpy as np
from oracles.mutants import mutated
from topojax.checkpoint import load_checkpoint
from topojax.errors import TopojaxError
from topojax.pipeline import load_fitted
from topojax.search.generation_files import GenerationFiles

base, settings = Path(sys.argv[1]), {"population_size": 5, "n_genes": 3, "seed": 1}

def read_arrays(folder):
    like = {"kernel": np.zeros((3, 4), np.float32), "count": np.zeros((), np.int32)}
    return load_checkpoint(folder, lambda _: like)

def read_model(folder):
    fitted = load_fitted(folder)
    backbone = fitted.networks[0].backbone
    values = fitted.config, fitted.rule.to_json(), fitted.temperature, fitted.class_names
    trained = [c.params for c in fitted.classifiers.values()]
    return repr(values), (backbone.params, backbone.stats, trained)

def read_generation(folder):
    return GenerationFiles(folder, settings).read(0)

def outcome(read, folder, whole):
    try:
        found = read(folder)
    except TopojaxError as error:
        text = str(error)
        return "refused" if "\\n" not in text and len(text) < 1500 else f"long: {text[:300]!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:300]
    same = jax.tree.map(np.array_equal, found, whole)
    return "read" if jax.tree.all(same) else "changed"

def fuzz(kind, read, mutants_a_file, seed):
    folder, rng = base / kind, np.random.default_rng(seed)
    whole = read(folder)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size)
    resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for file in files:
        content = file.read_bytes()
        for _ in range(mutants_a_file):
            file.write_bytes(mutated(content, rng, head=200))
            start = time.perf_counter()
            found = outcome(read, folder, whole)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            name = f"{kind}/{file.relative_to(folder)}"
            print(json.dumps([name, found, seconds, (peak - resting) / 1024]), flush=True)
        file.write_bytes(content)
    assert outcome(read, folder, whole) == "read"

warnings.simplefilter("ignore")  # numpy's, on headers of another version
fuzz("arrays", read_arrays, 15, 21)
fuzz("generation", read_generation, 300, 22)
fuzz("model", read_model, 4, 23)
"""


@pytest.fixture(scope="module")
def outcomes(discs_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list:
    """Return (file, outcome, seconds, megabytes beyond the resting process) of every mutant."""
    folder = tmp_path_factory.mktemp("mutants")
    arrays = {"kernel": np.arange(12, dtype=np.float32).reshape(3, 4), "count": np.int32(7)}
    save_checkpoint(folder / "arrays", arrays, {"epoch": 3, "name": "x", "history": [0.25, None]})
    files = GenerationFiles(folder / "generation", {"population_size": 5, "n_genes": 3, "seed": 1})
    files.write(0, np.ones((5, 3), np.float32), np.arange(5, dtype=np.float32))
    shutil.copytree(discs_run / "checkpoint" / "model", folder / "model")
    result = subprocess.run(
        [sys.executable, "-c", _READER, str(folder)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True, text=True, check=False, timeout=1700,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_mutants_are_the_same_or_refused_in_one_line(outcomes: list) -> None:
    for kind in ("arrays", "generation", "model"):
        rows = [row[:2] for row in outcomes if row[0].startswith(kind)]
        assert not [row for row in rows if row[1] not in ("read", "refused")]
        assert sum(row[1] == "refused" for row in rows) > 10
    assert len(outcomes) > 500


def test_nothing_hangs(outcomes: list) -> None:
    assert max(row[2] for row in outcomes) < _SECONDS_A_FILE


def test_memory_is_bounded(outcomes: list) -> None:
    assert max(row[3] for row in outcomes) < _MEGABYTES
