"""What the report shows of it: Methods, references, BibTeX, checklist."""

from __future__ import annotations

from dataclasses import dataclass

from topojax.config import parse_config
from topojax.errors import ConfigError
from topojax.report.tables import Table
from topojax.report.writing.bibliography import bibtex, read_references, reference_text
from topojax.report.writing.claim import CLAIM_KEY, claim_table
from topojax.report.writing.methods import methods_sections
from topojax.report.writing.sentence import cited_keys, section_text
from topojax.runs import Run


@dataclass(frozen=True)
class Writing:
    """Text for a manuscript.

    Attributes:
        methods: titles and texts, with citations as numbers in brackets.
        references: entries of the list that the numbers count from 1.
        bibtex: the same entries.
        claim: the checklist.
        claim_number: of the checklist's reference.
        keys: of the references, in their order.
    """

    methods: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    bibtex: str
    claim: Table
    claim_number: int
    keys: tuple[str, ...]


def write_up(run: Run) -> Writing | None:
    """Return what can be written of a run; None where another version configured it.

    A configuration that this version cannot read means other things than the same words here.
    """
    try:
        config = parse_config(run.config)
    except ConfigError:
        return None
    sections = methods_sections(run, config)
    keys = tuple(dict.fromkeys((*cited_keys(sections), CLAIM_KEY)))
    known = read_references()
    cited = [known[key] for key in keys]
    return Writing(
        methods=tuple((one.title, section_text(one, keys)) for one in sections),
        references=tuple(map(reference_text, cited)),
        bibtex=bibtex(cited),
        claim=claim_table(run, config),
        claim_number=keys.index(CLAIM_KEY) + 1,
        keys=keys,
    )
