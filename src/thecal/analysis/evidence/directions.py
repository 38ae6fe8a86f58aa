"""Direction of effect: an exact test of whether relief is seen more often than not, one vote per study.

This is not a count of significant results and it says nothing about how large an effect is. A study whose
comparison was "not significant" and whose sign was not read has no direction; it is set aside in the main test
and counted against relief in the sensitivity, so that leaving it out cannot make the result.

Source: McKenzie and Brennan, Cochrane Handbook v6, chapter 12 (synthesis by direction of effect).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from thecal.analysis.evidence.schema import Row

CAVEAT = ("A sign test: it asks whether relief is reported more often than its opposite. It is not a vote count of "
          "significance, not an effect size, and published studies are not a random sample of studies done.")


@dataclass(frozen=True)
class Directions:
    """Studies toward relief, away from it, mixed and without a readable sign, with exact tests."""

    studies: int
    relief: int
    worse: int
    mixed: int
    no_sign: int
    share: float | None
    low: float | None
    high: float | None
    p: float | None
    p_if_no_sign_is_against: float | None
    share_if_no_sign_is_against: float | None
    by_study: dict[str, str]
    caveat: str = CAVEAT

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return asdict(self)


def directions(rows: list[Row]) -> Directions:
    """The direction-of-effect synthesis of rows whose effect is relief, none or worse.

    One study gives one vote: relief or worse when every outcome with a sign agrees, mixed when they differ or when
    some show relief and others show nothing.
    """
    effects: dict[str, list[str]] = defaultdict(list)
    for entry in rows:
        if entry["effect"] in ("relief", "none", "worse"):
            effects[entry["study"]].append(entry["effect"])
    votes = {study: _vote(found) for study, found in effects.items()}
    count = Counter(votes.values())
    signed = count["relief"] + count["worse"] + count["mixed"]
    against = signed + count["none"]
    share, low, high, p = _exact(count["relief"], signed)
    share_all, _, _, p_all = _exact(count["relief"], against)
    return Directions(len(votes), count["relief"], count["worse"], count["mixed"], count["none"], share, low, high, p,
                      p_all, share_all, dict(sorted(votes.items())))


def _vote(effects: list[str]) -> str:
    found = set(effects)
    return found.pop() if len(found) == 1 else "mixed"


def _exact(successes: int, total: int) -> tuple[float | None, float | None, float | None, float | None]:
    """Share, Clopper-Pearson interval and two-sided exact P against one half; all None without a study."""
    if not total:
        return None, None, None, None
    from scipy import stats

    test = stats.binomtest(successes, total, 0.5)
    interval = test.proportion_ci(method="exact")
    return successes / total, float(interval.low), float(interval.high), float(test.pvalue)
