"""The draws are Philox as published, normal as SciPy knows it, and a function of what they are for alone."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit, uint32
from scipy import stats

from thecal.cells.agents import compiled, crawl, remains, transit
from thecal.cells.agents.random_numbers import fma, key_of, log_of, normals, philox, spare
from thecal.core.streams import philox4x32


@njit
def _words(counters, key, out):
    for q in range(counters.shape[0]):
        out[q] = philox(counters[q, 0], counters[q, 1], counters[q, 2], counters[q, 3], key[0], key[1])


@njit
def _normals(n, k0, k1, out, logs):
    for q in range(n):
        w0, w1, w2, _w3 = philox(uint32(7), uint32(0), uint32(q), uint32(0), k0, k1)
        out[q, 0], out[q, 1] = normals(w0, w1)
        logs[q] = log_of(np.float32(np.float32(w2 >> uint32(8)) + np.float32(0.5)) * np.float32(2.0**-24))


def test_philox_gives_the_published_vectors():
    # Random123, kat_vectors, philox4x32-10
    ones = 0xFFFFFFFF
    known = [([0] * 4, [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
             ([ones] * 4, [ones, ones], [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
             ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
              [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1])]
    for counter, key, expected in known:
        out = np.empty((1, 4), np.uint32)
        _words(np.array([counter], np.uint32), np.array(key, np.uint32), out)
        assert [int(w) for w in out[0]] == expected


def test_the_same_words_as_the_streams_of_the_core():
    key = np.array(key_of(3, "arm", "homing"), np.uint32)
    counters = np.random.default_rng(0).integers(0, 2**32, (500, 4)).astype(np.uint32)
    out = np.empty((500, 4), np.uint32)
    _words(counters, key, out)
    again = philox4x32([counters[:, k].astype(np.uint64) for k in range(4)], key.astype(np.uint64))
    np.testing.assert_array_equal(out, np.stack(again, axis=1).astype(np.uint32))


def test_variates_are_normal_and_independent():
    n = 400_000
    out, logs = np.empty((n, 2), np.float32), np.empty(n, np.float32)
    _normals(n, *key_of(1, "a", "b"), out, logs)
    for k in range(2):
        assert stats.kstest(out[:, k].astype(float), "norm").pvalue > 1e-3
        assert abs(stats.kurtosis(out[:, k].astype(float))) < 4 * np.sqrt(24 / n)
    assert abs(np.corrcoef(out.T.astype(float))[0, 1]) < 4 / np.sqrt(n)
    assert abs(np.corrcoef(out.T.astype(float)**2)[0, 1]) < 4 / np.sqrt(n)
    assert np.abs(out).max() > 4.5  # the tail is there
    assert abs(logs.astype(float).mean() + 1) < 4 / np.sqrt(n)  # E ln u = -1


@njit
def _spares(n, k0, k1, out, radii):
    for q in range(n):
        w0, w1, _w2, _w3 = philox(uint32(3), uint32(0), uint32(q), uint32(0), k0, k1)
        out[q] = spare(w0, w1)
        a, b = normals(w0, w1)
        radii[q] = a * a + b * b


def test_spare_bits_are_uniform_and_know_nothing_of_the_variates():
    n = 400_000
    out, radii = np.empty(n, np.float32), np.empty(n, np.float32)
    _spares(n, *key_of(2, "a", "b"), out, radii)
    assert (out == np.floor(out)).all() and out.min() >= 0 and out.max() < 2**16
    counts = np.bincount((out / 256).astype(int), minlength=256)
    low = np.bincount((out % 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-3 and stats.chisquare(low).pvalue > 1e-3
    assert abs(np.corrcoef(out.astype(float), radii.astype(float))[0, 1]) < 4 / np.sqrt(n)
    rare = out < 2**16 * 0.003  # cells that meet an event move like all others
    assert radii[rare].mean() == pytest.approx(2, abs=4 * 2 / np.sqrt(rare.sum()))


@njit
def _fused(a, b, c):
    return fma(np.float32(a), np.float32(b), np.float32(c))


def test_multiply_add_rounds_once():
    a = np.float32(1 + 2.0**-12)
    assert _fused(a, a, -1) == np.float32(2.0**-11 + 2.0**-24) != a * a - np.float32(1)


def test_kept_code_is_renewed_when_any_source_changes(tmp_path):
    """Numba alone looks at one file, and would go on with random numbers of another day."""
    loops = (crawl.crawl, crawl.deposit, transit.inject, transit.travel, transit.first_levels, transit.border_deaths,
             remains.cleared_on)
    assert {loop._cache._cache_file._source_stamp for loop in loops} == {compiled.DIGEST}
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("2")
    before = compiled.digest_of(tmp_path)
    (tmp_path / "b.py").write_text("3")
    assert compiled.digest_of(tmp_path) != before
