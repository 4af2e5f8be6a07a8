"""Data: which images, how they were divided and prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topojax.config import Config
from topojax.data import MEDMNIST, REGISTERED, SPLITS, SplitName
from topojax.report.writing.sentence import Sentence, counted, listed
from topojax.runs import DataFacts, Run

_CITED = {
    "harvard-gdp": ("luo2023",),
    "brats2019": ("menze2015", "bakas2017", "bakas2018"),
    "brats2021": ("baid2021", "menze2015", "bakas2017"),
}

_IN_WORDS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Origin:
    """Where a data set is from, as far as a run knows.

    Attributes:
        name: for a sentence.
        split: how it was divided, a clause of the past; empty where the run does not know.
        level: at which its splits are disjoint; empty where the run does not know.
        cites: keys of references.
    """

    name: str
    split: str = ""
    level: str = ""
    cites: tuple[str, ...] = ()


def data_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the data."""
    data = run.environment.data
    origin = origin_of(data)
    sentences = [_what(data, origin), _splits(data, origin)]
    if data.preparation is not None:
        sentences.append(Sentence(data.preparation.strip().removesuffix(".")))
    return [*sentences, *preprocessing_sentences(data, config)]


def origin_of(data: DataFacts) -> Origin:
    """Return what is known of a data set's origin.

    A name alone proves nothing: a published data set has its published classes, too.
    """
    name, _, suffix = data.name.rpartition("_")
    published = MEDMNIST.get(name if suffix.isdigit() else data.name)
    if published is not None and published.class_names == data.class_names:
        sizes = dict(zip(SPLITS, published.n_samples, strict=True))
        split = "as MedMNIST divides it"
        if sizes != data.n:
            split = f"as MedMNIST divides it ({_sizes(sizes)}), of which a part was taken"
        return Origin(f"{published.name} of MedMNIST v2", split, "", ("yang2023",))
    registered = REGISTERED.get(name)
    if registered is not None and registered.class_names == data.class_names:
        split = "by patient within each class, in parts of 70, 10 and 20 percent drawn at random"
        return Origin(f"{name} ({suffix})", split, "patient", _CITED[name])
    if data.source.startswith("synthetic "):
        split = "by drawing the images of each split independently"
        return Origin(f"{data.name} ({data.source}; no patients)", split, "image")
    return Origin(data.name, data.division or "", data.level or "")


def _what(data: DataFacts, origin: Origin) -> Sentence:
    dims = " × ".join(map(str, data.shape))
    kind = "grey" if data.n_channels == 1 else "colour"
    noun = "volume" if data.spatial_dims == 3 else "image"
    unit = "voxels" if data.spatial_dims == 3 else "pixels"
    text = (
        f"The data set {origin.name} was used: {counted(sum(data.n.values()), f'{kind} {noun}')} "
        f"of {dims} {unit} in {len(data.class_names)} classes ({'; '.join(data.class_names)})"
    )
    return Sentence(text, origin.cites)


def _splits(data: DataFacts, origin: Origin) -> Sentence:
    how = f", {origin.split}" if origin.split else ", as the data set came"
    return Sentence(f"It was divided into {_sizes(data.n)}{how}")


def _sizes(n: Mapping[SplitName, int]) -> str:
    return listed([f"{n[name]} {_IN_WORDS[name]}" for name in SPLITS]) + " images"


def preprocessing_sentences(data: DataFacts, config: Config) -> list[Sentence]:
    """Return how stored images became what the network and the filtrations saw."""
    sentences = []
    # What was done to files is told by their preparation, size and all.
    if config.size is not None and data.preparation is None:
        sentences.append(
            Sentence(
                f"Images were taken at {config.size} {_unit(data)} along every axis, resized by "
                "linear interpolation where they had another size"
            )
        )
    if data.scale is not None and config.prepare.keeps_units:
        sentences.append(
            Sentence(f"Intensities were taken over in all splits alike (stored as {data.scale})")
        )
    sentences.append(
        Sentence(
            "For the network, each channel was standardised by the mean and the standard deviation "
            "of the images that the network was trained on"
        )
    )
    return sentences


def _unit(data: DataFacts) -> str:
    return "voxels" if data.spatial_dims == 3 else "pixels"
