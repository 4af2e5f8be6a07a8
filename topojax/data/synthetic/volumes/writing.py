"""A test volume written slab by slab: a killed run goes on, and what is there is whole."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from topojax.data.memory import in_units
from topojax.data.synthetic.volumes.plan import VolumePlan
from topojax.data.synthetic.volumes.stores import Store, facts_file, facts_of, store_for
from topojax.errors import RunError
from topojax.files import (
    NoSpaceError,
    cannot_write,
    check_new_file,
    exists,
    is_no_space,
    locked,
    nearest_folder,
    write_atomically,
)

_LOGGER = logging.getLogger(__name__)

# In the folder beside the volume in which it is made.
_ORDER, _PLANES, _LOCK, _REPLACED = "order.json", "planes", "lock", "replaced"
# Of another arrangement of what is made, so that older folders are not gone on with.
_FORMAT = 1


def write_volume(
    plan: VolumePlan,
    output: Path,
    *,
    chunks: tuple[int, int, int] | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> None:
    """Write a test volume and what is known of it, one slab in memory at a time.

    It is made in a hidden folder beside its place and moved there when it is whole. The same call
    after a kill goes on behind the last whole slab. Plan and Betti numbers are in the attributes of
    a zarr array (`synthetic`, `betti`), else in a JSON file beside the volume, `big.npy.json`.

    Args:
        plan: of the volume.
        output: `.zarr`, `.npy`, `.tif`, or no ending: a folder of TIFF files of a plane each.
        chunks: voxels of a zarr chunk along each axis; slabs are as thick. None: 16 x 256 x 256.
        overwrite: replace what is there, and begin anew what was begun with other options.
        progress: show a bar on a terminal.

    Raises:
        ConfigError: another ending, or chunks that do not fit.
        RunError: something is there, was begun otherwise, is made by another process, or cannot be
            written.
        NoSpaceError: the disk has not enough space.
    """
    making = output.parent / f".{output.name}.making"
    store = store_for(output, _volume_in(making, output), plan, chunks)
    order = {"format": _FORMAT, "plan": plan.to_json(), "slab": store.slab, "chunks": chunks}
    order = json.loads(json.dumps(order))
    _check_place(output, making, order, overwrite)
    try:
        with _begun(making, order):
            done = _planes_made(making)
            _check_room(output, plan, done)
            _write_slabs(store, plan, making, done, output.name, progress)
            _move(output, making, plan)
        shutil.rmtree(making)
    except OSError as error:
        failed = cannot_write(output, error)
        if not is_no_space(error):
            raise failed from None
        raise NoSpaceError(f"{failed}: free some, and the same command goes on") from None


def _check_place(output: Path, making: Path, order: dict[str, Any], overwrite: bool) -> None:
    """Raise RunError where something is in the way."""
    begun, beside = _order_of(making), facts_file(output)
    if not overwrite and begun not in (None, order):
        raise RunError(
            f"{output} was begun with other options ({making} holds it); give the same ones to go "
            "on, or --overwrite to begin anew"
        )
    moved = begun == order and _planes_made(making) and not exists(_volume_in(making, output))
    for path in (output, *([] if beside is None else [beside])):
        if exists(path) and not (overwrite or moved):
            raise RunError(
                f"{path} exists and is not overwritten; choose another place, or --overwrite"
            )
    if not exists(output):
        check_new_file(output)
    elif output.is_dir() and not _is_ours(output):
        raise RunError(
            f"{output} is a folder of something else, which is not replaced; choose another place"
        )


@contextmanager
def _begun(making: Path, order: dict[str, Any]) -> Iterator[None]:
    """Hold the folder in which the volume is made, with this order in it and no other's planes."""
    making.mkdir(exist_ok=True)
    with locked(making / _LOCK, partial(_refuse_busy, making)):
        if _order_of(making) != order:
            for other in making.iterdir():
                if other.is_dir():
                    shutil.rmtree(other)
                elif other.name != _LOCK:
                    other.unlink()
            write_atomically(making / _ORDER, json.dumps(order).encode())
        yield


def _refuse_busy(folder: Path) -> None:
    raise RunError(
        f"{folder} is being written by another process; wait for it, or choose another place"
    )


def _check_room(output: Path, plan: VolumePlan, done: int) -> None:
    """Say what will be written, and raise NoSpaceError where the disk has not as much."""
    left = plan.nbytes // plan.shape[0] * (plan.shape[0] - done)
    place = nearest_folder(output.parent)
    free = shutil.disk_usage(place).free
    so_far = f", {done} of {plan.shape[0]} planes are there" if done else ""
    _LOGGER.info(
        "%s: %s to be written, %s are free in %s%s",
        output,
        in_units(left),
        in_units(free),
        place,
        so_far,
    )
    if free < left:
        raise NoSpaceError(
            f"{output} needs {in_units(left)}, and {in_units(free)} are free in {place}; free the "
            "space, or choose a smaller --shape"
        )


def _write_slabs(
    store: Store, plan: VolumePlan, making: Path, done: int, name: str, progress: bool
) -> None:
    """Write the planes that are not there; each slab counts from when it is whole."""
    if not done:
        store.begin()
    plane_bytes = plan.nbytes // plan.shape[0]
    with tqdm(
        total=plan.nbytes,
        initial=done * plane_bytes,
        desc=name,
        unit="B",
        unit_scale=True,
        disable=None if progress else True,
    ) as bar:
        for start in range(done, plan.shape[0], store.slab):
            stop = min(start + store.slab, plan.shape[0])
            store.write(start, plan.planes(start, stop))
            write_atomically(making / _PLANES, str(stop).encode())
            bar.update((stop - start) * plane_bytes)


def _move(output: Path, making: Path, plan: VolumePlan) -> None:
    """Put the whole volume into its place, and its facts beside it; a kill in between is mended."""
    volume, replaced = _volume_in(making, output), making / _REPLACED
    if exists(volume):
        if exists(output):
            output.replace(replaced)
        volume.replace(output)
    beside = facts_file(output)
    if beside is not None:
        write_atomically(beside, (json.dumps(facts_of(plan), indent=2) + "\n").encode())


def _volume_in(making: Path, output: Path) -> Path:
    return making / f"volume{output.suffix}"


def _planes_made(making: Path) -> int:
    try:
        return int((making / _PLANES).read_text("ascii"))
    except FileNotFoundError:
        return 0


def _order_of(making: Path) -> dict[str, Any] | None:
    """Return what is being made in a folder; None where nothing is."""
    try:
        return json.loads((making / _ORDER).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder is a volume that `write_volume` made."""
    beside = facts_file(folder)
    try:
        told = json.loads((beside or folder / "zarr.json").read_bytes())
    except (OSError, ValueError):
        return False
    return "synthetic" in (told if beside else told.get("attributes", {}))
