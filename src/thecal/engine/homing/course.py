"""The loop over windows: inject, travel, settle on the wall, crawl, be captured, die; and what is written down.

Each window: (1) drivers of this moment, (2) the CXCL12 field moves on, taken up by the cells that lie there,
(3) rates for this window from field, crowding and immunity, (4) cells that do not crawl yet travel, roll, hold and
spread, (5) those that have spread crawl, (6) the captured live or die, (7) the dead and the captured leave the dense
arrays, remains are cleared, all counted.
Windows are one step long for half a day after an injection, ``WINDOW`` steps to the end of the first week, and four
times that afterwards, when all moves slowly; the field moves at most once in ``FIELD_D``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numba
import numpy as np

from thecal.cells.agents import crawl, transit
from thecal.cells.agents.crawl import Captured, Crawlers
from thecal.cells.agents.field import WallField
from thecal.cells.agents.random_numbers import key_of
from thecal.cells.agents.transit import Travellers
from thecal.engine.homing.conditions import Conditions, Slug
from thecal.engine.homing.record import PLACES, Course, empty_course, record, record_frame
from thecal.engine.homing.state import Run

__all__ = ["PLACES", "Course", "follow"]

STEP_D = 10 / 1440
WINDOW = 6
CLOSE_D, LATE_D = 0.5, 7.0
FIELD_D = 1 / 24
SMALL = 200_000
SPARSE = 1 / 16  # share of empty places among crawlers from which packing pays


def follow(conditions: Conditions, agents: int, seed: int, days: Sequence[float], *, dt_d: float = STEP_D,
           frame_days: Sequence[float] = (), sample: int = 0, block: int = crawl.BLOCK,
           window: int = WINDOW, trajectory: np.ndarray | None = None, first_cell: int = 0,
           progress: Callable[[float], None] | None = None) -> Course:
    """Follow cells of one arm.

    Arguments:
        conditions: of the arm. agents: how many to follow over all injections; each stands for ``cells / agents``.
        seed: of the random draws, which are keyed by arm, cell and step. days: days after the first injection.
        dt_d: step. frame_days, sample: when to keep the places of the first ``sample`` cells.
        block: cells per block, which changes no byte of the result. window: steps for which the field stands still.
        trajectory: captured cells (windows, ganglia) that set crowding, instead of the agents' own (streaming).
        first_cell: number of the first cell (streaming). progress: called with the share done.

    Returns: :class:`Course`. Every cell is in exactly one place: each row of ``places`` sums to the agents injected.
    """
    with _threads(agents):
        return _follow(conditions, agents, seed, days, dt_d, frame_days, sample, block, window, trajectory,
                       first_cell, progress)


@contextmanager
def _threads(agents: int) -> Iterator[None]:
    """Few cells are faster on one thread; the result does not depend on it."""
    before = numba.get_num_threads()
    numba.set_num_threads(1 if agents < SMALL else before)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _follow(c: Conditions, agents: int, seed: int, days: Sequence[float], dt_d: float, frame_days: Sequence[float],
            sample: int, block: int, window: int, trajectory: np.ndarray | None, first_cell: int,
            progress: Callable[[float], None] | None) -> Course:
    start = c.slugs[0].day_d
    living = c.living
    run = _start(c, agents, living, seed, dt_d, block)
    wanted, pictured = _rows_at(days, dt_d), _rows_at(frame_days, dt_d)
    stops = {*wanted, *pictured}
    course = empty_course(run, agents, days, frame_days, sample)
    numbers = _numbers(c, agents, living, first_cell)
    pending = list(zip(c.slugs, numbers, strict=True))
    removals = list(c.removals)
    step, last = 0, max(stops)
    past = 0
    while True:
        now = start + step * dt_d
        while pending and pending[0][0].day_d <= now + dt_d / 2:
            _inject(run, *pending.pop(0))
        while removals and removals[0][0] <= now + dt_d / 2:
            _remove(run, removals.pop(0)[1], step)
        for row in wanted.get(step, ()):
            record(run, course, row, now)
        for row in pictured.get(step, ()):
            record_frame(run, course.frames[row], first_cell, now)
        if step >= last:
            break
        steps = _window_steps(step, last, stops, now, c, pending, removals, start, dt_d, window)
        own = run.at_borders(run.border) * run.weight
        crowd = own if trajectory is None else trajectory[min(past, len(trajectory) - 1)]
        _advance(run, now, step, steps, crowd)
        step += steps
        past += 1
        if progress:
            progress(step / last)
    course.updates = run.updates
    return course


def _rows_at(days: Sequence[float], dt: float) -> dict[int, list[int]]:
    """Rows to write at each step."""
    rows: dict[int, list[int]] = {}
    for row, day in enumerate(days):
        rows.setdefault(round(day / dt), []).append(row)
    return rows


def _window_steps(step: int, last: int, stops: set[int], now: float, c: Conditions, pending: list, removals: list,
                  start: float, dt: float, window: int) -> int:
    """Steps until something changes: short windows after an injection, and never past a day that is looked at."""
    close = any(0 <= now - s.day_d < CLOSE_D - dt / 2 for s in c.slugs)
    late = all(now - s.day_d >= LATE_D - dt / 2 for s in c.slugs)
    size = 1 if close else 4 * window if late else window  # in steps: a finer step means finer windows too
    ahead = min(s for s in stops if s > step)
    for day in [s.day_d for s, _ in pending] + [d for d, _ in removals]:
        ahead = min(ahead, max(step + 1, round((day - start) / dt)))
    return max(1, min(size, ahead - step))


def _start(c: Conditions, agents: int, living: float, seed: int, dt: float, block: int) -> Run:
    v, wall = c.values, c.wall
    smear = v["homing.flow"] * v["homing.flow_smearing"] * v["anatomy.shear_enhancement"]
    always = v["homing.flow_smearing"] * v["anatomy.shear_enhancement"]
    d = v["homing.cxcl12_diffusion"]

    def made(stretch: float) -> WallField:
        return WallField(wall.step_mm, wall.shape, (d * (1 + stretch), d), v["signalling.cxcl12_turnover"],
                         v["homing.hs_sites"], v["homing.hs_affinity"], v["homing.hs_release"])

    # source per nM wanted at the ganglion: set once with flow on, so that stopping flow changes the field
    usual = made(always)
    gain = np.array([wall.mean_in_reach(usual.steady(mask))[j] for j, mask in enumerate(wall.reach)])
    run = Run(c, key_of(seed, c.name, "homing"), living / agents, dt, made(smear),
              wall.reach / gain[:, None, None], np.zeros(len(wall.sleeves), np.int64), block=block)
    cxcl12, _, _ = c.at(c.slugs[0].day_d)
    run.field.settle(np.tensordot(cxcl12, run.per_source, 1))
    return run


def _numbers(c: Conditions, agents: int, living: float, first: int) -> list[np.ndarray]:
    """Cell numbers of each injection, in proportion to its living cells."""
    edges = np.round(np.cumsum([0.0, *(s.living for s in c.slugs)]) / living * agents).astype(np.int64) + first
    return [np.arange(a, b, dtype=np.uint32) for a, b in pairwise(edges)]


def _inject(run: Run, slug: Slug, cells: np.ndarray) -> None:
    v, n = run.c.values, cells.size
    new = Travellers(cells, np.empty(n), np.empty(n), np.empty(n), np.empty(n, np.int8), np.zeros(n, np.uint32))
    transit.inject(cells, new.x, new.y, new.flight, new.phase, slug.low_mm, slug.high_mm, run.c.wall.length_mm,
                   v["anatomy.gap"] / v["cells.settling_speed"], max(1, round(v["homing.clump_cells"])),
                   v["homing.plume_sinking"], v["homing.low_side"] / 360, v["homing.plume_spread"] / (2 * np.pi),
                   v["homing.needle_side"], *run.key)
    run.travellers.extend(new)
    run.injected += n


def _remove(run: Run, fraction: float, step: int) -> None:
    """An experimenter takes out a share of all living cells; they leave no remains."""
    run.pack()
    for group in (run.crawlers, run.border, run.travellers):
        gone = np.zeros(len(group), bool)
        transit.border_deaths(group.cell, np.zeros(len(group), np.int8), np.array([fraction]), step,
                              crawl.REMOVAL_PURPOSE, *run.key, gone)
        run.cleared += int(gone.sum())
        group.keep(~gone)


def _advance(run: Run, now: float, step: int, steps: int, crowd: np.ndarray) -> None:
    c, rules, wall = run.c, run.c.rules, run.c.wall
    span = steps * run.dt
    cxcl12, inflamed, inhibitor = c.at(now + span / 2)                                                  # 1
    run.waited += span
    if run.waited >= FIELD_D * (1 - 1e-9) or not run.table.size:                                        # 2
        uptake = c.values["homing.cxcl12_uptake"] * run.weight * _density(run) if len(run.crawlers) else 0.0
        run.field.advance(np.tensordot(cxcl12, run.per_source, 1), run.waited, uptake)
        run.clear(now)
        run.waited, run.at_sleeves, run.table = 0.0, wall.mean_in_reach(run.field.free), np.empty(0, np.float32)
    at_ganglia = rules.occupancy(cxcl12 if wall.rings else run.at_sleeves, inhibitor)                   # 3
    death = rules.free_death(run.immunity)
    spread = _travel(run, now + span, span, death)                                                      # 4
    _crawl(run, step, steps, inhibitor, at_ganglia, death, rules.room_left(crowd))                      # 5
    _border(run, now + span, span, step, rules.border_death(inflamed, run.immunity))                    # 6
    _sort_out(run, now + span, span, spread)                                                            # 7
    alive = run.living * run.weight
    growth = rules.immunity_growth * alive / (alive + rules.immunity_cells)
    run.immunity += span * growth * (run.immunity + 0.01) * (1 - run.immunity)


def _density(run: Run) -> np.ndarray:
    """Agents that hold the wall per microlitre of the border layer at each node."""
    counts = run.on_wall(run.crawlers, run.arrested()).astype(float)
    counts[-1] = 0  # the last row also holds all that lies above the grid
    dx, dy = run.c.wall.step_mm
    return counts / (dx * dy * run.c.values["anatomy.border_path"])


def _travel(run: Run, day: float, span: float, death: float) -> Crawlers:
    """Travellers move on until ``day``; those that have spread on the wall are returned as crawlers."""
    t, v, rules = run.travellers, run.c.values, run.c.rules
    if not len(t):
        return Crawlers.none()
    flow = v["homing.flow"]
    lumbar = flow * (v["anatomy.molecular_diffusion"] * (1 + v["anatomy.shear_enhancement"]) + v["anatomy.root_mixing"]
                     * v["anatomy.pulsation_rate"] * v["anatomy.pulsation_amplitude"]**2)
    area = v["anatomy.canal_volume"] / v["anatomy.canal_length"]
    top = lumbar * (1 + v["anatomy.dispersion_rise"])
    back = top * area / (v["anatomy.canal_length"] / 10) / v["anatomy.cranial_volume"]  # through a tenth of the canal
    spreading = v["homing.spreading_time"]
    rates = np.array([v["anatomy.gap"] / v["cells.settling_speed"], rules.attachment, rules.detachment, death, back,
                      1 / spreading if spreading > 0 else np.inf])
    path = np.array([lumbar, v["anatomy.dispersion_rise"], run.c.wall.length_mm, rules.roll_mm,
                     v["homing.uphill"] * rules.settling_mm_d])
    transit.travel(t.cell, t.x, t.y, t.flight, t.phase, t.draws, span, rates, path, *run.key)
    run.bury(t.take(t.phase == transit.LOST), day, span)
    begun = _begin(run, t.take(t.phase == transit.SPREAD))
    t.keep(t.phase < transit.SPREAD)
    return begun


def _begin(run: Run, spread: Travellers) -> Crawlers:
    n, rules = len(spread), run.c.rules
    new = Crawlers(spread.cell, *run.places_of(spread), *(np.zeros(n, np.float32) for _ in range(4)),
                   np.zeros(n, np.int8), np.full(n, -1, np.int8))
    positive = rules.positive if crawl.lasts(rules.memory_d) else 0.0
    transit.first_levels(new.cell, new.vx, new.vy, new.level, rules.speed_mm_d / np.sqrt(2), rules.cxcr4, positive,
                         rules.spread, *run.key)
    return new


def _crawl(run: Run, step: int, steps: int, inhibitor: float, at_ganglia: np.ndarray, death: float,
           room_left: np.ndarray) -> None:
    k, rules, wall = run.crawlers, run.c.rules, run.c.wall
    if not len(k):
        return
    borders = np.array([rules.capture_basal * room_left, rules.capture_cxcl12 * room_left * at_ganglia])
    if not run.table.size or inhibitor > 0 or wall.rings:
        felt = np.full(wall.shape, at_ganglia.mean()) if wall.rings else rules.occupancy(run.field.free, inhibitor)
        run.table = crawl.table_of(felt, wall.step_mm, rules.forward_index * rules.speed_mm_d)
    crawl.set_borders(run.table, borders, wall.reach)
    motion = crawl.motion_of(run.dt, rules.motility_mm2_d, rules.persistence_d, rules.chemotaxis_mm2_d,
                             rules.desensitisation, rules.resensitisation, death, rules.positive, rules.memory_d,
                             rules.cxcr4)
    scales = crawl.scales_of(wall.length_mm, wall.around_mm, wall.grid_mm, wall.shape)
    reach = np.ascontiguousarray(wall.reach.reshape(len(wall.sleeves), -1), np.float32)
    crawl.crawl(k.cell, k.x, k.y, k.vx, k.vy, k.memory, k.level, k.state, k.sleeve, run.table, reach,
                borders.astype(np.float32), np.array(wall.shape), scales, motion, step, steps, *run.key, run.block)
    run.updates += run.crawling * steps


def _border(run: Run, day: float, span: float, step: int, rate: np.ndarray) -> None:
    """The captured live or die, at a ``rate`` per day and ganglion."""
    b = run.border
    if len(b):
        died = np.zeros(len(b), bool)
        chance = 1 - np.exp(-rate * span)
        transit.border_deaths(b.cell, b.sleeve, chance, step, crawl.BORDER_PURPOSE, *run.key, died)
        dead = b.take(died)
        run.died_at += run.at_borders(dead)
        run.bury(dead, day, span)
        b.keep(~died)


def _sort_out(run: Run, day: float, span: float, begun: Crawlers) -> None:
    """Captured and dead cells leave the dense arrays, cells that have spread join them."""
    k = run.crawlers
    leaving = np.flatnonzero((k.state == crawl.CAPTURED) | (k.state == crawl.DEAD))
    if leaving.size:
        gone = k.take_as(Captured, leaving)
        caught = gone.sleeve >= 0
        run.border.extend(gone.take(caught))
        run.bury(gone.take(~caught), day, span)
        k.state[leaving] = crawl.LEFT
        run.left += leaving.size
    if run.left > SPARSE * len(k):
        run.pack()
    k.extend(begun)
