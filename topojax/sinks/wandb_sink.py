"""Weights & Biases: a folder of an offline run, unless WANDB_MODE says otherwise.

`topojax.json` in that folder says how much of the run it holds. A step of W&B is a line of the log,
and a server takes no step twice, so that what is sent from another machine is not doubled either.
Charts are drawn against epochs, generations and endings.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from topojax.errors import ConfigError
from topojax.files import make_folder
from topojax.sinks.records import Entry, File, Note, Parameter
from topojax.sinks.sink import GO_ON, Mark, Origin, refusals_of, require
from topojax.sinks.watching import State

# W&B tells its makers of its errors unless this is set before it is imported.
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
wandb = require("wandb", "wandb")

_FOLDERS = {"offline": "offline-run", "online": "run"}
"""How W&B names the folder of a run, by mode."""


class WandbSink:
    """One run of W&B, in the project WANDB_PROJECT or `topojax`.

    Args:
        origin: the run.
        output: folder in which W&B makes its own, `wandb`; None: WANDB_DIR, or this folder.

    Raises:
        ConfigError: WANDB_MODE is neither offline nor online.
        RunError: W&B refuses, in its words; so do all methods.
    """

    takes_infinite = True

    def __init__(self, origin: Origin, output: Path | None) -> None:
        self._mode = os.environ.get("WANDB_MODE", "offline")
        if self._mode not in _FOLDERS:
            raise ConfigError(f"WANDB_MODE={self._mode!r}; expected offline (default) or online")
        self._origin, self._exit_code, self._run = origin, 0, None
        self._root = output if output is not None else Path(os.environ.get("WANDB_DIR", "."))
        self.place = f"W&B, {self._mode}, in {self._root}"
        marked = f"*wandb/{_FOLDERS[self._mode]}-*-{origin.id}*/{Mark.file_name}"
        marks = [Mark.read(file.parent) for file in self._root.glob(marked)]
        self.mark = max(marks, key=lambda mark: (mark.lines, mark.is_whole), default=Mark())

    def send(self, entries: Sequence[Entry], mark: Mark) -> None:
        """Send entries, then write the mark."""
        with refusals_of(self.place, GO_ON, wandb.Error, OSError):
            run = self._begun()
            for entry in entries:
                self._send(run, entry)
            mark.write(Path(run.settings.sync_dir))
        self.mark = mark

    def end(self, state: State, time: float) -> None:
        """Have the run of W&B end as the run did."""
        self._exit_code = int(state is State.INTERRUPTED)

    def close(self) -> None:
        """Wait for the process that writes."""
        if self._run is not None:
            self._run.finish(exit_code=self._exit_code)

    def _begun(self) -> Any:
        # Not before there is something to send: every beginning leaves a folder.
        if self._run is None:
            make_folder(self._root, "choose another --output")
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", "topojax"),
                id=self._origin.id,
                name=self._origin.name,
                dir=str(self._root.absolute()),
                mode=self._mode,
                resume="allow" if self._mode == "online" else None,
                # What runs here is not what was fitted.
                settings=wandb.Settings(
                    console="off",
                    disable_git=True,
                    quiet=True,
                    save_code=False,
                    x_disable_stats=True,
                ),
            )
        return self._run

    def _send(self, run: Any, entry: Entry) -> None:
        known: dict[str, Any] = {}
        files: list[Path] = []
        for record in entry.records:
            if isinstance(record, Parameter):
                run.config.update({record.name: record.value}, allow_val_change=True)
            elif isinstance(record, Note):
                known[record.name] = record.text
            elif isinstance(record, File):
                files.append(record.path)
            elif record.axis is None:
                known[record.name] = record.value
            else:
                run.define_metric(record.name, step_metric=record.axis)
                at = {record.axis: record.step, "_timestamp": record.time}
                run.log({record.name: record.value, **at}, step=entry.line)
        run.summary.update(known)
        if files:
            artifact = wandb.Artifact(f"run-{self._origin.id}", type="run")
            for path in files:
                artifact.add_file(str(path))
            run.log_artifact(artifact)
