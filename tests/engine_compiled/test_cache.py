"""The object cache: kept, shared, made again when damaged, and never in the way."""

from __future__ import annotations

import os
import stat

import numpy as np
from tests.engine_compiled.small_models import begin_at, small_model, solve

from thecal.engine.compiled import object_cache, program, reduction


def test_made_once_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("THECAL_CACHE", str(tmp_path))
    made = []

    def make():
        made.append(1)
        return b"code"

    assert [object_cache.fetch("key", make) for _ in range(3)] == [b"code"] * 3 and len(made) == 1


def test_damaged_or_short_files_are_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("THECAL_CACHE", str(tmp_path))
    object_cache.fetch("key", lambda: b"code")
    path = object_cache.folder() / "key"
    for damage in (b"", path.read_bytes()[:-1], path.read_bytes()[:-1] + b"X"):
        path.write_bytes(damage)
        assert object_cache.fetch("key", lambda: b"code") == b"code"
        assert path.read_bytes()[16:] == b"code"


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("THECAL_CACHE", str(blocked))
    assert object_cache.fetch("key", lambda: b"code") == b"code"
    read_only = tmp_path / "read-only"
    read_only.mkdir()
    os.chmod(read_only, stat.S_IREAD | stat.S_IEXEC)
    monkeypatch.setenv("THECAL_CACHE", str(read_only))
    assert object_cache.fetch("key", lambda: b"code") == b"code"
    os.chmod(read_only, stat.S_IRWXU)


def test_the_oldest_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setenv("THECAL_CACHE", str(tmp_path))
    monkeypatch.setattr(object_cache, "KEPT", 3)
    for i in range(5):
        object_cache.fetch(f"key{i}", lambda: b"code")
        os.utime(object_cache.folder() / f"key{i}", (i, i))
    object_cache.fetch("key5", lambda: b"code")
    assert sorted(path.name for path in object_cache.folder().iterdir()) == ["key3", "key4", "key5"]


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("THECAL_CACHE", str(tmp_path))

    def no_replace(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", no_replace)
    assert object_cache.fetch("key", lambda: b"code") == b"code"
    assert list(object_cache.folder().iterdir()) == []


def test_a_program_from_the_cache_gives_the_same_bytes(tmp_path, monkeypatch):
    model = small_model(["a"], lambda y, p: [-p[0] * y[0] * 1.25], ["k"])
    monkeypatch.setenv("THECAL_CACHE", str(tmp_path))

    def fresh_process():
        program._KNOWN.clear()
        reduction._form.cache_clear()
        return solve(model, [[0.3]], [begin_at([1])], np.linspace(0, 5, 7)).values.tobytes()

    first = fresh_process()
    assert len(list(object_cache.folder().iterdir())) == 4
    assert fresh_process() == first
