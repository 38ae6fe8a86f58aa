"""References: found in the sources of what a study uses, told with what is known of them, never invented.

A source in the register may hold a DOI, a PMC, PubMed or BioModels number, or words ("recall", "assumption"). Only the
numbers become references. Authors and titles stand in ``data/references.csv`` where they were read.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from thecal import __version__
from thecal.core.register import Register
from thecal.engine.subjects import arm_register
from thecal.study.plan import StudyPlan

ROOMS = ("anatomy", "cells", "signalling", "pain")  # rooms of the animal that a study runs
INDEX_STUDY = "doi:10.1172/JCI80883"
SAME = {"PMC4563753": INDEX_STUDY}  # two names of one paper
_IDENTIFIER = re.compile(r"doi:\s*(10\.\d{4,5}/[^\s,;\"']+)|\b(PMC\d+)\b|\bPMID:?\s?(\d+)\b|\b(BIOMD\d{10})\b")


@dataclass(frozen=True)
class Reference:
    """One reference. ``authors`` to ``year`` are empty where nobody read them; ``used_by`` names what rests on it."""

    key: str
    url: str
    authors: str = ""
    title: str = ""
    journal: str = ""
    year: str = ""
    used_by: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As a reference list prints it."""
        parts = (f"{self.authors}." if self.authors else "", f"{self.title}." if self.title else "", self.journal,
                 self.year)
        known = " ".join(part for part in parts if part)
        return f"{known} {self.key}".strip()

    @property
    def bibtex(self) -> str:
        """As a BibTeX entry."""
        name = re.sub(r"\W+", "_", self.key.removeprefix("doi:")).strip("_")
        kind = "article" if self.journal else "misc"
        fields = {"author": " and ".join(self.authors.split(", ")), "title": self.title, "journal": self.journal,
                  "year": self.year, "doi": self.key.removeprefix("doi:") if self.key.startswith("doi:") else "",
                  "url": self.url}
        lines = [f"  {field} = {{{value}}}" for field, value in fields.items() if value]
        return f"@{kind}{{{name},\n" + ",\n".join(lines) + "\n}"


def identifiers(text: str) -> list[str]:
    """DOI, PMC, PubMed and BioModels numbers in a text, as keys."""
    found = []
    for doi, pmc, pmid, biomodel in _IDENTIFIER.findall(text):
        key = f"doi:{_trimmed(doi)}" if doi else pmc or (f"PMID:{pmid}" if pmid else biomodel)
        found.append(SAME.get(key, key))
    return found


def _trimmed(doi: str) -> str:
    """A DOI without the stop, bracket or figure path that follows it in a sentence."""
    doi = re.sub(r"/figures?/.*|/full$|/htm$", "", doi).rstrip(".:")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1]
    return doi


def url_of(key: str) -> str:
    """Where a reference can be read."""
    kind, _, number = key.partition(":")
    return {"doi": f"https://doi.org/{number}", "PMID": f"https://pubmed.ncbi.nlm.nih.gov/{number}/"}.get(
        kind, f"https://www.ebi.ac.uk/biomodels/{key}" if key.startswith("BIOMD")
        else f"https://pmc.ncbi.nlm.nih.gov/articles/{key}/")


@functools.cache
def known() -> Mapping[str, Mapping[str, str]]:
    """What is known of some references, by key."""
    text = (resources.files("thecal") / "data" / "references.csv").read_text("utf-8")
    return {row["key"]: row for row in csv.DictReader(io.StringIO(text))}


def references(sources: Iterable[tuple[str, str]]) -> list[Reference]:
    """References of many sources, in order of first use.

    Arguments:
        sources: (what rests on it, text of the source).
    """
    used: dict[str, list[str]] = {}
    for user, text in sources:
        for key in identifiers(text):
            users = used.setdefault(key, [])
            if user not in users:
                users.append(user)
    return [reference(key, tuple(users)) for key, users in used.items()]


def reference(key: str, used_by: tuple[str, ...] = ()) -> Reference:
    """One reference by its key."""
    row = known().get(key, {})
    return Reference(key, url_of(key), *(row.get(k, "") for k in ("authors", "title", "journal", "year")),
                     used_by=used_by)


def study_sources(plan: StudyPlan) -> list[tuple[str, str]]:
    """Every source that a study's settings rest on: the study, its species, its arms, the numbers of the model."""
    found = [("the study", text) for text in plan.sources]
    found += [(plan.species.name, text) for text in plan.species.sources]
    for arm in plan.arms:
        found += [(arm.id, text) for text in (*arm.sources, arm.facts, arm.strain.source)]
    found += [(e.id, f"{e.source} {e.note}") for e in parameters_of(plan).values() if e.room in ROOMS]
    return found


def parameters_of(plan: StudyPlan) -> Register:
    """The register as the study's arms see it; where arms differ, as the first treated one does."""
    treated = [arm for arm in plan.arms if arm.role == "treatment" and arm.injury.injured]
    return arm_register((treated or list(plan.arms))[0])


def software() -> Reference:
    """This program."""
    return Reference("thecal", "", "The Thecal developers", "Thecal: a virtual laboratory for intrathecal cell therapy "
                     "of neuropathic pain", "", "", (f"version {__version__}",))
