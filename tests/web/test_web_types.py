"""The types that the pages are checked with are those of the server as it is."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT, TYPES = ROOT / "scripts/web_types.py", ROOT / "web/src/openapi.d.ts"

pytestmark = pytest.mark.skipif(not TYPES.is_file(), reason="the sources of the pages are not here")


@pytest.fixture(scope="module")
def types():
    return runpy.run_path(str(SCRIPT))


def test_the_types_are_of_this_server(client, types):
    """The digest in the file is that of the published description."""
    described = client.get("/api/openapi.json").json()
    assert f"// description: {types['digest'](described)}" in TYPES.read_text(encoding="utf-8"), "run 'make types'"


def test_another_answer_is_another_digest(client, types):
    described = client.get("/api/openapi.json").json()
    before = types["digest"](described)
    described["info"]["version"] = "99"
    assert types["digest"](described) == before
    described["components"]["schemas"]["Findings"]["properties"]["animals"]["type"] = "string"
    assert types["digest"](described) != before


@pytest.mark.browser
def test_the_types_are_what_would_be_written():
    if shutil.which("npm") is None or not (ROOT / "web/node_modules/openapi-typescript").is_dir():
        pytest.skip("needs npm and 'npm ci' in web/")
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
