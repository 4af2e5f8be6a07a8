"""What a user asked for: processes of this machine, a Dask cluster or SLURM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from topojax.errors import ConfigError

_SLURM_FORM = "--slurm PARTITION[,OPTION=VALUE,…]"


@dataclass(frozen=True)
class Spreading:
    """Where work is done; by default here, one piece after the other.

    Attributes:
        workers: so many processes of this machine, among which its processors are divided.
        scheduler: address of an existing Dask cluster.
        slurm: a partition; behind it, separated by commas, options of `sbatch`: `gpu,time=120`.

    Raises:
        ConfigError: two of them, values out of range, or a package that is not installed.
    """

    workers: int | None = None
    scheduler: str | None = None
    slurm: str | None = None

    def __post_init__(self) -> None:
        asked = {f"--{name}": value for name, value in vars(self).items() if value is not None}
        if len(asked) > 1:
            named = " and ".join(f"{option}={value}" for option, value in asked.items())
            raise ConfigError(f"{named}; expected one of the three at most, leave out the others")
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"--workers={self.workers}; expected 1 or more processes")
        if self.scheduler is not None:
            if "://" not in self.scheduler and ":" not in self.scheduler:
                raise ConfigError(
                    f"--scheduler={self.scheduler!r}; expected the address that the scheduler "
                    "prints when it starts, such as tcp://10.0.0.1:8786"
                )
            _need("distributed", f"--scheduler={self.scheduler}", "dask")
        if self.slurm is not None:
            self.slurm_options()
            _need("submitit", f"--slurm={self.slurm}", "slurm")

    def slurm_options(self) -> Mapping[str, str]:
        """Return the options of `sbatch` by name, `partition` first."""
        partition, *others = (self.slurm or "").split(",")
        pairs = [other.partition("=") for other in others]
        if not partition or "=" in partition or not all(name and sign for name, sign, _ in pairs):
            raise ConfigError(
                f"--slurm={self.slurm!r}; expected {_SLURM_FORM}, such as gpu,time=120,mem=16G"
            )
        return {"partition": partition} | {name: value for name, _, value in pairs}


def _need(package: str, asked: str, extra: str) -> None:
    if find_spec(package) is None:
        raise ConfigError(
            f"{asked} needs the package {package}, which is not installed; "
            f"pip install 'topojax[{extra}]'"
        )
