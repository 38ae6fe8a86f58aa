"""The twin of every disturbed run is the undisturbed one: same parts, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy_job
from toy_job import parts_of

from thecal.core.errors import RunFailed
from thecal.engine.jobs import JobFolder, Results, Stopped, run_chunks


def test_two_workers_write_what_one_writes(tmp_path, undisturbed):
    with toy_job.folder(tmp_path / "job") as job:
        run_chunks(job, toy_job.walk, {}, workers=2)
        assert job.digest() == Results(undisturbed).digest()
    assert parts_of(tmp_path / "job") == parts_of(undisturbed)


def test_another_seed_writes_something_else(tmp_path, undisturbed):
    with toy_job.folder(tmp_path / "job", seed=2) as job:
        run_chunks(job, toy_job.walk, {})
        assert job.digest() != Results(undisturbed).digest()


def test_the_cut_into_chunks_moves_no_value(tmp_path, undisturbed):
    with toy_job.folder(tmp_path / "job", size=5) as job:
        run_chunks(job, toy_job.walk, {})
        assert job.read("traces") == Results(undisturbed).read("traces")


def test_a_killed_worker_costs_nothing(tmp_path, undisturbed):
    plan = {"deadly": ["bmsc", 4], "mark": str(tmp_path / "mark")}
    with toy_job.folder(tmp_path / "job") as job:
        run_chunks(job, toy_job.walk, plan, workers=2)
        assert (tmp_path / "mark").exists()
    assert parts_of(tmp_path / "job") == parts_of(undisturbed)


def test_a_chunk_that_always_kills_is_named_and_no_other_blamed(tmp_path):
    plan = {"deadly": ["bmsc", 4], "mark": str(tmp_path / "mark"), "always": True}
    with toy_job.folder(tmp_path / "job") as job:
        with pytest.raises(RunFailed):
            run_chunks(job, toy_job.walk, plan, workers=2, failure_budget=1.0)
        assert [str(chunk) for chunk, _ in job.failures()] == ["arm bmsc, animals 4 to 5"]
        assert job.state == "failed"
        assert job.progress().chunks_done == 8


def _driver(path: Path, workers: int, pause_s: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, toy_job.__file__, str(path), str(workers), str(pause_s)],
                            start_new_session=True, stderr=subprocess.PIPE)


def _wait_for_parts(path: Path, count: int) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        if len(list(path.glob("parts/animals/*/part-*.parquet"))) >= count:
            return
        time.sleep(0.01)
    raise AssertionError("the driver wrote no parts")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_driver_leaves_an_unfinished_run_that_goes_on(tmp_path, undisturbed, workers):
    path = tmp_path / "job"
    driver = _driver(path, workers, 0.15)
    _wait_for_parts(path, 2)
    driver.kill()
    driver.wait()
    driver.stderr.close()
    (path / "parts" / "animals" / ".partial-part-000000.parquet-x").write_bytes(b"half")

    with JobFolder.open(path) as job:
        assert job.state == "run"
        kept = job.progress().chunks_done
        assert 0 < kept < 9
        seen = []
        run_chunks(job, toy_job.walk, {}, progress=lambda p: seen.append(p.chunks_done))
        assert seen[0] == kept and job.state == "done"
    assert parts_of(path) == parts_of(undisturbed)


def test_ctrl_c_stops_cleanly_and_the_same_call_goes_on(tmp_path, undisturbed):
    path = tmp_path / "job"
    driver = _driver(path, 2, 0.15)
    _wait_for_parts(path, 2)
    os.killpg(driver.pid, signal.SIGINT)
    said = driver.communicate(timeout=30)[1].decode()
    assert "Stopped" in said and said.count("Traceback") <= 2  # the driver's own, chained; none of a worker

    with JobFolder.open(path) as job:
        assert job.state == "stopped"
        assert all(chunk.tries <= 1 for chunk in job.pending())
        run_chunks(job, toy_job.walk, {})
    assert parts_of(path) == parts_of(undisturbed)


def test_cancel_stops_between_chunks(tmp_path):
    with toy_job.folder(tmp_path / "job") as job:
        with pytest.raises(Stopped, match="4 of 17 animals are done"):
            run_chunks(job, toy_job.walk, {}, cancel=lambda: job.progress().chunks_done == 2)
        assert job.state == "stopped" and len(job.pending()) == 7


def test_a_lost_or_altered_part_is_computed_again(tmp_path, undisturbed):
    path = tmp_path / "job"
    with toy_job.folder(path) as job:
        run_chunks(job, toy_job.walk, {})
        job.parts("traces")[0].unlink()
        with open(job.parts("animals")[5], "r+b") as part:
            part.seek(10)
            part.write(b"\0\0")
        assert len(job.verify()) == 2
        run_chunks(job, toy_job.walk, {})
    assert parts_of(path) == parts_of(undisturbed)


def test_dask_writes_what_one_process_writes(tmp_path, undisturbed):
    pytest.importorskip("distributed")
    from thecal.engine.jobs import DaskExecutor

    with toy_job.folder(tmp_path / "job") as job:
        run_chunks(job, toy_job.walk, {}, executor=DaskExecutor(workers=1))
    assert parts_of(tmp_path / "job") == parts_of(undisturbed)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks Linux for the processes")
def test_no_worker_outlives_a_killed_driver(tmp_path):
    driver = _driver(tmp_path / "job", 2, 0.15)
    _wait_for_parts(tmp_path / "job", 1)
    driver.kill()
    driver.wait()
    driver.stderr.close()
    give_up = time.monotonic() + 20
    while _session(driver.pid) and time.monotonic() < give_up:
        time.sleep(0.1)
    assert _session(driver.pid) == []


def _session(leader: int) -> list[str]:
    """Command lines of the processes of one session (Linux)."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                alive.append((stat.parent / "cmdline").read_text())
        except OSError:
            continue
    return alive
