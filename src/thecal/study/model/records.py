"""The data files: a species, an injury, a product, an assay.

One small file each; a study may hold the same records inline. A record that carries ``answer`` is known by name but
has no model.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from thecal.study.model.fields import Count, Name, Names, Number, Strict, Text, Texts, refuse

Kind = Literal["measured", "derived", "assumed", "calibrated"]
Donor = Literal["syngeneic", "autologous", "allogeneic", "xenogeneic"]
Position = Annotated[Number, Field(ge=0, le=2000)]


class Entry(Strict):
    """A number with its range, unit and origin. Without a source it can only be an assumption."""

    value: Number
    low: Number | None = None
    """5th percentile of what one may believe."""
    high: Number | None = None
    """95th percentile."""
    unit: Name = "1"
    kind: Kind = "assumed"
    source: Text = ""
    verified: bool = False
    """True only where the number was read in the source."""
    note: Text = ""

    @model_validator(mode="after")
    def _honest(self) -> Entry:
        if self.kind == "measured" and not self.source:
            raise refuse("a measured number needs a source", remedy="give 'source', or 'kind: assumed'")
        if not self.range[0] <= self.value <= self.range[1]:
            raise refuse("the value lies outside its own range", f"{self.range[0]:g} to {self.range[1]:g}")
        return self

    @property
    def range(self) -> tuple[float, float]:
        """Low and high, the value itself where they are absent."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)


Entries = dict[Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9_]+$")], Entry]


class Misname(Strict):
    """A wrong name that people use, resolved with a notice that says why."""

    name: Name
    notice: Text


class Record(Strict):
    """What every data file has: who it is, where it comes from, which numbers of the register it sets."""

    name: Name
    aliases: Names = []
    misnames: list[Misname] = []
    description: Text
    sources: Texts = []
    answer: Text = ""
    """Set where the thing is known but not modelled: what to tell the user."""
    parameters: Entries = {}

    @property
    def modelled(self) -> bool:
        """False where the thing is known by name only."""
        return not self.answer


class Ganglion(Strict):
    """The left and right dorsal root ganglion of one level."""

    level: Name
    position_mm: Position
    """From the sacral end of the canal."""
    sciatic_share: Annotated[Number, Field(ge=0, le=1)]
    """Share of the neurons of the sciatic nerve at this level."""


class StrainRecord(Strict):
    """Threshold of an uninjured animal; ``mean`` is absent where no filament test is made in this species."""

    name: Name
    aliases: Names = []
    baseline_log10_g: Number | None = None
    between_animal_sd_log10: Annotated[Number, Field(ge=0, le=2)] | None = None
    kind: Kind = "assumed"
    source: Text = ""
    note: Text = ""


class Cord(Strict):
    """Where the lumbar enlargement lies, millimetres from the sacral end of the canal."""

    lumbar_mm: Annotated[list[Position], Field(min_length=2, max_length=2)]


class SpeciesRecord(Record):
    """A species: the canal, its ganglia, where a needle goes in, and the animals' thresholds."""

    segments: Annotated[Count, Field(ge=3, le=60)] = 7
    drg: Annotated[list[Ganglion], Field(min_length=1, max_length=12)] = []
    cord: Cord | None = None
    injection_levels: dict[Name, Position] = {}
    default_level: Text = ""
    default_volume_ul: Annotated[Number, Field(gt=0, le=1e6)] = 10.0
    largest_volume_ul: Annotated[Number, Field(gt=0, le=1e6)] = 10.0
    """The largest bolus in use; more is allowed, with a warning."""
    body_mass_g: Annotated[Number, Field(gt=0, le=1e6)] = 25.0
    strains: list[StrainRecord] = []
    filament_set: Text = ""
    assays: Names = []
    """Names of the assays that have data in this species."""

    @model_validator(mode="after")
    def _complete(self) -> SpeciesRecord:
        if not self.modelled:
            return self
        missing = [k for k in ("drg", "cord", "injection_levels", "default_level", "strains") if not getattr(self, k)]
        if missing:
            raise refuse(f"a species needs {', '.join(missing)}")
        if self.default_level not in self.injection_levels:
            raise refuse("the default level is not among the injection levels", ", ".join(self.injection_levels))
        total = sum(ganglion.sciatic_share for ganglion in self.drg)
        if abs(total - 1) > 1e-6:
            raise refuse("the shares of the sciatic nerve do not add up to 1", f"sum 1, found {total:g}")
        return self


class InjuryRecord(Record):
    """A nerve injury: how strong the drive is at day 0 and how fast it recovers."""

    injured: bool = True
    """False for sham and naive animals."""
    surgery: bool = True
    """False for naive animals."""
    indication_only: bool = False
    """A name for what is treated, not an injury an animal can have."""


class Rejection(Strict):
    """Extra death of captured cells, 1/d, by the relation of donor and host."""

    syngeneic: Entry
    allogeneic: Entry
    xenogeneic: Entry


class Expansion(Strict):
    """What culture costs: relative loss per passage beyond a reference passage, value = exp(-loss x passages)."""

    reference_passage: Annotated[Number, Field(ge=0, le=60)]
    doublings_per_passage: Entry
    cxcr4_loss_per_passage: Entry
    secretion_loss_per_passage: Entry


class Content(Strict):
    """What a dead or cell-free product holds at the moment of injection, per cell it was made from."""

    of: Name
    """The cell product it was made from."""
    hours_of_synthesis: Entry
    """Latent and active TGF-b1 present, in hours of that product's secretion."""
    corpses: Entry
    """Dead cells delivered per cell counted, 0 to 1."""
    vesicles: Entry
    """Hours of that product's vesicle release present."""


Solute = Literal["active_tgfb1", "latent_tgfb1", "il10", "antibody", "inhibitor", "inert"]
Target = Literal["tgfb1", "il10", "tgfbr1", "cxcr4", "none"]


class ProductRecord(Record):
    """Something that can be injected.

    ``cells`` are living cells; ``solute`` is one molecule; ``content`` is what cells made (lysate, medium,
    heat-killed cells); ``vehicle`` is the fluid alone.
    """

    kind: Literal["cells", "solute", "content", "vehicle"]
    relative: Entries = {}
    """For cells: factors on the register's entries, which hold for BMSC."""
    donor: Donor = "syngeneic"
    """For cells, unless the study says otherwise."""
    rejection: Rejection | None = None
    expansion: Expansion | None = None
    content: Content | None = None
    solute: Solute | None = None
    target: Target = "none"
    molar_mass_kda: Annotated[Number, Field(gt=0, le=1e5)] | None = None
    published_doses: dict[Name, Annotated[list[Name], Field(min_length=2, max_length=2)]] = {}
    """Lowest and highest single dose given intrathecally, by species."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> ProductRecord:
        if not self.modelled:
            return self
        needs = {"cells": (), "solute": ("solute", "molar_mass_kda"), "content": ("content",), "vehicle": ()}
        for key in needs[self.kind]:
            if getattr(self, key) is None:
                raise refuse(f"a product of kind '{self.kind}' needs '{key}'")
        only = {"rejection": "cells", "expansion": "cells", "content": "content", "solute": "solute"}
        for key, kind in only.items():
            if getattr(self, key) is not None and self.kind != kind:
                raise refuse(f"'{key}' belongs to a product of kind '{kind}'", remedy=f"remove '{key}'")
        if self.kind != "cells" and (self.parameters or self.relative):
            raise refuse("'parameters' and 'relative' belong to a product of kind 'cells'")
        if any(entry.value < 0 or entry.unit != "1" for entry in self.relative.values()):
            raise refuse("a factor in 'relative' is a number of at least 0 without a unit")
        return self


Modality = Literal["mechanical", "heat", "cold", "ongoing pain", "synaptic", "concentration", "inflammation",
                   "cell count"]


class AssayRecord(Record):
    """A test or a sample: what it reads, on which paws, and whether the animal is used up by it."""

    id: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    modality: Modality
    paws: bool = False
    """True where each paw is tested."""
    terminal: bool = False
    """True where the animal does not live on."""
    spares: Names = []
    """Species in which the animal lives on all the same."""
    replicates: Annotated[Count, Field(ge=1, le=50)] = 1
    unit: Name = "1"
    cutoff: Number | None = None

