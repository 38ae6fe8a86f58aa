"""The folder itself: who may work, what counts, what is refused."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import toy_job

from thecal.core.errors import RunFailed, ThecalError
from thecal.engine.jobs import Arm, Chunk, JobFolder, Results, Stopped, chunks_of, run_chunks
from thecal.engine.jobs.catalogue import this_owner
from thecal.engine.jobs.parts import encode


def test_the_cut_covers_every_animal_once():
    cut = chunks_of([Arm("a", 5), Arm("b", 4)], 2)
    assert [(c.arm, c.first, c.n) for c in cut] == [("a", 0, 2), ("a", 2, 2), ("a", 4, 1), ("b", 0, 2), ("b", 2, 2)]
    assert [c.number for c in cut] == list(range(5))


def test_claims_are_given_once_and_back(tmp_path):
    with toy_job.folder(tmp_path / "job") as job, JobFolder.open(tmp_path / "job") as other:
        first = job.claim(this_owner(), 4)
        second = other.claim("elsewhere:1:1", 100)
        assert [c.number for c in first + second] == list(range(9))
        assert job.claim("third:1:1", 1) == []
        assert job.release(this_owner()) == 4
        assert len(job.claim("third:1:1", 100)) == 4


def test_a_claim_from_elsewhere_ends_with_its_lease(tmp_path):
    with toy_job.folder(tmp_path / "job") as job:
        job.claim("elsewhere:1:1", 100, lease_s=0.05)
        assert job.claim(this_owner(), 1) == []
        time.sleep(0.06)
        [chunk] = job.claim(this_owner(), 1)
        assert chunk.tries == 1


def test_a_claim_of_a_dead_process_here_is_free_at_once(tmp_path):
    host = this_owner().rsplit(":", 2)[0]
    with toy_job.folder(tmp_path / "job") as job:
        job.claim(f"{host}:{os.getpid()}:1", 100, lease_s=1e6)  # our number, but an earlier process
        assert len(job.claim(this_owner(), 100)) == 9


def test_readers_see_only_what_the_catalogue_counts(tmp_path):
    with toy_job.folder(tmp_path / "job") as job:
        run_chunks(job, toy_job.walk, {})
        rows = len(job.read("animals"))
        stray = job.parts("animals")[0].with_name("part-999999.parquet")
        pq.write_table(pa.table({"arm": ["x"], "animal": [1], "status": ["ok"]}), stray)
        assert len(job.read("animals")) == rows == 17
        assert job.query("select count(*) as n from animals")["n"][0] == 17


def test_digests_are_those_of_the_files(undisturbed):
    results = Results(undisturbed)
    for file in results.parts("traces"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in \
            [row[0] for row in sqlite3.connect(undisturbed / "catalogue.sqlite").execute("select sha256 from part")]
    assert results.provenance["digest"] == results.digest()


def test_a_finished_folder_is_read_where_nothing_can_be_written(undisturbed):
    assert not (undisturbed / "catalogue.sqlite-wal").exists()
    with Results(undisturbed) as results:
        assert results.require_finished().progress().statuses == {"ok": 17}
        with pytest.raises(sqlite3.OperationalError):
            results._catalogue.set_run("todo", "")


def test_equal_tables_give_equal_bytes_whatever_they_came_from():
    whole = pa.table({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)]).replace_schema_metadata({"pandas": "notes"})
    assert encode("t", whole).data == encode("t", pieces).data
    assert pq.read_table(pa.BufferReader(encode("t", whole).data)) == whole
    with pytest.raises(ValueError, match="plain name"):
        encode("../t", whole)


def test_lost_animals_are_counted_and_over_the_budget_they_stop_the_run(tmp_path):
    plan = {"lost": [0]}  # one animal of each arm
    with toy_job.folder(tmp_path / "a") as job:
        assert run_chunks(job, toy_job.walk, plan, failure_budget=0.2).statuses == {"ok": 15, "step limit": 2}
    with toy_job.folder(tmp_path / "b") as job:
        with pytest.raises(RunFailed, match="too many animals could not be computed") as stopped:
            run_chunks(job, toy_job.walk, plan, failure_budget=0.05)
        assert stopped.value.problems[0].seen == "1 step limit"
        assert job.state == "failed"


def _refuses(plan, arm, first, n, seed):
    raise ZeroDivisionError("no rate")


def test_an_exception_becomes_a_failed_chunk_with_its_reason(tmp_path):
    with toy_job.folder(tmp_path / "job") as job:
        with pytest.raises(RunFailed, match="ZeroDivisionError: no rate"):
            run_chunks(job, _refuses, None, failure_budget=1.0)
        assert job.progress().animals_failed == 17
        with pytest.raises(ThecalError, match="not finished"):
            job.require_finished()
        assert run_chunks(job, toy_job.walk, {}).complete


@pytest.mark.parametrize(("change", "said"), [
    (lambda p: toy_job.folder(p, seed=2), "its seed differs"),
    (lambda p: toy_job.folder(p, size=3), "size of chunks differs"),
    (lambda p: JobFolder.create(p, toy_job.STUDY, {"seed": 1}, []), "taken"),
])
def test_another_run_is_not_mixed_into_a_folder(tmp_path, change, said):
    toy_job.folder(tmp_path / "job").close()
    with pytest.raises(ThecalError, match=said):
        change(tmp_path / "job")


def test_another_run_is_replaced_when_asked_and_other_files_stay(tmp_path, undisturbed):
    with toy_job.folder(tmp_path / "job", seed=2) as job:
        run_chunks(job, toy_job.walk, {})
    (tmp_path / "job" / "notes.txt").write_text("mine")
    (tmp_path / "job" / "report.html").write_text("of the old run")
    with toy_job.folder(tmp_path / "job", replace=True) as job:
        assert job.state == "todo" and job.seed == 1
        assert not (tmp_path / "job" / "report.html").exists()
        run_chunks(job, toy_job.walk, {})
        assert job.digest() == Results(undisturbed).digest()
    assert (tmp_path / "job" / "notes.txt").read_text() == "mine"


def test_a_program_or_a_setting_that_has_changed_is_another_run(tmp_path, monkeypatch):
    toy_job.folder(tmp_path / "job").close()
    with pytest.raises(ThecalError, match="setting 'solver' differs"):
        toy_job.folder(tmp_path / "job", solver="reference")
    monkeypatch.setattr("thecal.engine.jobs.provenance.program_sha256", lambda: "other")
    with pytest.raises(ThecalError, match="version of the program differs"):
        toy_job.folder(tmp_path / "job")


def test_a_finished_run_may_be_read_under_newer_libraries(tmp_path, monkeypatch):
    with toy_job.folder(tmp_path / "job") as job:
        monkeypatch.setattr("platform.python_version", lambda: "3.99")
        with pytest.raises(ThecalError, match="version of Python differs"):
            toy_job.folder(tmp_path / "job")
        run_chunks(job, toy_job.walk, {})
    toy_job.folder(tmp_path / "job").close()


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "study.yaml").write_text("mine: 1\n")
    with pytest.raises(ThecalError, match="taken"):
        toy_job.folder(tmp_path)
    assert (tmp_path / "study.yaml").read_text() == "mine: 1\n"


def test_a_folder_killed_before_it_was_whole_is_begun_again(tmp_path):
    (tmp_path / "study.yaml").write_text(toy_job.STUDY)
    (tmp_path / ".partial-catalogue.sqlite").write_bytes(b"SQLite")
    with toy_job.folder(tmp_path) as job:
        assert len(job.pending()) == 9


def test_a_place_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ThecalError, match="cannot be made"):
        toy_job.folder(tmp_path / "file" / "job")


def test_no_folder_and_another_version_are_told(tmp_path):
    with pytest.raises(ThecalError, match="no such folder"):
        Results(tmp_path / "none")
    with pytest.raises(ThecalError, match="not the folder of a run"):
        Results(tmp_path)
    with toy_job.folder(tmp_path / "job") as job:
        job._catalogue.db.execute("pragma user_version = 99")
    with pytest.raises(ThecalError, match="another version"):
        Results(tmp_path / "job")


def test_finish_counts_nothing_when_a_part_cannot_be_written(tmp_path, monkeypatch):
    with toy_job.folder(tmp_path / "job") as job:
        [chunk] = job.claim(this_owner(), 1)
        monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            job.finish(chunk, toy_job.walk({}, chunk.arm, chunk.first, chunk.n, 1))
        assert job.tables == [] and job.progress().chunks_done == 0
        assert not list((tmp_path / "job" / "parts").rglob("*.parquet*"))


def test_a_chunk_says_which_animals():
    assert str(Chunk(0, "bmsc", 4, 1)) == "arm bmsc, animal 4"


def _interrupted(plan, arm, first, n, seed):
    raise KeyboardInterrupt


def test_a_stopped_run_gives_back_what_it_had_claimed(tmp_path):
    with toy_job.folder(tmp_path / "job") as job:
        with pytest.raises(Stopped, match="0 of 17 animals"):
            run_chunks(job, _interrupted)
        assert len(job.claim("elsewhere:1:1", 100)) == 9
