"""Networks of one fit, each a job of its own, which other processes may do."""

from topojax.pipeline.spread.epoch_log import EpochLog
from topojax.pipeline.spread.job import NetworkJob
from topojax.pipeline.spread.side_by_side import train_side_by_side

__all__ = ["EpochLog", "NetworkJob", "train_side_by_side"]
