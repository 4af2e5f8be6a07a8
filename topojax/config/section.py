"""What all sections of the configuration are, and bounds that several share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

# Far beyond any honest use: what is above would exhaust memory or years, not say it.
MOST_ROUNDS = 100_000
MOST_ROWS = 2**20
MOST_PIXELS = 2**14


class Section(BaseModel):
    """Frozen; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
