"""The paper's tables and figures, each a list of runs."""

from topojax.experiments.reproduce.asked import FIGURES, TABLES, Asked
from topojax.experiments.reproduce.budgets import BUDGETS
from topojax.experiments.reproduce.planned import Choices
from topojax.experiments.reproduce.reproduction import reproduce

__all__ = ["BUDGETS", "FIGURES", "TABLES", "Asked", "Choices", "reproduce"]
