"""The cohort engine: a declared model compiled to vector code that steps many animals at once."""

from thecal.engine.compiled.checks import check_budget
from thecal.engine.compiled.integrator import CompiledIntegrator, CompiledSolution

__all__ = ["CompiledIntegrator", "CompiledSolution", "check_budget"]
