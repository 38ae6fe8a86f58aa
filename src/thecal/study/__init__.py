"""The study room: read a study file, check it, and resolve it into a plan that the engine can run."""

from thecal.study.load import dumps, library, load, loads
from thecal.study.resolve import resolve

__all__ = ["dumps", "library", "load", "loads", "resolve"]
