"""The paper's tables, each a list of runs."""

from topojax.experiments.reproduce.asked import TABLES, Asked
from topojax.experiments.reproduce.budgets import BUDGETS
from topojax.experiments.reproduce.planned import Choices
from topojax.experiments.reproduce.reproduction import reproduce

__all__ = ["BUDGETS", "TABLES", "Asked", "Choices", "reproduce"]
