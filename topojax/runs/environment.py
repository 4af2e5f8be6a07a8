"""`environment.json`: what a run ran on."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from topojax.data import SplitName
from topojax.runs.record import FileRecord, Record


class DataFacts(Record):
    """The data set.

    Attributes:
        source: where it came from, for people.
        shape: spatial shape of one image.
        n_channels: 1 for grey, 3 for RGB.
        n: split to its number of images.
        fingerprint: `topojax.data.Dataset.fingerprint`.
        scale: how stored values became intensities, for people; None in folders of older versions.
    """

    name: str
    source: str
    shape: tuple[int, ...]
    spatial_dims: Literal[2, 3]
    n_channels: int
    class_names: tuple[str, ...] = Field(min_length=2)
    n: dict[SplitName, int]
    fingerprint: str
    scale: str | None = None


class Environment(FileRecord):
    """Versions, device, seed, command and data.

    Attributes:
        topojax, python: versions.
        device: kind and name of the accelerator.
        packages: name to version, of those that change numbers.
        started: time in UTC, ISO 8601.
        command: the arguments of the process.
    """

    file_name: ClassVar[str] = "environment.json"

    topojax: str
    python: str
    platform: str
    device: str
    packages: dict[str, str]
    seed: int
    started: str
    command: tuple[str, ...] = ()
    data: DataFacts
