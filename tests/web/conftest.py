import pytest

pytest.importorskip("fastapi", reason="the web framework is not installed")
pytest.importorskip("httpx2", reason="httpx2, which asks the server in tests, is not installed")

from starlette.testclient import TestClient

from thecal.apps.web.server import create_app
from thecal.apps.web.settings import Settings

SMALL = """\
name: small
end: 20 d
n: 3
seed: 5
sex: male
injury: CCI
arms:
  - id: vehicle
    give: [{what: vehicle, day: 4 d}]
  - id: cells
    label: BMSC day 4
    give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}]
tests:
  - {assay: von Frey, days: [-1, 3, 7, 14]}
"""


@pytest.fixture(scope="session")
def small():
    return SMALL


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """A server without workers: runs wait."""
    return create_app(Settings(tmp_path_factory.mktemp("laboratory"), workers=0))


@pytest.fixture(scope="session")
def client(app):
    """Not entered, so that nothing is started; faults become answers with status 500."""
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
