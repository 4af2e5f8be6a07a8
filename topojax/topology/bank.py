"""Descriptors of a bank of filtrations: blocks [β0 … β(d-1)] / V' of each, then V'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topojax.config import TopologyConfig
from topojax.kernels.threads import check_threads
from topojax.row_files.row_blocks import row_blocks
from topojax.topology.descriptor import (
    BettiDescriptors,
    describe,
    describe_candidates,
    feature_names,
)
from topojax.topology.filtered_images import FilteredImages
from topojax.topology.volumes import sublevel_volumes

_VOXELS_AT_ONCE = 2**22


@dataclass(frozen=True)
class BankDescriptors:
    """Betti curves of ROIs under several filtrations.

    Attributes:
        blocks: by filtration, in the bank's order; each with the same ROIs' sizes.
        volumes: by filtration, voxels of the ROI not above each threshold, int64 (n, N).
        has_volumes: φ has them too, after the curves.

    Example:
        >>> block = BettiDescriptors(np.array([[[1, 2], [0, 1]]]), np.array([4]))
        >>> volumes = {"intensity": np.array([[1, 4]])}
        >>> BankDescriptors({"intensity": block}, volumes, has_volumes=True).matrix().tolist()
        [[0.25, 0.5, 0.0, 0.25, 0.25, 1.0, 4.0]]
    """

    blocks: dict[str, BettiDescriptors]
    volumes: dict[str, np.ndarray]
    has_volumes: bool = False

    @property
    def voxels(self) -> np.ndarray:
        """V', the ROIs' sizes, int64 (n,)."""
        return next(iter(self.blocks.values())).voxels

    def normalised_curves(self) -> dict[str, np.ndarray]:
        """Return by filtration the curves divided by V', float32 (n, d, N)."""
        return {name: block.normalised_curves() for name, block in self.blocks.items()}

    def matrix(self) -> np.ndarray:
        """Return φ, float32 (n, n_features)."""
        *curves, last = (block.matrix() for block in self.blocks.values())
        columns = [*(matrix[:, :-1] for matrix in curves), last[:, :-1]]
        volumes = self._volume_columns() if self.has_volumes else []
        return np.concatenate([*columns, *volumes, last[:, -1:]], axis=1)

    def volume_matrix(self) -> np.ndarray:
        """Return the volumes over V', then V', float32 (n, sum of N + 1)."""
        sizes = self.voxels[:, None].astype(np.float32)
        return np.concatenate([*self._volume_columns(), sizes], axis=1)

    def without(self, name: str) -> BankDescriptors:
        """Return the descriptors without a filtration."""
        blocks = {key: one for key, one in self.blocks.items() if key != name}
        volumes = {key: one for key, one in self.volumes.items() if key != name}
        return BankDescriptors(blocks, volumes, self.has_volumes)

    def only(self, name: str) -> BankDescriptors:
        """Return the descriptors of one filtration alone."""
        return BankDescriptors(
            {name: self.blocks[name]}, {name: self.volumes[name]}, self.has_volumes
        )

    def rows(self, index: np.ndarray) -> BankDescriptors:
        """Return the descriptors of some of n images, by index or mask."""
        return BankDescriptors(
            {name: block.rows(index) for name, block in self.blocks.items()},
            {name: found[index] for name, found in self.volumes.items()},
            self.has_volumes,
        )

    def feature_names(self) -> tuple[str, ...]:
        """Return the names of φ's columns; see `bank_feature_names`."""
        shapes = {name: block.curves.shape[-2:] for name, block in self.blocks.items()}
        n_dims = next(iter(shapes.values()))[0]
        lengths = {name: shape[1] for name, shape in shapes.items()}
        return bank_feature_names(lengths, n_dims, has_volumes=self.has_volumes)

    def _volume_columns(self) -> list[np.ndarray]:
        sizes = self.voxels[:, None]
        return [(found / sizes).astype(np.float32) for found in self.volumes.values()]

    @classmethod
    def concatenate(cls, parts: Sequence[BankDescriptors]) -> BankDescriptors:
        """Return the descriptors of consecutive images as one."""
        return cls(
            {
                name: BettiDescriptors.concatenate([part.blocks[name] for part in parts])
                for name in parts[0].blocks
            },
            {
                name: np.concatenate([part.volumes[name] for part in parts])
                for name in parts[0].volumes
            },
            parts[0].has_volumes,
        )


def describe_bank(
    images: FilteredImages, masks: np.ndarray, config: TopologyConfig
) -> BankDescriptors:
    """Return the descriptors of images on their ROIs.

    Args:
        images: under the bank's filtrations.
        masks: bool (n, *spatial), none of them empty.
        config: construction, background, kind of grid and number of thresholds.

    Example:
        >>> from topojax.topology import learn_filtered_images
        >>> ring = np.array([[[1, 1, 1], [1, 9, 1], [1, 1, 1]]], np.float32)
        >>> config = TopologyConfig(filtrations=("intensity", "-intensity"), n_thresholds=2)
        >>> images = learn_filtered_images(ring, config)
        >>> found = describe_bank(images, np.ones(ring.shape, bool), config)
        >>> {name: block.curves[0].tolist() for name, block in found.blocks.items()}
        {'intensity': [[1, 1], [1, 0]], '-intensity': [[1, 1], [0, 0]]}
    """
    return BankDescriptors(
        {
            name: describe(values, masks, images.thresholds(name), config)
            for name, values in images.values.items()
        },
        sublevel_volumes(images, masks, config.n_thresholds),
        config.volumes,
    )


def describe_whole(images: FilteredImages, config: TopologyConfig) -> BankDescriptors:
    """Return the descriptors of whole images (the paper's Topo-Original), run by run of them.

    Args:
        images: under the bank's filtrations, in memory or mapped.
        config: as of `describe_bank`.

    Example:
        >>> values = {"intensity": np.array([[[1, 2, 1]]], np.float32)}
        >>> images = FilteredImages(values, {"intensity": np.array([1.0, 2.0])})
        >>> describe_whole(images, TopologyConfig()).voxels.tolist()
        [3]
    """
    parts = []
    for rows in image_runs(images):
        some = images.rows(rows)
        everywhere = np.ones((len(some), *some.spatial_shape), bool)
        parts.append(describe_bank(some, everywhere, config))
    return parts[0] if len(parts) == 1 else BankDescriptors.concatenate(parts)


def image_runs(images: FilteredImages) -> Iterator[slice]:
    """Yield runs of images whose masks, and copies as kernels take them, are held at a time.

    One at least, which is empty where there is no image.
    """
    shape = (len(images), *images.spatial_shape)
    runs = row_blocks(shape, _VOXELS_AT_ONCE, least=4 * check_threads(None))
    yield from list(runs) or [slice(0, 0)]


def candidate_matrix(
    images: FilteredImages,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    config: TopologyConfig,
    *,
    rescale: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Return φ on the ROIs of P candidates, one filtration at a time; without volumes.

    Args:
        images: under the bank's filtrations.
        maps, weights, taus, config, rescale: as `describe_candidates`.

    Returns:
        matrix: float32 (P, n, n_features), as `BankDescriptors.matrix` without volumes.
        empty: bool (P, n); ROIs that came out empty and became the map's maximum.

    Example:
        >>> image = np.array([[[1, 2, 1]]], np.float32)
        >>> images = FilteredImages({"intensity": image}, {"intensity": np.array([1.0])})
        >>> maps = np.array([[[[255, 153, 51]]]], np.uint8)
        >>> weights, taus = np.ones((2, 1)), np.array([0.1, 0.9])
        >>> matrix, _ = candidate_matrix(
        ...     images, maps, weights, taus, TopologyConfig(), rescale=False
        ... )
        >>> matrix[:, 0, -1].tolist()
        [3.0, 1.0]
    """
    blocks, empty = [], np.empty(0)
    for name, values in images.values.items():
        found, empty = describe_candidates(
            values, maps, weights, taus, images.thresholds(name), config, rescale=rescale
        )
        # The curves are let go: as integers and fractions they would take twice the memory.
        blocks.append(found.matrix())
    if len(blocks) == 1:
        return blocks[0], empty
    return np.concatenate([*(one[..., :-1] for one in blocks[:-1]), blocks[-1]], axis=-1), empty


def bank_feature_names(
    n_thresholds: Mapping[str, int], n_dims: int, *, has_volumes: bool = False
) -> tuple[str, ...]:
    """Return the names of φ's columns: filtration, dimension or `volume`, threshold; `roi_voxels`.

    Of `intensity` alone, as `topojax.topology.feature_names` has them.

    Args:
        n_thresholds: by filtration, in the bank's order.
        n_dims: d, 2 or 3.
        has_volumes: whether φ has the volumes too.

    Example:
        >>> bank_feature_names({"log:1": 1, "-log:1": 1}, 2)
        ('log:1_betti0_0', 'log:1_betti1_0', '-log:1_betti0_0', '-log:1_betti1_0', 'roi_voxels')
    """
    alone = tuple(n_thresholds) == ("intensity",)
    prefixes = {name: "" if alone else f"{name}_" for name in n_thresholds}
    names = [
        prefixes[name] + column
        for name, n in n_thresholds.items()
        for column in feature_names(n_dims, n)[:-1]
    ]
    if has_volumes:
        names += [
            f"{prefixes[name]}volume_{i}" for name, n in n_thresholds.items() for i in range(n)
        ]
    return (*names, "roi_voxels")
