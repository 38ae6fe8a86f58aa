"""A thousand damaged study files: one clear error each, no other exception, no hang."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from study_damage import KINDS, dump, too_large

from thecal.core.errors import ThecalError
from thecal.study import loads, resolve
from thecal.study.lint import lint
from thecal.study.model.text import read

BASE = read(Path(__file__).with_name("base_study.yaml").read_bytes(), "base").data


def outcome(raw: bytes) -> ThecalError | None:
    """None where the file is fine; anything but a ThecalError fails the test by itself."""
    try:
        study = loads(raw, "damaged.yaml")
        resolve(study)
        lint(study)
    except ThecalError as error:
        return error
    return None


def clear(error: ThecalError) -> bool:
    """A message that says where and what, in one short line each, and never a Python word."""
    return bool(error.problems) and all(
        p.where and p.what and len(p.what) < 600 and len(p.seen) <= 120 and "\n" not in p.where + p.what + p.seen
        and not any(word in str(p) for word in ("Traceback", "pydantic", "NoneType", "Error:", "<class"))
        for p in error.problems)


def test_the_base_is_fine():
    assert outcome(dump(BASE)) is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_damaged_files_give_one_clear_error(kind):
    refused = 0
    for number in range(68):  # 15 kinds x 68 = 1,020 files
        raw, must_fail = kind(random.Random(f"{kind.__name__} {number}"), BASE)
        error = outcome(raw)
        refused += error is not None
        assert error is not None or not must_fail, f"accepted ({kind.__name__} {number}):\n{raw[:3000].decode()}"
        assert error is None or clear(error), f"({kind.__name__} {number}) {error}"
    assert refused >= 10  # the damage is real


def test_too_large_is_refused_before_it_is_read():
    for number in range(2):
        error = outcome(too_large(random.Random(number), BASE)[0])
        assert error is not None and clear(error)


def test_a_gentle_mutation_of_every_leaf_is_told_at_its_place():
    """A list where a word stood is refused at that very key, with its line."""
    places = Counter()
    for key in ("species", "end", "name", "sex"):
        damaged = {**BASE, key: {"a": 1}}
        error = outcome(dump(damaged))
        assert error is not None and error.problems[0].where.startswith(key)
        assert "line" in error.problems[0].where
        places[key] += 1
    assert len(places) == 4
