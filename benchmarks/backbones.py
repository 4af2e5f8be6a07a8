"""How fast are the backbones and their maps here and in torch?

This is `topojax bench backbones`, whose `--help` says more; its record goes into `results/` here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from topojax.cli import main

RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main(["bench", "backbones", "--output", str(RESULTS), *sys.argv[1:]])
