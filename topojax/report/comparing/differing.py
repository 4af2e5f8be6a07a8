"""What differs between runs beside their scores: configuration, versions, machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topojax.report.comparing.named_run import NamedRun
from topojax.report.tables import Table, flattened
from topojax.runs import Environment

_ABSENT = "absent"


def configuration_differences(runs: Sequence[NamedRun]) -> Table | None:
    """Return the keys whose values differ, one column a run; None where there is none."""
    settings = [{key: _text(value) for key, value in flattened(one.run.config)} for one in runs]
    return _differences("Configuration, where it differs", runs, settings)


def environment_differences(runs: Sequence[NamedRun]) -> Table | None:
    """Return versions, machine and data that differ, one column a run; None where there is none."""
    facts = [_facts(one.run.environment) for one in runs]
    return _differences("What the runs ran on, where it differs", runs, facts)


def _differences(
    caption: str, runs: Sequence[NamedRun], facts: Sequence[Mapping[str, str]]
) -> Table | None:
    names = dict.fromkeys(name for one in facts for name in one)
    values = {name: tuple(one.get(name, _ABSENT) for one in facts) for name in names}
    rows = tuple((name, *found) for name, found in values.items() if len(set(found)) > 1)
    return Table(caption, ("Key", *(one.title for one in runs)), rows) if rows else None


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _facts(environment: Environment) -> dict[str, str]:
    data = environment.data
    return {
        "topojax": environment.topojax,
        "Python": environment.python,
        **environment.packages,
        "device": environment.devices,
        "platform": environment.platform,
        "data": data.source,
        "shape": " × ".join(map(str, data.shape)),
        "training images": str(data.n["train"]),
        "validation images": str(data.n["val"]),
        "data fingerprint": data.fingerprint,
    }
