"""What was done to the images of a data set, in words, as a run records it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from topojax.config import PrepareConfig
from topojax.data.prepared.consistency import ImageFacts

# Voxels whose longest side is this many times their shortest are worth a word.
_ANISOTROPIC = 1.5


def preparation_in_words(facts: Sequence[ImageFacts], config: PrepareConfig) -> str:
    """Return what the images were and what was done to them, in one line.

    Args:
        facts: of each image, at least one.
        config: how they were prepared.
    """
    what = "volume" if facts[0].spatial_dims == 3 else "image"
    many = f"The {len(facts)} {what}s were read from files"
    parts = [
        many if len(facts) > 1 else f"One {what} was read from a file",
        *_intensities(config),
        *_spacings(facts, config),
        *_shapes(facts, config),
        *_notes(facts),
    ]
    return "; ".join(parts)


def _intensities(config: PrepareConfig) -> Iterator[str]:
    if config.window is not None:
        yield "intensities from {:g} to {:g} became 0 to 1".format(*config.window)
    if config.percentiles is not None:
        yield "each one's percentiles {:g} and {:g} became 0 and 1".format(*config.percentiles)
    if config.normalise != "none":
        yield f"each was normalised by its own {config.normalise}"
    if config.colour == "luma":
        yield "colours became luma"


def _spacings(facts: Sequence[ImageFacts], config: PrepareConfig) -> Iterator[str]:
    if facts[0].spatial_dims == 3:
        turned = config.orientation == "ras"
        to = "turned to the patient's right, front and head" if turned else "left as stored"
        yield f"axes were {to}"
    known = [one.spacing for one in facts if one.spacing is not None]
    if known:
        lows, highs = (tuple(f(axis) for axis in zip(*known, strict=True)) for f in (min, max))
        uneven = max(max(one) / min(one) for one in known)
        more = f", up to {uneven:.3g} times as long as wide" if uneven > _ANISOTROPIC else ""
        yield f"voxels were of {_range(lows, highs)} mm{more}"
    if config.spacing is not None and config.spacing != "any":
        spacing = config.spacing if isinstance(config.spacing, tuple) else (config.spacing,)
        yield f"resampled to {_each(spacing)} mm"


def _shapes(facts: Sequence[ImageFacts], config: PrepareConfig) -> Iterator[str]:
    first = facts[0]
    if len({one.shape for one in facts}) > 1:
        yield "each kept its own shape"
        return
    shape = " x ".join(map(str, first.shape[: first.spatial_dims]))
    stored = {tuple(sorted(one.stored_shape)) for one in facts}
    is_as_stored = stored == {tuple(sorted(first.shape[: first.spatial_dims]))}
    if config.spacing not in (None, "any") and config.shape is not None:
        yield f"cropped and padded to {shape}"
    elif is_as_stored:
        yield f"{shape} as stored"
    elif config.spacing in (None, "any"):
        yield f"resized to {shape}"
    else:
        yield f"which made them {shape}"


def _notes(facts: Sequence[ImageFacts]) -> Iterator[str]:
    counts = Counter(_kind(note) for one in facts for note in one.notes)
    for note, count in counts.items():
        yield f"{note} ({count} of {len(facts)})"


def _kind(note: str) -> str:
    """Return a note without its numbers, so that those of one kind count as one."""
    return " ".join(word for word in note.split() if not word.rstrip("°").isdecimal())


def _range(lows: Sequence[float], highs: Sequence[float]) -> str:
    same = all(abs(high - low) <= 1e-3 * low for low, high in zip(lows, highs, strict=True))
    return _each(lows) if same else f"{_each(lows)} to {_each(highs)}"


def _each(lengths: Sequence[float]) -> str:
    return " x ".join(f"{one:.4g}" for one in lengths)
