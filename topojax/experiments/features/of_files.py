"""Descriptors of images in files, read one at a time: they may differ in shape, and fill no memory.

Curves of images are comparable on shared thresholds alone. These span the range of all images, so
that each is read twice: for the range, then for its curves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np

from topojax.config import Config, TopologyConfig
from topojax.data import Row
from topojax.data.manifest.problems import Problem, refuse
from topojax.data.preparation import Prepared
from topojax.data.prepared import (
    ImageFacts,
    differs_in_kind,
    image_of,
    made_of,
    mask_of,
    preparation_in_words,
)
from topojax.errors import ConfigError
from topojax.experiments.features.table import Features
from topojax.topology import (
    BankDescriptors,
    describe_bank,
    expand_filtrations,
    filter_images,
    grey_images,
)
from topojax.topology.filtered_images import Grids
from topojax.topology.filtrations import filtered_bank
from topojax.topology.grids import fixed_grid

_LOGGER = logging.getLogger(__name__)

Region = Literal["image", "mask"]


def file_features(
    rows: Sequence[Row], settings: Config, *, source: str, region: Region = "image"
) -> Features:
    """Return the descriptors of images in files, on the whole image or on its mask.

    Args:
        rows: of a manifest, a folder or a pattern, at least one.
        settings: of the topology, of how images become voxels, and their size; where they keep the
            shapes that they come in, these may differ.
        source: of the rows, for messages.
        region: `image`, or `mask`: of the voxels in the mask that each row names.

    Raises:
        ConfigError: thresholds by quantiles, which need all images at once.
        DataError: an image or a mask cannot be used, or images differ in axes, colour or spacing:
            the first row, and how many there are.
    """
    config, prepare, size = settings.topology, settings.prepare, settings.size
    if config.grid == "quantile":
        raise ConfigError(
            "topology.grid=quantile needs all images at once, and files are read one at a time; "
            "set topology.grid=fixed, or give an npz file with the array images"
        )
    first = _usable(image_of(prepare, size, None, rows[0]), source)
    # Of bytes beside floats it cannot be known whether they are in one unit.
    make = partial(image_of, prepare, size, first.scale)
    names = expand_filtrations(config.filtrations, len(first.grid.shape))
    config = config.model_copy(update={"filtrations": names})
    read = partial(_read_all, rows, make, source, any_spacing=prepare.spacing is not None)
    grids: Grids = dict.fromkeys(names)
    if config.grid == "fixed":
        grids = _range_grids(read("range"), names, config.n_thresholds)
    mask = partial(mask_of, prepare, size) if region == "mask" else None
    parts, facts = [], []
    for row, prepared in read("curves"):
        parts.append(_described(prepared, row, grids, config, mask, source))
        facts.append(ImageFacts.of(prepared))
    _LOGGER.info("%s: %s", source, preparation_in_words(facts, prepare))
    whole = BankDescriptors.concatenate(parts)
    return Features(whole.matrix(), whole.feature_names(), grids, tuple(row.name for row in rows))


def _usable(made: Prepared | Problem, source: str) -> Prepared:
    if isinstance(made, Problem):
        refuse(source, [made])
    assert isinstance(made, Prepared)
    return made


def _read_all(
    rows: Sequence[Row],
    make: Callable[[Row], Prepared | Problem],
    source: str,
    what: str,
    *,
    any_spacing: bool,
) -> Iterator[tuple[Row, Prepared]]:
    """Yield all images that can be used; what is wrong with others is raised at the end."""
    problems: list[Problem] = []
    first: ImageFacts | None = None
    for row, made in made_of(rows, make, f"{source}, {what}", progress=True):
        if isinstance(made, Problem):
            problems.append(made)
            continue
        facts = ImageFacts.of(made)
        first = first or facts
        said = differs_in_kind(facts, first, str(rows[0]), any_spacing=any_spacing)
        if said is None:
            yield row, made
        else:
            problems.append(Problem(row.number, row.name, said))
    refuse(source, problems)


def _range_grids(
    images: Iterator[tuple[Row, Prepared]], names: tuple[str, ...], n: int
) -> dict[str, np.ndarray]:
    """Return even steps over the finite values of all images, by filtration."""
    ends: dict[str, list[float]] = {name: [] for name in names}
    for _, prepared in images:
        for name, values in filtered_bank(_grey(prepared), names):
            finite = values[values < np.inf]
            if finite.size:
                ends[name] += [float(finite.min()), float(finite.max())]
    return {
        name: fixed_grid(np.array(found), n, name=f"values of filtration {name!r}")
        for name, found in ends.items()
    }


def _described(
    prepared: Prepared,
    row: Row,
    grids: Grids,
    config: TopologyConfig,
    mask: Callable[[Row], Prepared | Problem] | None,
    source: str,
) -> BankDescriptors:
    grey = _grey(prepared)
    masks = np.ones(grey.shape, bool)
    if mask is not None:
        masks = _usable(mask(row), source).voxels[None]
    return describe_bank(filter_images(grey, grids, config), masks, config)


def _grey(prepared: Prepared) -> np.ndarray:
    return grey_images(prepared.voxels[None], len(prepared.grid.shape))
