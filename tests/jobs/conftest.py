"""The toy run that the others are compared with."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import toy  # noqa: E402

from thecal.engine.jobs import run_chunks  # noqa: E402


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A job folder run in one process without any trouble."""
    path = tmp_path_factory.mktemp("undisturbed") / "job"
    with toy.folder(path) as job:
        run_chunks(job, toy.walk, {})
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    """Every file below ``parts``, by its place."""
    return {str(f.relative_to(path)): f.read_bytes() for f in sorted((path / "parts").rglob("*")) if f.is_file()}
