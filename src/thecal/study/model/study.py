"""The study file: animals, injury, what is given, which tests, how the result is analysed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, WithJsonSchema, model_validator

from thecal.core.hypotheses import STATEMENTS as HYPOTHESES
from thecal.study.model.fields import (
    Count,
    Days,
    Id,
    Minutes,
    Name,
    Names,
    Number,
    Quantity,
    Share,
    Shorthand,
    Span,
    Spread,
    Strict,
    Text,
    Texts,
    Volume,
    refuse,
)
from thecal.study.model.problems import place
from thecal.study.model.records import Donor, InjuryRecord, ProductRecord
from thecal.study.model.text import Document, shown


def _switches(value: Any) -> Any:
    """'on', 'off', true and false as weights; unknown hypotheses refused by name."""
    if not isinstance(value, dict):
        raise refuse("expected hypotheses with weights", "for example {H1: on, H2: off}")
    words = {"on": 1.0, "off": 0.0, True: 1.0, False: 0.0}
    out = {}
    for key, weight in value.items():
        if key not in HYPOTHESES:
            raise refuse(f"'{shown(key, 40)}' is not a hypothesis known here", ", ".join(HYPOTHESES))
        known = isinstance(weight, (str, bool)) and weight in words
        number = words[weight] if known else weight
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= 1:
            raise refuse(f"the weight of {key} is not usable", "on, off, or a number from 0 to 1")
        out[key] = float(number)
    return out


Hypotheses = Annotated[dict[Literal["H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9"],
                            Annotated[float, Field(ge=0, le=1)]], BeforeValidator(_switches), WithJsonSchema({
    "type": "object", "additionalProperties": False,
    "properties": {key: {"description": text, "anyOf": [
        {"enum": ["on", "off", True, False]}, {"type": "number", "minimum": 0, "maximum": 1}]}
        for key, text in HYPOTHESES.items()}})]
ParameterId = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$")]
Setting = Annotated[Name, WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": 120})]
Overrides = Annotated[dict[ParameterId, Setting], Field(max_length=300)]
DayList = Annotated[list[Annotated[Number, Field(ge=-60, le=3650)]], Field(max_length=400)]
HourList = Annotated[list[Annotated[Number, Field(gt=0, le=2400)]], Field(max_length=400)]


class Injury(Strict):
    """The nerve injury. ``injury: CCI`` is short for ``injury: {model: CCI}``.

    What an arm leaves out (side, day, spread, even the model) is taken from the study's injury.
    """

    model: Name = "naive"
    side: Literal["left", "right"] = "left"
    day: Days = 0.0
    severity_sd: Spread = 0.0
    """Spread of the injury drive between animals, as a share of its mean (log-normal)."""

    def over(self, other: Injury) -> Injury:
        """This injury, with what it leaves out taken from ``other``."""
        return other.model_copy(update={key: getattr(self, key) for key in self.model_fields_set})


InjuryField = Annotated[Injury, Shorthand("model")]


class Priming(Strict):
    """What the cells were treated with in culture before they were given."""

    agent: Name
    duration: Annotated[float, Quantity("h", 0, 240, "24 h")] = 24.0
    note: Text = ""


class Infusion(Strict):
    """A steady infusion: the amount per time goes into ``rate``."""

    rate: Name | None = None
    """Amount per time, e.g. '10 ng/d'. A vehicle has none."""
    duration: Span
    flow: Annotated[float, Quantity("ul/d", 0, 1e7, "6 ul/d")] = 0.0
    """Fluid per time."""


class Give(Strict):
    """One thing given, on one day or several."""

    what: Name
    """A product of the library or of this study, by name or alias."""
    dose: Name | None = None
    """Amount with unit: '2.5e5 cells', '10 ng', '100 pmol'. A vehicle has none."""
    day: Days | None = None
    days: DayList = []
    """Several days, plain numbers."""
    infusion: Infusion | None = None
    volume: Volume | None = None
    """Fluid of one bolus; the species' usual volume where absent."""
    route: Literal["lumbar puncture", "catheter", "intravenous"] = "lumbar puncture"
    level: Text = ""
    """Where the needle or the catheter's tip is, e.g. 'L5-L6'."""
    donor: Donor | None = None
    viability: Share | None = None
    passage: Annotated[Number, Field(ge=0, le=60)] | None = None
    doublings: Annotated[Number, Field(ge=0, le=200)] | None = None
    """Population doublings in culture, read as passages where no passage is stated."""
    priming: Priming | None = None
    remaining: Annotated[dict[Literal["Tgfb1", "Cxcr4", "Il10", "Tnfaip6", "Ptgs2"], Share], Field(max_length=5)] = {}
    """What a knock-down leaves of a gene's product: {Tgfb1: 35 %} leaves 35 %."""
    parameters: Overrides = {}
    """Numbers of the register for this product, as 'value unit'."""
    note: Text = ""

    @model_validator(mode="after")
    def _when_and_how_much(self) -> Give:
        if (self.day is None) == (not self.days):
            raise refuse("when is it given?", "either 'day' or 'days'", "write for example 'day: 4 d'", "when")
        if self.infusion is not None and self.dose is not None:
            raise refuse("both a bolus dose and an infusion", "either 'dose' or 'infusion'",
                         "write the bolus as an entry of its own", "dose")
        if self.infusion is not None and self.volume is not None:
            raise refuse("the fluid of an infusion is its flow", "'flow' inside 'infusion'",
                         "remove 'volume'", "volume")
        return self

    @property
    def given_days(self) -> tuple[float, ...]:
        """All days on which it is given."""
        return tuple(self.days) if self.days else (self.day,) if self.day is not None else ()


class Remove(Strict):
    """Donor cells taken out of the living animal, e.g. by a suicide gene."""

    what: Literal["donor cells"] = "donor cells"
    fraction: Share = 1.0
    day: Days
    note: Text = ""


Role = Literal["naive", "sham", "vehicle", "control", "treatment"]


class Arm(Strict):
    """A group of animals that are treated alike."""

    id: Id
    label: Text = ""
    n: Annotated[Count, Field(ge=1, le=10_000)] | None = None
    cohort: Id = "main"
    """Animals of one cohort share a schedule of tests."""
    role: Role | None = None
    reference: Id | None = None
    """The arm to compare with; else the vehicle arm of the same cohort and injury."""
    strain: Name | None = None
    sex: Literal["male", "female", "both"] | None = None
    injury: InjuryField | None = None
    give: Annotated[list[Give], Field(max_length=60)] = []
    remove: Annotated[list[Remove], Field(max_length=20)] = []
    hypotheses: Hypotheses = {}
    parameters: Overrides = {}
    facts: Text = ""
    """What of this arm is published and what is assumed."""
    sources: Texts = []


class Bath(Strict):
    """What a slice is bathed in."""

    agent: Name
    concentration: Name
    """With unit: '2 ng/ml', '10 uM'."""


class Test(Strict):
    """One assay and when it is done."""

    assay: Name
    cohorts: Names = ["main"]
    arms: Names = []
    """Only these arms of the cohorts; all where absent."""
    days: DayList = []
    hours_after_dose: HourList = []
    """Extra visits, hours after every bolus that is not a vehicle (after the vehicle in arms that get nothing else)."""
    paws: Literal["ipsilateral", "contralateral", "both"] = "ipsilateral"
    label: Text = ""
    bath: Annotated[list[Bath], Field(max_length=4)] = []
    duration: Minutes | None = None
    """How long the slice lies in the bath."""

    @model_validator(mode="after")
    def _when(self) -> Test:
        if not self.days and not self.hours_after_dose:
            raise refuse("when is the test done?", "'days' or 'hours_after_dose'", "write for example 'days: [-1, 3]'")
        return self


class Conduct(Strict):
    """How the experiment is run: observers, blinding, randomisation, missed visits."""

    observers: Annotated[Count, Field(ge=1, le=50)] = 1
    blinded: bool = True
    randomisation: Literal["blocks", "simple", "cages", "none"] = "blocks"
    """How animals come to arms: in permuted blocks, one by one, or whole cages together."""
    block_by: Literal["none", "sex", "day", "cage"] = "none"
    """What a block is; with 'cage' the arms are spread over the animals of each cage."""
    animals_per_cage: Annotated[Count, Field(ge=1, le=20)] | None = None
    """Animals of one sex and cohort that are housed together; cages are filled evenly and never beyond this."""
    missed_visits: Share = 0.0
    """Share of visits that are lost, at random."""


class Analysis(Strict):
    """What is computed from the readings."""

    outcome: Literal["reversal", "difference"] = "reversal"
    assay: Name = "von Frey"
    relief_level: Share = 0.3
    """Relief holds while the reversal is at least this."""
    deficit_floor_log10: Annotated[Number, Field(ge=0, le=2)] = 0.2
    """Reversal is undefined where the reference arm's deficit is smaller; the difference is reported instead."""
    reference: Id | None = None
    alpha: Annotated[Number, Field(gt=0, lt=0.5)] = 0.05
    interval: Share = 0.9
    methods: Annotated[list[Literal["two-way repeated-measures ANOVA", "mixed model"]], Field(min_length=1)] = [
        "two-way repeated-measures ANOVA", "mixed model"]


class Study(Strict):
    """A whole study, as written in one file."""

    thecal: Literal[1] = 1
    """Version of the file format."""
    name: Id
    title: Text = ""
    description: Text = ""
    sources: Texts = []
    seed: Annotated[Count, Field(ge=0, le=2**53)] = 1
    species: Name = "mouse"
    strain: Name | None = None
    sex: Literal["male", "female", "both"] = "both"
    n: Annotated[Count, Field(ge=1, le=10_000)] = 8
    """Animals per arm, unless the arm says otherwise."""
    indication: Name | None = None
    """What it is for; only neuropathic pain after nerve injury has a model."""
    injury: InjuryField = Injury()
    end: Annotated[float, Quantity("d", 0.01, 3650, "60 d")]
    """Last day of the study."""
    hypotheses: Hypotheses = {}
    """Changes of the default, which is H1 and H2 on and the others off. H1 alone is {H2: off}."""
    parameters: Overrides = {}
    products: Annotated[list[ProductRecord], Field(max_length=50)] = []
    """Products defined here, written as in the library's files."""
    injuries: Annotated[list[InjuryRecord], Field(max_length=20)] = []
    arms: Annotated[list[Arm], Field(min_length=1, max_length=300)]
    tests: Annotated[list[Test], Field(max_length=100)] = []
    conduct: Conduct = Conduct()
    analysis: Analysis = Analysis()

    _document: Document | None = PrivateAttr(default=None)

    @property
    def document(self) -> Document | None:
        """The file it was read from."""
        return self._document

    def place(self, *path: str | int) -> str:
        """A place of the file in words, with the arm's name and the line where they are known."""
        return place(path, self._document)

    def read_from(self, document: Document) -> Study:
        """The same study, which from now on knows the lines of its file."""
        self._document = document
        return self

    @model_validator(mode="after")
    def _arms_named_once(self) -> Study:
        seen: set[str] = set()
        for index, arm in enumerate(self.arms):
            if arm.id.casefold() in seen:
                raise refuse(f"two arms are called '{arm.id}'", "one name for one arm", "rename one", "duplicate-arm",
                             ("arms", index, "id"), arm.id)
            seen.add(arm.id.casefold())
        return self
