"""The undisturbed run that the others are compared with."""

import pytest
import toy_job

from thecal.engine.jobs import run_chunks


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A job folder run in one process without any trouble."""
    path = tmp_path_factory.mktemp("undisturbed") / "job"
    with toy_job.folder(path) as job:
        run_chunks(job, toy_job.walk, {})
    return path
