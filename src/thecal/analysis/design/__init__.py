"""Planning a study: power by simulated experiments, randomisation lists, checklists, a reviewer's critique."""

from thecal.analysis.design.lists import unseal, write_lists
from thecal.analysis.design.study_design import Design, Request, design_study

__all__ = ["Design", "Request", "design_study", "unseal", "write_lists"]
