"""Names of the model as SBML identifiers, one to one."""

from __future__ import annotations

import re


class Identifiers:
    """Gives each name its SBML identifier: letters, digits and underscores, never the same for two names."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def __getitem__(self, name: str) -> str:
        if name not in self._given:
            plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
            plain = f"x_{plain}" if plain[0].isdigit() else plain
            found, k = plain, 2
            while found in self._taken:
                found, k = f"{plain}_{k}", k + 1
            self._given[name] = found
            self._taken.add(found)
        return self._given[name]

    def __contains__(self, name: str) -> bool:
        return name in self._given
