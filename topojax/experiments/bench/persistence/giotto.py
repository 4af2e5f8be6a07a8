"""giotto-tda as a peer, from an environment of its own, since it pins old scikit-learn."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.peers import EVERY, GIOTTO, TOP, Peer


@contextmanager
def giotto_peer(python: str | None) -> Iterator[tuple[Peer, str]]:
    """Run giotto-tda under another interpreter; yield the peer and its version.

    Raises:
        OSError: no interpreter, or it does not start, or has no giotto-tda.
    """
    if python is None:
        raise OSError("no --giotto-python given")
    worker = Path(__file__).with_name("giotto_worker.py")
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        hello = _answer(process.stdout)
        timed = partial(_ask, process.stdin, process.stdout, folder)
        yield Peer(GIOTTO, timed, EVERY, TOP), hello["version"]


def _ask(
    questions: IO[str], answers: IO[str], folder: str, sample: Sample
) -> tuple[float, np.ndarray]:
    np.save(Path(folder) / "values.npy", sample.values)
    np.save(Path(folder) / "thresholds.npy", sample.thresholds)
    questions.write(f"{folder}\n")
    questions.flush()
    answer = _answer(answers)
    return answer["seconds"], np.array(answer["curves"])


def _answer(answers: IO[str]) -> dict:
    line = answers.readline()
    if not line:
        raise OSError("giotto-tda's process ended; what it said is above")
    return json.loads(line)
