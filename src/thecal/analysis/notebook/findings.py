"""What was found wrong or odd in a notebook, and what was done about it. Nothing is dropped without one of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

# kind -> what it means; the order is the order of the report
KINDS = {
    "file": "something about the file itself",
    "columns": "how the columns were read",
    "cell": "a cell that cannot be what it stands for",
    "letters": "letters of a series that are neither O nor X",
    "path": "letters, last filament and start do not fit together",
    "impossible_filament": "the path needs a filament that the set does not have",
    "last_filament": "the last filament is missing or unreadable",
    "stopped_early": "fewer responses after the first change than the rule asks for",
    "went_on": "more responses than the rule asks for",
    "habit": "a rule of the house that shows as a pattern over many series",
    "no_reversal": "letters all alike: the threshold is only bounded",
    "duplicate": "the same animal, day and test more than once",
    "missing_visit": "an animal without a reading on a day when the others have one",
    "group": "group names or memberships that do not agree",
    "animal": "animals named in one file but not in the other, or in two spellings",
    "excluded": "left out of the analysis by the notebook's own mark",
    "cutoff": "readings at a cut-off",
    "value": "a value outside what the test can give",
    "design": "how animals are spread over groups",
    "method": "the method itself is unreliable here",
}


@dataclass(frozen=True)
class Finding:
    """One finding.

    Arguments:
        kind: a key of :data:`KINDS`.
        what: what was seen, in the user's words. likely_cause: "" where there is nothing to say.
        action: what was done with the data.
        animal, day: whose and when; "" and None for the whole file. where: file, sheet and row.
        severity: ``note`` (nothing to do), ``warning`` (worth a look), ``error`` (this reading could not be used).
    """

    kind: str
    what: str
    action: str
    animal: str = ""
    day: float | None = None
    likely_cause: str = ""
    where: str = ""
    severity: str = "warning"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of finding {self.kind!r}")

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain data, for JSON and CSV."""
        return asdict(self)


def count_by_kind(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each kind, in the order of :data:`KINDS`."""
    counted = Counter(finding.kind for finding in findings)
    return {kind: counted[kind] for kind in KINDS if counted[kind]}
