"""What one run times: in full, quick, and on a GPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

from topojax.errors import ConfigError

OURS, TORCH = "topojax", "torch"
BY_LAYER = "torch by layer"


@dataclass(frozen=True)
class Case:
    """One network on cubes or squares of one width."""

    network: str
    width: int
    batch: int

    @property
    def size(self) -> str:
        """As a table has it."""
        return f"{self.width}{'³' if self.network == 'r3d_18' else '²'}"


@dataclass(frozen=True)
class Plan:
    """What one run times.

    Attributes:
        stem: name of the files of results.
        repeats: rounds; the median counts.
        cases: networks, widths and batches.
        precision: of activations.
        tolerance: largest `difference` of results.
        targets: by task and torch's way, the largest time of ours over torch's.
    """

    stem: str
    repeats: int
    cases: tuple[Case, ...]
    precision: str
    tolerance: float
    targets: dict[str, dict[str, float]]


_CPU_TARGETS = {"forward": {TORCH: 1.2}, "cam": {BY_LAYER: 1 / 2.5}, "training": {TORCH: 1.3}}
FULL = Plan(
    stem="backbones",
    repeats=7,
    cases=(
        Case("r3d_18", 28, 8),
        Case("r3d_18", 64, 2),
        Case("resnet18", 28, 32),
        Case("resnet18", 64, 32),
        Case("resnet18", 224, 8),
    ),
    precision="float32",
    tolerance=1e-3,
    targets=_CPU_TARGETS,
)
QUICK = replace(
    FULL,
    stem="backbones_quick",
    repeats=3,
    cases=(Case("r3d_18", 28, 2), Case("resnet18", 28, 8), Case("resnet18", 64, 8)),
)
GPU = replace(
    FULL,
    stem="backbones_gpu",
    cases=(Case("r3d_18", 64, 32), Case("resnet18", 224, 32)),
    precision="bfloat16",
    tolerance=0.1,
    targets={task: {TORCH: 1.0} for task in ("forward", "cam", "training")},
)


def one_case(plan: Plan, name: str) -> Plan:
    """Return a plan of one case alone, such as `r3d_18-28`, whose results have its name.

    Raises:
        ConfigError: the plan has no such case.
    """
    cases = tuple(case for case in plan.cases if name == f"{case.network}-{case.width}")
    if not cases:
        names = ", ".join(f"{case.network}-{case.width}" for case in plan.cases)
        raise ConfigError(f"--only {name}: choose one of {names}")
    return replace(plan, cases=cases, stem=f"{plan.stem}_{name}")
