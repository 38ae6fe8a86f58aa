"""The register: every number used has an entry, a unit that pint reads, a range and a source or an assumption mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from thecal.core.dimensions import unit_of
from thecal.core.register import load, read_row
from thecal.engine.coupling import assemble_model
from thecal.engine.layout import layout_of
from thecal.engine.subjects import arm_register, scores_of_draw
from thecal.study.load import load as load_study
from thecal.study.resolve import resolve


def test_every_entry_is_whole() -> None:
    for entry in load().values():
        unit_of(entry.unit)
        assert entry.low <= entry.value <= entry.high, entry.id
        assert entry.source, entry.id
        if "assumption" in entry.source or "recall" in entry.source:
            assert entry.kind in ("assumed", "calibrated") and not entry.verified, entry.id


def test_the_register_and_the_model_use_the_same_numbers() -> None:
    """No parameter of the model is missing from the register, none of the register is idle."""
    model = assemble_model(layout_of(resolve(load_study("chen2015")).species))
    used = set(model.parameter_index) - {name for room in model.rooms for name in room.inputs}
    elsewhere = ("homing.", "hypotheses.")  # rules of single cells; what a switch is worth
    register = {key for key in load() if not key.startswith(elsewhere)}
    assert used <= register
    outside_the_ode = {"anatomy.backflow", "anatomy.absorbing_share", "cells.viability", "cells.first_day_loss",
                       "cells.spilled", "cells.cargo_time", "cells.ifng_priming", "cells.il1b_priming",
                       "cells.hypoxia_priming", "pain.heat_latency", "pain.cold_response", "signalling.slice_access",
                       "signalling.quiet_marker"}
    assert register - used == outside_the_ode


def test_the_weights_of_a_call_sum_to_one() -> None:
    """An untreated, fully injured animal stands at 1 whatever shares one gives the signals."""
    calls: dict[str, list[float]] = {}
    for key, entry in load().items():
        if ".weight_" in key:
            calls.setdefault(key.rsplit("_", 1)[0], []).append(entry.value)
    assert len(calls) == 13
    for call, weights in calls.items():
        assert sum(weights) == pytest.approx(1), call


def test_what_a_hypothesis_is_worth_is_not_drawn() -> None:
    """H3 lifts IL-10 above its range: the range belonged to the default, and a draw must not bring it back."""
    arm = resolve(load_study("chen2015")).arm("bmsc_early")
    register = arm_register(replace(arm, hypotheses={"H3": 1.0}))
    worth = load()["hypotheses.h3_il10_strength"].value
    assert {register["cells.il10_strength"].quantile(z) for z in (-2, 0, 2)} == {worth}
    register = arm_register(replace(arm, hypotheses={"H3": 0.0}))
    assert register["cells.il10_strength"].quantile(2) > register["cells.il10_strength"].value


def test_draws_have_the_stated_percentiles() -> None:
    entry = load()["cells.half_life_captured"]
    z = stats.norm.ppf([0.05, 0.5, 0.95])
    assert [entry.quantile(x) for x in z] == pytest.approx([entry.low, entry.value, entry.high], rel=1e-9)


def test_a_new_parameter_moves_no_other_draw() -> None:
    register = load()
    few = register.with_values({})
    smaller = type(register)({k: v for k, v in few.items() if not k.startswith("pain.")})
    whole, part = scores_of_draw(register, 3, 5), scores_of_draw(smaller, 3, 5)
    assert all(whole[k] == part[k] for k in part)
    assert np.std(list(whole.values())) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(("change", "message"), [({"kind": "guess"}, "kind"), ({"value": "9"}, "outside"),
                                                 ({"surplus": "1"}, "unknown columns")])
def test_bad_rows_are_named(change: dict[str, str], message: str) -> None:
    row = {"id": "a.b", "symbol": "x", "value": "1", "low": "0.5", "high": "2", "unit": "1", "scale": "log",
           "kind": "assumed", "verified": "no", "between_animals": "", "species": "", "context": "", "source": "s",
           "note": ""}
    with pytest.raises(ValueError, match=message):
        read_row(row | change, "here.csv")
