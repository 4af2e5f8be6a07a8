"""Which voxels can change a Betti number as they enter: all that are not simple.

A voxel is simple if the neighbours before it are one local component and those after it one local
component that touches it (Bertrand and Malandain 1994); adding it changes no Betti number. In the
T-construction those before it are 26-connected (8 in 2-D) and those after it 6-connected (4); in
the V-construction the other way round.

All tests run on bits, 64 voxels a machine word. A flood that has not converged leaves a voxel
critical, which is only slower.
"""

from __future__ import annotations

import numpy as np

from .bitplanes import popcount
from .codes import write_codes
from .compiling import inlined, inner
from .levels import Layout
from .neighbourhood import ALL, PLANE
from .rows import BORDER, CHUNK, RESULT, SIZE, load_rows

_ONE = np.uint64(1)


@inlined
def list_critical(
    planes: np.ndarray,
    n_planes: int,
    order: np.ndarray,
    offsets: np.ndarray,
    layout: Layout,
    top: bool,
    codes: np.ndarray,
    full_roots: np.ndarray,
    face_roots: np.ndarray,
    first: int,
    last: int,
    voxels: np.ndarray,
    words: np.ndarray,
    count: int,
) -> int:
    """List the voxels of a run of words that are not simple, and write codes and roots.

    Args:
        planes: uint64 (B W,), of `write_planes`.
        order: uint64 (K W,), of `write_order`.
        offsets: int64 (K,), of `earlier_offsets`.
        top: T-construction, else V.
        codes: uint8, 64 a word and room for `CHUNK` words more; written.
        full_roots, face_roots: uint64, with room for `CHUNK` words more; written.
        first, last: words `first <= w < last` are tested; `order` must be known as far ahead as
            voxels have neighbours.
        voxels: flat positions in raster order, room for all; written from `count` on.
        words: int32, earlier words (see `neighbourhood`), room for all; written.
        count: critical voxels so far.

    Returns:
        The number of critical voxels.
    """
    rows = np.zeros(SIZE, np.uint64)
    columns = np.empty(64 * CHUNK, np.uint32)
    flip = np.uint32(0 if top else (ALL if layout.plane else PLANE))
    eights = codes.view(np.uint64)
    for start in range(first, last, CHUNK):
        n = min(CHUNK, last - start)
        load_rows(planes, n_planes, order, offsets, layout.n_words, start, n, top, rows)
        write_codes(
            rows, layout.plane > 0, eights[8 * start :], full_roots[start:], face_roots[start:]
        )
        if layout.plane:
            _not_simple(rows)
        else:
            _not_simple_in_plane(rows)
        if _leave_out_border(rows, n) > 4 * CHUNK:
            # Where many are critical, transposing all costs less than collecting one by one.
            _write_words(rows, flip, columns)
            count = _append_dense(rows, columns, start, voxels, words, count)
        else:
            count = _append_sparse(rows, flip, start, voxels, words, count)
    return count


@inner
def _not_simple(rows: np.ndarray) -> None:
    """In 3-D: several or no 6-components outside the rows, or another Euler characteristic.

    With h components outside and c inside, the characteristic changes by h - c: where h is 1, an
    unchanged one says that c is 1 as well. The cells that the voxel brings are itself and each
    face, edge and corner all of whose other voxels are outside the rows.
    """
    n = CHUNK
    for j in range(n):
        down, up = ~rows[4 * n + j], ~rows[22 * n + j]
        north, south = ~rows[10 * n + j], ~rows[16 * n + j]
        west, east = ~rows[12 * n + j], ~rows[14 * n + j]
        down_north, down_south = (
            down & north & ~rows[1 * n + j],
            down & south & ~rows[7 * n + j],
        )
        down_west, down_east = (
            down & west & ~rows[3 * n + j],
            down & east & ~rows[5 * n + j],
        )
        north_west, north_east = (
            north & west & ~rows[9 * n + j],
            north & east & ~rows[11 * n + j],
        )
        south_west, south_east = (
            south & west & ~rows[15 * n + j],
            south & east & ~rows[17 * n + j],
        )
        up_north, up_south = (
            up & north & ~rows[19 * n + j],
            up & south & ~rows[25 * n + j],
        )
        up_west, up_east = up & west & ~rows[21 * n + j], up & east & ~rows[23 * n + j]
        # Faces, flooded from the first of them across the edges.
        to_down = down
        to_north = north & ~down
        to_west = west & ~(down | north)
        to_east = east & ~(down | north | west)
        to_south = south & ~(down | north | west | east)
        to_up = up & ~(down | north | west | east | south)
        for _ in range(2):
            to_north |= to_down & down_north | to_west & north_west | to_east & north_east
            to_north |= to_up & up_north
            to_west |= to_down & down_west | to_north & north_west | to_south & south_west
            to_west |= to_up & up_west
            to_east |= to_down & down_east | to_north & north_east | to_south & south_east
            to_east |= to_up & up_east
            to_south |= to_down & down_south | to_west & south_west | to_east & south_east
            to_south |= to_up & up_south
            to_up |= to_north & up_north | to_west & up_west | to_east & up_east
            to_up |= to_south & up_south
            to_down |= to_north & down_north | to_west & down_west | to_east & down_east
            to_down |= to_south & down_south
        several = (down ^ to_down) | (north ^ to_north) | (west ^ to_west)
        several |= (east ^ to_east) | (south ^ to_south) | (up ^ to_up)
        none = ~(down | north | west | east | south | up)
        # 1 - faces + edges - corners = 0: of 26 bits, edges and the complements of the others, 13.
        a, b = _add(~down, ~up, ~north)
        c, d = _add(~south, ~west, ~east)
        e, f = _add(down_north, down_south, down_west)
        g, h = _add(down_east, north_west, north_east)
        i, k = _add(south_west, south_east, up_north)
        m, o = _add(up_south, up_west, up_east)
        p, q = _add(
            ~(down_north & down_west & north_west & ~rows[0 * n + j]),
            ~(down_north & down_east & north_east & ~rows[2 * n + j]),
            ~(down_south & down_west & south_west & ~rows[6 * n + j]),
        )
        r, s = _add(
            ~(down_south & down_east & south_east & ~rows[8 * n + j]),
            ~(up_north & up_west & north_west & ~rows[18 * n + j]),
            ~(up_north & up_east & north_east & ~rows[20 * n + j]),
        )
        a, t = _add(a, c, e)
        g, u = _add(g, i, m)
        p, v = _add(p, r, ~(up_south & up_west & south_west & ~rows[24 * n + j]))
        a, w = _add(a, g, p)
        last = ~(up_south & up_east & south_east & ~rows[26 * n + j])
        ones, x = a ^ last, a & last
        b, y = _add(b, d, f)
        h, z = _add(h, k, o)
        q, aa = _add(q, s, t)
        u, bb = _add(u, v, w)
        b, cc = _add(b, h, q)
        twos, dd = _add(b, u, x)
        y, ee = _add(y, z, aa)
        bb, ff = _add(bb, cc, dd)
        fours, gg = y ^ bb, y & bb
        eights, sixteens = _add(ee, ff, gg)
        rows[RESULT + j] = several | none | ~(ones & ~twos & fours & eights & ~sixteens)


@inner
def _add(a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of three bits, in each of 64 places."""
    half = a ^ b
    return half ^ c, (a & b) | (half & c)


@inner
def _not_simple_in_plane(rows: np.ndarray) -> None:
    """In 2-D: the 8-components are as many as the places on the ring where one begins.

    Hilditch's crossing number: faces outside the rows whose next two positions, going round, are
    not both outside. It is 1 for a simple pixel, and 0 where there is no component or no face
    outside.
    """
    n = CHUNK
    for j in range(n):
        north, east, south, west = (
            rows[10 * n + j],
            rows[14 * n + j],
            rows[16 * n + j],
            rows[12 * n + j],
        )
        a = ~north & (rows[11 * n + j] | east)
        b = ~east & (rows[17 * n + j] | south)
        c = ~south & (rows[15 * n + j] | west)
        d = ~west & (rows[9 * n + j] | north)
        # Of three there are two in one of the pairs.
        rows[RESULT + j] = ~((a ^ b ^ c ^ d) & ~((a & b) | (c & d)))


@inner
def _write_words(rows: np.ndarray, flip: np.uint32, columns: np.ndarray) -> None:
    """Turn rows of bits into words: transpose 32 x 32 bits at a time (Warren, Hacker's Delight).

    Args:
        flip: xor-ed with every word.
        columns: uint32 (64 n,); `columns[n * p + j]` of voxel p of machine word j.
    """
    for half in range(2):
        base, down = 32 * CHUNK * half, np.uint64(32 * half)
        for i in range(27 * CHUNK):
            columns[base + i] = np.uint32(rows[i] >> down)
        for i in range(27 * CHUNK, 32 * CHUNK):
            columns[base + i] = 0
        for step in range(5):
            size = 16 >> step
            mask = np.uint32(0xFFFFFFFF // ((1 << size) + 1))
            shift = np.uint32(size)
            for k in range(32):
                if k & size == 0:
                    low = base + CHUNK * k
                    high = low + CHUNK * size
                    for j in range(CHUNK):
                        swap = ((columns[low + j] >> shift) ^ columns[high + j]) & mask
                        columns[high + j] ^= swap
                        columns[low + j] ^= swap << shift
    for i in range(64 * CHUNK):
        columns[i] ^= flip


@inner
def _leave_out_border(rows: np.ndarray, n: int) -> int:
    """Clear the results on the border and behind the last word; count the others."""
    count = 0
    for j in range(n, CHUNK):
        rows[RESULT + j] = 0
    for j in range(CHUNK):
        rows[RESULT + j] &= ~rows[BORDER + j]
        count += int(popcount(rows[RESULT + j]))
    return count


@inner
def _append_dense(
    rows: np.ndarray,
    columns: np.ndarray,
    start: int,
    voxels: np.ndarray,
    words: np.ndarray,
    count: int,
) -> int:
    for j in range(CHUNK):
        rest = rows[RESULT + j]
        while rest:
            place = int(popcount((rest & (~rest + _ONE)) - _ONE))
            rest &= rest - _ONE
            voxels[count] = 64 * (start + j) + place
            words[count] = columns[CHUNK * place + j]
            count += 1
    return count


@inner
def _append_sparse(
    rows: np.ndarray, flip: np.uint32, start: int, voxels: np.ndarray, words: np.ndarray, count: int
) -> int:
    for j in range(CHUNK):
        rest = rows[RESULT + j]
        while rest:
            place = popcount((rest & (~rest + _ONE)) - _ONE)
            rest &= rest - _ONE
            word = np.uint64(flip)
            for k in range(27):
                word ^= ((rows[CHUNK * k + j] >> place) & _ONE) << np.uint64(k)
            voxels[count] = 64 * (start + j) + int(place)
            words[count] = word
            count += 1
    return count
