"""How long do Betti curves take here and in other libraries, and how far from memory's speed?

This is `topojax bench persistence`, whose `--help` says more; its record goes into `results/` here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topojax.cli import main

RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main(["bench", "persistence", "--output", str(RESULTS), *sys.argv[1:]])
