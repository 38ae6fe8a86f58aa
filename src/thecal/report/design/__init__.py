"""The page of a study design: power, curves, a reviewer's remarks, checklists."""

from thecal.report.design.page import write_page

__all__ = ["write_page"]
