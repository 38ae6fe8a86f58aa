"""Per cent response: columns named after filaments, and cells as counts, shares of touches or per cent.

A wide table has one column for each filament and one row for each animal and day. Its columns may be called "0.07 g",
"vF 0.07", "40 mg", "0.07 g (%)", or bare numbers where animal and day have columns of their own: forces in g, or the
handles of the set in use (handle = log10(10 × force in mg)).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import Number, read_number
from thecal.assay.filaments import HANDLE_OFFSET

_NAMED = re.compile(
    r"^(?P<word>vf|v\.?\s*frey|von\s*frey|vonfrey|filament|fil\.?|force|hair)?[\s_:]*(?P<number>\d+(?:[.,]\d+)?|[.,]\d+)\s*"
    r"(?P<unit>mg|mn|g|grams?)?[\s_(\[]*(?P<what>%|percent|per cent|responses?|resp\.?|withdrawals?)?[\s)\]]*"
    r"(?:responses?|resp\.?|withdrawals?)?$"
)
_IN_G = {"": 1.0, "g": 1.0, "gram": 1.0, "grams": 1.0, "mg": 1e-3, "mn": 1 / 9.80665}
LIGHTEST_G, HEAVIEST_G = 0.001, 400.0
_NEAR = 0.015  # of a handle, log10
_SHARE = 0.5  # per cent points by which a written share may miss a whole count


@dataclass(frozen=True)
class Force:
    """What a column's name says: the force, and whether its cells are per cent."""

    g: float
    percent: bool = False


def named_forces(names: list[Any], mapping: Mapping, bare: bool) -> tuple[dict[int, Force], str]:
    """Forces by place of the column, and what had to be assumed about the names.

    Arguments:
        names: the cells of the header that have no other meaning, None elsewhere.
        bare: bare numbers may be forces: animal and day have columns, and no other column holds a reading.
    """
    found: dict[int, Force] = {}
    loose: dict[int, Force] = {}
    for place, name in enumerate(names):
        match = _NAMED.match(str(name).strip().lower()) if isinstance(name, (str, int, float)) else None
        if match is None or isinstance(name, bool):
            continue
        force = Force(float(match["number"].replace(",", ".")) * _IN_G[match["unit"] or ""],
                      (match["what"] or "") in ("%", "percent", "per cent"))
        if not LIGHTEST_G <= force.g <= HEAVIEST_G:
            continue
        (found if match["unit"] or force.percent else loose)[place] = force
    worded = {place for place in loose if not _is_number(names[place])}
    if worded and any(loose[place].g % 1 for place in worded):  # "vF 1, vF 2, vF 3" are three readings
        found |= {place: loose[place] for place in worded}
    numbers = {place: force for place, force in loose.items() if place not in worded}
    if found or not bare or len(numbers) < 2:
        return found, ""
    values = [force.g for force in numbers.values()]
    if sorted(set(values)) != values or values == [float(k + 1) for k in range(len(values))]:
        return {}, ""  # not ascending, or plain counting: trials, not filaments
    shown = ", ".join(f"{value:g}" for value in values)
    known = [10**log10_g for log10_g in mapping.filament_set().log10_g
             if any(abs(log10_g + HANDLE_OFFSET - value) < _NEAR for value in values)]
    if len(known) == len(values):
        said = f"columns {shown} are read as handles of filaments"
        return {place: Force(g) for place, g in zip(numbers, sorted(known), strict=True)}, said
    return numbers, f"columns {shown} are read as forces in g"


def _is_number(name: Any) -> bool:
    return read_number(name) is not None and not re.search(r"[a-z%]", str(name).lower().replace("e", ""))


def per_cent_sources(cells: Iterable[tuple[str, Any, Any]], findings: list[Finding]) -> set[str]:
    """Sources (file and sheet) whose bare numbers are per cent: some exceed the touches, and all are shares of them.

    Arguments:
        cells: (source, responses, touches) as written.
    """
    numbers: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for source, hits, touches in cells:
        value, of = read_number(hits), read_number(touches)
        if value is not None and of is not None and of.value > 0 and "%" not in str(hits):
            numbers[source].append((value.value, of.value))
    found = {source for source, pairs in numbers.items()
             if any(value > of for value, of in pairs) and all(_whole(value, of) is not None for value, of in pairs)}
    for source in sorted(found):
        findings.append(
            Finding(
                "columns",
                "responses go beyond the number of touches and are all shares of it",
                "read as per cent",
                where=source,
                likely_cause="if they are counts, the number of touches is wrong: touches: in a mapping file",
            )
        )
    return found


def counted(hits: Any, touches: Any, percent: bool) -> tuple[Number | None, Number | None]:
    """Responses and touches of one cell: "3", "3/5", "60 %", or 60 where the table is in per cent."""
    if isinstance(hits, str) and "/" in hits:
        first, second = (read_number(part) for part in hits.split("/", 1))
        return first, second
    value, of = read_number(hits), read_number(touches)
    if value is None or of is None or not (percent or "%" in str(hits)):
        return value, of
    whole = _whole(value.value, of.value)
    return replace(value, value=value.value * of.value / 100 if whole is None else whole), of


def _whole(percent: float, touches: float) -> float | None:
    """The count that a percentage stands for; None where it is none."""
    count = round(percent * touches / 100)
    return float(count) if 0 <= percent <= 100 and abs(percent - 100 * count / touches) <= _SHARE else None
