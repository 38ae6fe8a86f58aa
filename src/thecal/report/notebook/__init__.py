"""The report of a real notebook: what was found in it, what it shows, and what may be concluded."""

from thecal.report.notebook.page import write_report

__all__ = ["write_report"]
