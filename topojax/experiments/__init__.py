"""Runs on data sets: from a data set and a configuration to a run folder with scores."""

from topojax.experiments.fit_run import fit_run
from topojax.experiments.run_folder import RunFolder, open_run

__all__ = ["RunFolder", "fit_run", "open_run"]
