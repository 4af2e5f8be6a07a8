"""One representative of each local component of a voxel's neighbours, 64 voxels a machine word.

Take the neighbours on one side of the order, and the voxel, as closed cubes. They meet the voxel's
surface in a set A of closed faces, edges and corners. The 26-components of these neighbours are the
components of A, and those show at the 8 corners: a corner is in A if a neighbour there touches it,
and the edge between two corners is in A if one of the three neighbours that hold it is there. The
6-components of the others, as far as they touch the voxel, are the components of what A leaves
free: 6 faces, of which two are joined by a free edge. In the plane it is 4 corners, and 4 sides.

Components of a small graph are found by *elimination*: taken out vertex by vertex, each leaves its
neighbours joined to each other. One that has no neighbour left when its turn comes is the last of
its component, and represents it. Joining is one `and` and one `or` of machine words; corners of the
cube and faces are taken in an order in which few are needed. `ALGORITHM.md` has the proof.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inlined, inner
from ..padded.layout import RUN

BORDER, CORNER, FACE = 27 * RUN, 28 * RUN, 36 * RUN
"""Where slices begin: the border's, those of 8 corners and those of 6 faces, by their numbers."""
FULL_ROOTS, FULL_MERGES, FACE_ROOTS, FACE_MERGES, CRITICAL = (k * RUN for k in range(42, 47))
"""Slices of voxels without a 26-component, with several, the same of 6-components, not simple."""
SIZE = 47 * RUN


@inner
def represent_in_space(slices: np.ndarray) -> None:
    """Write the representatives of voxels of a volume, and the slices that follow from them.

    Args:
        slices: uint64 (SIZE,), of which those of 26 neighbours and the border's are given.
    """
    for j in range(RUN):
        _represent(slices, j)
    _summarise(slices)


@inlined
def _represent(slices: np.ndarray, j: int) -> None:
    n = RUN
    # Faces and edges that are free: the complement of A.
    down, up = ~slices[4 * n + j], ~slices[22 * n + j]
    north, south = ~slices[10 * n + j], ~slices[16 * n + j]
    west, east = ~slices[12 * n + j], ~slices[14 * n + j]
    dn, ds = down & north & ~slices[1 * n + j], down & south & ~slices[7 * n + j]
    dw, de = down & west & ~slices[3 * n + j], down & east & ~slices[5 * n + j]
    nw, ne = north & west & ~slices[9 * n + j], north & east & ~slices[11 * n + j]
    sw, se = south & west & ~slices[15 * n + j], south & east & ~slices[17 * n + j]
    un, us = up & north & ~slices[19 * n + j], up & south & ~slices[25 * n + j]
    uw, ue = up & west & ~slices[21 * n + j], up & east & ~slices[23 * n + j]
    # No edge joins two of use, unw, dsw and dne, nor two of the other four corners.
    free_use, free_unw = us & ue & se, un & uw & nw
    free_dsw, free_dne = ds & dw & sw, dn & de & ne
    dnw = ~(dn & dw & nw) | slices[0 * n + j]
    usw = ~(us & uw & sw) | slices[24 * n + j]
    une = ~(un & ue & ne) | slices[20 * n + j]
    dse = ~(ds & de & se) | slices[8 * n + j]
    # Taking out the first four joins pairs of the others: dnw, usw, une and dse.
    dnw_usw = ~((dw | sw) & (nw | uw))
    dnw_une = ~((dn | ne) & (nw | un))
    dnw_dse = ~((dn | de) & (dw | ds))
    usw_une = ~((uw | un) & (us | ue))
    usw_dse = ~((sw | ds) & (us | se))
    une_dse = ~((ne | de) & (ue | se))
    last_dse = dse & ~(dnw_dse | usw_dse | une_dse)
    dnw_usw |= dnw_dse & usw_dse
    dnw_une |= dnw_dse & une_dse
    usw_une |= usw_dse & une_dse
    slices[CORNER + j] = dnw
    slices[CORNER + 1 * n + j] = usw & ~(dnw_usw | (dnw_une & usw_une))
    slices[CORNER + 2 * n + j] = une & ~(dnw_une | usw_une)
    slices[CORNER + 3 * n + j] = last_dse
    slices[CORNER + 4 * n + j] = free_use & slices[26 * n + j]
    slices[CORNER + 5 * n + j] = free_unw & slices[18 * n + j]
    slices[CORNER + 6 * n + j] = free_dsw & slices[6 * n + j]
    slices[CORNER + 7 * n + j] = free_dne & slices[2 * n + j]
    # Taking out up and down joins pairs of the four faces around.
    slices[FACE + 5 * n + j] = up & ~(un | us | uw | ue)
    slices[FACE + 4 * n + j] = down & ~(dn | ds | dw | de)
    ns, we = (un & us) | (dn & ds), (uw & ue) | (dw & de)
    nw |= (un & uw) | (dn & dw)
    ne |= (un & ue) | (dn & de)
    sw |= (us & uw) | (ds & dw)
    se |= (us & ue) | (ds & de)
    slices[FACE + 3 * n + j] = north & ~(ns | nw | ne)
    sw |= ns & nw
    se |= ns & ne
    we |= nw & ne
    slices[FACE + 2 * n + j] = south & ~(sw | se)
    slices[FACE + 1 * n + j] = west & ~(we | (sw & se))
    slices[FACE + j] = east


@inner
def represent_in_plane(slices: np.ndarray) -> None:
    """The same for pixels of an image, with 8 neighbours, 4 corners and 4 sides."""
    n = RUN
    for j in range(RUN):
        north, south = ~slices[10 * n + j], ~slices[16 * n + j]
        west, east = ~slices[12 * n + j], ~slices[14 * n + j]
        nw, ne = north & west & ~slices[9 * n + j], north & east & ~slices[11 * n + j]
        sw, se = south & west & ~slices[15 * n + j], south & east & ~slices[17 * n + j]
        # A corner is in A if it is not free; sides that are not free join two.
        nw_se = ~((north | east) & (south | west))
        slices[CORNER + j] = ~nw
        slices[CORNER + 1 * n + j] = ~se & ~nw_se
        slices[CORNER + 2 * n + j] = ~ne & north & east
        slices[CORNER + 3 * n + j] = ~sw & south & west
        slices[FACE + j] = east
        slices[FACE + 1 * n + j] = west & ~((nw & ne) | (sw & se))
        slices[FACE + 2 * n + j] = south & ~(sw | se)
        slices[FACE + 3 * n + j] = north & ~(nw | ne)
    _summarise(slices)


@inner
def _summarise(slices: np.ndarray) -> None:
    """Clear the border's representatives, and tell who has none and who has several."""
    _none_and_several(slices, CORNER, 8, FULL_ROOTS, FULL_MERGES)
    _none_and_several(slices, FACE, 6, FACE_ROOTS, FACE_MERGES)
    for j in range(RUN):
        full = slices[FULL_ROOTS + j] | slices[FULL_MERGES + j]
        slices[CRITICAL + j] = full | slices[FACE_ROOTS + j] | slices[FACE_MERGES + j]


@inner
def _none_and_several(slices: np.ndarray, start: int, count: int, none: int, several: int) -> None:
    for j in range(RUN):
        slices[none + j] = 0
        slices[several + j] = 0
    for k in range(start, start + RUN * count, RUN):
        for j in range(RUN):
            slices[k + j] &= ~slices[BORDER + j]
            slices[several + j] |= slices[none + j] & slices[k + j]
            slices[none + j] |= slices[k + j]
    for j in range(RUN):
        slices[none + j] = ~(slices[none + j] | slices[BORDER + j])
