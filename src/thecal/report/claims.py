"""Claims in the report: published values beside ours, honest about what was fitted and what failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from thecal.analysis.claims.register import load_claims
from thecal.core.errors import ThecalError
from thecal.report.words import number, pretty

FILE = "claims.json"


@dataclass(frozen=True)
class ClaimRow:
    """One claim as the table shows it."""

    id: str
    statement: str
    tag: str
    role: str
    verdict: str
    share: str | None
    width: float
    prior: str
    value: str
    source: str
    cause: str


@dataclass(frozen=True)
class Claims:
    """All claims, and one paragraph about them."""

    words: str
    rows: tuple[ClaimRow, ...]


def stored_claims(folder: Path) -> list[dict[str, Any]]:
    """Scored claims kept beside a run, else those that came with the package; empty where nobody scored them."""
    for place in (folder / FILE, resources.files("thecal") / "data" / "claims" / "scored.json"):
        if place.is_file():
            rows: list[dict[str, Any]] = json.loads(place.read_text("utf-8"))["claims"]
            return rows
    return []


def read_claims(file: Path) -> list[dict[str, Any]]:
    """Scored claims from a file that ``thecal qualify --json`` wrote.

    Errors: :class:`ThecalError` for a file that cannot be read as such.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["claims"]
        if not all(isinstance(row, dict) and {"id", "statement", "verdict"} <= set(row) for row in rows):
            raise TypeError("rows lack id, statement or verdict")
        return rows
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ThecalError.single(str(file), f"these are not scored claims ({problem})", code="claims",
                                 remedy="write the file with 'thecal qualify --json > FILE'") from None


def fitted_words() -> str:
    """Which findings the uncertain numbers were fitted to, so that nobody takes those for predictions."""
    fitted = [claim.statement for claim in load_claims() if claim.role == "fitted"]
    said = "; ".join(f"({k}) {pretty(text)}" for k, text in enumerate(fitted, 1))
    return (f"The model's uncertain numbers were moved, inside their ranges, until {len(fitted)} findings held: "
            f"{said}. How long cells relieve is therefore put right by fitting. What else came out, the hours of the "
            "protein among them, was not fitted.")


def claims_shown(rows: Sequence[dict[str, Any]]) -> Claims:
    """The section's content.

    Arguments:
        rows: id, statement, tag, role, verdict, share, prior_share, value, low, high, source, cause.
    """
    shown = tuple(_row(row) for row in rows)
    counts = {verdict: sum(row.verdict == verdict for row in shown) for verdict in ("holds", "fails", "undecided")}
    fitted = sum(row.role == "fitted" for row in shown)
    words = (f"Each finding is scored by simulated experiments of the published size and kind, over draws of the "
             f"uncertain numbers. It holds where at least 80 % of the draws reproduce it and fails where at most 20 % "
             f"do. Of {len(shown)}, {counts['holds']} hold, {counts['fails']} fail and {counts['undecided']} are "
             f"undecided. {fitted} were used for fitting; the rest are predictions. A claim that fails is a "
             f"result. Values are in the unit of the finding's window.")
    return Claims(words, shown)


def _row(row: dict[str, Any]) -> ClaimRow:
    share, prior = row.get("share"), row.get("prior_share")
    middle = row.get("value")
    value = "–"
    if middle is not None:
        value = number(float(middle))
        if row.get("low") is not None and row.get("high") is not None:
            value += f" ({number(float(row['low']))} to {number(float(row['high']))})"
    return ClaimRow(str(row["id"]), pretty(str(row["statement"])), str(row.get("tag", "")), str(row.get("role", "")),
                    str(row.get("verdict", "")), None if share is None else f"{float(share):.2f}",
                    0.0 if share is None else round(100 * float(share), 1),
                    "–" if prior is None else f"{float(prior):.2f}", value, str(row.get("source", "")),
                    pretty(str(row.get("cause") or "")))
