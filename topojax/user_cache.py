"""Where topojax keeps on this machine what is of use to later processes."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Return $TOPOJAX_CACHE, else $XDG_CACHE_HOME/topojax, else ~/.cache/topojax.

    Raises:
        RuntimeError: none of these is set, and there is no home folder.
    """
    own = os.environ.get("TOPOJAX_CACHE")
    users = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(users) if users else Path.home() / ".cache") / "topojax"
