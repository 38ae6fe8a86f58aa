"""Statistics of behavioural readings, simulated or real: ``analyse(table, plan) -> Analysis``."""

from thecal.analysis.statistics.analysis import Analysis, analyse
from thecal.analysis.statistics.plan import AnalysisPlan
from thecal.analysis.statistics.readings import Readings, readings

__all__ = ["Analysis", "AnalysisPlan", "Readings", "analyse", "readings"]
