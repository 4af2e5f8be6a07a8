"""How much a weight file may become in memory."""

from __future__ import annotations

from topojax.errors import WeightsError

# Weights compress to a half at best, and layers that share theirs are a few dozens. What is small
# is allowed anything: a file of zeros for a test.
_FOLD = 100
_ALWAYS = 64 * 2**20


def check_expansion(n_bytes: int, file_size: int, how: str) -> None:
    """Refuse a file that would become a great many times its size when it is read or converted.

    Args:
        n_bytes: of all arrays, each by itself.
        file_size: bytes of the file.
        how: what makes them more, for the message.

    Raises:
        WeightsError: the arrays have more than 64 MiB and more than 100 times the file's bytes.
    """
    if n_bytes > max(_ALWAYS, _FOLD * file_size):
        raise WeightsError(
            f"it would become {n_bytes / 2**20:.0f} MiB out of {file_size / 2**20:.1f} MiB, since "
            f"{how}; no weights do: check what it is"
        )
