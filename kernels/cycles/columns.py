"""The voxels at which cycles die, and the cycles in their links: columns of the boundary matrix.

Entering, a voxel fills every cycle of its link. Each of them either bounds already, and a cavity is
born, or dies. How many cavities are born is known from the components of the complement.
"""

from __future__ import annotations

import numpy as np

from ..compiling import making
from ..machine_words import count_bits, lowest_bit
from .chain import note_graph
from .joins import LEFT_OVER, way_in
from .links import FIRST, SECOND, SIDES, cubes_of, earlier_word, graph_of


@making
def list_columns(
    chain: np.ndarray,
    voxels: np.ndarray,
    cavities: np.ndarray,
    row: int,
    plane: int,
    pieces: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """List the voxels at which loops end, and how many do.

    Args:
        chain: uint64, one word a voxel; the graphs of links are written.
        voxels: those that may be such, in raster order.
        cavities: those at which cavities are born, once for each cavity, in raster order.
        row, plane: flat distance of voxels above one another.
        pieces: of `all_joins`.

    Returns:
        Positions of the dtype of `voxels`, and uint8.
    """
    columns, n_ends = np.empty_like(voxels), np.empty(voxels.size, np.uint8)
    count = born = 0
    for k in range(voxels.size):
        voxel = np.int64(voxels[k])
        word = earlier_word(chain, row, plane, voxel)
        graph = graph_of(word)
        note_graph(chain, voxel, graph)
        n_cubes = count_bits(cubes_of(word))
        # By Euler's formula; six directions less the missing ones are in `pieces`, too. A link that
        # is the whole octahedron is a sphere.
        cycles = np.int64(pieces[graph]) - 6 + count_bits(graph) - n_cubes + (n_cubes == 8)
        while born < cavities.size and cavities[born] < voxel:
            born += 1
        while born < cavities.size and cavities[born] == voxel:
            born += 1
            cycles -= 1
        if cycles > 0:
            columns[count], n_ends[count] = voxel, cycles
            count += 1
    return columns[:count], n_ends[:count]


@making
def cycles_of(word: int, joins: np.ndarray, cycles: np.ndarray) -> int:
    """Write a basis of the first homology of a link as graphs; return how many there are."""
    graph, cubes = graph_of(word), cubes_of(word)
    # A square that joins what is joined already closes a cycle.
    forest = chords = 0
    closed = np.empty(12, np.int64)
    for k in range(12):
        if (graph >> k) & 1:
            way = way_in(joins, forest, (1 << FIRST[k]) | (1 << SECOND[k]))
            if way >> LEFT_OVER:
                forest |= 1 << k
            else:
                chords |= 1 << k
                closed[k] = way | (1 << k)
    chords ^= _filled(cubes, chords)
    count = 0
    for k in range(12):
        if (chords >> k) & 1:
            cycles[count] = closed[k]
            count += 1
    return count


@making
def _filled(cubes: int, chords: int) -> int:
    """One chord of each cycle that cubes fill, by elimination mod 2."""
    rows = np.empty(8, np.int64)
    count, filled = 0, 0
    for cube in range(8):
        rest = int(SIDES[cube]) & chords if (cubes >> cube) & 1 else 0
        for i in range(count):
            if rest & lowest_bit(rows[i]):
                rest ^= rows[i]
        if rest != 0:
            rows[count] = rest
            filled |= lowest_bit(rest)
            count += 1
    return filled
