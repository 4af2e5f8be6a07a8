"""How many candidates a second does the search evaluate, beside the paper's loop?

This is `topojax bench search`, whose `--help` says more; its record goes into `results/` here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topojax.cli import main

RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main(["bench", "search", "--output", str(RESULTS), *sys.argv[1:]])
