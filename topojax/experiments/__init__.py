"""Runs on data sets: from a data set and a configuration to a run folder with scores."""

from topojax.experiments.fit_run import fit_run

__all__ = ["fit_run"]
