"""Is a byte a voxel enough for class activation maps?

This is `topojax bench cam`, whose `--help` says more; its record goes into `results/` here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topojax.cli import main

RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main(["bench", "cam", "--output", str(RESULTS), *sys.argv[1:]])
