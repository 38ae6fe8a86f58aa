"""Names, aliases, wrong names, and things that are known but have no model."""

from __future__ import annotations

import pytest

from thecal.core.errors import ThecalError
from thecal.study import loads, resolve
from thecal.study.catalogue import find, find_assay, find_injury, find_product, find_species, records

STUDY = """
name: x
end: 30 d
injury: {injury}
indication: {indication}
arms: [{{id: a, give: [{{what: "{what}", dose: {dose}, day: 4 d, route: {route}}}]}}]
"""


def study(injury="CCI", indication="neuropathic pain", what="BMSC", dose="1e5 cells", route="lumbar puncture"):
    return resolve(loads(STUDY.format(injury=injury, indication=indication, what=what, dose=dose, route=route)))


@pytest.mark.parametrize("name", [
    "TGF-b1", "TGF-β1", "tgf β1", "TGFB1", "TGF-beta1", "Transforming growth factor beta 1"])
def test_spellings_of_tgf_b1(name):
    plan = study(what=name, dose="10 ng")
    assert plan.arms[0].administrations[0].amounts == {"active_tgfb1": 1e4} and plan.notices == ()


@pytest.mark.parametrize("name", ["IGF-β1", "IGF-b1", "IGF b1", "igf-beta1", "IGF β 1", "IGFβ1"])
def test_igf_b1_is_read_as_tgf_b1_and_says_why(name):
    plan = study(what=name, dose="10 ng")
    assert plan.arms[0].administrations[0].product == "TGF-b1"
    (notice,) = plan.notices
    assert notice.code == "misname" and notice.severity == "note"
    assert "popular" in notice.what and "TGF-β1" in notice.what and "another molecule" in notice.what


@pytest.mark.parametrize("name", ["IGF-1", "IGF1", "igf 1", "insulin-like growth factor 1", "IGF"])
def test_igf_1_is_another_molecule(name):
    with pytest.raises(ThecalError) as caught:
        study(what=name, dose="10 ng")
    (problem,) = caught.value.problems
    assert problem.code == "no-model" and "another molecule" in problem.what


@pytest.mark.parametrize("injury", ["SCI", "spinal cord injury", "osteoarthritis", "orthopaedic use", "chronic pain"])
def test_indications_without_a_model(injury):
    for change in ({"injury": injury}, {"indication": injury}):
        with pytest.raises(ThecalError) as caught:
            study(**change)
        assert all("evidence only, no model" in p.what for p in caught.value.problems)


def test_intravenous_is_known_and_has_no_model():
    with pytest.raises(ThecalError) as caught:
        study(route="intravenous")
    assert "evidence only, no model" in caught.value.problems[0].what


def test_neuropathic_pain_is_no_injury():
    with pytest.raises(ThecalError) as caught:
        study(injury="neuropathic pain")
    assert "CCI" in caught.value.problems[0].allowed


def test_a_near_miss_is_told():
    with pytest.raises(ThecalError) as caught:
        study(what="BMSCs")
    assert "BMSC" in caught.value.problems[0].remedy


def test_every_name_and_alias_finds_its_own_record():
    """No two records of a kind share a name, so an alias can never lead astray."""
    for kind in ("species", "injuries", "products", "assays"):
        for record in records(kind):
            for name in (record.name, *record.aliases):
                try:
                    assert find(kind, name, "", (), None) is record
                except ThecalError as error:
                    assert not record.modelled and error.problems[0].what.startswith(record.name)


@pytest.mark.parametrize(("find_one", "names"), [
    (find_species, ["mouse", "rat", "cynomolgus", "human"]),
    (find_injury, ["naive", "sham", "CCI", "SNI", "SNL", "PSNL", "CCD"]),
    (lambda name, where: find_product(name, where),
     ["BMSC", "adipose stromal cells", "umbilical-cord stromal cells", "fibroblasts", "lysate", "conditioned medium",
      "heat-killed cells", "TGF-b1", "IL-10", "anti-TGF-b1", "anti-IL-10", "IgG", "SB431542", "AMD3100", "vehicle"]),
    (lambda name, where: find_assay(name, where),
     ["von Frey", "Hargreaves", "acetone", "place preference", "slice bath", "CSF ELISA", "tissue inflammation",
      "cell count"])])
def test_what_the_library_holds(find_one, names):
    for name in names:
        assert find_one(name, "").modelled
