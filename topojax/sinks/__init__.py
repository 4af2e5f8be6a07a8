"""Runs to MLflow, Weights & Biases and TensorBoard, read from their folders.

Nothing that fits or scores knows of this. The libraries are extras, each imported where its sink is
asked for.
"""

from topojax.sinks.records import Entry, File, Note, Parameter, Scalar
from topojax.sinks.sending import Sent, send_run
from topojax.sinks.sink import SINKS, Mark, Origin, Sink
from topojax.sinks.watching import State

__all__ = [
    "SINKS",
    "Entry",
    "File",
    "Mark",
    "Note",
    "Origin",
    "Parameter",
    "Scalar",
    "Sent",
    "Sink",
    "State",
    "send_run",
]
