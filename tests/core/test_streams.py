"""Keyed random draws against the published Philox test vectors, and their independence of order and company."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from thecal.core.streams import philox4x32, stream, uniforms


@pytest.mark.parametrize(("word", "key", "expected"), [
    (0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (0xFFFFFFFF, 0xFFFFFFFF, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD))])
def test_published_vectors(word: int, key: int, expected: tuple[int, ...]) -> None:
    """Known answers of the Random123 distribution for philox4x32-10."""
    counter = [np.array([word], np.uint64)] * 4
    found = philox4x32(counter, np.array([key, key], np.uint64))
    assert tuple(int(w[0]) for w in found) == expected


def test_an_animal_draws_the_same_in_any_company() -> None:
    many = uniforms(1, "arm", np.arange(1000), "x", 3, 5)
    alone = uniforms(1, "arm", np.array([7]), "x", 3, 5)
    turned = uniforms(1, "arm", np.arange(1000)[::-1], "x", 3, 5)[::-1]
    assert np.array_equal(many[7], alone[0]) and np.array_equal(many, turned)
    assert np.array_equal(many[:, :2], uniforms(1, "arm", np.arange(1000), "x", 3, 2))


def test_one_changed_key_changes_all() -> None:
    base = uniforms(1, "arm", np.arange(50), "x", 0, 4)
    for other in (uniforms(2, "arm", np.arange(50), "x", 0, 4), uniforms(1, "arm2", np.arange(50), "x", 0, 4),
                  uniforms(1, "arm", np.arange(50), "y", 0, 4), uniforms(1, "arm", np.arange(50), "x", 1, 4)):
        assert not np.any(base == other)


def test_draws_are_uniform_and_uncorrelated() -> None:
    draws = uniforms(5, "arm", np.arange(20000), "x", 0, 3)
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.02
    assert draws.min() > 0 and draws.max() < 1


def test_streams_repeat() -> None:
    assert stream(1, "a", "b", 2).normal() == stream(1, "a", "b", 2).normal() != stream(1, "a", "b", 3).normal()
