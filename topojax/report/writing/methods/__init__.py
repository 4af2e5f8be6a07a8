"""The Methods section of a run, from its configuration, environment and metrics.

One file a stage, in the order in which data flow. Every sentence follows the values that the run
had, its defects among them.
"""

from __future__ import annotations

from topojax.config import Config
from topojax.report.writing.methods.classifier import classifier_sentences
from topojax.report.writing.methods.data import data_sentences
from topojax.report.writing.methods.evaluation import evaluation_sentences
from topojax.report.writing.methods.network import network_sentences
from topojax.report.writing.methods.regions import region_sentences
from topojax.report.writing.methods.software import software_sentences
from topojax.report.writing.methods.topology import topology_sentences
from topojax.report.writing.sentence import Section
from topojax.runs import Run

_SECTIONS = {
    "Data": data_sentences,
    "Network": network_sentences,
    "Regions of interest": region_sentences,
    "Topological descriptor": topology_sentences,
    "Classifier": classifier_sentences,
    "Evaluation": evaluation_sentences,
    "Software": software_sentences,
}


def methods_sections(run: Run, config: Config) -> tuple[Section, ...]:
    """Return the Methods of a run, one section a stage.

    Args:
        run: finished.
        config: its configuration, as this version reads it.
    """
    return tuple(Section(title, tuple(make(run, config))) for title, make in _SECTIONS.items())
