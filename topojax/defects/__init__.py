"""The defects of public scripts, behind one door, so that they can be shown (METHOD.md, "Presets").

The method itself knows one rule and no label. Three settings ask for something else: maps of the
true class (`cam.target=label`), several rules in turn (`search.searches`), and images that are left
out because their ROI is empty (`topology.empty_roi=drop`), the last two of the authors' script.
Whoever fits, reads or scores by a configuration that may have them comes through the functions
here; they call the method where nothing of the kind is asked for.
"""

from topojax.defects.door import (
    explain,
    fit_method,
    fit_method_on_maps,
    load_method,
    maps_of_split,
    read_split,
    save_method,
    scored_rows,
    shows_defects,
    why_meaningless,
)
from topojax.defects.label_cams import compute_label_cams
from topojax.defects.method import DefectiveTopoCAM, check_reads_without_labels

__all__ = [
    "DefectiveTopoCAM",
    "check_reads_without_labels",
    "compute_label_cams",
    "explain",
    "fit_method",
    "fit_method_on_maps",
    "load_method",
    "maps_of_split",
    "read_split",
    "save_method",
    "scored_rows",
    "shows_defects",
    "why_meaningless",
]
