"""The table of readings: what every analysis takes, whether the animals were real or simulated.

One row per animal, day, test and paw:

=============== ======= ==========================================================================================
column          type    meaning
=============== ======= ==========================================================================================
animal          str     name, unique in the study
group           str     arm
sex             str     male, female, or "" where not given
cohort          str     batch tested together, "" where not given
observer        str     who tested, "" where not given
paw             str     side, "" where not given
day             float   day after injury, negative before it; NaN where it could not be read
assay           str     von_frey, electronic_von_frey, percent_response, hargreaves, cold_plate, acetone, score,
                        place_preference
stimulus        str     which stimulus, where one test has several, else ""
value           float   the reading in ``unit``; for a censored one the limit
unit            str     g, s, points
value_log10     float   log10 of value; NaN where value is not positive or the scale has no ratio (scores)
low, high       float   95 % interval of this reading, log10; -inf or +inf on the open side, NaN where unknown
censored        str     "" exact; "<" the truth lies below ``high``; ">" it lies above ``low``
series          str     letters of an up-down series, else ""
last_filament   Int64   position of its last filament, else missing
included        bool    False: the notebook or a check leaves it out; the row stays
note            str     why it is left out, or what was assumed
where           str     file, sheet and row
=============== ======= ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from thecal.assay.filaments import FilamentSet
from thecal.assay.threshold import Thresholds, estimate

COLUMNS = (
    "animal",
    "group",
    "sex",
    "cohort",
    "observer",
    "paw",
    "day",
    "assay",
    "stimulus",
    "value",
    "unit",
    "value_log10",
    "low",
    "high",
    "censored",
    "series",
    "last_filament",
    "included",
    "note",
    "where",
)
RATIO_ASSAYS = ("von_frey", "electronic_von_frey", "percent_response", "hargreaves", "cold_plate", "acetone")
_NUMBERS = ("day", "value", "value_log10", "low", "high")


def frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table with all columns, in order, of the types above."""
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        cells = [row.get(name) for row in rows]
        if name in _NUMBERS:
            columns[name] = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
        elif name == "last_filament":
            columns[name] = pd.Series(
                [None if cell is None or cell != cell else int(cell) for cell in cells], dtype="Int64"
            )
        elif name == "included":
            columns[name] = np.array([cell is None or bool(cell) for cell in cells], dtype=bool)
        else:
            columns[name] = pd.Series(
                ["" if cell is None or cell != cell else str(cell) for cell in cells], dtype=object
            )
    return pd.DataFrame(columns)


def threshold_columns(thresholds: Thresholds) -> dict[str, np.ndarray]:
    """Value, interval and censoring of estimated thresholds, as columns of the table."""
    return {
        "value": thresholds.grams,
        "unit": np.full(len(thresholds), "g"),
        "value_log10": thresholds.log10_g,
        "low": thresholds.low,
        "high": thresholds.high,
        "censored": thresholds.censored,
    }


def readings_of_von_frey(
    measured: dict[str, np.ndarray],
    filaments: FilamentSet,
    animals: Sequence[str],
    group: str,
    day: float,
    steps: str = "nominal",
    **same: Any,
) -> pd.DataFrame:
    """Simulated up-down sessions as readings, by the estimator that real series go through.

    Arguments:
        measured: what :func:`thecal.assay.von_frey.measure` returned, arrays of shape (n,).
        animals: names, shape (n,). same: columns with one value or shape (n,), such as ``sex`` or ``observer``.
    """
    thresholds = estimate(measured["series"], measured["last_filament"], filaments, steps=steps)
    columns = (
        {
            "animal": list(animals),
            "group": group,
            "day": day,
            "assay": "von_frey",
            "series": measured["series"],
            "last_filament": measured["last_filament"],
            "included": True,
        }
        | threshold_columns(thresholds)
        | same
    )
    return frame(pd.DataFrame(columns).to_dict("records"))


def readings_of_values(
    values: np.ndarray,
    assay: str,
    unit: str,
    animals: Sequence[str],
    group: str,
    day: float,
    censored: np.ndarray | None = None,
    **same: Any,
) -> pd.DataFrame:
    """Simulated latencies, seconds or scores as readings.

    Arguments:
        values: shape (n,). censored: "", "<" or ">" per animal, shape (n,).
    """
    columns = {
        "animal": list(animals),
        "group": group,
        "day": day,
        "assay": assay,
        "value": values,
        "unit": unit,
        "censored": "" if censored is None else censored,
        "included": True,
    } | same
    table = frame(pd.DataFrame(columns).to_dict("records"))
    return with_logs(table)


def with_logs(table: pd.DataFrame) -> pd.DataFrame:
    """Fill value_log10 where the scale has a ratio and nothing stands there yet; bounds of censored values with it."""
    value, logs, side = (
        table["value"].to_numpy(),
        table["value_log10"].to_numpy(copy=True),
        table["censored"].to_numpy(),
    )
    low, high = table["low"].to_numpy(copy=True), table["high"].to_numpy(copy=True)
    ratio = np.array([assay in RATIO_ASSAYS for assay in table["assay"]], dtype=bool) & np.isnan(logs) & (value > 0)
    logs[ratio] = np.log10(value[ratio])
    below, above = ratio & (side == "<"), ratio & (side == ">")
    high[below], low[below] = logs[below], -np.inf
    low[above], high[above] = logs[above], np.inf
    return table.assign(value_log10=logs, low=low, high=high)
