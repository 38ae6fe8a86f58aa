"""Studies, findings and previews are those of the command line."""

import numpy as np
import pytest

from thecal.apps.web.envelope import pack, unpack
from thecal.study.lint import lint
from thecal.study.load import library, loads, source_text
from thecal.study.resolve import resolve


def test_library_word_for_word(client):
    assert [row["name"] for row in client.get("/api/studies").json()] == library()
    assert client.get("/api/studies/chen2015").json()["text"] == source_text("chen2015")[0].decode()
    assert client.get("/api/studies/..%2F..%2Fetc%2Fpasswd").status_code == 404


def test_findings_are_those_of_lint(client, small):
    text = small.replace("day: 4 d", "day: 19 d")
    found = client.post("/api/lint", json={"text": text}).json()
    assert [(p["where"], p["what"]) for p in found["problems"]] == [(p.where, p.what) for p in lint(loads(text))]
    assert found["errors"] == 0 and [arm["id"] for arm in found["arms"]] == ["vehicle", "cells"]
    assert found["arms"][1]["reference"] == "vehicle"


def test_a_finding_knows_its_line_and_path(client, small):
    found = client.post("/api/lint", json={"text": small.replace("2.5e5 cells", "2 kg")}).json()
    (problem,) = [p for p in found["problems"] if p["severity"] == "error"]
    assert (problem["line"], problem["path"]) == (12, "arms[1].give[0].dose")
    assert found["arms"] == []


def test_a_finding_about_several_places_knows_them_all(client, small):
    text = small.replace("2.5e5 cells", "2 kg").replace("tests:", """  - id: more
    give: [{what: BMSC, dose: 2 kg, day: 4 d}]
tests:""")
    found = client.post("/api/lint", json={"text": text}).json()
    spots = [(s["path"], s["line"]) for p in found["problems"] if p["severity"] == "error" for s in p["spots"]]
    assert spots == [("arms[1].give[0].dose", 12), ("arms[2].give[0].dose", 14)]


def test_catalogue_names_what_a_study_can_name(client, small):
    known = client.get("/api/catalogue").json()
    for product in known["products"]:
        dose = "" if product["kind"] == "vehicle" else (product["published_doses"].get("mouse") or [""])[0]
        if dose:
            text = small.replace("what: BMSC, dose: 2.5e5 cells", f"what: {product['name']}, dose: {dose}")
            assert not [p for p in lint(loads(text)) if p.severity == "error"], product["name"]


def _preview(client, text, arm="cells"):
    answer = client.post("/api/preview", json={"text": text, "arm": arm})
    assert answer.status_code == 200, answer.text
    return unpack(answer.content)


def test_preview_shows_animals_of_the_full_run(client, small):
    """The first animals of the run, at the run's own tolerance: 1e-4 log10 and no more apart."""
    from thecal.engine.fitted import centre
    from thecal.engine.loop import RunPlan, run_chunk

    head, arrays = _preview(client, small)
    plan = resolve(loads(small))
    traces = run_chunk(RunPlan(plan, "compiled", centre()), "cells", 0, 3, plan.seed)["traces"].to_pandas()
    for animal in range(3):
        rows = traces[traces["animal"] == animal]
        seen = np.interp(head["doses"][0]["day_d"] + np.array([3.0, 10.0]), arrays["t_d"],
                         arrays["arm.animals"][animal])
        full = np.interp(head["doses"][0]["day_d"] + np.array([3.0, 10.0]), rows["t_d"], rows["pain.mechanical"])
        assert seen == pytest.approx(full, abs=3e-3)  # straight lines between the preview's times
    assert arrays["arm.animals"].shape[0] == head["n"] == 24
    assert (arrays["arm.low"] <= arrays["arm.mean"] + 1e-6).all() and head["reference"] == "vehicle"


def test_preview_of_part_of_a_study_is_that_of_the_whole(client):
    """The page sends the arm and what it may be compared with as JSON; the answer is the same."""
    import json

    from thecal.study.model.text import read

    raw = source_text("chen2015")[0]
    study = read(raw, "chen2015.yaml").data
    arms = [arm for arm in study["arms"] if arm["id"] in ("vehicle_early", "bmsc_early", "sham")]
    tests = [t for t in study["tests"] if "main" in t.get("cohorts", ["main"]) and not t.get("arms")]
    part = json.dumps({**study, "arms": arms, "tests": [{**t, "cohorts": ["main"]} for t in tests]})
    whole_head, whole = _preview(client, raw.decode(), "bmsc_early")
    part_head, parted = _preview(client, part, "bmsc_early")
    assert part_head["words"] == whole_head["words"] and part_head["relief"] == whole_head["relief"]
    assert all(np.array_equal(whole[name], parted[name], equal_nan=True) for name in whole)


def test_the_band_of_reversal_is_around_it_and_ends_where_it_is_undefined(client, small):
    _, arrays = _preview(client, small)
    low, high, mean = arrays["reversal.draws_low"], arrays["reversal.draws_high"], arrays["reversal"]
    known = np.isfinite(low)
    assert 20 < known.sum() <= np.isfinite(mean).sum() + 5 and (low[known] <= high[known]).all()
    assert np.array_equal(known, np.isfinite(high)) and (high[known] - low[known]).max() > 0.05


def test_preview_answers_to_the_dose(client, small):
    more, _ = _preview(client, small)
    less, _ = _preview(client, small.replace("2.5e5", "1e3"))
    assert more["relief"]["best"] > less["relief"]["best"]


def test_preview_of_every_kind_of_arm(client):
    for study in library():
        text = source_text(study)[0].decode()
        for arm in client.post("/api/lint", json={"text": text}).json()["arms"][-1:]:
            head, arrays = _preview(client, text, arm["id"])
            assert np.isfinite(arrays["arm.mean"]).all(), (study, arm["id"])
            assert head["lost"] == 0


def test_unknown_arm_and_broken_study_are_told(client, small):
    answer = client.post("/api/preview", json={"text": small, "arm": "nobody"})
    assert answer.status_code == 422 and "vehicle, cells" in answer.json()["problems"][0]["allowed"]
    assert client.post("/api/preview", json={"text": "name: [", "arm": "x"}).status_code == 422


def test_envelope_round_trip():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([np.nan, 1.0])}
    head, back = unpack(pack({"title": "µ"}, arrays))
    assert head["title"] == "µ" and np.array_equal(back["a"], arrays["a"]) and np.isnan(back["b"][0])
    with pytest.raises(ValueError):
        unpack(b"something else")
