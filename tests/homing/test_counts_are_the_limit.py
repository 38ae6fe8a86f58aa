"""Single cells and the cohort model's counts: the same rates, and the same numbers where the counts' view holds."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.analysis.homing import centre_scores
from thecal.analysis.homing_catchment import catchment
from thecal.cells.agents.rules import rules_of
from thecal.core.evaluate import numpy_function
from thecal.core.expression import symbols_of
from thecal.engine.coupling import assemble_model
from thecal.engine.homing import conditions_of, follow
from thecal.engine.layout import layout_of
from thecal.engine.subjects import arm_register, values_of
from thecal.study import load, resolve


@pytest.fixture(scope="module")
def study():
    plan = resolve(load("chen2015"))
    return plan, plan.arm("bmsc_early")


def test_the_rules_are_the_declared_rates(study):
    """Rates of the assembled ODE at a random state against the rules that single cells live by."""
    plan, arm = study
    structure = layout_of(plan.species)
    model = assemble_model(structure)
    values = values_of(arm_register(arm), {})
    rules = rules_of(values)
    state = dict.fromkeys((q.name for q in model.states), 0.0)
    g = structure.ganglia[1]
    amd, tnf, q, cxcl12, held, caught, immune = 300.0, 0.7, 0.2, 4.0, 1000.0, 5000.0, 0.3
    state |= {f"signalling.cxcl12[{g.name}]": cxcl12, f"cells.adhered[{g.segment}]": held, "signalling.tnf": tnf,
              f"cells.captured[{g.name}]": caught, "cells.desensitised": q, "cells.immunity": immune}
    table = dict(values, **{"cells.rejection_rate": 0.1})
    state |= {f"anatomy.inhibitor[{k}]": amd for k in structure.compartments}
    table["cells.inhibitor_blocks_cxcr4"] = 1.0
    rules = rules_of(table)
    rate = model.rates[model.state_index[f"cells.captured[{g.name}]"]]
    leaves = symbols_of([rate])
    seen = numpy_function([rate], leaves)(np.array([state.get(s.name, table.get(s.name, 0.0)) for s in leaves]))[0]
    occupied = rules.occupancy(cxcl12, amd)
    beside = values["cells.catchment"] * structure.segments / values["anatomy.canal_length"]
    arrest = rules.capture_basal + rules.capture_cxcl12 * rules.cxcr4 * (1 - q) * occupied
    capture = beside * rules.room_left(np.array(caught)) * arrest
    assert seen == pytest.approx(capture * held - rules.border_death(np.array(tnf), immune) * caught, rel=1e-12)


def test_counts_per_ganglion_converge_on_the_cohort_model(study):
    """With the counts' reach (the ring of a segment) and equal cells, agents agree within sampling error as n grows."""
    plan, arm = study
    equal = {"homing.cxcr4_spread": 1e-4, "homing.clump_cells": 1.0, "homing.roll_distance": 1e-4,
             "cells.desensitisation": 1e-6, "cells.catchment": 6.14, "homing.spreading_time": 0.0}
    days = np.array([2.0, 7.0, 20.0])
    [c] = conditions_of(plan, arm, [{}], overrides=equal, days_after=20, rings=True)
    counts = c.counts_after(days)
    errors = []
    for agents in (1_000, 10_000, 100_000):
        course = follow(c, agents, 3, days)
        seen = course.captured * course.weight
        sampling = np.sqrt(counts * course.weight)
        assert (np.abs(seen - counts) < 4 * sampling + 0.02 * counts).all()  # 2 %: windows, mixing between segments
        errors.append(np.sqrt(np.mean(((seen - counts) / counts)**2)))
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.03


def test_the_catchment_of_the_register_is_what_single_cells_give(study):
    """The number that the counts inherit, fitted anew; then counts and single cells agree after a real injection."""
    plan, arm = study
    [c] = conditions_of(plan, arm, [centre_scores()], days_after=30)
    mm, error = catchment(c, 30_000, 5)
    assert mm == pytest.approx(arm_register(arm)["cells.catchment"].value, rel=3 * error + 0.05)
    [c] = conditions_of(plan, arm, [centre_scores()], overrides={"cells.catchment": mm}, days_after=30)
    days = np.array([3.0, 14.0, 28.0])
    course = follow(c, 60_000, 3, days, window=18)
    counts = c.counts_after(days)
    assert course.captured.sum(axis=1) * course.weight == pytest.approx(counts.sum(axis=1), rel=0.12)
