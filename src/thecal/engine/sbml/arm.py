"""From an arm of a study to its SBML document: the typical animal, with the arm's doses as events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import ThecalError
from thecal.core.register import Register
from thecal.engine.coupling import assemble_model
from thecal.engine.integrate import Event
from thecal.engine.layout import layout_of
from thecal.engine.sbml.document import Metadata, write_sbml
from thecal.engine.schedule import SETTLING_D, schedule_of
from thecal.engine.subjects import Subjects, arm_register, enrol
from thecal.study.plan import ArmPlan, StudyPlan, Visit


@dataclass(frozen=True)
class TypicalAnimal:
    """One arm's animal without differences between animals, ready to be written down."""

    plan: StudyPlan
    arm: ArmPlan

    @cached_property
    def model(self) -> Model:
        """The assembled equations of the species."""
        return assemble_model(layout_of(self.plan.species))

    @cached_property
    def register(self) -> Register:
        """Every number as this arm sees it, with its source."""
        return arm_register(self.arm)

    @cached_property
    def subject(self) -> Subjects:
        """Its numbers."""
        return enrol(self.arm, self.model, np.array([0]), self.plan.seed, {}, spread=False)

    @cached_property
    def events(self) -> list[Event]:
        """Injury, doses, pumps and removals."""
        return schedule_of(self.arm, self.model, layout_of(self.plan.species), self.subject.values)

    @property
    def start_d(self) -> float:
        """When SBML time begins: at rest, well before the first event and visit."""
        days = [0.0, *(event.time_d for event in self.events), *(visit.day_d for visit in self.visits)]
        return min(days) - SETTLING_D

    @property
    def visits(self) -> tuple[Visit, ...]:
        """When it is tested."""
        return self.plan.visits_of(self.arm.id)

    def sbml(self) -> str:
        """The SBML document, see :func:`thecal.engine.sbml.document.write_sbml`."""
        notes = (f"Arm '{self.arm.id}' of study '{self.plan.name}' ({self.plan.species.name}): {self.arm.label}.",
                 "One typical animal: every number at the centre of its range, no differences between animals.",
                 self.arm.facts)
        about = Metadata(f"{self.plan.name}_{self.arm.id}", f"{self.plan.title}: {self.arm.label}", notes,
                         (*self.plan.sources, *self.arm.sources), self.register)
        return write_sbml(self.model, self.subject.parameters[0], self.events, about, start_d=self.start_d)


def chosen_arms(plan: StudyPlan, arm_id: str | None) -> list[ArmPlan]:
    """The arm of that name, or all. Errors: :class:`ThecalError` naming the arms there are."""
    if arm_id is None:
        return list(plan.arms)
    found = [arm for arm in plan.arms if arm.id == arm_id]
    if not found:
        raise ThecalError.single(where="--arm", what=f"study '{plan.name}' has no such arm", seen=arm_id,
                                 allowed=", ".join(arm.id for arm in plan.arms), remedy="give one of these")
    return found
