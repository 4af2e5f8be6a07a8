"""From events to records: losses and AUC by epoch, fitness by generation, seconds by stage."""

from __future__ import annotations

from collections import Counter

from topojax.sinks.event_log import Event
from topojax.sinks.records import Axis, Entry, Scalar


class EventRecords:
    """Reads the events of one run in their order, each once.

    | event | records |
    |---|---|
    | `epoch` | `backbone/{train_loss, val_loss, val_auc}`; of networks of folds, from 0, |
    | | `backbone/network_K/…` |
    | `generation` | `search/{best, mean}_fitness`, lower is better; of several searches |
    | | `search/search_K/…` |
    | `stage_finished` | `seconds/STAGE`; a resumed run may end a stage again, at the next step |

    All others say nothing that is a number, or what `metrics.json` says, too.

    Args:
        n_searches: how many rules are searched for in turn, `search.searches`.
    """

    def __init__(self, n_searches: int = 1) -> None:
        self._has_several = n_searches > 1
        self._search, self._generation = 0, -1
        self._endings: Counter[str] = Counter()

    def entry(self, event: Event) -> Entry:
        """Return what the next event says.

        Raises:
            RunError: it lacks a field, or has another kind of value; its line is named.
        """
        readers = {
            "epoch": self._epoch,
            "generation": self._of_generation,
            "stage_finished": self._stage,
        }
        reader = readers.get(event.name)
        return Entry(event.line, reader(event) if reader else ())

    def _epoch(self, event: Event) -> tuple[Scalar, ...]:
        of = f"network_{event.count('network')}/" if "network" in event.fields else ""
        return _scalars(
            event,
            "epoch",
            {key: f"backbone/{of}{key}" for key in ("train_loss", "val_loss", "val_auc")},
        )

    def _of_generation(self, event: Event) -> tuple[Scalar, ...]:
        generation = event.count("generation")
        # A search counts upwards, over kills too; whatever does not is the next one.
        self._search += generation <= self._generation
        self._generation = generation
        of = f"search_{self._search}/" if self._has_several else ""
        names = {key: f"search/{of}{key}_fitness" for key in ("best", "mean")}
        return _scalars(event, "generation", names)

    def _stage(self, event: Event) -> tuple[Scalar, ...]:
        stage, seconds = event.text("stage"), event.real("seconds")
        step = self._endings[stage]
        self._endings[stage] += 1
        return (Scalar(f"seconds/{stage}", "ending", step, seconds, event.time),)


def _scalars(event: Event, axis: Axis, names: dict[str, str]) -> tuple[Scalar, ...]:
    step = event.count(axis)
    return tuple(
        Scalar(name, axis, step, event.real(key), event.time) for key, name in names.items()
    )
