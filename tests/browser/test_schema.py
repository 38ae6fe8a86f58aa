"""Schemathesis: 2,000 cases over the published API, none of which is a fault of the server."""

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

CASES = 2_000


def test_no_fault_in_two_thousand_cases(tmp_path):
    from hypothesis import HealthCheck, Phase, given, settings

    from thecal.apps.web.server import create_app
    from thecal.apps.web.settings import Settings

    app = create_app(Settings(tmp_path, workers=0))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"host": "localhost"})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 20
    counted = {"all": 0}
    asked = [o for o in operations if o.body or list(o.iter_parameters())]  # the others are one case each
    each = -(-CASES // (len(asked) - 2))
    for operation in operations:
        if operation.path == "/api/events":  # it does not end by itself
            continue
        slow = operation.path == "/api/data"

        @settings(max_examples=12 if slow else each, deadline=None, database=None, derandomize=True,
                  phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case):
            counted["all"] += 1
            response = case.call(headers={"host": "localhost"})
            assert response.status_code < 500 or response.status_code == 503, (case.path, response.text[:300])

        ask()
    assert counted["all"] >= CASES, counted
