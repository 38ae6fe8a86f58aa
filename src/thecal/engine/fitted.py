"""Where the model stands in its register's uncertainty: fitted normal scores, made by one script anyone can run again.

``data/fitted/scores.csv`` holds one row per accepted draw and one column per parameter; ``centre`` is the draw nearest
the middle of the accepted ones. ``bench/fit_claims.py`` writes the file; it reads at most five claims.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources

Scores = dict[str, float]


@functools.cache
def fitted_draws() -> tuple[Scores, ...]:
    """Accepted draws, the first of which is the centre; empty where nothing has been fitted."""
    file = resources.files("thecal") / "data" / "fitted" / "scores.csv"
    if not file.is_file():
        return ()
    with file.open(encoding="utf-8") as text:
        return tuple({key: float(score) for key, score in row.items() if score} for row in csv.DictReader(text))


def centre() -> Scores:
    """Scores of the model's usual animal: the fitted centre, or the register's own centre."""
    draws = fitted_draws()
    return draws[0] if draws else {}
