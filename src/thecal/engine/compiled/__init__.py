"""The cohort engine: a declared model compiled to vector code that steps many animals at once."""

from thecal.engine.compiled.integrator import CompiledIntegrator, check_budget

__all__ = ["CompiledIntegrator", "check_budget"]
