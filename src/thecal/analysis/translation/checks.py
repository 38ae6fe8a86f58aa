"""What leaves CSF, how fast it travels and what stays: published measurements in five species, scored like claims.

Nothing is fitted to them. Each is computed from the declared canal with tracer put into one compartment; a miss is
shown with its cause. The pig has no species file: its canal is declared here for one check.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np

from thecal.analysis.claims.reading import Shown
from thecal.analysis.claims.register import Claim
from thecal.analysis.translation.carry import species_called
from thecal.core.declaration import Model
from thecal.core.register import Register, load
from thecal.core.structure import Ganglion, Structure
from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import fitted_draws
from thecal.engine.integrate import Event, Integrator, Status
from thecal.engine.layout import layout_of
from thecal.engine.subjects import Scores, scores_of_draw, values_of

TRACER = 1000.0       # concentration put in: far above anything the host makes
PIG_LOSS = "loss"     # key of the pig's total loss among its normal scores


@functools.cache
def raw() -> dict[str, Any]:
    """The file of checks."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "translation" / "checks.yaml").read_text("utf-8")
    return dict(YAML(typ="safe").load(text))


@dataclass(frozen=True)
class Body:
    """A canal and its numbers."""

    structure: Structure
    register: Register
    own: frozenset[str]

    @property
    def model(self) -> Model:
        """The assembled animal."""
        return assemble_model(self.structure)


@functools.cache
def body_of(species: str) -> Body:
    """The canal of a species, or of the pig."""
    if species != "pig":
        found = species_called(species)
        return Body(layout_of(found), load().with_values(found.parameters), frozenset(found.parameters))
    pig, shipped = raw()["pig"], load()
    own = {k: replace(shipped[k], value=float(n["value"]), low=float(n["low"]), high=float(n["high"]), kind=n["kind"],
                      source=n["source"]) for k, n in pig["parameters"].items()}
    count = pig["segments"]
    ganglia = tuple(Ganglion("L5", side, 2, 1.0) for side in ("injured", "other"))
    falling = [max(0.0, 1 - (i + 0.5) / (0.7 * count)) for i in range(count)]
    return Body(Structure("pig", count, ganglia, (5, 6), tuple(a / sum(falling) for a in falling)),
                shipped.with_values(own), frozenset(own))


def scores_for(body: Body, draws: int, seed: int, fitted: bool) -> list[Scores]:
    """Draws from the register; where a fit has spoken, its draws with the species' own numbers drawn anew."""
    fresh = [scores_of_draw(body.register, seed, k) for k in range(draws)]
    known = fitted_draws()[1:][:draws] if fitted else ()
    if not known:
        return list(fresh)
    return [{**old, **{k: z for k, z in new.items() if k in body.own}}
            for old, new in zip(known, fresh, strict=False)]


def measure(check: dict[str, Any], scores: Sequence[Scores], solver: Integrator) -> np.ndarray:
    """What the check measures, one number for each draw; NaN where it could not be computed."""
    return {"half_life_h": _half_life, "arrival_min": _arrival, "decay_length_cm": _decay_length,
            "image_over_csf": _image}[check["measure"]](check, scores, solver)


def _solve(body: Body, values: list[dict[str, float]], events: list[Event], times_d: np.ndarray,
           solver: Integrator) -> np.ndarray:
    """States, (draws, times, states); NaN for what could not be computed."""
    table = np.array([[v.get(p.name, 0.0) for p in body.model.parameters] for v in values])
    found = solver.solve(body.model, table, [events], np.zeros(len(values), np.int64), -30.0, times_d, (),
                         all_states=True)
    states = np.array(found.states)
    states[found.status != Status.OK] = np.nan
    return states


def _tracer(check: dict[str, Any], scores: Sequence[Scores], times_d: np.ndarray,
            solver: Integrator) -> tuple[Body, np.ndarray]:
    body = body_of(check["species"])
    offset = np.zeros(len(body.model.states))
    offset[body.model.state_index[f"anatomy.{check['solute']}[{check['given']}]"]] = TRACER
    values = [values_of(body.register, s) for s in scores]
    return body, _solve(body, values, [Event(0.0, offset=offset)], times_d, solver)


def _at(check: dict[str, Any], body: Body, states: np.ndarray) -> np.ndarray:
    return states[:, :, body.model.state_index[f"anatomy.{check['solute']}[{check['sampled']}]"]]


def _half_life(check: dict[str, Any], scores: Sequence[Scores], solver: Integrator) -> np.ndarray:
    first, last = check["between_h"]
    c = _at(check, *_tracer(check, scores, np.array([-0.01, first / 24, last / 24]), solver))
    fall = np.log((c[:, 1] - c[:, 0]) / (c[:, 2] - c[:, 0]))  # above what the host makes
    return np.asarray((last - first) * math.log(2) / fall)


def _arrival(check: dict[str, Any], scores: Sequence[Scores], solver: Integrator) -> np.ndarray:
    minutes = np.geomspace(0.5, 1500, 80)
    c = _at(check, *_tracer(check, scores, minutes / 1440, solver)) / TRACER
    found = np.full(len(scores), np.nan)
    for k, row in enumerate(c):
        over = np.flatnonzero(row >= check["threshold"])
        if over.size and np.isfinite(row).all():
            i = int(over[0])
            found[k] = minutes[i] if i == 0 else np.interp(check["threshold"], row[i - 1:i + 1], minutes[i - 1:i + 1])
    return found


def _image(check: dict[str, Any], scores: Sequence[Scores], solver: Integrator) -> np.ndarray:
    """All antibody in the body over its level in the CSF sampled, late against 1 h.

    Late is day 2: by then the slowest mode of bulk flow rules and the ratio stays; by day 7 so little is left in the
    model that the solver's own error would be seen.
    """
    body, states = _tracer(check, scores, np.array([1 / 24, 2.0]), solver)
    index = body.model.state_index
    amount = np.zeros(states.shape[:2])
    for k, s in enumerate(scores):
        v = values_of(body.register, s)
        part = v["anatomy.canal_volume"] / body.structure.segments
        for name in body.structure.compartments:
            amount[k] += states[k, :, index[f"anatomy.antibody[{name}]"]] * (
                v["anatomy.cranial_volume"] if name == "cranial" else part)
        for g in body.structure.ganglia:
            amount[k] += states[k, :, index[f"signalling.antibody[{g.name}]"]] * v["anatomy.border_volume"]
    ratio = amount / _at(check, body, states)
    return np.asarray(ratio[:, 1] / ratio[:, 0])


def _decay_length(check: dict[str, Any], scores: Sequence[Scores], solver: Integrator) -> np.ndarray:
    """Decay length of a steady infusion, from the fall over the four segments (14 cm) above the needle."""
    body, pig = body_of("pig"), raw()["pig"]
    loss = replace(load()["anatomy.wall_uptake_inhibitor"], scale="log",
                   **{k: float(pig["loss_per_h"][k]) for k in ("value", "low", "high")})
    values = []
    for s in scores:
        v = values_of(body.register, s)
        # the loss is drawn by the score of the uptake that it replaces; per hour, over the gap, per day
        v["anatomy.wall_uptake_inhibitor"] = 24 * loss.quantile(s.get(loss.id, 0.0)) * v["anatomy.gap"]
        values.append(v)
    needle = int(pig["needle_segment"])
    pump = Event(0.0, parameters={body.model.parameter_index[f"sources.pump_inhibitor[{needle}]"]: 1e6})
    states = _solve(body, values, [pump], np.array([14.0]), solver)[:, 0]
    c = [states[:, body.model.state_index[f"anatomy.inhibitor[{needle + k}]"]] for k in (1, 5)]
    step_cm = np.array([v["anatomy.canal_length"] for v in values]) / body.structure.segments / 10
    # the grid's own ratio r between neighbours belongs to (r + 1/r - 2) = (step / length)^2
    ratio = (c[0] / c[1])**0.25
    return np.asarray(step_cm / np.sqrt(ratio + 1 / ratio - 2))


def clearance_rows(solver: Integrator, draws: int, seed: int, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Every check as a row in the form of the register of claims, misses with their cause.

    Arguments:
        solver: what integrates. draws: from the register, and as many fitted ones. seed: of the draws.
        only: ids; all when empty.
    """
    from thecal.analysis.claims.score import row_of

    rows = []
    for number, check in enumerate(raw()["checks"], 1):
        if only and check["id"] not in only:
            continue
        low, high = check["window"]
        claim = Claim(check["id"], 100 + number, check["statement"], check["source"], "published", "predicted",
                      check["measure"], "", (), {check["measure"]: (low, high)})
        shown = []
        for fitted in (False, True):
            value = measure(check, scores_for(body_of(check["species"]), draws, seed, fitted), solver)
            inside = (value >= low) & (value <= high)
            shown.append(Shown(inside, inside, value))
        row = row_of(claim, *shown)
        cause = "" if row["verdict"] == "holds" else check["cause"]
        if cause and row["value"] is not None and low <= row["value"] <= high:
            cause = f"the middle of the draws agrees, what is believed of the numbers is too wide; {cause}"
        rows.append(row | {"cause": cause, "group": "transport", "bound": check.get("bound", "")})
    return rows
