"""Checks of a study, each a small function with a name.

A study that cannot be read or resolved, or that asks for what cannot be (a test after the animals' end), is an error;
what can be run but is weak, unusual or assumed is a warning or a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from thecal.core.errors import Problem, ThecalError
from thecal.study.checks import animals, cages, doses, inputs, schedule
from thecal.study.checks.context import Context, listed
from thecal.study.load import everything_wrong, load
from thecal.study.model import Study
from thecal.study.plan import StudyPlan
from thecal.study.resolve import resolve

Check = Callable[[Context], Iterator[Problem]]
CHECKS: tuple[Check, ...] = (
    animals.no_vehicle, animals.one_sex, animals.few_animals, animals.unblinded, animals.not_randomised,
    animals.many_missed, animals.assumed_strain, animals.rodent_injury,
    cages.cages_unsized, cages.blocks_without_blocks, cages.cage_of_one, cages.broken_cages, cages.incomplete_cages,
    doses.viability_unstated, doses.large_volume, doses.unusual_dose, doses.before_injury, doses.after_end,
    doses.infused_cells, doses.removal_without_cells, doses.nothing_acts,
    schedule.no_tests, schedule.no_baseline, schedule.after_end, schedule.after_terminal, schedule.species_lacks_assay,
    schedule.outcome_not_measured, schedule.blind_to_protein, schedule.short_follow_up,
    inputs.outside_range, inputs.unused_definition, inputs.shadowed_name, inputs.treated_reference,
)
ORDER = {"error": 0, "warning": 1, "note": 2}


def lint(source: str | Path | Study) -> list[Problem]:
    """All findings about a study, errors first, then in the order of the checks.

    Arguments:
        source: a path, a name of the library, or a study already read.

    Returns: problems with severity ``error``, ``warning`` or ``note``; an empty list where there is nothing to say.
    """
    try:
        study = source if isinstance(source, Study) else load(source)
        found = _all(study)
    except ThecalError as error:
        return _merged(error.problems)
    return sorted(_merged(found), key=lambda problem: ORDER[problem.severity])


def runnable(source: str | Path | Study) -> StudyPlan:
    """The plan of a study in which lint finds no error.

    Errors: :class:`ThecalError` with every error; warnings and notes do not stop a study.
    """
    study = source if isinstance(source, Study) else load(source)
    errors = [problem for problem in lint(study) if problem.severity == "error"]
    if errors:
        raise ThecalError(errors)
    return resolve(study)


def findings(study: Study) -> list[Problem]:
    """What the reader is told while names are looked up, and what the checks find, place by place.

    Errors: :class:`ThecalError` where the study cannot be resolved.
    """
    plan = resolve(study)
    context = Context(study, plan)
    return [*plan.notices, *(problem for check in CHECKS for problem in check(context))]


def _all(study: Study) -> list[Problem]:
    """The findings; of a study with an error in the names, every error that can be seen past it."""
    try:
        return findings(study)
    except ThecalError as error:
        seen = everything_wrong(study.document) if study.document is not None else []
        raise ThecalError(seen or error.problems) from None


def _merged(problems: list[Problem]) -> list[Problem]:
    """One finding for what is the same at many places, with the places told together."""
    places: dict[Problem, list[str]] = {}
    for problem in problems:
        places.setdefault(replace(problem, where=""), []).append(problem.where)
    return [replace(problem, where=listed(list(dict.fromkeys(where)), 3)) for problem, where in places.items()]
