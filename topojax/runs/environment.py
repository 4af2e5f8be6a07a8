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
        preparation: what was done to images of files, a sentence for a manuscript; None of arrays.
        division, level: see `topojax.data.Dataset`; None of arrays.
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
    preparation: str | None = None
    division: str | None = None
    level: str | None = None


class Environment(FileRecord):
    """Versions, device, seed, command and data.

    Attributes:
        topojax, python: versions.
        device: kind and name of the accelerator.
        n_devices: how many of them there are; None in a file of an older version.
        packages: name to version, of those that change numbers.
        started: time in UTC, ISO 8601.
        command: the arguments of the process.
    """

    file_name: ClassVar[str] = "environment.json"

    topojax: str
    python: str
    platform: str
    device: str
    n_devices: int | None = None
    packages: dict[str, str]
    seed: int
    started: str
    command: tuple[str, ...] = ()
    data: DataFacts

    @property
    def devices(self) -> str:
        """Number, kind and name of the devices, for people."""
        return self.device if self.n_devices is None else f"{self.n_devices} x {self.device}"

    def changes(self, now: Environment) -> tuple[str, ...]:
        """Return what changes numbers and differs between the run's begin and now; sentences."""
        there = {"topojax": self.topojax} | self.packages
        here = {"topojax": now.topojax} | now.packages
        pairs = [
            (f"{name} {there[name]}", f"{name} {here[name]}")
            for name in there.keys() & here.keys()
            if there[name] != here[name]
        ]
        counts = (self.n_devices, now.n_devices)
        if self.device != now.device or (None not in counts and counts[0] != counts[1]):
            pairs.append((self.devices, now.devices))
        return tuple(
            f"begun on {old}, resumed on {new}: numbers may differ from those of one alone"
            for old, new in sorted(pairs)
        )
