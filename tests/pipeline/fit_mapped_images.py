"""Fit and read mapped images, n and then 4 n of them; write the peaks of the process's own memory.

A smaller fit comes first, which compiles. The network is one convolution.

Usage: fit_mapped_images.py FOLDER N HEIGHT WIDTH. Writes two numbers of bytes.
"""

from __future__ import annotations

import gc
import importlib
import sys
import threading
import time
from pathlib import Path

import numpy as np

from topojax.config import make_config
from topojax.data import Split
from topojax.defects import fit_method, read_split
from topojax.pipeline import plan_fit

SETTINGS = {
    "backbone.epochs": 1,
    "backbone.name": "tiny",
    "backbone.batch_size": 8,
    "cam.batch_size": 8,
    "cam.memory_mb": 0,
    "search.method": "uniform",
    "search.tau": 0.6,
    "topology.filtrations": ["intensity", "gaussian:1"],
    "topology.n_thresholds": 4,
    "classifier.epochs": 1,
}


class Peak(threading.Thread):
    """Looks every 10 ms at how much of the process's memory is of no file."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes, self.is_over = 0, False

    def run(self) -> None:
        """Look until it is over."""
        while not self.is_over:
            lines = Path("/proc/self/status").read_text().splitlines()
            (own,) = (line for line in lines if line.startswith("RssAnon:"))
            self.bytes = max(self.bytes, 1024 * int(own.split()[1]))
            time.sleep(0.01)


def mapped_split(path: Path, n: int, shape: tuple[int, ...]) -> Split:
    """Write and map n images, of which every other one is brighter."""
    images = np.lib.format.open_memmap(path, "w+", np.float32, (n, *shape))
    rng = np.random.default_rng(0)
    for i, image in enumerate(images):
        image[...] = rng.random(shape, np.float32) + i % 2
    images.flush()
    del images
    return Split(np.load(path, mmap_mode="r"), np.arange(n) % 2)


def peak_of(folder: Path, n: int, shape: tuple[int, ...]) -> int:
    """Return the bytes of its own that the process has at most while it fits and reads."""
    splits = [mapped_split(folder / f"{i}_{n}.npy", m, shape) for i, m in enumerate((n, 32, n))]
    gc.collect()
    peak = Peak()
    peak.start()
    plan = plan_fit(make_config(overrides=SETTINGS), splits[0], ("dark", "bright"), len(shape))
    fit = fit_method(plan, splits[0], splits[1])
    read_split(fit.fitted, splits[2])
    peak.is_over = True
    peak.join()
    return peak.bytes


def main() -> None:
    """Measure both."""
    folder, n, *shape = sys.argv[1:]
    sides = tuple(map(int, shape))
    sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "loop"))
    importlib.import_module("tiny_networks").register()
    peaks = [peak_of(Path(folder), count, sides) for count in (64, int(n), 4 * int(n))]
    print(*peaks[1:])  # noqa: T201


if __name__ == "__main__":
    main()
