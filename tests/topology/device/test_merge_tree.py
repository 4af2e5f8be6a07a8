"""Merge trees: a list of saddles and rounds over all voxels find the same ends, and GUDHI's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from topojax.topology.device.tree import merge_tree as module
from topojax.topology.device.tree.basins import find_basins, followed
from topojax.topology.device.tree.compact_rounds import ends_by_saddles
from topojax.topology.device.tree.dense_rounds import ends_by_all
from topojax.topology.device.tree.ends import Ends
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.merge_tree import merge_tree
from topojax.topology.device.tree.neighbourhood import Neighbourhood, lowest_bit
from topojax.topology.device.tree.order import (
    ABSENT,
    Order,
    complement_order_of_levels,
    complement_order_of_values,
    order_of_levels,
    order_of_values,
)
from topojax.topology.device.tree.saddles import list_saddles, mark_saddles

from .images import images_of


def _levels(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Lattice, jax.Array]:
    images, masks = images_of(shape, rng)
    levels = np.where(masks & np.isfinite(images), np.nan_to_num(images, posinf=0) * 4, 5)
    lattice = Lattice(shape)
    return lattice, lattice.pad(jnp.asarray(levels, jnp.int32), 5)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("shape", [(9, 8), (5, 6, 4)])
def test_both_ways_find_the_same_ends(
    shape: tuple[int, ...], full: bool, rng: np.random.Generator
) -> None:
    lattice, levels = _levels(shape, rng)
    neighbourhood = Neighbourhood(len(shape), full)
    offsets = tuple(lattice.distance(step) for step in neighbourhood.joined)

    def found(order: Order, root: jax.Array, ends: Ends) -> tuple[jax.Array, jax.Array]:
        # Which of the older roots is named may differ, not where they all end.
        return ends.death, followed(order, jnp.where(ends.death != ABSENT, ends.elder, root))

    @jax.jit
    def both(levels: jax.Array) -> tuple:
        order = order_of_levels(levels, 5)
        root = find_basins(order, offsets).root
        marked = mark_saddles(order, lattice, neighbourhood)
        saddles = list_saddles(order, lattice, neighbourhood, marked, levels.size)
        one = found(order, root, ends_by_saddles(order, root, saddles))
        other = found(order, root, ends_by_all(order, root, offsets))
        return one, other, marked.n, (saddles.key != ABSENT).sum()

    one, other, n_marked, n_listed = both(levels)
    assert n_marked == n_listed > 20
    jax.tree.map(np.testing.assert_array_equal, one, other)
    assert (one[0] != ABSENT).sum() > 20


@pytest.mark.parametrize("rooms", [{3}, {3, 10**4}, {10**4}])
def test_whichever_list_holds_the_saddles_the_tree_is_the_same(
    rooms: set[int], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    lattice, levels = _levels((7, 6, 5), rng)
    neighbourhood = Neighbourhood(3, full=True)
    want = jax.jit(lambda: merge_tree(order_of_levels(levels, 5), lattice, neighbourhood))()
    monkeypatch.setattr(module, "_rooms", lambda n_voxels, dims: rooms)
    got = jax.jit(lambda: merge_tree(order_of_levels(levels, 5), lattice, neighbourhood))()
    np.testing.assert_array_equal(got.death, want.death)
    np.testing.assert_array_equal(got.basin, want.basin)


def test_orders_by_key_and_by_rank_give_the_same_tree(rng: np.random.Generator) -> None:
    lattice, levels = _levels((9, 8), rng)
    neighbourhood = Neighbourhood(2, full=True)
    present = levels < 5
    pairs = [
        (order_of_levels(levels, 5), order_of_values(levels, present)),
        (complement_order_of_levels(levels, 5), complement_order_of_values(levels, present)),
    ]
    for packed, ranked in pairs:
        assert packed.places is None
        assert ranked.places is not None
        trees = [merge_tree(order, lattice, neighbourhood) for order in (packed, ranked)]
        np.testing.assert_array_equal(*(tree.is_root for tree in trees))
        ends = [
            np.where(tree.death == ABSENT, -1, order.place(tree.death))
            for tree, order in zip(trees, (packed, ranked), strict=True)
        ]
        np.testing.assert_array_equal(*ends)
        assert (ends[0] >= 0).sum() > 20


def test_keys_that_do_not_fit_are_ranks() -> None:
    levels = jnp.asarray([[3, 0, 2**30, 7]])
    order = order_of_levels(levels, 2**30)
    assert order.places is not None
    assert order.key.tolist() == [[1, 0, ABSENT, 2]]
    assert order.place(order.key)[0, [0, 1, 3]].tolist() == [0, 1, 3]


@pytest.mark.parametrize(("dims", "full"), [(2, True), (2, False), (3, True), (3, False)])
def test_floods_find_the_components_of_neighbours(
    dims: int, full: bool, rng: np.random.Generator
) -> None:
    neighbourhood = Neighbourhood(dims, full)
    structure = ndimage.generate_binary_structure(dims, dims if full else 1)
    cells = np.zeros((200, *(3,) * dims), bool)
    for step in neighbourhood.steps:
        cells[(slice(None), *np.add(step, 1))] = rng.random(200) < 0.5
    bits = np.uint32(1) << np.arange(3**dims, dtype=np.uint32)
    word = (cells.reshape(200, -1) * bits).sum(axis=1, dtype=np.uint32)
    seed = neighbourhood.first(jnp.asarray(word))
    reached = neighbourhood.flooded(seed, jnp.asarray(word))
    assert (seed != 0).sum() > 150
    for one, start, found in zip(cells, lowest_bit(seed), reached, strict=True):
        labels = ndimage.label(one, structure)[0].ravel()
        own = (labels == labels[start]) & (labels > 0) if start < labels.size else labels < 0
        assert int(found) == int((own * bits).sum())
