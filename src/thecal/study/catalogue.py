"""Finding species, injuries, products and assays by name, alias or known wrong name."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources
from typing import TypeVar, cast

from pydantic import ValidationError

from thecal.core.errors import Problem, ThecalError
from thecal.study.model.names import normal
from thecal.study.model.problems import did_you_mean, translate
from thecal.study.model.records import AssayRecord, InjuryRecord, ProductRecord, Record, SpeciesRecord
from thecal.study.model.text import read, shown

KINDS: dict[str, type[Record]] = {
    "species": SpeciesRecord, "injuries": InjuryRecord, "products": ProductRecord, "assays": AssayRecord}
SINGULAR = {"species": "species", "injuries": "injury", "products": "product", "assays": "assay"}
INSTEAD = {kind: f"use one of these, or define it in the study under '{kind}'" for kind in ("products", "injuries")}
# A folder may hold other tables beside its records.
NOT_RECORDS = {"filaments.yaml"}

R = TypeVar("R", bound=Record)


@functools.cache
def records(kind: str) -> tuple[Record, ...]:
    """All records of one kind in the library: 'species', 'injuries', 'products' or 'assays'."""
    folder = resources.files("thecal") / "data" / kind
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml") and f.name not in NOT_RECORDS),
                   key=lambda f: f.name)
    return tuple(read_record(f.read_bytes(), f"{kind}/{f.name}", KINDS[kind]) for f in files)


def read_record(raw: bytes, name: str, model: type[R]) -> R:
    """One data file as a record.

    Errors: :class:`ThecalError`, one problem per finding.
    """
    document = read(raw, name)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ThecalError(translate(error, model, document)) from None


def find_species(name: str, where: str, told: list[Problem] | None = None) -> SpeciesRecord:
    """The species called ``name``; see :func:`find`."""
    return cast(SpeciesRecord, find("species", name, where, (), told))


def find_injury(name: str, where: str, inline: Iterable[InjuryRecord] = (),
                told: list[Problem] | None = None) -> InjuryRecord:
    """The injury called ``name``; see :func:`find`."""
    return cast(InjuryRecord, find("injuries", name, where, inline, told))


def find_product(name: str, where: str, inline: Iterable[ProductRecord] = (),
                 told: list[Problem] | None = None) -> ProductRecord:
    """The product called ``name``; see :func:`find`."""
    return cast(ProductRecord, find("products", name, where, inline, told))


def find_assay(name: str, where: str = "", told: list[Problem] | None = None) -> AssayRecord:
    """The assay called ``name``; see :func:`find`."""
    return cast(AssayRecord, find("assays", name, where, (), told))


def find(kind: str, name: str, where: str, inline: Iterable[Record], told: list[Problem] | None) -> Record:
    """The record called ``name``.

    Arguments:
        kind: 'species', 'injuries', 'products' or 'assays'.
        name: name or alias; case, hyphens, spaces and Greek letters make no difference.
        where: place in the study file, for messages.
        inline: records that the study defines itself; they come before the library's.
        told: a list that collects notices about wrong names.

    Errors: :class:`ThecalError` for an unknown name, and for a thing that is known but has no model.
    """
    pool: list[Record] = [*inline, *records(kind)]
    wanted = normal(name)
    for record in pool:
        if wanted and wanted in {normal(n) for n in (record.name, *record.aliases)}:
            return _modelled(record, name, where)
    for record in pool:
        for misname in record.misnames:
            if wanted and wanted == normal(misname.name):
                if told is not None:
                    told.append(Problem(where, f"'{shown(name)}' is read as {record.name}: {misname.notice}",
                                        severity="note", code="misname", remedy=f"write '{record.name}'"))
                return _modelled(record, name, where)
    options = [n for record in pool for n in (record.name, *record.aliases)]
    raise ThecalError.single(
        where, f"no {SINGULAR[kind]} of that name is known", seen=shown(name), code=f"unknown-{SINGULAR[kind]}",
        allowed=", ".join(record.name for record in pool if record.modelled),
        remedy=did_you_mean(name, options) or INSTEAD.get(kind, "use one of these"))


def _modelled(record: Record, name: str, where: str) -> Record:
    if record.modelled:
        return record
    raise ThecalError.single(where, f"{record.name}: evidence only, no model. {record.answer}", seen=shown(name),
                             code="no-model", remedy="look it up among the published studies; it cannot be simulated")
