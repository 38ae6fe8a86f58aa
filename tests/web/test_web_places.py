"""Where things are: the same animals as the preview's, and amounts that add up to what the engine says."""

import numpy as np
import pytest

from thecal.apps.web.envelope import MEDIA, unpack


def _asked(client, path, text, arm="cells", **headers):
    answer = client.post(path, json={"text": text, "arm": arm}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def _places(client, text, arm="cells"):
    return unpack(_asked(client, "/api/places", text, arm).content)


def test_every_place_from_the_head_downwards(client, small):
    head, arrays = _places(client, small)
    shown = {s["id"]: s for s in head["substances"]}
    assert set(shown) == {"tgfb1_total", "tgfb1_active", "tgfb1_ganglia", "cells_canal", "cells_ganglia", "cxcl12"}
    canal = shown["tgfb1_total"]["places"]
    assert [place["id"] for place in canal] == ["cranial", *"6543210"]
    lows, highs = ([place[key] for place in canal[1:]] for key in ("low_mm", "high_mm"))
    assert lows == pytest.approx(np.linspace(0, highs[0], 8)[-2::-1]) and lows[:-1] == pytest.approx(highs[1:])
    assert {level for place in canal for level in place["ganglia"]} == {"L3", "L4", "L5"}
    for substance in head["substances"]:
        for key in ("mean", "low", "high", "draws_low", "draws_high"):
            table = arrays[f"{substance['id']}.{key}"]
            assert table.shape == (len(substance["places"]), arrays["t_d"].size) and np.isfinite(table).all()
        assert (arrays[f"{substance['id']}.low"] <= arrays[f"{substance['id']}.mean"] * (1 + 1e-4) + 1e-3).all()


def test_the_cells_of_all_places_are_all_living_cells(client, small):
    """The preview's own count, minus what swims in the cranial tank."""
    _, by_place = _places(client, small)
    _, whole = unpack(_asked(client, "/api/preview", small).content)
    assert np.array_equal(by_place["t_d"], whole["t_d"])
    counted = by_place["cells_canal.mean"].sum(axis=0) + by_place["cells_ganglia.mean"].sum(axis=0)
    assert counted == pytest.approx(whole["cells.living"], rel=2e-3, abs=1)


def test_the_dose_arrives_where_the_needle_is(client, small):
    """Ten minutes after a dose at L5-L6 the segment above the needle is full and the upper end empty; at the neck the
    other way round."""
    for level, full, empty in (("L5-L6", 1, 6), ("cisterna magna", 6, 0)):
        head, arrays = _places(client, small.replace("2.5e5 cells, day", f"2.5e5 cells, level: {level}, day"))
        given = np.searchsorted(arrays["t_d"], head["doses"][0]["day_d"] + 1 / 144)
        cells = arrays["cells_canal.mean"][::-1, given]  # from the sacral end
        assert cells[full] > 1000 * cells[empty] and cells[full] > 0.9 * cells.max(), level


def test_what_is_given_is_shown(client, small):
    text = small.replace("what: BMSC, dose: 2.5e5 cells", "what: anti-TGF-b1, dose: 4 ug")
    head, arrays = _places(client, text)
    assert "antibody" in {s["id"] for s in head["substances"]}
    assert "cells_canal" not in {s["id"] for s in head["substances"]}
    assert arrays["antibody.mean"].max() > 0


@pytest.mark.parametrize("path", ["/api/preview", "/api/places"])
def test_the_head_alone_for_who_asks_for_json(client, small, path):
    whole = _asked(client, path, small, accept="*/*")
    alone = _asked(client, path, small, accept="application/json")
    head, _ = unpack(whole.content)
    assert whole.headers["content-type"] == MEDIA and alone.json() == {k: v for k, v in head.items() if k != "arrays"}


def test_unknown_arm_and_broken_study_are_told(client, small):
    for text, arm in ((small, "nobody"), ("name: [", "x")):
        assert client.post("/api/places", json={"text": text, "arm": arm}).status_code == 422


def test_what_is_compiled_ahead_can_be_run(client):
    """Each hypothesis, each knock-down, each product with a dose in mice, and nothing that lint would refuse."""
    import json

    from thecal.apps.web.ahead import studies

    texts = [json.dumps(study) for study in studies()]
    assert len(set(texts)) == len(texts) >= 25
    for text in texts:
        assert client.post("/api/lint", json={"text": text}).json()["errors"] == 0, text
