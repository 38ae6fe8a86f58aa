"""The analysis plan: everything that must be decided before the data are seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from thecal.analysis.relief import FLOOR_LOG10, LEVEL
from thecal.analysis.statistics.mixed import KENWARD_ROGER, SATTERTHWAITE
from thecal.analysis.statistics.multiplicity import METHODS
from thecal.core.errors import Problem, ThecalError

#: outcome → (scale of analysis, unit of the estimate, how it is modelled)
OUTCOMES = {
    "threshold": ("as given (log10 g)", "log10 g", "mixed model on log10 of the 50 % threshold"),
    "latency": ("log10 s", "log10 s", "mixed model on log10 latency; the cut-off censors"),
    "seconds": ("log10 s", "log10 s", "mixed model on log10 seconds, no response censored below the shortest timing; "
                                      "beside it, share of responders and time of responders"),
    "percent": ("empirical logit", "logit", "mixed model on the empirical logit of responses"),
    "score": ("ranks", "probability", "Brunner-Munzel relative effects per visit"),
    "value": ("as given", "unit", "mixed model on the values"),
    "log-value": ("log10", "log10 unit", "mixed model on log10 of the values"),
}


@dataclass(frozen=True)
class AnalysisPlan:
    """A planned analysis.

    Arguments:
        outcome: one of :data:`OUTCOMES`.
        reference: the control arm. pairs: (arm, control) compared; every arm with the reference by default.
        baseline_days: visits before anything was done; None means days below zero, else day zero.
        baseline: ``covariate``, ``visit`` or ``none``.
        days: visits of the planned contrasts; None means every visit after baseline.
        mean_contrast: also compare the mean over those visits.
        covariates: used when present with more than one level and not confounded with the arms.
        residual_by: ``arm`` for a residual variance of its own in each arm (injured paws scatter more than healthy
            ones: with one variance a 5 % test of up-down thresholds rejects in 6.7 %), ``day``, or None for one.
        adjust: ``holm``, ``bonferroni``, ``dunnett`` (multivariate t) or ``none``; one family: all planned contrasts.
        method: ``kenward-roger`` or ``satterthwaite``.
        censoring: ``impute`` or ``bound`` (take the bound as if it had been read).
        equivalence_margin: on the scale of analysis; with it every contrast is also tested for equivalence.
        level, floor_log10: definition of relief. dose_day: day from which relief is timed, None if nothing was given.
        paired: animals of one name in several arms are one animal compared with itself (crossover, two paws);
            otherwise they are different animals that the arms number alike.
        cutoff: ceiling of the instrument on the raw scale (g or s); bounds MPE and censors latencies.
        shortest: shortest time told from zero, s (outcome ``seconds``).
    """

    outcome: str = "threshold"
    reference: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    baseline_days: tuple[float, ...] | None = None
    baseline: str = "covariate"
    days: tuple[float, ...] | None = None
    mean_contrast: bool = True
    covariates: tuple[str, ...] = ("sex", "cohort", "observer")
    residual_by: str | None = "arm"
    adjust: str = "holm"
    method: str = KENWARD_ROGER
    censoring: str = "impute"
    imputations: int = 20
    equivalence_margin: float | None = None
    alpha: float = 0.05
    level: float = LEVEL
    floor_log10: float = FLOOR_LOG10
    dose_day: float | None = None
    cutoff: float | None = None
    shortest: float = 0.5
    bootstraps: int = 1000
    paired: bool = False
    sensitivity: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        choices = {"outcome": tuple(OUTCOMES), "baseline": ("covariate", "visit", "none"), "adjust": METHODS,
                   "method": (KENWARD_ROGER, SATTERTHWAITE), "censoring": ("impute", "bound"),
                   "residual_by": (None, "arm", "day")}
        problems = [Problem(f"analysis.{key}", "unknown choice", seen=str(getattr(self, key)),
                            allowed=", ".join(str(c) for c in allowed), code="analysis-choice")
                    for key, allowed in choices.items() if getattr(self, key) not in allowed]
        ranges = {"alpha": (0.0, 0.5), "level": (0.0, 1.0), "floor_log10": (0.0, 5.0), "imputations": (1, 1000),
                  "bootstraps": (0, 100_000), "shortest": (0.0, 60.0)}
        problems += [Problem(f"analysis.{key}", "outside its range", seen=str(getattr(self, key)),
                             allowed=f"above {low:g}, up to {high:g}", code="analysis-range")
                     for key, (low, high) in ranges.items()
                     if not (low < getattr(self, key) <= high or (key == "bootstraps" and getattr(self, key) == 0))]
        if self.equivalence_margin is not None and not self.equivalence_margin > 0:
            problems.append(Problem("analysis.equivalence_margin", "must be positive",
                                    seen=str(self.equivalence_margin), code="analysis-range"))
        if problems:
            raise ThecalError(problems)

    def as_dict(self) -> dict[str, object]:
        """The plan as plain data."""
        return asdict(self)
