"""The data files: every number fits the register, has an origin, and doses can be read."""

from __future__ import annotations

import pytest

from thecal.core.register import load as load_register
from thecal.study.catalogue import find_product, find_species, records
from thecal.study.checks.doses import check_published_doses
from thecal.study.giving import as_factor, as_parameters
from thecal.study.model.records import InjuryRecord, ProductRecord, SpeciesRecord

ALL = [pytest.param(kind, record, id=f"{kind}-{record.name}") for kind in ("species", "injuries", "products", "assays")
       for record in records(kind)]


@pytest.mark.parametrize(("kind", "record"), ALL)
def test_numbers_fit_the_register(kind, record):
    parameters = as_parameters(record.parameters, record.name)
    for key, parameter in parameters.items():
        assert parameter.low <= parameter.value <= parameter.high
        assert parameter.unit == load_register()[key].unit
        for score in (-1.0, 0.0, 1.0):
            assert parameter.low <= parameter.quantile(score) <= parameter.high


@pytest.mark.parametrize(("kind", "record"), ALL)
def test_a_number_without_a_source_is_an_assumption(kind, record):
    entries = dict(record.parameters)
    if isinstance(record, ProductRecord):
        entries |= record.relative
        for part in (record.rejection, record.expansion, record.content):
            entries |= {k: v for k, v in (part or {}) if hasattr(v, "kind")}
        assert check_published_doses(record) == []
    for key, entry in entries.items():
        assert entry.source or entry.note or entry.kind == "assumed", key
        assert not entry.verified or entry.source, key
        assert entry.kind != "measured" or entry.verified, key


def test_the_reference_species_and_cells_leave_the_register_alone():
    assert find_species("mouse", "").parameters == {}
    assert find_product("BMSC", "").parameters == {} and find_product("BMSC", "").relative == {}


@pytest.mark.parametrize("record", [r for r in records("species") if isinstance(r, SpeciesRecord)],
                         ids=lambda r: r.name)
def test_species_geometry_hangs_together(record):
    length = as_parameters(record.parameters, "").get("anatomy.canal_length", load_register()["anatomy.canal_length"])
    positions = [d.position_mm for d in record.drg]
    assert sum(d.sciatic_share for d in record.drg) == pytest.approx(1)
    assert positions == sorted(positions, reverse=True)  # rostral first
    assert max([*positions, *record.injection_levels.values(), *record.cord.lumbar_mm]) < length.value
    assert record.default_volume_ul <= record.largest_volume_ul


@pytest.mark.parametrize(("name", "total_ul", "turnover_h"), [
    ("rat", (250, 370), (0.54, 1.6)), ("cynomolgus", (10_300, 15_000), (3.3, 6.1)), ("human", (100_000, 160_000),
                                                                                     (3.75, 4.4))])
def test_csf_turnover_against_the_published_tables(name, total_ul, turnover_h):
    """ln2 V/Q of each species lies inside the interval derived from the published volumes and formation rates."""
    from math import log

    p = as_parameters(find_species(name, "").parameters, "")
    total = p["anatomy.canal_volume"].value + p["anatomy.cranial_volume"].value
    assert total_ul[0] <= total <= total_ul[1]
    assert turnover_h[0] <= log(2) * total / p["anatomy.csf_formation"].value * 24 <= turnover_h[1]


def test_injuries_give_a_drive_and_a_recovery():
    for record in records("injuries"):
        if isinstance(record, InjuryRecord) and record.injured and record.modelled and not record.indication_only:
            assert {"pain.injury_drive", "pain.recovery_half_life", "pain.heat_weight",
                    "pain.cold_weight"} <= set(record.parameters)


def test_factors_carry_their_origin():
    record = find_product("ASC", "")
    factor = as_factor("cells.secretion_rate", record.relative["cells.secretion_rate"], record.name)
    assert factor.value == 0.7 and factor.unit == "1" and factor.is_assumption and "BMSC" in factor.context
