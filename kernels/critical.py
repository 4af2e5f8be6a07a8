"""Which voxels can change a Betti number as they enter: all that are not simple.

A voxel is simple if the neighbours before it are one local component and those after it one local
component that touches it (Bertrand and Malandain 1994); adding it changes no Betti number. In the
T-construction those before it are 26-connected (8 in 2-D) and those after it 6-connected (4); in
the V-construction the other way round.

All tests run on bits, 64 voxels a machine word: one row of words for each of the 27 positions of a
neighbourhood. A flood that has not converged leaves a voxel critical, which is only slower.

On the way, every voxel's first neighbour of either kind is noted as a code, for merge trees to
climb by: bit p of word 8 w + b is bit b of the code of voxel 64 w + p. Words 0 to 4 hold the
position of the first 26-connected neighbour, words 5 to 7 which of the faces is the first
6-connected one; all ones stand for the border.
"""

from __future__ import annotations

import numpy as np

from .compiling import inlined, inner
from .levels import Layout
from .neighbourhood import ALL, PLANE
from .order import shifted_back

_CHUNK = 32
_CENTRE = 13
FULL_CODE, FULL_CODE_BITS = 0, 5
"""Where the codes of first 26-connected (8 in 2-D) neighbours begin, and their length."""
FACE_CODE, FACE_CODE_BITS = 5, 3
"""The same of first 6-connected (4) neighbours."""
FACE_POSITIONS = np.array([4, 10, 12, 14, 16, 22])
# The work on a chunk goes on in rows of one flat array, whose distances LLVM then knows. The first
# 27 hold the neighbours whose components are 26-connected: those before the voxel (T), or after.
_RESULT, _BORDER, _FREE, _CODE = 27 * _CHUNK, 28 * _CHUNK, 29 * _CHUNK, 30 * _CHUNK
_ROWS = (30 + FULL_CODE_BITS) * _CHUNK
_ONE = np.uint64(1)
_NONE = np.uint64(0)


@inlined
def list_critical(
    planes: np.ndarray,
    n_planes: int,
    order: np.ndarray,
    offsets: np.ndarray,
    layout: Layout,
    top: bool,
    codes: np.ndarray,
    voxels: np.ndarray,
    words: np.ndarray,
) -> int:
    """List the voxels that are not simple in raster order, and write the codes of all.

    Args:
        planes: uint64 (B W,), of `write_planes`.
        order: uint64 (K W,), of `write_order`.
        offsets: int64 (K,), of `earlier_offsets`.
        top: T-construction, else V.
        codes: uint64 (8 W,); written.
        voxels: flat positions, room for all; written.
        words: int32, earlier words (see `neighbourhood`), room for all; written.

    Returns:
        The number of critical voxels.
    """
    rows = np.zeros(_ROWS, np.uint64)
    columns = np.empty(64 * _CHUNK, np.uint32)
    flip = np.uint32(0 if top else (ALL if layout.plane else PLANE))
    first, last = layout.first // 64, (layout.last + 63) // 64
    for i in range(8 * first):
        codes[i] = ~_NONE
    for i in range(8 * last, 8 * layout.n_words):
        codes[i] = ~_NONE
    count = 0
    for start in range(first, last, _CHUNK):
        n = min(_CHUNK, last - start)
        _load(planes, n_planes, order, offsets, layout.n_words, start, n, top, rows)
        _write_full_codes(rows, codes, start, n)
        _write_face_codes(rows, codes, start, n, layout.plane > 0)
        if layout.plane:
            _not_simple(rows)
        else:
            _not_simple_in_plane(rows)
        if _leave_out_border(rows, n) > 4 * _CHUNK:
            # Where many are critical, transposing all costs less than collecting one by one.
            _write_words(rows, flip, columns)
            count = _append_dense(rows, columns, start, voxels, words, count)
        else:
            count = _append_sparse(rows, flip, start, voxels, words, count)
    return count


@inner
def _load(
    planes: np.ndarray,
    n_planes: int,
    order: np.ndarray,
    offsets: np.ndarray,
    n_words: int,
    start: int,
    n: int,
    top: bool,
    rows: np.ndarray,
) -> None:
    """Fill the 27 rows and the border's, which is set where all planes are."""
    before, after = (_NONE, ~_NONE) if top else (~_NONE, _NONE)
    count = offsets.size
    for k in range(count):
        known = k * n_words + start
        shifted_back(order, known, 0, n, before, rows[_CHUNK * (_CENTRE - count + k) :])
        shifted_back(order, known, offsets[k], n, after, rows[_CHUNK * (_CENTRE + count - k) :])
    border = rows[_BORDER:]
    for j in range(_CHUNK):
        border[j] = ~_NONE
    for plane in range(n_planes):
        bits = planes[plane * n_words + start :]
        for j in range(n):
            border[j] &= bits[j]


@inner
def _write_full_codes(rows: np.ndarray, codes: np.ndarray, start: int, n: int) -> None:
    """Codes of the lowest position in the 27 rows."""
    _reset_codes(rows)
    for k in range(27):
        row = _CHUNK * k
        for bit in range(FULL_CODE_BITS):
            if (k >> bit) & 1:
                code = _CODE + _CHUNK * bit
                for j in range(_CHUNK):
                    rows[code + j] |= rows[row + j] & rows[_FREE + j]
        for j in range(_CHUNK):
            rows[_FREE + j] &= ~rows[row + j]
    for bit in range(FULL_CODE_BITS):
        for j in range(n):
            codes[8 * (start + j) + FULL_CODE + bit] = rows[_CODE + _CHUNK * bit + j]


@inner
def _write_face_codes(
    rows: np.ndarray, codes: np.ndarray, start: int, n: int, volumetric: bool
) -> None:
    """Codes of the first face that is not in the 27 rows."""
    _reset_codes(rows)
    for f in range(0 if volumetric else 1, 6 if volumetric else 5):
        row = _CHUNK * FACE_POSITIONS[f]
        for bit in range(FACE_CODE_BITS):
            if (f >> bit) & 1:
                code = _CODE + _CHUNK * bit
                for j in range(_CHUNK):
                    rows[code + j] |= ~rows[row + j] & rows[_FREE + j]
        for j in range(_CHUNK):
            rows[_FREE + j] &= rows[row + j]
    for bit in range(FACE_CODE_BITS):
        for j in range(n):
            codes[8 * (start + j) + FACE_CODE + bit] = rows[_CODE + _CHUNK * bit + j]


@inner
def _reset_codes(rows: np.ndarray) -> None:
    """Begin a code: all ones on the border, nothing found elsewhere."""
    for j in range(_CHUNK):
        rows[_FREE + j] = ~_NONE
    for bit in range(FULL_CODE_BITS):
        for j in range(_CHUNK):
            rows[_CODE + _CHUNK * bit + j] = rows[_BORDER + j]


@inner
def _not_simple(rows: np.ndarray) -> None:
    """In 3-D: several or no 6-components outside the rows, or another Euler characteristic.

    With h components outside and c inside, the characteristic changes by h - c: where h is 1, an
    unchanged one says that c is 1 as well. The cells that the voxel brings are itself and each
    face, edge and corner all of whose other voxels are outside the rows.
    """
    n = _CHUNK
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
        rows[_RESULT + j] = several | none | ~(ones & ~twos & fours & eights & ~sixteens)


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
    n = _CHUNK
    once = np.zeros(n, np.uint64)
    twice = np.zeros(n, np.uint64)
    for face, corner, following in ((10, 11, 14), (14, 17, 16), (16, 15, 12), (12, 9, 10)):
        for j in range(n):
            begins = ~rows[n * face + j] & (rows[n * corner + j] | rows[n * following + j])
            twice[j] |= once[j] & begins
            once[j] |= begins
    for j in range(n):
        rows[_RESULT + j] = twice[j] | ~once[j]


@inner
def _write_words(rows: np.ndarray, flip: np.uint32, columns: np.ndarray) -> None:
    """Turn rows of bits into words: transpose 32 x 32 bits at a time (Warren, Hacker's Delight).

    Args:
        flip: xor-ed with every word.
        columns: uint32 (64 n,); `columns[n * p + j]` of voxel p of machine word j.
    """
    for half in range(2):
        base, down = 32 * _CHUNK * half, np.uint64(32 * half)
        for i in range(27 * _CHUNK):
            columns[base + i] = np.uint32(rows[i] >> down)
        for i in range(27 * _CHUNK, 32 * _CHUNK):
            columns[base + i] = 0
        for step in range(5):
            size = 16 >> step
            mask = np.uint32(0xFFFFFFFF // ((1 << size) + 1))
            shift = np.uint32(size)
            for k in range(32):
                if k & size == 0:
                    low = base + _CHUNK * k
                    high = low + _CHUNK * size
                    for j in range(_CHUNK):
                        swap = ((columns[low + j] >> shift) ^ columns[high + j]) & mask
                        columns[high + j] ^= swap
                        columns[low + j] ^= swap << shift
    for i in range(64 * _CHUNK):
        columns[i] ^= flip


@inner
def _leave_out_border(rows: np.ndarray, n: int) -> int:
    """Clear the results on the border and behind the last word; count the others."""
    count = 0
    for j in range(n, _CHUNK):
        rows[_RESULT + j] = 0
    for j in range(_CHUNK):
        rows[_RESULT + j] &= ~rows[_BORDER + j]
        count += int(_count_bits(rows[_RESULT + j]))
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
    for j in range(_CHUNK):
        rest = rows[_RESULT + j]
        while rest:
            place = int(_count_bits((rest & (~rest + _ONE)) - _ONE))
            rest &= rest - _ONE
            voxels[count] = 64 * (start + j) + place
            words[count] = columns[_CHUNK * place + j]
            count += 1
    return count


@inner
def _append_sparse(
    rows: np.ndarray, flip: np.uint32, start: int, voxels: np.ndarray, words: np.ndarray, count: int
) -> int:
    for j in range(_CHUNK):
        rest = rows[_RESULT + j]
        while rest:
            place = _count_bits((rest & (~rest + _ONE)) - _ONE)
            rest &= rest - _ONE
            word = np.uint64(flip)
            for k in range(27):
                word ^= ((rows[_CHUNK * k + j] >> place) & _ONE) << np.uint64(k)
            voxels[count] = 64 * (start + j) + int(place)
            words[count] = word
            count += 1
    return count


@inner
def _count_bits(word: np.uint64) -> np.uint64:
    # LLVM knows the pattern and emits one instruction.
    word -= (word >> _ONE) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)
