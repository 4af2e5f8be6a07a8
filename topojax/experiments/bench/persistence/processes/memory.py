"""The peak of memory of one call, of a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from topojax.experiments.bench.persistence.inputs import Sample


def measure_memory(sample: Sample) -> dict[str, float | str | None]:
    """Return the peak of bytes a voxel beyond the input; None where this system does not tell."""
    script = Path(__file__).with_name("peak_memory.py")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "image.npy", Path(folder) / "thresholds.npy"]
        np.save(files[0], sample.image)
        np.save(files[1], sample.thresholds)
        command = [sys.executable, str(script), *map(str, files)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    peak = json.loads(answer)["bytes"]
    per_voxel = None if peak is None else peak / sample.image.size
    return {"input": sample.name, "size": sample.size, "bytes_per_voxel": per_voxel}
