"""References as text and as BibTeX, which a small parser reads back."""

from __future__ import annotations

import re

from topojax.report.writing import Reference, bibtex, read_references, reference_text


def read_back(text: str) -> dict[str, dict[str, str]]:
    """Return entries of BibTeX by key: fields in braces, which must be balanced."""
    entries: dict[str, dict[str, str]] = {}
    at = 0
    while (start := text.find("@", at)) >= 0:
        head = re.match(r"@([a-z]+)\{([a-z0-9_]+),", text[start:])
        assert head is not None, text[start : start + 60]
        opened = text.index("{", start)
        at = _closing(text, opened)
        assert head[2] not in entries
        entries[head[2]] = {"kind": head[1]} | _fields(text[start + head.end() : at])
    assert not text[at:].strip("}\n")
    return entries


def _closing(text: str, opened: int) -> int:
    depth = 0
    for place in range(opened, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    raise AssertionError("a brace is not closed")


def _fields(body: str) -> dict[str, str]:
    fields, at = {}, 0
    while (found := re.compile(r"\s*([a-z]+) = \{").match(body, at)) is not None:
        closed = _closing(body, found.end() - 1)
        fields[found[1]] = body[found.end() : closed]
        at = closed + 1 + body[closed + 1 :].startswith(",")
    assert not body[at:].strip(), body[at:]
    return fields


# What an entry of each kind must have, by BibTeX's own manual.
_REQUIRED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "year"},
    "book": {"author", "title", "publisher", "year"},
    "misc": {"author", "title"},
}


def test_all_references_are_entries_of_bibtex_in_ascii() -> None:
    references = read_references()
    text = bibtex(references.values())
    assert text.isascii()
    entries = read_back(text)
    assert list(entries) == list(references)
    assert len(entries) > 40
    for key, entry in entries.items():
        assert _REQUIRED[entry["kind"]] <= entry.keys(), key
        assert entry["title"].startswith("{"), key
        if "year" in entry:
            assert key.endswith(entry["year"])
        if "doi" in entry:
            assert re.fullmatch(r"10\.\d{4,}/\S+", entry["doi"])
        if "eprint" in entry:
            assert re.fullmatch(r"\d{4}\.\d{4,5}", entry["eprint"])
            assert entry["archiveprefix"] == "arXiv"


def test_keys_name_the_first_author() -> None:
    references = read_references()
    own = {"topojax", "nuwagira_topocam", "babuschkin2020"}
    for key, reference in references.items():
        family = reference.authors[0].partition(",")[0].lower()
        assert key in own or key.startswith(re.sub(r"[^a-z]", "", family)), key


def test_a_reference_as_text_and_as_bibtex() -> None:
    one = Reference(
        "garin2020",
        "article",
        ("Garin, Adélie", "van der Walt, Stéfan J.", "others"),
        {
            "title": "A & B: 50% of_it",
            "journal": "J",
            "volume": "3",
            "pages": "1-9",
            "year": "2020",
        },
    )
    expected = "Garin A, van der Walt SJ, et al. A & B: 50% of_it. J 3:1-9, 2020."
    assert reference_text(one) == expected
    entry = read_back(bibtex([one]))["garin2020"]
    assert entry["author"] == r"Garin, Ad{\'{e}}lie and van der Walt, St{\'{e}}fan J. and others"
    assert entry["title"] == r"{A \& B: 50\% of\_it}"
    assert entry["pages"] == "1--9"


def test_six_authors_are_named_of_seven_three() -> None:
    def text(n: int) -> str:
        authors = tuple(f"Family{number}, Given" for number in range(n))
        return reference_text(Reference("k", "misc", authors, {"title": "T"}))

    assert "Family5 G. T." in text(6)
    assert "Family2 G, et al. T." in text(7)
    assert "Family3" not in text(7)
