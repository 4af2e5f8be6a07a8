"""SHA-256 of what a checkpoint holds: orbax keeps none, and a changed number would be used."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jax
import numpy as np


def json_checksum(content: Any) -> str:
    """Return the SHA-256, in hexadecimal, of JSON values, whatever the order of their keys."""
    # Read back first: a tuple becomes a list, a number that is a key becomes text.
    read = json.loads(json.dumps(content))
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def arrays_checksum(arrays: Any) -> str:
    """Return the SHA-256, in hexadecimal, of a pytree's arrays in its order, with their shapes."""
    digest = hashlib.sha256()
    for leaf in map(np.asarray, jax.tree.leaves(arrays)):
        digest.update(f"{leaf.dtype.name}{leaf.shape}".encode())
        # As bytes: not every dtype of jax's has a buffer.
        digest.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8))
    return digest.hexdigest()
