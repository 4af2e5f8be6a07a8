"""The options of commands whose work can be spread."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from topojax.executors import Spreading


def spreading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where work is done; the command gets them as `spreading`."""

    @wraps(command)
    def told(
        *args: Any, workers: int | None, scheduler: str | None, slurm: str | None, **others: Any
    ) -> Any:
        return command(*args, spreading=Spreading(workers, scheduler, slurm), **others)

    decorators = (
        click.option(
            "--workers",
            type=click.IntRange(1),
            metavar="N",
            help="Spread over N processes of this machine, which share its processors.",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Spread over an existing Dask cluster, such as tcp://10.0.0.1:8786.",
        ),
        click.option(
            "--slurm",
            metavar="PARTITION[,OPTION=VALUE…]",
            help="Spread over jobs of SLURM, with options of sbatch: gpu,time=120,mem=16G.",
        ),
    )
    decorated: Callable[..., Any] = told
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    return decorated
