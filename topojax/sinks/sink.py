"""What every sink does, and how one is opened: its library is imported then, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

from topojax.errors import ConfigError, RunError
from topojax.runs.record import FileRecord
from topojax.sinks.records import Entry
from topojax.sinks.watching import State

SINKS = {
    "mlflow": ("topojax.sinks.mlflow_sink", "MlflowSink"),
    "wandb": ("topojax.sinks.wandb_sink", "WandbSink"),
    "tensorboard": ("topojax.sinks.tensorboard_sink", "TensorBoardSink"),
}
"""Module and class of every sink, by its name, which is the name of its extra, too."""


class Mark(FileRecord):
    """How much of a run a sink has; kept in the sink, so that nothing is sent twice.

    Attributes:
        lines: of the log.
        is_whole: all that a finished run has left, too.
    """

    file_name: ClassVar[str] = "topojax.json"

    lines: int = 0
    is_whole: bool = False


@dataclass(frozen=True)
class Origin:
    """The run that is sent.

    Attributes:
        id: of `topojax.sinks.watching.run_id`.
        name: of its folder, for people.
        started: seconds since 1970.
    """

    id: str
    name: str
    started: float


class Sink(Protocol):
    """Where records of one run go.

    Attributes:
        place: for people.
        takes_infinite: infinite values are kept as they are; all sinks keep NaN.
        mark: how much of the run is there already.
    """

    place: str
    takes_infinite: bool
    mark: Mark

    def send(self, entries: Sequence[Entry], mark: Mark) -> None:
        """Send entries, then set the mark."""

    def end(self, state: State, time: float) -> None:
        """Say what became of the run, as far as is known, and when it said its last word."""

    def close(self) -> None:
        """Let go of files and processes; what was sent is kept."""


OpenSink = Callable[[Origin, Path | None], Sink]


def find_sink(name: str) -> OpenSink:
    """Return what opens the sink of that name, its library at hand.

    Raises:
        ConfigError: there is no such sink, or its extra is not installed.
    """
    if name not in SINKS:
        raise ConfigError(f"sink={name!r}; expected one of {', '.join(SINKS)}")
    module, kind = SINKS[name]
    return getattr(import_module(module), kind)


def require(module: str, extra: str) -> Any:
    """Import a library of an extra, or raise ConfigError that names the extra."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"sink={extra!r} needs {module}, which cannot be imported ({error}); "
            f"pip install 'topojax[{extra}]'"
        ) from error


GO_ON = "what is there stays, and the same command goes on"


@contextmanager
def refusals_of(place: str, remedy: str, *errors: type[Exception]) -> Iterator[None]:
    """Raise what a sink's library raises as RunError in one line; the remedy is what to do."""
    try:
        yield
    except errors as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise RunError(f"{place} refuses: {reason}; {remedy}") from error
