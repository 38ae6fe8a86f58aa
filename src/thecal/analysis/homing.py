"""What single cells show: counts by ganglion, side and day, with intervals; the injured side against the other.

Intervals run over draws of the register's uncertainty, each with its own weighted agents, so they hold sampling too.
Three things are told apart: living cells at a border, cells that carry the label, and the dose that neurons there see.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from thecal.analysis.homing_label import label_day, label_over_days
from thecal.cells.agents.field import WallField
from thecal.engine.fitted import centre, fitted_draws
from thecal.engine.homing import Conditions, Course, conditions_of, follow, gives_cells
from thecal.engine.subjects import Scores, arm_register, scores_of_draw
from thecal.study.plan import ArmPlan, StudyPlan

DAYS = (1, 3, 7, 14, 28, 56)
RATIO_DAY = 14
FEW, MANY = 20_000, 250_000
KNOCK_DOWN = {"cells.cxcr4": 0.3}     # share of CXCR4 left after knock-down (assumed, as in the index study's arm)
NO_CXCL12 = {"homing.cxcl12": 0.0}
COARSE = 18                           # steps per window for runs that only give intervals


@dataclass(frozen=True)
class Homing:
    """One arm at the centre and over draws.

    ``course``: the centre's run. ``ratios``: injured side over the other with its interval, as declared and by variant.
    ``spread``: cells (draws, days, ganglia). ``label_days``: day on which label outnumbers living cells, (draws,).
    """

    plan: StudyPlan
    arm: ArmPlan
    conditions: Conditions
    course: Course
    ratios: Mapping[str, tuple[float, float, float]]
    spread: np.ndarray
    days: tuple[float, ...]
    label_days: np.ndarray = field(default_factory=lambda: np.empty(0))

    def cells(self) -> np.ndarray:
        """Living cells at each border, (days, ganglia)."""
        return self.course.captured[self._rows()] * self.course.weight

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """5th and 95th percentile over draws, widened where needed to hold the centre; (days, ganglia) each."""
        if not len(self.spread):
            sd = np.sqrt(self.course.captured[self._rows()]) * self.course.weight * 1.645
            return np.maximum(self.cells() - sd, 0), self.cells() + sd
        low, high = np.quantile(self.spread, [0.05, 0.95], axis=0)
        return np.minimum(low, self.cells()), np.maximum(high, self.cells())

    def _rows(self) -> list[int]:
        return [int(np.argmin(np.abs(self.course.days - d))) for d in self.days]


def centre_scores() -> Scores:
    """The fitted centre; numbers of the homing room that no claim identifies stay at the register's own centre."""
    return _identified(centre())


def _identified(scores: Scores) -> Scores:
    return {key: z for key, z in scores.items() if not key.startswith("homing.")}


def draws_of(arm: ArmPlan, seed: int, count: int) -> list[Scores]:
    """Draws of uncertainty: the fitted ones where there are enough, with the homing room's numbers from their range."""
    known = fitted_draws()[1:]
    if len(known) < count:
        return [scores_of_draw(arm_register(arm), seed, k) for k in range(count)]
    return with_rules_drawn(arm, seed, known[:count])


def with_rules_drawn(arm: ArmPlan, seed: int, draws: Sequence[Scores]) -> list[Scores]:
    """The same draws with the homing room's numbers from the register's range: no claim on counts identifies them."""
    register = arm_register(arm)
    return [{**_identified(draw), **{key: z for key, z in scores_of_draw(register, seed, k).items()
                                     if key.startswith("homing.")}} for k, draw in enumerate(draws)]


def arms_with_cells(plan: StudyPlan) -> list[ArmPlan]:
    """Arms that give living cells, in the study's order."""
    return [a for a in plan.arms if gives_cells(a)]


def arm_with_cells(plan: StudyPlan, arm_id: str | None = None) -> ArmPlan:
    """The named arm, or the first that gives living cells. Errors: :class:`ThecalError` where there is none."""
    from thecal.core.errors import ThecalError

    fit = arms_with_cells(plan)
    if arm_id is not None:
        fit = [a for a in fit if a.id == arm_id]
    if not fit:
        raise ThecalError.single(where="--arm" if arm_id else plan.name, what="no such arm that gives living cells"
                                 if arm_id else "no arm gives living cells", seen=arm_id or "",
                                 allowed=", ".join(a.id for a in arms_with_cells(plan) or plan.arms),
                                 remedy="name one of the arms that give cells" if arm_id else "name another study")
    return fit[0]


def study_homing(plan: StudyPlan, arm: ArmPlan, *, seed: int, agents: int = MANY, draws: int = 12,
                 days: Sequence[float] = DAYS, frame_days: Sequence[float] = (), sample: int = 0,
                 progress: Callable[[float], None] = lambda share: None) -> Homing:
    """Follow the cells of one arm at the centre, under knock-down and without CXCL12, and over draws.

    Arguments:
        agents: agents of the centre's run, at most the living cells; variants use fewer. draws: runs for intervals.
        days: days after the first injection. frame_days, sample: key frames for the viewer.
        progress: called with the share done, 0 to 1.
    """
    scores = centre_scores()
    last = max(days)
    [usual] = conditions_of(plan, arm, [scores], days_after=last)
    living = usual.living
    daily = sorted({float(d) for d in range(int(last) + 1)} | {float(d) for d in days})
    watched = sorted({*daily, *frame_days})  # so that the viewer's counts are counts, not interpolated
    parts = 4 + 0.35 * draws
    course = follow(usual, int(min(agents, living)), seed, watched, frame_days=frame_days, sample=sample,
                    progress=lambda share: progress(2 * share / parts))
    variants = {"default": {}, "cxcr4_knockdown": {"factors": KNOCK_DOWN}, "cxcl12_off": {"overrides": NO_CXCL12}}
    ratios = {}
    for k, (name, change) in enumerate(variants.items()):
        if name == "default":
            at = int(np.argmin(np.abs(course.days - min(RATIO_DAY, last))))
            ratios[name] = ratio_with_error(usual, course.captured[at])
            continue
        [conditions] = conditions_of(plan, arm, [scores], days_after=last, **change)
        other = follow(conditions, int(min(4 * FEW, agents, living)), seed, [min(RATIO_DAY, last)], window=COARSE)
        ratios[name] = ratio_with_error(conditions, other.captured[0])
        progress((2 + k) / parts)
    spread, label_days = [], []
    rows = np.searchsorted(daily, days)
    if draws:
        for k, drawn in enumerate(conditions_of(plan, arm, draws_of(arm, seed, draws), days_after=last)):
            cells = drawn.living
            run = follow(drawn, int(min(FEW, cells)), seed + 1 + k, daily, window=COARSE)
            spread.append(run.captured[rows] * run.weight)
            label_days.append(label_day(label_over_days(drawn, run)))
            progress((4 + 0.35 * (k + 1)) / parts)
    return Homing(plan, arm, usual, course, ratios, np.array(spread), tuple(float(d) for d in days),
                  np.array(label_days))


def ratio_with_error(conditions: Conditions, captured: np.ndarray) -> tuple[float, float, float]:
    """Agents on the injured side over the other, with the 90 % interval of two counts (log scale)."""
    injured = conditions.injured
    here, there = float(captured[injured].sum()), float(captured[~injured].sum())
    if here == 0 or there == 0:
        return (math.nan, math.nan, math.nan)
    width = 1.645 * math.sqrt(1 / here + 1 / there)
    return here / there, here / there * math.exp(-width), here / there * math.exp(width)


def injured_to_other(plan: StudyPlan, arm: ArmPlan, draws: Sequence[Scores], seed: int, *, day: float = RATIO_DAY,
                     agents: int = FEW, overrides: Mapping[str, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Single cells at the injured side's ganglia and at the other's, one entry per draw; for claims about homing.

    Arguments:
        draws: normal scores, as ``Laboratory.draws``; the homing room's numbers are drawn anew from their ranges.
        day: after the first injection. agents: weighted agents per draw. overrides: see ``conditions_of``.

    Returns: ``(injured, other)``, each (draws,), in cells.
    """
    found = []
    for k, conditions in enumerate(conditions_of(plan, arm, with_rules_drawn(arm, seed, draws), overrides,
                                                 days_after=day)):
        cells = conditions.living
        course = follow(conditions, int(min(agents, cells)), seed + k, [day], window=COARSE)
        injured = conditions.injured
        found.append([course.captured[0][side].sum() * course.weight for side in (injured, ~injured)])
    here, there = np.array(found).T
    return here, there


@dataclass(frozen=True)
class ArmCount:
    """Cells at all injured and all other ganglia of one arm over days, with the standard deviation of sampling."""

    arm: ArmPlan
    days: np.ndarray
    injured: np.ndarray
    other: np.ndarray
    injured_sd: np.ndarray
    other_sd: np.ndarray
    living_given: float
    places: np.ndarray


def compare_arms(plan: StudyPlan, *, seed: int, agents: int = 3 * FEW, days: Sequence[float] = DAYS,
                 progress: Callable[[float], None] = lambda share: None) -> list[ArmCount]:
    """Every arm of a study that gives living cells, at the centre of the register, by weighted agents."""
    arm_with_cells(plan)  # there must be one
    arms = arms_with_cells(plan)
    found = []
    for k, arm in enumerate(arms):
        [c] = conditions_of(plan, arm, [centre_scores()], days_after=max(days))
        living = c.living
        run = follow(c, int(min(agents, living)), seed, days, window=COARSE)
        side = c.injured
        clump = max(1.0, c.values["homing.clump_cells"])
        cells = [run.captured[:, chosen].sum(axis=1) * run.weight for chosen in (side, ~side)]
        found.append(ArmCount(arm, run.days, *cells, *(np.sqrt(n * run.weight * clump) for n in cells), living,
                              run.places))
        progress((k + 1) / len(arms))
    return found


def local_dose(homing: Homing, day: float) -> dict[str, float | None]:
    """How much more active TGF-b1 neurons of the injured ganglia see than the fluid, in pg/ul, two ways.

    By the counts, with all they know: the border of the injured ganglia over lumbar CSF. By single cells, on the wall
    at rest, the reach of the injured ganglia over the lumbar mean:
    ``L``: ``D_L lap L - (k_act + k_bl + D_L / path^2) L + (1 - f_a) q n``; ``B`` likewise with
    ``+ k_act L - (k_bl + k_up + D / path^2) B``; uptake taken as linear (true below ``K_up``), priming left out.
    """
    c, v = homing.conditions, homing.conditions.values
    row = int(np.argmin(np.abs(homing.course.days - day)))
    dx, dy = c.wall.step_mm
    path = v["anatomy.border_path"]
    released = homing.course.wall_counts[row] * homing.course.weight * v["cells.secretes"] * v["cells.secretion_rate"]
    released = released / (dx * dy * path)
    d_active = v["signalling.tissue_diffusion"]
    d_latent = d_active * v["signalling.latent_mobility"]
    activation, blood = v["signalling.border_activation"], v["signalling.border_to_blood"]
    share = v["cells.active_fraction"]

    def rest(diffusion: float, loss: float, source: np.ndarray) -> np.ndarray:
        field = WallField(c.wall.step_mm, c.wall.shape, (diffusion, diffusion), loss + diffusion / path**2)
        return field.steady(source)

    latent = rest(d_latent, activation + blood, (1 - share) * released)
    active = rest(d_active, blood + v["signalling.border_uptake"], share * released + activation * latent)
    injured = c.injured
    local = float(c.wall.mean_in_reach(active)[injured].mean())
    mean = float(active.mean())
    border, csf = (float(np.interp(c.slugs[0].day_d + day, c.times_d, column)) for column in c.active_pg_ul.T)
    return {"day": float(day), "border_pg_ul": border, "csf_pg_ul": csf,
            "border_over_csf": border / csf if csf else None, "reach_pg_ul": local, "wall_mean_pg_ul": mean,
            "reach_over_wall": local / mean if mean else None}


def label_carriers(homing: Homing) -> dict[str, np.ndarray]:
    """Living cells, corpses and host cells that carry the label, over all borders; each (days,) of the centre's run."""
    return label_over_days(homing.conditions, homing.course)


def label_interval(homing: Homing) -> dict[str, float | int | None]:
    """The day of :func:`label_day`: at the centre, its 5th and 95th percentile over draws, draws in which it comes.

    Where it does not come in a draw, it counts as after the last day; a percentile there is None.
    """
    found = np.where(np.isfinite(homing.label_days), homing.label_days, math.inf)
    edges = np.quantile(found, [0.05, 0.95], method="closest_observation") if found.size else (math.nan, math.nan)
    return {"centre": _number(label_day(label_carriers(homing))), "low": _number(edges[0]), "high": _number(edges[1]),
            "draws": int(found.size), "draws_with": int(np.isfinite(found).sum())}


def as_data(homing: Homing) -> dict:
    """The outcome as plain data, for ``--json`` and CSV."""
    low, high = homing.interval()
    cells = homing.cells()
    injured_side = homing.conditions.body_side
    sides = {"injured": injured_side, "other": "right" if injured_side == "left" else "left"}
    rows = [{"level": s.level, "side": s.side, "body_side": sides[s.side], "day": day,
             "cells": round(float(cells[i, j]), 1), "low": round(float(low[i, j]), 1),
             "high": round(float(high[i, j]), 1)}
            for i, day in enumerate(homing.days) for j, s in enumerate(homing.conditions.wall.sleeves)]
    counts = homing.conditions.counts_after(homing.days)
    labels = label_carriers(homing)
    at = [int(np.argmin(np.abs(labels["day"] - d))) for d in homing.days]
    return {
        "study": homing.plan.name, "arm": homing.arm.id, "drg": rows,
        "injured_to_other": {name: _number(r[0]) for name, r in homing.ratios.items()},
        "injured_to_other_90": {name: [_number(r[1]), _number(r[2])] for name, r in homing.ratios.items()},
        "injured_to_other_day": min(RATIO_DAY, max(homing.days)),
        "days": "after the first injection",
        "interval": (f"5 to 95 % over {len(homing.spread)} draws of the register, sampling included"
                     if len(homing.spread) else "90 % of sampling"),
        "agents": homing.course.agents, "cells_per_agent": homing.course.weight,
        "leaked_cells": sum(s.leaked for s in homing.conditions.slugs),
        "dead_at_injection": sum(s.dead for s in homing.conditions.slugs),
        "local_tgfb1": local_dose(homing, min(RATIO_DAY, max(homing.days))),
        "places": [{"day": d, **{place: round(n, 1) for place, n in homing.course.cells_by_place(i).items()}}
                   for d, i in zip(homing.days, at, strict=True)],
        "label": [{"day": d, **{k: round(float(labels[k][i]), 1) for k in ("living", "corpses", "host")}}
                  for d, i in zip(homing.days, at, strict=True)],
        "label_day": label_interval(homing),
        "cohort_model": [{"level": s.level, "side": s.side, "day": day, "cells": round(float(counts[i, j]), 1)}
                         for i, day in enumerate(homing.days) for j, s in enumerate(homing.conditions.wall.sleeves)],
        "disclaimer": "Computer model, not medical advice.",
    }


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
