"""Stored tables from R (tests/twins_r), read by the tests that compare with them."""

from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parents[1] / "twins_r"


def table(name: str) -> pd.DataFrame:
    """One stored table; R wrote it with 12 digits."""
    return pd.read_csv(HERE / "tables" / f"{name}.csv")
