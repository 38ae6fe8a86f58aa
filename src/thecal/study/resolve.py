"""From a study as written to a plan that the engine can run: names looked up, quantities in one unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from thecal.core.errors import Problem, ThecalError
from thecal.core.hypotheses import DEFAULT_WEIGHTS
from thecal.core.register import Parameter
from thecal.study.catalogue import find_assay, find_injury, find_species, records
from thecal.study.giving import Given, as_parameters, overrides, read_give
from thecal.study.model.names import normal
from thecal.study.model.problems import did_you_mean, located
from thecal.study.model.records import InjuryRecord, SpeciesRecord, StrainRecord
from thecal.study.model.study import Arm, Injury, Study
from thecal.study.model.text import shown
from thecal.study.plan import (
    Administration,
    AnalysisPlan,
    ArmPlan,
    ConductPlan,
    Ganglion,
    InjuryPlan,
    Removal,
    Species,
    Strain,
    StudyPlan,
    Visit,
)
from thecal.study.visits import read_visits

T = TypeVar("T")


def resolve(study: Study) -> StudyPlan:
    """The plan of a study.

    Arguments:
        study: as read by :func:`thecal.study.load.load`.

    Returns: frozen records in canonical units (days, microlitres, pg, fmol, cells, millimetres).
    Errors: :class:`ThecalError`, one problem per thing that cannot be resolved.
    """
    try:
        return _resolve(study)
    except ThecalError as error:
        raise ThecalError(located(problem, study) for problem in error.problems) from None


def _resolve(study: Study) -> StudyPlan:
    told: list[Problem] = []
    if study.indication is not None:
        find_injury(study.indication, "indication", study.injuries, told)
    record = find_species(study.species, "species", told=told)
    species = _species(record)
    problems: list[Problem] = []
    shared = _try(lambda: overrides(study.parameters, "parameters", "set in the study"), problems) or {}
    arms = [_try(lambda a=arm, i=index: _arm(a, i, study, record, species, shared, told), problems)  # type: ignore[misc]
            for index, arm in enumerate(study.arms)]
    if problems:
        raise ThecalError(problems)
    referred = tuple(_with_reference(arm, study, [a for a in arms if a]) for arm in arms if arm)
    visits = read_visits(study, species.name, referred, told)
    living = tuple(replace(arm, end_d=_end(arm, visits)) for arm in referred)
    return StudyPlan(
        name=study.name, title=study.title or study.name, description=study.description, seed=study.seed,
        end_d=study.end, species=species, arms=living, visits=visits,
        conduct=ConductPlan(study.conduct.observers, study.conduct.blinded, study.conduct.randomisation,
                            study.conduct.block_by, study.conduct.missed_visits, study.conduct.animals_per_cage),
        analysis=_analysis(study, told), notices=tuple(dict.fromkeys(located(p, study) for p in told)),
        sources=tuple(dict.fromkeys([*study.sources, *(s for arm in study.arms for s in arm.sources)])))


def _try(build: Callable[[], T], problems: list[Problem]) -> T | None:
    """The result, or None with the problems kept, so that one run shows them all."""
    try:
        return build()
    except ThecalError as error:
        problems.extend(error.problems)
        return None


def _species(record: SpeciesRecord) -> Species:
    assert record.cord is not None
    return Species(
        name=record.name, segments=record.segments,
        drg=tuple(Ganglion(d.level, d.position_mm, d.sciatic_share) for d in record.drg),
        cord_lumbar_mm=(record.cord.lumbar_mm[0], record.cord.lumbar_mm[1]),
        injection_levels=dict(record.injection_levels), default_level=record.default_level,
        default_volume_ul=record.default_volume_ul, largest_volume_ul=record.largest_volume_ul,
        body_mass_g=record.body_mass_g, filament_set=record.filament_set, assays=tuple(record.assays),
        parameters=as_parameters(record.parameters, f"species {record.name}"), sources=tuple(record.sources))


def _strain(name: str | None, record: SpeciesRecord, where: str) -> Strain:
    found: StrainRecord | None = record.strains[0] if name is None else None
    for strain in record.strains:
        if name is not None and normal(name) in {normal(n) for n in (strain.name, *strain.aliases)}:
            found = strain
    if found is None:
        names = [strain.name for strain in record.strains]
        raise ThecalError.single(where, f"no data for this strain of {record.name}", seen=shown(name),
                                 allowed=", ".join(names), remedy=did_you_mean(str(name), names), code="strain")
    return Strain(found.name, found.baseline_log10_g, found.between_animal_sd_log10, found.kind, found.source)


def _injury(injury: Injury, study: Study, where: str, told: list[Problem]) -> InjuryPlan:
    record = find_injury(injury.model, where, study.injuries, told)
    if record.indication_only:
        names = [r.name for r in (*study.injuries, *records("injuries"))
                 if isinstance(r, InjuryRecord) and r.modelled and not r.indication_only]
        raise ThecalError.single(where, f"{record.name} is what is treated, not an injury of an animal",
                                 seen=shown(injury.model), allowed=", ".join(names), code="unknown-injury")
    return InjuryPlan(model=record.name, day_d=injury.day, side=injury.side, severity_sd=injury.severity_sd,
                      injured=record.injured, surgery=record.surgery,
                      parameters=as_parameters(record.parameters, f"injury {record.name}"))


def _arm(arm: Arm, index: int, study: Study, record: SpeciesRecord, species: Species,
         shared: dict[str, Parameter], told: list[Problem]) -> ArmPlan:
    where = f"arms[{index}]"
    own = arm.injury.over(study.injury) if arm.injury else study.injury
    injury = _injury(own, study, f"{where}.injury" if arm.injury else "injury", told)
    strain_where = f"{where}.strain" if arm.strain else "strain"
    strain = _strain(arm.strain or study.strain, record, strain_where)
    given = [read_give(give, study, species, f"{where}.give[{i}]", told) for i, give in enumerate(arm.give)]
    _one_population(given, where)
    parameters: dict[str, Parameter] = {**species.parameters, **injury.parameters}
    factors: dict[str, float] = {}
    relative: dict[str, Parameter] = {}
    for entry in given:
        parameters.update(entry.parameters)
        if entry.cells:
            factors, relative = dict(entry.factors), dict(entry.relative)
    parameters.update(shared)
    parameters.update(overrides(arm.parameters, f"{where}.parameters", "set in the study"))
    administrations = tuple(sorted((a for entry in given for a in entry.administrations), key=lambda a: a.day_d))
    sex = arm.sex or study.sex
    weights: dict[str, float] = DEFAULT_WEIGHTS | dict(study.hypotheses) | dict(arm.hypotheses)
    return ArmPlan(
        id=arm.id, label=arm.label or arm.id.replace("_", " "), role=arm.role or _role(injury, administrations),
        cohort=arm.cohort, n=arm.n or study.n, sexes=("female", "male") if sex == "both" else (sex,), strain=strain,
        injury=injury, administrations=administrations,
        removals=tuple(sorted((Removal(r.day, r.fraction) for r in arm.remove), key=lambda r: r.day_d)),
        hypotheses=weights, parameters=parameters, factors=factors,
        relative=relative, reference=arm.reference, end_d=study.end,
        facts=arm.facts, sources=tuple(arm.sources))


def _one_population(given: list[Given], where: str) -> None:
    kinds = {entry.cells for entry in given if entry.cells}
    if len(kinds) > 1:
        raise ThecalError.single(f"{where}.give", "two cell populations in one animal", allowed="one",
                                 seen="; ".join(sorted({str(kind[0]) for kind in kinds if kind})), code="two-cells",
                                 remedy="the model follows one population of donor cells: use two arms, or give the "
                                        "same product with the same donor, viability, passage and knock-down")


def _role(injury: InjuryPlan, administrations: tuple[Administration, ...]) -> str:
    if any(a.kind != "vehicle" for a in administrations):
        return "treatment"
    if not injury.surgery:
        return "naive"
    return "vehicle" if injury.injured else "sham"


def _with_reference(arm: ArmPlan, study: Study, arms: list[ArmPlan]) -> ArmPlan:
    """The arm to compare with: stated; else the vehicle arm of the same cohort (and injury); else the study's."""
    ids = {other.id for other in arms}
    index = [other.id for other in study.arms].index(arm.id)
    for wanted, where in ((arm.reference, f"arms[{index}].reference"),
                          (study.analysis.reference, "analysis.reference")):
        if wanted is not None and wanted not in ids:
            raise ThecalError.single(where, "no arm of that name", seen=shown(wanted), allowed=", ".join(sorted(ids)),
                                     remedy=did_you_mean(wanted, sorted(ids)), code="unknown-arm")
    if arm.reference is not None:
        return arm
    if arm.role == "vehicle":
        return replace(arm, reference=None)
    cohort = [other for other in arms if other.role == "vehicle" and other.cohort == arm.cohort]
    same = [other for other in cohort if other.injury.model == arm.injury.model] or cohort
    if same:
        return replace(arm, reference=same[0].id)
    shared = [other.id for other in arms if other.id == study.analysis.reference and other.cohort == arm.cohort]
    return replace(arm, reference=shared[0] if shared and shared[0] != arm.id else None)


def _end(arm: ArmPlan, visits: tuple[Visit, ...]) -> float:
    """The last day of an arm's animals: the study's, or the day of the terminal assay."""
    days = [visit.day_d for visit in visits if visit.terminal and arm.id in visit.arms]
    return min([arm.end_d, *days])


def _analysis(study: Study, told: list[Problem]) -> AnalysisPlan:
    plan = study.analysis
    assay = find_assay(plan.assay, "analysis.assay", told=told)
    return AnalysisPlan(
        outcome=plan.outcome, assay=assay.id, relief_level=plan.relief_level,
        deficit_floor_log10=plan.deficit_floor_log10, reference=plan.reference, alpha=plan.alpha,
        interval=plan.interval, methods=tuple(plan.methods))
