"""From tests with days to visits, each with the arms that have it."""

from __future__ import annotations

from dataclasses import replace

from thecal.core.errors import Problem, ThecalError
from thecal.study.amounts import dose_unit
from thecal.study.catalogue import find_assay, find_product
from thecal.study.model.fields import checked
from thecal.study.model.problems import did_you_mean
from thecal.study.model.records import AssayRecord
from thecal.study.model.study import Bath, Study, Test
from thecal.study.model.text import shown
from thecal.study.plan import ArmPlan, BathAgent, Visit

PAWS = {"ipsilateral": ("ipsilateral",), "contralateral": ("contralateral",),
        "both": ("ipsilateral", "contralateral")}
BATH_UNITS = {"pg": "ng/ml", "fmol": "nM"}
SLICE_MINUTES = 5.0


def read_visits(study: Study, species: str, arms: tuple[ArmPlan, ...], told: list[Problem]) -> tuple[Visit, ...]:
    """All visits in order of time, then in the file's order.

    Errors: :class:`ThecalError`: unknown assay, cohort, arm or bath agent.
    """
    found: list[tuple[float, int, Visit]] = []
    planned: set[tuple[object, ...]] = set()  # one animal is not tested twice at one time by the same assay
    for index, test in enumerate(study.tests):
        where = f"tests[{index}]"
        assay = find_assay(test.assay, f"{where}.assay", told=told)
        chosen = _arms(test, arms, where)
        bath = _bath(test, study, assay, where, told)
        times: dict[tuple[float, float | None], list[str]] = {}
        for arm in chosen:
            for key in _times(test, arm):
                times.setdefault(key, []).append(arm.id)
        for (day, after), wanted in times.items():
            ids = [arm for arm in wanted if (assay.id, arm, day, bath) not in planned]
            planned.update((assay.id, arm, day, bath) for arm in ids)
            if not ids:
                continue
            found.append((day, index, Visit(
                index=0, assay=assay.id, modality=assay.modality, label=test.label or assay.name, day_d=day,
                after_dose_h=after, arms=tuple(ids), paws=PAWS[test.paws] if assay.paws else (),
                terminal=assay.terminal and species not in assay.spares, replicates=assay.replicates, bath=bath,
                duration_min=test.duration or (SLICE_MINUTES if assay.id == "slice_bath" else 0.0))))
    found.sort(key=lambda item: item[:2])
    return tuple(replace(visit, index=number) for number, (_, _, visit) in enumerate(found))


def _times(test: Test, arm: ArmPlan) -> list[tuple[float, float | None]]:
    """(day, hours after a dose or None) of one test in one arm; a day that stands twice is kept once."""
    times: dict[float, float | None] = {}
    doses = [a.day_d for a in arm.administrations if a.kind != "vehicle" and not a.duration_d]
    doses = doses or [a.day_d for a in arm.administrations if not a.duration_d]
    for dose in sorted(set(doses)):
        for hours in test.hours_after_dose:
            times.setdefault(round(dose + hours / 24.0, 9), float(hours))
    for day in test.days:
        times.setdefault(round(float(day), 9), None)
    return sorted(times.items())


def _arms(test: Test, arms: tuple[ArmPlan, ...], where: str) -> tuple[ArmPlan, ...]:
    cohorts = {arm.cohort for arm in arms}
    for cohort in test.cohorts:
        if cohort not in cohorts and not test.arms:
            raise ThecalError.single(f"{where}.cohorts", "no arm is in that cohort", seen=shown(cohort),
                                     allowed=", ".join(sorted(cohorts)), code="unknown-cohort",
                                     remedy=did_you_mean(cohort, sorted(cohorts)) or "set 'cohort' on the arms")
    if test.arms:
        known = {arm.id: arm for arm in arms}
        for name in test.arms:
            if name not in known:
                raise ThecalError.single(f"{where}.arms", "no arm of that name", seen=shown(name), code="unknown-arm",
                                         allowed=", ".join(known), remedy=did_you_mean(name, list(known)))
        return tuple(known[name] for name in dict.fromkeys(test.arms))
    return tuple(arm for arm in arms if arm.cohort in test.cohorts)


def _bath(test: Test, study: Study, assay: AssayRecord, where: str, told: list[Problem]) -> tuple[BathAgent, ...]:
    if test.bath and assay.id != "slice_bath":
        raise ThecalError.single(f"{where}.bath", f"{assay.name} has no bath", code="bath",
                                 remedy="use the assay 'slice bath', or remove 'bath'")
    return tuple(_agent(bath, study, f"{where}.bath[{i}]", told) for i, bath in enumerate(test.bath))


def _agent(bath: Bath, study: Study, where: str, told: list[Problem]) -> BathAgent:
    """A bath agent with its concentration in ng/ml (proteins) or nM; mass per volume is converted by molar mass."""
    product = find_product(bath.agent, f"{where}.agent", study.products, told)
    if product.kind != "solute" or product.molar_mass_kda is None:
        raise ThecalError.single(f"{where}.agent", "only a single molecule can be put into the bath",
                                 seen=shown(bath.agent), code="bath")
    unit = BATH_UNITS[dose_unit(product)]
    other, weight = ("nM", product.molar_mass_kda) if unit == "ng/ml" else ("ng/ml", 1.0 / product.molar_mass_kda)
    try:
        try:
            value = checked(bath.concentration, unit)
        except ValueError:
            value = checked(bath.concentration, other) * weight
    except ValueError as error:
        raise ThecalError.single(f"{where}.concentration", str(error), seen=shown(bath.concentration), code="quantity",
                                 allowed=f"a concentration such as '2 {unit}'") from None
    if not 0 < value <= 1e9:
        raise ThecalError.single(f"{where}.concentration", "the concentration is out of range", code="range",
                                 seen=shown(bath.concentration), allowed=f"more than 0, at most 1e9 {unit}")
    return BathAgent(product.name, product.solute or "inert", product.target, value, unit)
