"""Does anything of a label reach held-out scores? The whole pipeline on data without any signal.

Where labels are shuffled, or images are noise, every honest held-out AUC is 0.5 up to chance. A
pipeline that lets a label into a map, a mask or a choice shows itself here, however its code looks.
"""

from topojax.experiments.leaktest.running import leak_trials
from topojax.experiments.leaktest.trial import Trial
from topojax.experiments.leaktest.verdict import (
    Verdict,
    leak_verdicts,
    markdown_table,
    require_chance,
)

__all__ = [
    "Trial",
    "Verdict",
    "leak_trials",
    "leak_verdicts",
    "markdown_table",
    "require_chance",
]
