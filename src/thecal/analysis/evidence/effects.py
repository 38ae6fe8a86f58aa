"""Effect sizes of single comparisons, and what a row allows one to compute.

Positive is relief throughout: the sign is set by whether a higher or a lower reading means less pain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from thecal.analysis.evidence.schema import Row

IQR_PER_SD = 1.3489795003921634  # width of the interquartile range of a normal law


@dataclass(frozen=True)
class Effect:
    """Hedges' g of one comparison with its sampling variance; ``label`` names the row."""

    study: str
    label: str
    g: float
    variance: float
    n: int
    note: str = ""


@dataclass(frozen=True)
class Bound:
    """What a P value and two group sizes say about |g|: at least ``low`` (or at most ``high`` when not significant)."""

    study: str
    label: str
    low: float
    high: float
    direction: str


@cache
def small_sample_factor(df: int) -> float:
    """J(df) = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)): takes the bias of a standardised difference away.

    Source: Hedges 1981, J Educ Stat 6:107 (exact form).
    """
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(n1: int, mean1: float, sd1: float, n2: int, mean2: float, sd2: float) -> tuple[float, float]:
    """Standardised mean difference, group 1 minus group 2.

    Arguments: group sizes (at least 2), means and standard deviations in one unit.
    Returns: (g, variance) with variance = 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)).
    Errors: ValueError when a size or a spread makes it meaningless.
    """
    if min(n1, n2) < 2:
        raise ValueError("each group needs at least two animals")
    pooled = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2)
    if not pooled > 0:
        raise ValueError("both groups have no spread, so no standardised difference exists")
    g = small_sample_factor(n1 + n2 - 2) * (mean1 - mean2) / math.sqrt(pooled)
    return g, 1 / n1 + 1 / n2 + g * g / (2 * (n1 + n2))


def standard_deviation(spread: float, kind: str | None, n: int) -> float:
    """A printed spread as a standard deviation; ValueError when the kind was not said.

    The interquartile rule assumes a normal law and large n (Wan 2014, BMC Med Res Methodol 14:135).
    """
    if kind == "sd":
        return spread
    if kind == "sem":
        return spread * math.sqrt(n)
    if kind == "iqr":
        return spread / IQR_PER_SD
    raise ValueError("the kind of spread (SD, SEM, IQR) was not said")


def of_row(entry: Row) -> Effect | str:
    """The effect size of a row, or in words why there is none."""
    means = [entry["mean_treated"], entry["mean_control"]]
    if None in means:
        return "no group means were read"
    sizes = [entry["n_treated"], entry["n_control"]]
    if None in sizes:
        return "means were read but not the group sizes"
    spreads = [entry["spread_treated"], entry["spread_control"]]
    if None in spreads:
        return "no spread was read"
    try:
        sds = [standard_deviation(s, entry["spread"], n) for s, n in zip(spreads, sizes, strict=True)]
        g, variance = hedges_g(sizes[0], means[0], sds[0], sizes[1], means[1], sds[1])
    except ValueError as error:
        return str(error)
    sign = -1 if entry["relief_is"] == "lower" else 1
    return Effect(entry["study"], label(entry), sign * g, variance, sum(sizes),
                  "from an interquartile range" if entry["spread"] == "iqr" else "")


def bound_of_row(entry: Row) -> Bound | None:
    """The bound on |g| that a printed P value implies for a two-group comparison, if sizes and P were read.

    |t| > t(1 - P/2, n1 + n2 - 2) gives |g| > J t sqrt(1/n1 + 1/n2). The published test was often another one
    (ANOVA, post-hoc), so this is a rough bound; it is shown and never pooled, since significant results alone
    would be kept and a pooled bound would grow with selection.
    """
    from scipy import stats

    sizes, text = [entry["n_treated"], entry["n_control"]], entry["p_value"]
    if None in sizes or not text or min(sizes) < 2:
        return None
    df = sum(sizes) - 2
    level = 0.05 if text == "ns" else float(text.lstrip("<>= "))
    edge = small_sample_factor(df) * float(stats.t.ppf(1 - level / 2, df)) * math.sqrt(1 / sizes[0] + 1 / sizes[1])
    exact = text[0] not in "<>n"
    if text == "ns":
        return Bound(entry["study"], label(entry), 0.0, edge, "unknown")
    return Bound(entry["study"], label(entry), edge, edge if exact else math.inf, entry["effect"])


def label(entry: Row) -> str:
    """A short name of the arm for tables and plots."""
    parts = [entry["cells"], entry.get("cells_detail"), entry.get("route"), entry["model"], entry["outcome"]]
    return " / ".join(p for p in parts if p)


def possible_denominators(rates: list[tuple[float, int]], most: int, least: int = 1,
                          counts: list[int] | None = None) -> list[int]:
    """Numbers that a set of printed percentages can be of.

    Arguments:
        rates: (per cent, decimals printed) of events counted in the same people or injections.
        most, least: the range searched.
        counts: the events behind the rates where they are printed too.

    Returns: every N for which each rate is, after rounding, some whole number of N (the granularity test of
        Brown and Heathers 2017, applied to proportions).
    """
    fitting = []
    for n in range(least, most + 1):
        fits = True
        for place, (rate, decimals) in enumerate(rates):
            half = 0.5 * 10.0**-decimals + 1e-9
            lowest, highest = math.ceil(n * (rate - half) / 100), math.floor(n * (rate + half) / 100)
            fits &= lowest <= (counts[place] if counts else highest) <= highest
        if fits:
            fitting.append(n)
    return fitting
