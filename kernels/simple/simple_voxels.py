"""Simple voxels: those that change no Betti number as they enter (Bertrand and Malandain 1994).

A voxel is simple if its neighbours on one side of the order are one local component and those on
the other side one local component that touches it. The slices hold the side whose components are
26-connected (8 in 2-D); the complement is 6-connected (4). In the T-construction the slices hold
the neighbours before the voxel, in the V-construction those after it; being simple is the same
either way. `ALGORITHM.md` has the proof.

In 3-D the two counts take one flood and one sum. Let h be the number of 6-components of the
complement that touch the voxel, c that of 26-components of the slices, and take the slices'
positions and the voxel as closed cubes. The voxel meets the others in a part of its surface that
has c pieces and leaves h pieces free, so that it changes the Euler characteristic by h - c. Where
h = 1, an unchanged characteristic says that c = 1 as well.

The cube brings along each of its 6 faces, 12 edges and 8 corners all of whose other voxels are
outside: f, e and k of them. The change is k - e + f - 1, and it is 0 where

    e + (6 - f) + (8 - k) = 13,

that is, where 13 are set of 26 bits: the edges brought, and the faces and corners not brought.

All of this is loops over words of 64 voxels. Pieces are inlined into their loop, so that LLVM finds
one loop without branches and vectorises it.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inlined, inner
from ..padded.layout import RUN
from .bit_slices import RESULT


@inner
def mark_not_simple(slices: np.ndarray) -> None:
    """Write into the results which voxels of a volume are not simple.

    A flood that has not converged leaves a voxel critical, which is only slower.
    """
    for j in range(RUN):
        faces = _faces(slices, j)
        edges = _edges(slices, j, faces)
        touches_one = _touch_one_component(faces, edges)
        unchanged = _thirteen_of_26(faces, edges, _corners(slices, j, edges))
        slices[RESULT + j] = ~(touches_one & unchanged)


@inlined
def _faces(slices: np.ndarray, j: int) -> tuple[int, ...]:
    """Faces that the cube brings: down, up, north, south, west, east."""
    n = RUN
    return (
        ~slices[4 * n + j],
        ~slices[22 * n + j],
        ~slices[10 * n + j],
        ~slices[16 * n + j],
        ~slices[12 * n + j],
        ~slices[14 * n + j],
    )


@inlined
def _edges(slices: np.ndarray, j: int, faces: tuple[int, ...]) -> tuple[int, ...]:
    """Edges that the cube brings: four about down, the four upright ones, four about up."""
    n = RUN
    down, up, north, south, west, east = faces
    return (
        down & north & ~slices[1 * n + j],
        down & south & ~slices[7 * n + j],
        down & west & ~slices[3 * n + j],
        down & east & ~slices[5 * n + j],
        north & west & ~slices[9 * n + j],
        north & east & ~slices[11 * n + j],
        south & west & ~slices[15 * n + j],
        south & east & ~slices[17 * n + j],
        up & north & ~slices[19 * n + j],
        up & south & ~slices[25 * n + j],
        up & west & ~slices[21 * n + j],
        up & east & ~slices[23 * n + j],
    )


@inlined
def _corners(slices: np.ndarray, j: int, edges: tuple[int, ...]) -> tuple[int, ...]:
    """Corners that the cube brings, by position; two edges of a corner hold its three faces."""
    n = RUN
    dn, ds, dw, de, nw, ne, sw, se, un, us, uw, ue = edges
    return (
        dn & dw & nw & ~slices[0 * n + j],
        dn & de & ne & ~slices[2 * n + j],
        ds & dw & sw & ~slices[6 * n + j],
        ds & de & se & ~slices[8 * n + j],
        un & uw & nw & ~slices[18 * n + j],
        un & ue & ne & ~slices[20 * n + j],
        us & uw & sw & ~slices[24 * n + j],
        us & ue & se & ~slices[26 * n + j],
    )


@inlined
def _touch_one_component(faces: tuple[int, ...], edges: tuple[int, ...]) -> int:
    """Whether the complement has faces, and all are 6-connected in it: h = 1.

    A flood from the first face. Two faces are neighbours of one voxel, that between them, which is
    outside if the edge is brought. Two rounds in this order reach every face of all but a few
    neighbourhoods.
    """
    down, up, north, south, west, east = faces
    dn, ds, dw, de, nw, ne, sw, se, un, us, uw, ue = edges
    to_down = down
    to_north = north & ~down
    to_west = west & ~(down | north)
    to_east = east & ~(down | north | west)
    to_south = south & ~(down | north | west | east)
    to_up = up & ~(down | north | west | east | south)
    for _ in range(2):
        to_north |= to_down & dn | to_west & nw | to_east & ne | to_up & un
        to_west |= to_down & dw | to_north & nw | to_south & sw | to_up & uw
        to_east |= to_down & de | to_north & ne | to_south & se | to_up & ue
        to_south |= to_down & ds | to_west & sw | to_east & se | to_up & us
        to_up |= to_north & un | to_west & uw | to_east & ue | to_south & us
        to_down |= to_north & dn | to_west & dw | to_east & de | to_south & ds
    several = (down ^ to_down) | (north ^ to_north) | (west ^ to_west)
    several |= (east ^ to_east) | (south ^ to_south) | (up ^ to_up)
    return (down | north | west | east | south | up) & ~several


@inlined
def _thirteen_of_26(
    faces: tuple[int, ...], edges: tuple[int, ...], corners: tuple[int, ...]
) -> int:
    """Whether 13 bits are set among the edges and the complements of faces and corners.

    Bits of one weight are added three at a time into one of that weight and a carry of twice the
    weight (carry-save adders; Warren, Hacker's Delight, 5-1), until there is one of each. 13 is
    8 + 4 + 1.
    """
    down, up, north, south, west, east = faces
    dn, ds, dw, de, nw, ne, sw, se, un, us, uw, ue = edges
    k0, k1, k2, k3, k4, k5, k6, k7 = corners
    sum_0, a, b, c, d = _add_nine(~down, ~up, ~north, ~south, ~west, ~east, dn, ds, dw)
    sum_1, e, f, g, h = _add_nine(de, nw, ne, sw, se, un, us, uw, ue)
    left, i = _add(~k0, ~k1, ~k2)
    right, k = _add(~k3, ~k4, ~k5)
    sum_2, m = _add(left, right, ~k6)
    but_one, o = _add(sum_0, sum_1, sum_2)
    ones, p = but_one ^ ~k7, but_one & ~k7
    # 13 carries of weight 2.
    sum_0, q, r, s, t = _add_nine(a, b, c, d, e, f, g, h, i)
    sum_1, u = _add(k, m, o)
    twos, v = _add(sum_0, sum_1, p)
    # 6 carries of weight 4.
    sum_0, w = _add(q, r, s)
    sum_1, x = _add(t, u, v)
    fours, y = sum_0 ^ sum_1, sum_0 & sum_1
    eights, sixteens = _add(w, x, y)
    return ones & ~twos & fours & eights & ~sixteens


@inlined
def _add_nine(
    a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int, i: int
) -> tuple[int, int, int, int, int]:
    """Sum of nine bits and four carries."""
    left, carry_0 = _add(a, b, c)
    middle, carry_1 = _add(d, e, f)
    right, carry_2 = _add(g, h, i)
    total, carry_3 = _add(left, middle, right)
    return total, carry_0, carry_1, carry_2, carry_3


@inner
def _add(a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of three bits, in each of 64 places."""
    half = a ^ b
    return half ^ c, (a & b) | (half & c)


@inner
def mark_not_simple_in_plane(slices: np.ndarray) -> None:
    """In 2-D: the 8-components are as many as the places on the ring where one begins.

    Hilditch's crossing number: faces outside the slices whose next two positions, going round, are
    not both outside. It is 1 for a simple pixel, and 0 where there is no component or no face
    outside.
    """
    n = RUN
    for j in range(RUN):
        north, east, south, west = (
            slices[10 * n + j],
            slices[14 * n + j],
            slices[16 * n + j],
            slices[12 * n + j],
        )
        a = ~north & (slices[11 * n + j] | east)
        b = ~east & (slices[17 * n + j] | south)
        c = ~south & (slices[15 * n + j] | west)
        d = ~west & (slices[9 * n + j] | north)
        # Of three there are two in one of the pairs.
        slices[RESULT + j] = ~((a ^ b ^ c ^ d) & ~((a & b) | (c & d)))
