"""A cache of its own for the whole session."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Objects of these tests go to a folder of their own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("THECAL_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()
