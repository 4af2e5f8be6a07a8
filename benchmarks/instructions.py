"""How many machine instructions does one voxel take, of which classification?

Steps one process through the compiled code of the kernels, one instruction at a time (Linux,
`ptrace`), on smooth volumes of two depths: the difference is what more voxels cost, without the
call. Beside memory's speed this is the other floor: a processor cannot finish before it has
executed these.

    python benchmarks/instructions.py [--width 24] [--output DIR]

Writes `instructions.json`. Takes about five minutes.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from topojax.experiments.bench.persistence import inputs
from topojax.experiments.bench.persistence.inputs import Sample
from topojax.experiments.bench.persistence.peers import ours
from topojax.kernels.arguments import check_sample
from topojax.kernels.padded.workspace import Workspace, borrowed_workspace
from topojax.kernels.simple.volume import Volume, load_volume

RESULTS = Path(__file__).parent / "results"
_TRACE_ME, _SINGLE_STEP = 0, 9


@numba.njit
def _classify(work: Workspace, values: np.ndarray, mask: np.ndarray, grid: np.ndarray) -> Volume:
    return load_volume(work, values, mask, grid, True, True)


def classification(sample: Sample) -> Callable[[], object]:
    """Return what sets the levels and lists the critical voxels."""
    images, masks, _ = check_sample(sample.image, sample.mask, "T")

    def run() -> None:
        with borrowed_workspace(images.shape[1:], sample.thresholds.size, True) as work:
            _classify(work, images[0], masks[0], sample.thresholds)

    return run


def curves(sample: Sample) -> Callable[[], object]:
    """Return what computes the Betti curves."""
    return lambda: ours(sample)


def instructions(run: Callable[[], object]) -> int:
    """Count the instructions of a call in a child process, which stops before and after it.

    Raises:
        OSError: this system does not let a process be stepped.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    child = os.fork()
    if child == 0:
        libc.ptrace(_TRACE_ME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        run()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, 0)
    count = 0
    stopped_by = signal.SIGTRAP
    try:
        while stopped_by == signal.SIGTRAP:
            if libc.ptrace(_SINGLE_STEP, child, None, None):
                raise OSError(ctypes.get_errno(), "ptrace does not step")
            _, status = os.waitpid(child, 0)
            stopped_by = os.WSTOPSIG(status)
            count += 1
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if stopped_by != signal.SIGSTOP:
        raise OSError(f"the stepped process was stopped by signal {stopped_by}")
    return count


def per_voxel(part: Callable[[Sample], Callable[[], object]], width: int) -> float:
    """Return the instructions of one more voxel."""
    counts = []
    for depth in (width, 2 * width):
        run = part(inputs.synthetic("smooth", (depth, width, width)))
        run()
        counts.append(instructions(run))
    return (counts[1] - counts[0]) / width**3


def main() -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, default=24, help="voxels along two axes")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the result")
    options = parser.parse_args()
    record = {
        "input": f"smooth {options.width}³, float32, {inputs.THRESHOLDS} thresholds",
        "instructions_per_voxel": {
            part.__name__: round(per_voxel(part, options.width), 2)
            for part in (classification, curves)
        },
    }
    print(json.dumps(record, indent=2, ensure_ascii=False))
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "instructions.json"
    file.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
