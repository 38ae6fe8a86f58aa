"""Pages of what is known: as on the command line; the page in plain words stands without scripts."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from thecal.apps.web.pages import STATIC

ROOT = Path(__file__).parents[2]


def test_evidence_is_that_of_the_command_line(client, capsys):
    from thecal.apps.cli import run as command_line

    here = client.get("/api/evidence", params={"species": "rat", "route": "it"}).json()
    assert command_line(["evidence", "--species", "rat", "--route", "it", "--rows", "--json"]) == 0
    there = json.loads(capsys.readouterr().out)
    assert here["animals"] == there["animals"] and here["rows"] == there["rows"]
    assert client.get("/api/evidence", params={"species": "unicorn"}).status_code == 422


def test_all_studies_come_weighed_and_are_what_would_be_computed(client, monkeypatch):
    """Another digest is not taken for it."""
    from thecal.apps.web import weighed

    assert weighed.place().is_file(), "run 'python -m thecal.apps.web.weighed' and commit what it wrote"
    assert [p.name for p in weighed.place().parent.iterdir()] == [weighed.place().name]
    kept, now = client.get("/api/evidence").json(), json.loads(weighed.weigh())
    numbers = [[], []]
    for found, answer in zip(numbers, (kept, now), strict=True):
        _numbers(answer, found)
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-5, abs=1e-9)
    assert kept["rows"] == now["rows"] and kept["words"] == now["words"]
    monkeypatch.setattr(weighed, "_digest", lambda: "of-other-tables")
    assert weighed.evidence(weighed.ALL) == weighed.weigh()


def _numbers(answer, found):
    """Every number of an answer, in order."""
    if isinstance(answer, dict | list):
        for one in answer.values() if isinstance(answer, dict) else answer:
            _numbers(one, found)
    elif isinstance(answer, float | int):
        found.append(answer)


def test_counts_behind_a_pooled_harm_have_exact_limits(client):
    """Clopper and Pearson 1934, Biometrika 26:404: no event in n gives 0 to 1 - 0.025**(1/n)."""
    found = client.get("/api/evidence").json()
    (count,) = found["counts"]["any sites"]
    assert count["events"] == 0 and count["ci_pct"] == pytest.approx([0, 100 * (1 - 0.025 ** (1 / count["total"]))])
    assert set(found["counts"]) == {f"{h['term']} {h['unit']}" for h in found["people"]["adverse_events"]}


def test_register_marks_assumptions(client):
    from thecal.core.register import load

    rows = client.get("/api/parameters").json()
    assert {row["id"] for row in rows} == set(load())
    assert all(row["assumption"] == load()[row["id"]].is_assumption for row in rows)


def test_claims_and_equations(client):
    from thecal.analysis.claims.register import load_claims

    claims = client.get("/api/claims").json()["claims"]
    assert [row["id"] for row in claims] == [claim.id for claim in load_claims()]
    rooms = client.get("/api/equations").json()
    assert {room["room"] for room in rooms} >= {"anatomy", "cells", "signalling", "pain"}
    written = "".join(one["mathml"] for room in rooms for one in room["equations"])
    assert not re.search(r"(?<!display)style=", written)  # the content-security policy would refuse it
    assert '<mtable class="lines"' in written


def test_balance_needs_the_readers_weights(client):
    plan = {"weights": {"headache": 0.1, "puncture_pain": 0.1, "fever": 0.1, "meningeal_reaction": 0.3}}
    answer = client.post("/api/balance", json=plan)
    assert answer.status_code == 422 and "infection" in answer.text
    plan["weights"]["infection"] = 1
    found = client.post("/api/balance", json=plan).json()
    assert found["plane"]["benefit_per_100"] is None and found["must_be_true"]
    assert client.post("/api/balance", json={**plan, "dose_cells": 1e10}).status_code == 422


def test_plain_words_need_no_script_and_no_other_machine(client):
    page = client.get("/plain").text
    assert "<script" not in page and "style=" not in page and " on" + "click" not in page
    assert not re.findall(r'(?:src|href)="(?!/|#|data:)(?!https?://)[^"]*"', page)
    assert not re.findall(r'<(?:img|link|iframe|source)[^>]*(?:src|href)="https?:', page)
    assert "not medical advice" in page and "Nobody has counted" in page and page.count("<h1") == 1
    assert page.count("<table>") == page.count("</table></div>")


def test_the_built_pages_are_current():
    """The digest that the build left is that of the sources as they are; 'make web' builds them again."""
    web, viewer = ROOT / "web", ROOT / "src/thecal/report/canal_viewer"
    if not web.is_dir():
        pytest.skip("the sources of the pages are not here")
    files = [*(web / "src").rglob("*"), *(web / "public").rglob("*"), web / "index.html", web / "package-lock.json",
             web / "vite.config.ts", viewer / "canal.js", viewer / "canal.css"]
    lines = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert (STATIC / "built-from.txt").read_text().strip() == digest, "run 'make web' and commit what it wrote"


def test_the_built_pages_name_no_other_machine():
    known = ("http://www.w3.org/", "https://react.dev/errors/", "http://localhost")
    for path in STATIC.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            found = re.findall(r"https?://[\w.-]+/?[\w./-]*", path.read_text(encoding="utf-8"))
            assert not [a for a in found if not a.startswith(known)], path.name
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) < 1_500_000


def test_the_lock_of_the_pages_names_no_machine():
    lock = ROOT / "web/package-lock.json"
    if not lock.is_file():
        pytest.skip("the sources of the pages are not here")
    assert "://" not in lock.read_text() and '"integrity"' in lock.read_text()


@pytest.mark.browser
def test_front_end_types_and_unit_tests():
    if shutil.which("npm") is None or not (ROOT / "web/node_modules").is_dir():
        pytest.skip("needs npm and 'npm ci' in web/")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip("v").split(".")[0]) < 20:
        pytest.skip(f"needs Node 20 or later, this is {version.strip()}")
    for task in ("check", "test"):
        done = subprocess.run(["npm", "run", task], cwd=ROOT / "web", capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_help_does_not_load_the_server():
    code = "import sys, thecal.apps.commands.serve; assert not {'fastapi', 'uvicorn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
