"""What a check sees: the study as written, its plan, and how to name a place of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thecal.core.errors import Problem
from thecal.study.model.study import Arm, Give, Study
from thecal.study.plan import ArmPlan, StudyPlan


@dataclass(frozen=True)
class Context:
    """A study with its plan; arms stand in the same order in both."""

    study: Study
    plan: StudyPlan

    def arms(self) -> Iterator[tuple[int, Arm, ArmPlan]]:
        """Each arm: its index, as written, as planned."""
        for index, (written, planned) in enumerate(zip(self.study.arms, self.plan.arms, strict=True)):
            yield index, written, planned

    def gives(self) -> Iterator[tuple[tuple[str | int, ...], Give, ArmPlan]]:
        """Each thing given: its place, as written, and its arm."""
        for index, written, planned in self.arms():
            for i, give in enumerate(written.give):
                yield ("arms", index, "give", i), give, planned

    def warning(self, code: str, path: tuple[str | int, ...], what: str, seen: str = "", allowed: str = "",
                remedy: str = "") -> Problem:
        """A finding with severity warning."""
        return Problem(self.study.place(*path), what, seen, allowed, remedy, "warning", code)

    def note(self, code: str, path: tuple[str | int, ...], what: str, seen: str = "", allowed: str = "",
             remedy: str = "") -> Problem:
        """A finding with severity note."""
        return Problem(self.study.place(*path), what, seen, allowed, remedy, "note", code)

    def error(self, code: str, path: tuple[str | int, ...], what: str, seen: str = "", allowed: str = "",
              remedy: str = "") -> Problem:
        """A finding with severity error."""
        return Problem(self.study.place(*path), what, seen, allowed, remedy, "error", code)


def cells_given(arm: ArmPlan) -> bool:
    """True where living cells are given."""
    return any(a.kind == "cells" for a in arm.administrations)


def listed(names: list[str], most: int = 6) -> str:
    """Names in a row, cut after a few."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
