"""How fast is the topology inside jit, on this machine's device, beside the Numba kernel?

This is `topojax bench device`, whose `--help` says more; its record goes into `results/` here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topojax.cli import main

RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main(["bench", "device", "--output", str(RESULTS), *sys.argv[1:]])
