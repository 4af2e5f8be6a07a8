"""Adam (paper, section 4.1) and the schedules of its learning rate."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import optax

Schedule = Literal["constant", "cosine", "one-cycle"]


def learning_rate(
    schedule: Schedule, peak: float, steps: int, warmup_steps: int = 0
) -> float | optax.Schedule:
    """Return the learning rate, constant or as a function of the number of updates made.

    `constant` and `cosine` grow linearly from 0 to `peak` in the first `warmup_steps`. `cosine`
    (Loshchilov and Hutter 2017, without restarts) then falls to 0 at the last step. `one-cycle`
    (Smith and Topin 2019) rises along a cosine from peak / 25 over the first 30 % of the steps and
    falls to peak / 250000.

    Args:
        schedule: the name.
        peak: the highest learning rate.
        steps: updates in all of the training.
        warmup_steps: fewer than `steps`; ignored by `one-cycle`.
    """
    if schedule == "one-cycle":
        return optax.cosine_onecycle_schedule(steps, peak)
    if schedule == "constant" and not warmup_steps:
        return peak
    flat = optax.constant_schedule(peak)
    after = (
        flat if schedule == "constant" else optax.cosine_decay_schedule(peak, steps - warmup_steps)
    )
    rise = optax.linear_schedule(0.0, peak, warmup_steps)
    return optax.join_schedules([rise, after], [warmup_steps]) if warmup_steps else after


@lru_cache
def make_optimiser(
    schedule: Schedule, peak: float, steps: int, warmup_steps: int
) -> optax.GradientTransformation:
    """Return Adam at `learning_rate(...)`; equal arguments give the identical object.

    A compiled step is found again by the identity of its optimiser.
    """
    return optax.adam(learning_rate(schedule, peak, steps, warmup_steps))
