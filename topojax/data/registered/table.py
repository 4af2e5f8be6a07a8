"""The data sets behind a registration, by name."""

from __future__ import annotations

from topojax.data.registered.brats2019 import BRATS2019
from topojax.data.registered.brats2021 import BRATS2021
from topojax.data.registered.harvard_gdp import HARVARD_GDP
from topojax.data.registered.registered_dataset import RegisteredDataset
from topojax.errors import DataError

REGISTERED = {dataset.name: dataset for dataset in (HARVARD_GDP, BRATS2019, BRATS2021)}


def registered(text: str) -> tuple[RegisteredDataset, str] | None:
    """Return the data set and the modality that `NAME` or `NAME:MODALITY` means; None: no such.

    Raises:
        DataError: the data set has no such modality.
    """
    name, colon, modality = text.partition(":")
    dataset = REGISTERED.get(name)
    if dataset is None:
        return None
    chosen = modality if colon else dataset.modalities[0]
    if chosen not in dataset.modalities:
        raise DataError(
            f"modality={chosen!r} of {name} is unknown; choose from {', '.join(dataset.modalities)}"
        )
    return dataset, chosen
