"""What we write is SBML by the rules of libSBML, with units that agree, and says where its numbers come from."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.reference.stand_in import parameters_of, schedule_of, stand_in

from thecal.core.expression import exp, symbol
from thecal.engine.integrate import Event
from thecal.engine.sbml import OBSERVABLE, PARAMETER, STATE, identifiers, write_sbml
from thecal.engine.sbml.arm import TypicalAnimal
from thecal.engine.sbml.events import jumps
from thecal.engine.sbml.mathml import shared
from thecal.study import load, resolve

libsbml = pytest.importorskip("libsbml")
SBML = {"s": "http://www.sbml.org/sbml/level3/version2/core"}


def findings(text):
    """Errors and warnings of every check that libSBML has, units and modelling practice included."""
    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    return [document.getError(i).getMessage() for i in range(document.getNumErrors())]


@pytest.mark.parametrize(("study", "arm"), [("chen2015", "bmsc_early"), ("chen2015", "tgfb1_infusion"),
                                            ("chen2015", "sham"), ("human-lumbar", None)])
def test_valid_with_consistent_units(study, arm):
    plan = resolve(load(study))
    assert findings(TypicalAnimal(plan, plan.arm(arm) if arm else plan.arms[-1]).sbml()) == []


def test_every_number_has_its_source_and_mark():
    plan = resolve(load("chen2015"))
    animal = TypicalAnimal(plan, plan.arm("bmsc_early"))
    root = ET.fromstring(animal.sbml())
    names = identifiers(animal.model)
    by_id = {p.get("id"): p for p in root.iterfind(".//s:parameter", SBML)}
    for leaf, value in zip(animal.model.parameters, animal.subject.parameters[0], strict=True):
        element = by_id[names[PARAMETER, leaf.name]]
        assert float(element.get("value")) == value
        if leaf.name in animal.register:
            entry = element.find(".//{urn:thecal:register:1}entry")
            assert entry.get("source") == animal.register[leaf.name].source
            assert entry.get("verified") == ("yes" if animal.register[leaf.name].verified else "no")
            words = " ".join(element.itertext())
            assert ("nobody measured" in words) == animal.register[leaf.name].is_assumption
    cited = re.findall(r"identifiers\.org/(\S+)\"", animal.sbml())
    assert "doi/10.1172/JCI80883" in cited
    assert "not medical advice" in " ".join(root.find(".//s:model/s:notes", SBML).itertext())


def test_states_are_rate_rules_and_names_are_one_to_one():
    model = stand_in(segments=6, ganglia=2)
    root = ET.fromstring(write_sbml(model, parameters_of(model, 1)[0], schedule_of(model), start_d=-30.0))
    names = identifiers(model)
    assert [r.get("variable") for r in root.iterfind(".//s:rateRule", SBML)] == [names[STATE, q.name]
                                                                                for q in model.states]
    used = [p.get("id") for p in root.iterfind(".//s:parameter", SBML)]
    assert len(used) == len(set(used))
    assert {names[OBSERVABLE, q.name] for q in model.observables} <= set(used)
    times = [float(cn.text) for cn in root.iterfind(".//s:trigger//{http://www.w3.org/1998/Math/MathML}cn", SBML)]
    assert times == [event.time_d + 30 for event in schedule_of(model)]


def test_events_of_one_moment_become_one_map_in_their_order():
    first = Event(1.0, offset=np.array([3.0, 0.0]), parameters={0: 1.0})
    second = Event(1.0, np.array([1, 0]), np.array([0, 0]), np.array([0.5, -0.5]), parameters={0: np.array([7.0, 8.0])})
    (jump,) = jumps([first, second], animal=1, states=2)
    y = np.array([2.0, 10.0])
    np.testing.assert_array_equal(jump.matrix @ y + jump.offset, [2.5, 12.5])
    assert jump.parameters == {0: 8.0}


def test_text_grows_with_the_graph_and_not_with_its_unfolding():
    x = symbol("x", "1", "state")
    deep = x
    for _ in range(60):
        deep = deep * exp(deep)
    assert len(shared([deep])) == 59


def test_an_event_before_the_start_is_refused():
    model = stand_in(segments=6, ganglia=2)
    with pytest.raises(ValueError, match="before the start"):
        write_sbml(model, parameters_of(model, 1)[0], schedule_of(model), start_d=3.0)
