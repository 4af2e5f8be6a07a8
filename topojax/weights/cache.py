"""Published weight files on this machine: downloaded once, checked, stored as npz."""

from __future__ import annotations

import hashlib
from pathlib import Path

from topojax.download import UnreachableError, append_download
from topojax.errors import WeightsError
from topojax.user_cache import user_cache
from topojax.weights.formats.state_dict_file import write_state_dict
from topojax.weights.formats.torch_file import read_torch_file
from topojax.weights.published import PublishedWeights


def cache_folder() -> Path:
    """Return where weights are kept: `weights` in $TOPOJAX_CACHE, else in topojax's user cache.

    That is $XDG_CACHE_HOME/topojax, else ~/.cache/topojax.

    Raises:
        WeightsError: none of these is set, and there is no home folder.
    """
    try:
        return user_cache() / "weights"
    except RuntimeError:
        raise WeightsError(
            "there is no home folder to keep weights in; set TOPOJAX_CACHE to a folder for them"
        ) from None


def cached_file(weights: PublishedWeights) -> Path:
    """Return where the converted file is, or would be."""
    return (cache_folder() / weights.file).with_suffix(".npz")


def fetch_weights(weights: PublishedWeights, *, progress: bool = True) -> Path:
    """Return the converted file of published weights, after downloading it unless it is there.

    A download that breaks off is gone on with by the next call. torch's file, put into the cache
    folder by hand, is used in place of a download and left as it is.

    Args:
        progress: show a bar on a terminal.

    Raises:
        WeightsError: the address cannot be reached, the file is not what its name says, or the
            cache folder cannot be written.
    """
    target = cached_file(weights)
    if target.is_file():
        return target
    by_hand = target.with_name(weights.file)
    part = target.with_name(f"{weights.file}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not by_hand.is_file():
            with part.open("ab") as file:
                append_download(weights.url, file, weights.file, progress=progress)
        source = by_hand if by_hand.is_file() else part
        _check_hash(source, weights)
        write_state_dict(target, read_torch_file(source))
        part.unlink(missing_ok=True)
    except UnreachableError as error:
        raise WeightsError(
            f"{weights.url} cannot be reached ({error}); try again, or download it on another "
            f"machine, put it into {target.parent} and run `topojax weights fetch "
            f"{weights.network}` once more"
        ) from None
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be written: {error.strerror}; set TOPOJAX_CACHE to another folder"
        ) from None
    return target


def _check_hash(path: Path, weights: PublishedWeights) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got.startswith(weights.sha256_start):
        return
    if path.suffix == ".part":
        path.unlink()
    raise WeightsError(
        f"{path} has the SHA-256 {got}, which should begin with {weights.sha256_start}; it is "
        f"damaged: download {weights.url} again"
    )
