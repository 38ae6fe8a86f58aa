"""Check raw up-down series: letters, last filament, path, stopping rule. Nothing is mended in silence."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

import numpy as np

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.last_filament import last_positions
from thecal.analysis.notebook.layout import Entry, finding_at
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import Letters, read_letters
from thecal.assay.filaments import FilamentSet
from thecal.assay.series import LONGEST, after_change, positions, read_series
from thecal.assay.sudo import TOUCHES

_SLIP = {1: "a letter is missing or one too many, or the last filament is one off", 2: "one letter is mistyped"}


@dataclass(frozen=True)
class CleanSeries:
    """A series ready for the estimator; ``usable`` is False where nothing can be estimated."""

    letters: str
    last: int
    usable: bool
    note: str = ""


@dataclass(frozen=True)
class _Walk:
    """Filaments counted from the last one (which is 0), and responses after the first change (-1: none)."""

    path: tuple[int, ...]
    after: int


@functools.lru_cache(maxsize=4096)
def _walk(text: str) -> _Walk:
    series = read_series([text])
    path = positions(series, np.zeros(1, dtype=np.int64))[0][: len(text)]
    return _Walk(tuple(int(step) for step in path), int(after_change(series)[0]))


def check_series(
    entries: list[Entry], mapping: Mapping, filaments: FilamentSet
) -> tuple[list[CleanSeries], list[Finding], int]:
    """Clean and check the series of one notebook.

    Arguments:
        entries: von Frey entries with a series, in notebook order.
        filaments: the set in use, with its declared start.

    Returns: one :class:`CleanSeries` per entry; findings; the start (position) that the notebook keeps.
    """
    findings: list[Finding] = []
    letters = [_letters(entry, mapping, findings) for entry in entries]
    given = last_positions(entries, mapping, filaments, findings)
    start = _start_in_use(entries, letters, given, filaments, mapping, findings)
    clean = []
    for entry, read, last in zip(entries, letters, given, strict=True):
        text = _restored(entry, read, last, start, findings)
        if not text or read.unread or len(text) > LONGEST:
            clean.append(CleanSeries(text[:LONGEST], last or 0, usable=False, note="series not readable"))
            continue
        if last is None:
            last = start - _walk(text).path[0]
            if not 1 <= last <= len(filaments):
                findings.append(
                    finding_at(
                        entry,
                        "impossible_filament",
                        f"{text} from filament {start} needs filament {last}",
                        "no threshold: the last filament is not in the notebook",
                        "a letter too many, or another start",
                        "error",
                    )
                )
                clean.append(CleanSeries(text, last, usable=False, note="impossible filament"))
                continue
        findings += _check_path(entry, text, last, start, filaments)
        if mapping.method == "sudo":
            findings += _check_five(entry, text)
        else:
            findings += _check_stop(entry, text, last, start, filaments, mapping.after_change)
        clean.append(CleanSeries(text, last, usable=True))
    return clean, findings + _habits(entries, clean, mapping), start


def _letters(entry: Entry, mapping: Mapping, findings: list[Finding]) -> Letters:
    names = mapping.letters
    read = read_letters(entry.series, names.response if names else "", names.none if names else "")
    if read.unread:
        cause = read.note or (
            "a typing slip" if len(read.unread) <= 2 else "another way of writing; name the letters in a mapping file"
        )
        findings.append(
            finding_at(
                entry,
                "letters",
                f"'{entry.series}' holds '{read.unread[:20]}', which is neither O nor X",
                "no threshold for this reading",
                cause,
                "error",
            )
        )
    if len(read.clean) > LONGEST:
        findings.append(
            finding_at(
                entry,
                "letters",
                f"{len(read.clean)} letters in one series",
                "no threshold for this reading",
                "several series in one cell",
                "error",
            )
        )
    return read


def _start_in_use(entries, letters, given, filaments, mapping, findings) -> int:
    """The declared start, unless four of five series say another one."""
    starts = Counter()
    for read, last in zip(letters, given, strict=True):
        if last is not None and read.clean and not read.unread and len(read.clean) <= LONGEST:
            starts[last + _walk(read.clean).path[0]] += 1
    if not starts or mapping.start is not None:
        return filaments.start
    usual, count = starts.most_common(1)[0]
    if usual != filaments.start and count >= 0.8 * sum(starts.values()) and 1 <= usual <= len(filaments) and count >= 5:
        findings.append(
            Finding(
                "path",
                f"{count} of {sum(starts.values())} series start at filament {usual}, not {filaments.start}",
                f"{usual} is taken as this laboratory's start",
                likely_cause="a house rule",
                severity="note",
            )
        )
        return usual
    return filaments.start


def _restored(entry: Entry, read: Letters, last: int | None, start: int, findings: list[Finding]) -> str:
    """Zeros that a spreadsheet dropped in front of a number, where the path says how many there were."""
    if (
        not read.note
        or not isinstance(entry.series, int)
        or not read.clean
        or last is None
        or len(read.clean) > LONGEST
    ):
        return read.clean
    lost = last + _walk(read.clean).path[0] - start
    if 1 <= lost <= 8:
        findings.append(
            finding_at(
                entry,
                "letters",
                f"the series is stored as the number {entry.series}",
                f"{lost} zeros put back in front, as the path from filament {start} asks",
                read.note,
            )
        )
        return "O" * lost + read.clean
    return read.clean


def _check_path(entry: Entry, text: str, last: int, start: int, filaments: FilamentSet) -> list[Finding]:
    """Do letters, start and last filament fit, and does the path stay inside the set?"""
    walk = _walk(text)
    path = [last + step for step in walk.path]
    found = []
    if path[0] != start:
        found.append(
            finding_at(
                entry,
                "path",
                f"{text} ending at filament {last} began at {path[0]}, not {start}",
                "kept; the threshold is counted from the last filament",
                _cause(text, last, path[0] - start, start, filaments),
            )
        )
    if min(path) < 1 or max(path) > len(filaments):
        missing = max(path) if max(path) > len(filaments) else min(path)
        found.append(
            finding_at(
                entry,
                "impossible_filament",
                f"{text} ending at filament {last} needs filament {missing}; the set has {len(filaments)}",
                "kept; the missing force is taken one mean step beyond the set",
                "another start, or a typing slip",
            )
        )
    return found


def _check_five(entry: Entry, text: str) -> list[Finding]:
    """SUDO takes five touches, whatever the animal answers."""
    if len(text) == TOUCHES:
        return []
    kind, what = (
        "stopped_early" if len(text) < TOUCHES else "went_on",
        f"{text}: {len(text)} touches, SUDO takes {TOUCHES}",
    )
    return [finding_at(entry, kind, what, "no threshold for this reading", "the usual up-down method?", "error")]


def _check_stop(entry: Entry, text: str, last: int, start: int, filaments: FilamentSet, rule: int) -> list[Finding]:
    """Was the rule kept: stop after some responses to the first change, or at an end of the set?"""
    walk, found = _walk(text), []
    after, from_start = walk.after, start - walk.path[0]
    end = 1 if text[-1] == "X" else len(filaments)
    at_end = last == end and from_start == end
    if after < 0:
        held = 10 ** filaments.log10_g[min(max(last, 1), len(filaments)) - 1]
        bound = f"{'below' if text[0] == 'X' else 'above'} {held:.2g} g"
        found.append(
            finding_at(
                entry,
                "no_reversal",
                f"{text}: letters all alike",
                f"kept as censored, {bound}; no number is invented",
                "" if last == end else "testing stopped before the end of the set",
            )
        )
        if last != end:
            found.append(
                finding_at(
                    entry,
                    "stopped_early",
                    f"{text} stops at filament {last} without a change",
                    "kept",
                    "a shorter rule",
                )
            )
    elif after < rule and not at_end:
        found.append(
            finding_at(
                entry,
                "stopped_early",
                f"{text}: {after} responses after the first change, the rule asks for {rule}",
                "kept; its interval is wider",
                "the first response was counted as the change"
                if text[0] == "X" and len(text) == rule + 1
                else "a letter is missing, or testing was cut short",
            )
        )
    elif after > rule:
        found.append(
            finding_at(
                entry,
                "went_on",
                f"{text}: {after} responses after the first change, the rule asks for {rule}",
                "kept; all are used",
                "a letter typed twice, or one touch more",
            )
        )
    return found


def _cause(text: str, last: int, shift: int, start: int, filaments: FilamentSet) -> str:
    """The most likely of: next filament noted, letters mistyped, another start."""
    if shift == (1 if text[-1] == "O" else -1):
        return f"the filament that would have come next was noted, or the test began at {start + shift}"
    places = [i + 1 for i, letter in enumerate(text[:-1]) if abs(shift) == 2 and letter == ("X" if shift > 0 else "O")]
    if places:
        return f"letter {' or '.join(map(str, places[:6]))} mistyped, or the test began at {start + shift}"
    return f"{_SLIP.get(abs(shift), 'another last filament was meant')}, or the test began at {start + shift}"


def _habits(entries: list[Entry], clean: list[CleanSeries], mapping: Mapping) -> list[Finding]:
    """A rule of the house shows as a pattern: all series that begin with X are one letter shorter, say."""
    lengths = Counter(len(c.letters) for c in clean if c.usable and c.letters[0] == "X" and len(set(c.letters)) == 2)
    short = [
        c for c in clean if c.usable and c.letters[0] == "X" and 0 <= _walk(c.letters).after < mapping.after_change
    ]
    total = sum(lengths.values())
    if mapping.method == "up-down" and total >= 10 and len(short) > 0.5 * total:
        usual = lengths.most_common(1)[0][0]
        return [
            Finding(
                "habit",
                f"{len(short)} of {total} series that begin with X stop before {mapping.after_change} responses after "
                f"the first change; most have {usual} letters",
                "kept",
                likely_cause="the house rule counts from the first response when that is a withdrawal",
            )
        ]
    return []
