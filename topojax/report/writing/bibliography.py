"""References by key, as text and as BibTeX."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

_SHOWN_AUTHORS = 6
# Of more authors so many are shown, as journals of medicine do.
_FIRST_AUTHORS = 3

_OTHERS = "others"

# LaTeX's commands of the combining characters that names have.
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030c": "v",
    "\u0327": "c",
}


@dataclass(frozen=True)
class Reference:
    """What can be cited.

    Attributes:
        key: of BibTeX.
        kind: of BibTeX's entry, such as `article`.
        authors: `Family, Given`; in braces where it is no person's name; `others` at the end where
            some are left out.
        fields: BibTeX's others, by name.
    """

    key: str
    kind: str
    authors: tuple[str, ...]
    fields: dict[str, str]


def read_references() -> dict[str, Reference]:
    """Return all references by key."""
    text = resources.files("topojax.report.writing").joinpath("references.toml").read_text("utf-8")
    return {key: _reference(key, values) for key, values in tomllib.loads(text).items()}


def _reference(key: str, values: dict[str, str | list[str]]) -> Reference:
    fields = {name: str(value) for name, value in values.items() if name not in ("kind", "authors")}
    return Reference(key, str(values["kind"]), tuple(values["authors"]), fields)


def reference_text(reference: Reference) -> str:
    """Return a reference as an entry of a list: `He K, Zhang X, Ren S, Sun J. Deep … 2016.`"""
    fields = reference.fields
    parts = [
        _authors_text(reference.authors),
        fields["title"],
        _where(fields),
        f"doi:{fields['doi']}" if "doi" in fields else "",
        f"arXiv:{fields['eprint']}" if "eprint" in fields else "",
        fields.get("url", ""),
    ]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _authors_text(authors: tuple[str, ...]) -> str:
    names = [_short_name(author) for author in authors if author != _OTHERS]
    if _OTHERS in authors or len(names) > _SHOWN_AUTHORS:
        return ", ".join([*names[:_FIRST_AUTHORS], "et al"])
    return ", ".join(names)


def _short_name(author: str) -> str:
    """Return `van der Walt SJ` of `van der Walt, Stéfan J.`"""
    if author.startswith("{"):
        return author.strip("{}")
    family, _, given = author.partition(", ")
    initials = "".join(part[0] for part in given.replace("-", " ").split())
    return f"{family} {initials}"


def _where(fields: dict[str, str]) -> str:
    """Return where a reference appeared, and when: `Nature 585:357-362, 2020`."""
    names = (fields.get(name) for name in ("journal", "booktitle", "series"))
    place = ", ".join(name for name in names if name)
    number = f"({fields['number']})" if "number" in fields else ""
    volume = f" {fields['volume']}{number}" if "volume" in fields else ""
    pages = fields.get("pages", "")
    pages = pages and (f":{pages}" if volume else f", pages {pages}")
    parts = (f"{place}{volume}{pages}", fields.get("publisher"), fields.get("year"))
    return ", ".join(part for part in parts if part)


def bibtex(references: Iterable[Reference]) -> str:
    """Return entries of BibTeX, in ASCII, titles in the case that they have here."""
    return "\n\n".join(_entry(reference) for reference in references) + "\n"


def _entry(reference: Reference) -> str:
    fields = {"author": " and ".join(map(_latex, reference.authors))}
    for name, value in reference.fields.items():
        verbatim = name in ("url", "doi", "eprint")
        text = value if verbatim else _latex(value)
        # Styles turn a title's capitals into small letters, unless braces keep them.
        fields[name] = {"title": f"{{{text}}}", "pages": text.replace("-", "--")}.get(name, text)
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items())
    return f"@{reference.kind}{{{reference.key},\n{lines}\n}}"


def _latex(text: str) -> str:
    """Return text in ASCII as LaTeX reads it: `é` as `{\\'e}`, `&` as `\\&`."""
    return "".join(_latex_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _latex_letter(letter: str) -> str:
    if letter in "&%#$_":
        return f"\\{letter}"
    decomposed = unicodedata.normalize("NFD", letter)
    base = decomposed[0]
    for mark in decomposed[1:]:
        base = f"{{\\{_ACCENTS[mark]}{{{base}}}}}"
    return base
