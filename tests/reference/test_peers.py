"""The rivals of the bench solve the same problem: LSODA is a twin of the reference solver."""

import numpy as np
import pytest
from bench import peers_all
from bench.peers_all import errors, peer_runs
from tests.reference.stand_in import parameters_of, schedule_of, stand_in


def test_rivals_meet_the_target_and_missing_ones_are_told(monkeypatch):
    model = stand_in(segments=6, ganglia=2)
    schedule = schedule_of(model)
    times = np.setdiff1d(np.concatenate([4 + np.linspace(0.01, 1, 12), np.linspace(6, 60, 19)]),
                         [event.time_d for event in schedule])
    monkeypatch.setitem(peers_all._RIVALS, "gone", gone)
    rows = peer_runs(model, parameters_of(model, 2), schedule, times, ["cells.captured", "pain.sensitisation"], -30.0,
                     peers=["cvode", "lsoda", "gone"])
    assert rows[-1] == {"peer": "gone", "missing": "not here"}
    last = {row["peer"]: row for row in rows[:-1]}
    assert set(last) == {"scikit-sundae CVODE", "SciPy LSODA"}
    assert all(row["matched"] and row["error"] <= 2e-6 and row["ms"] > 0 for row in last.values())


def gone(*_):
    raise ImportError("not here")


def test_error_is_relative_to_the_largest_value_of_each_observable():
    expected = np.zeros((1, 3, 2))
    expected[0, :, 0] = [1.0, 4.0, 2.0]
    found = expected.copy()
    found[0, 2, 0] += 0.02
    found[0, 1, 1] = 1e-30  # absent in the reference: not compared
    assert errors(found, expected) == pytest.approx([0.005])
