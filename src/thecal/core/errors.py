"""Errors that a user can mend: what, where, the value seen, the allowed range, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One finding about an input.

    Arguments:
        where: path of the bad key or cell, e.g. ``arms[2].give[0].dose``.
        what: one sentence in the user's words.
        seen: the value found, as text.
        allowed: the allowed range or choices.
        remedy: what to do.
        severity: ``error`` stops; ``warning`` and ``note`` are shown.
        code: a short stable name of the check.
    """

    where: str
    what: str
    seen: str = ""
    allowed: str = ""
    remedy: str = ""
    severity: str = "error"
    code: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}"]
        parts += [f"  {name}: {text}" for name, text in
                  (("seen", self.seen), ("allowed", self.allowed), ("do", self.remedy)) if text]
        return "\n".join(parts)

    def as_dict(self) -> dict[str, str]:
        """The finding as plain data, for ``--json``."""
        return asdict(self)


class ThecalError(Exception):
    """Input that cannot be used. Carries one or more problems; the command line exits with status 2."""

    exit_status = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    @classmethod
    def single(cls, where: str, what: str, **details: str) -> ThecalError:
        """One problem, see :class:`Problem` for the details."""
        return cls([Problem(where, what, **details)])


class RunFailed(ThecalError):
    """A run that stopped by its own failure budget: too many animals could not be computed."""

    exit_status = 3
