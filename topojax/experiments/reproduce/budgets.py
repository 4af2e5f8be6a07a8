"""How much each run of a reproduction may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

BudgetName = Literal["quick", "paper"]


@dataclass(frozen=True)
class Budget:
    """What a budget changes of a preset.

    Attributes:
        sizes: voxels along every axis, by the number of axes.
        stored: of the MedMNIST files that are read and resized to that; None: those of that size.
        every: overrides of every run.
        method: of runs of the whole method, beside.
        networks: of networks alone, beside.
        unet: settings of the U-Nets whose masks are analysed; none of the others reach them.
    """

    sizes: Mapping[int, int]
    stored: int | None = None
    every: Mapping[str, Any] = field(default_factory=dict)
    method: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, Any] = field(default_factory=dict)
    unet: Mapping[str, Any] = field(default_factory=dict)


BUDGETS: Mapping[BudgetName, Budget] = {
    # A table within an hour on two cores.
    "quick": Budget(
        sizes={2: 64, 3: 28},
        # The files that everybody has, of a tenth of the size.
        stored=28,
        every={"backbone.epochs": 3, "backbone.schedule": "cosine"},
        method={"search.generations": 5, "search.population_per_gene": 5},
        # The rate suits few updates: after 24 epochs on 40 volumes of 28^3, validation Dice is
        # 0.84, at 1e-3 0.75.
        unet={"widths": (16, 32, 64, 128), "epochs": 40, "learning_rate": 5e-3},
    ),
    # Section 4.1: sizes, Adam at 1e-4 for networks, the best epoch of 100 by validation AUC. Of
    # the U-Net it says no more than whose it is, and its defaults are that one's.
    "paper": Budget(sizes={2: 224, 3: 64}, networks={"backbone.learning_rate": 1e-4}),
}
