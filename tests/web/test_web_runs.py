"""Runs: the same bytes as the command line; waiting, stopping, going on, a lost worker."""

import json
import time

import pytest
from starlette.testclient import TestClient

from thecal.apps.web.queue import MOST_TRIES, Queue
from thecal.apps.web.server import create_app
from thecal.apps.web.settings import Settings
from thecal.apps.web.worker import work
from thecal.engine.jobs.catalogue import this_owner

GONE = "elsewhere-that-is-gone:1:1"


@pytest.fixture
def own(tmp_path):
    app = create_app(Settings(tmp_path, workers=0))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False), app.state.queue, tmp_path


def test_same_file_same_bytes_as_the_command_line(own, small, tmp_path):
    from thecal.apps.cli import run as command_line
    from thecal.engine.jobs import Results

    client, queue, home = own
    answer = client.post("/api/runs", json={"text": small, "draws": 2, "report": False})
    assert answer.status_code == 202
    run = answer.json()["id"]
    assert client.get(f"/api/runs/{run}").json()["state"] == "waiting"
    assert client.get(f"/api/runs/{run}/summary").status_code == 409
    work(queue, home, queue.claim(this_owner()))
    (tmp_path / "small.yaml").write_text(small)
    assert command_line(["run", str(tmp_path / "small.yaml"), "--draws", "2", "--no-report", "--workers", "1",
                         "--out", str(tmp_path / "cli"), "--json"]) == 0
    with Results(tmp_path / "cli") as there, Results(home / "runs" / run) as here:
        assert here.digest() == there.digest()
        digest = there.digest()
    summary = client.get(f"/api/runs/{run}/summary").json()
    assert summary["digest"] == digest and [a["id"] for a in summary["arms"]] == ["vehicle", "cells"]
    assert "relief" in summary["arms"][1]["words"]
    assert client.get(f"/api/runs/{run}/arms/cells").status_code == 200
    assert client.get(f"/api/runs/{run}/arms/nobody").status_code == 404
    assert client.get(f"/api/runs/{run}/tables/readings.csv").text.startswith('"arm"')
    assert client.get(f"/api/runs/{run}/tables/nothing.csv").status_code == 404
    assert client.get(f"/api/runs/{run}/study.yaml").text == small
    assert client.get(f"/api/runs/{run}/report").status_code == 404
    assert client.delete(f"/api/runs/{run}").status_code == 200
    assert not (home / "runs" / run).exists() and client.get(f"/api/runs/{run}").status_code == 404


def test_events_tell_of_runs(own, small):
    client, _, _ = own
    client.post("/api/runs", json={"text": small})
    text = client.get("/api/events?once=true").text
    (line,) = [line for line in text.splitlines() if line.startswith("data: ")]
    assert [run["state"] for run in json.loads(line[6:])] == ["waiting"]


def test_a_study_that_cannot_be_run_is_refused_with_its_findings(own, small):
    client, queue, _ = own
    answer = client.post("/api/runs", json={"text": small.replace("BMSC, dose", "BMSK, dose")})
    assert answer.status_code == 422 and "did you mean" in answer.json()["problems"][0]["remedy"]
    too_many = small.replace("n: 3", "n: 10000").replace("  - id: cells", "".join(
        f"  - {{id: a{k}}}\n" for k in range(30)) + "  - id: cells")
    assert client.post("/api/runs", json={"text": too_many}).json()["problems"][0]["code"] == "too-many-animals"
    assert queue.listed() == []


def test_stop_and_go_on(own, small):
    client, queue, home = own
    first = client.post("/api/runs", json={"text": small, "draws": 0, "report": False}).json()["id"]
    assert client.delete(f"/api/runs/{first}").status_code == 409
    client.post(f"/api/runs/{first}/cancel")
    assert client.get(f"/api/runs/{first}").json()["state"] == "cancelled" and queue.claim("me") is None
    client.post(f"/api/runs/{first}/resume")
    work(queue, home, queue.claim(this_owner()))
    assert client.get(f"/api/runs/{first}").json()["state"] == "done"


def test_a_run_whose_worker_is_gone_goes_to_the_next(tmp_path):
    queue = Queue(tmp_path)
    run = queue.add("study", "x", "", "text", {})
    for _ in range(MOST_TRIES):
        assert queue.claim(GONE)["id"] == run
        assert queue.claim(this_owner()) is None  # its lease still holds
        queue._db.execute("update run set lease = ?", (time.time() - 1,))
    assert queue.claim(this_owner()) is None
    assert queue.get(run)["state"] == "failed" and "lost 3 times" in queue.get(run)["message"]


def test_oldest_first_and_each_once(tmp_path):
    queue = Queue(tmp_path)
    added = [queue.add("study", str(k), "", "", {}) for k in range(5)]
    assert [queue.claim(this_owner())["id"] for _ in range(5)] == added and queue.claim(this_owner()) is None
    assert len(queue.listed()) == 5


def test_queue_has_an_end(own, small, monkeypatch):
    from thecal.apps.web import runs

    client, _, _ = own
    monkeypatch.setattr(runs, "MOST_WAITING", 2)
    assert [client.post("/api/runs", json={"text": small}).status_code for _ in range(3)] == [202, 202, 503]
