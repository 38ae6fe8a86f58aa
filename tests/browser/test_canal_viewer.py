"""The canal viewer as a page of its own and inside a report: keyboard, states, stillness, print, no script."""

import json

import numpy as np
import pytest

from thecal.report.canal_viewer.embed import page_html
from thecal.report.canal_viewer.frames import frames_of

DAYS = (0.0, 1 / 144, 1.0, 3.0, 7.0, 14.0)


@pytest.fixture(scope="module")
def frames():
    from thecal.analysis.homing import arm_with_cells, as_data, study_homing
    from thecal.study import load, resolve

    plan = resolve(load("homing-mouse"))
    homing = study_homing(plan, arm_with_cells(plan), seed=1, agents=3_000, draws=0, days=(1, 3, 7, 14),
                          frame_days=DAYS, sample=1_500)
    return frames_of(homing, as_data(homing))


@pytest.fixture(scope="module")
def place(frames, tmp_path_factory):
    page = tmp_path_factory.mktemp("viewer") / "canal.html"
    page.write_text(page_html(frames), encoding="utf-8")
    return page.as_uri()


@pytest.fixture
def viewer(browser, place):
    """Opens the viewer; a fault on the page, or anything asked of another machine, fails the test."""
    contexts, wrong = [], []

    def open_page(**options):
        usual = {"reduced_motion": "reduce", "viewport": {"width": 1000, "height": 800}}
        context = browser.new_context(**usual | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(place)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong, wrong


def _shown(page):
    """How many pixels of the wall carry a point."""
    return page.evaluate("""() => {
        const from = document.querySelector("canvas"), to = document.createElement("canvas");
        to.width = from.width; to.height = from.height;
        const pen = to.getContext("2d"); pen.drawImage(from, 0, 0);
        return pen.getImageData(0, 0, to.width, to.height).data.filter((v, i) => i % 4 === 3 && v > 0).length; }""")


def test_keyboard_goes_from_key_frame_to_key_frame(viewer):
    page = viewer()
    slider, told = page.get_by_role("slider", name="Time since injection"), page.locator("output")
    assert told.inner_text() == "day 14"  # a still picture until somebody asks
    slider.focus()
    for key, words in (("Home", "injection"), ("ArrowRight", "10 min"), ("ArrowRight", "day 1"), ("PageDown", "10 min"),
                       ("PageUp", "day 1"), ("End", "day 14"), ("ArrowLeft", "day 7")):
        page.keyboard.press(key)
        assert told.inner_text() == words, key
        assert slider.get_attribute("aria-valuetext") == (words if words != "injection" else "0 min")
    page.get_by_role("button", name="3 d", exact=True).click()
    assert told.inner_text() == "day 3"


def test_counts_beside_the_colours_are_those_of_the_frame(viewer, frames):
    page = viewer()
    for k, day in enumerate(DAYS):
        page.get_by_role("slider").focus()
        page.keyboard.press("Home")
        for _ in range(k):
            page.keyboard.press("ArrowRight")
        counts = [int(text.replace(",", "")) for text in page.locator("b[data-state]").all_inner_texts()]
        assert counts == frames["totals"][k], day


def test_states_can_be_hidden_one_by_one(viewer, frames):
    page = viewer()
    everything = _shown(page)
    assert everything > 100
    for look in frames["states"]:
        if look["colour"]:
            page.get_by_role("button", name=look["label"]).click()
    assert _shown(page) == 0
    page.get_by_role("button", name="at a ganglion").click()
    assert 0 < _shown(page) < everything


def test_nothing_moves_where_motion_is_not_wanted(viewer):
    page = viewer()
    page.get_by_role("button", name="Play").click()
    seen = set()
    for _ in range(12):
        page.wait_for_timeout(200)
        seen.add(float(page.locator("#canal").get_attribute("data-frame")))
    assert len(seen) > 1 and all(at == int(at) for at in seen)  # still frames, one after the other


def test_it_plays_where_motion_is_wanted(viewer):
    page = viewer(reduced_motion="no-preference")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => { const at = +document.querySelector('#canal').dataset.frame;"
                           "return at > 0 && at < 5 && at % 1 !== 0; }")
    page.get_by_role("button", name="Pause").click()
    at = page.locator("#canal").get_attribute("data-frame")
    page.wait_for_timeout(300)
    assert page.locator("#canal").get_attribute("data-frame") == at


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_found_by_axe_and_nothing_too_wide(viewer, axe, width, colours):
    page = viewer(viewport={"width": width, "height": 800}, color_scheme=colours)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert axe(page) == []
    inside = page.evaluate("""() => [...document.querySelectorAll(".canal-labels span, .canal-marks button")]
        .map((one) => one.getBoundingClientRect()).every((r) => r.left >= -4 && r.right <= innerWidth + 4)""")
    assert inside


def test_a_plain_canvas_where_there_is_no_webgl(viewer, frames):
    page = viewer()
    with_shader = _shown(page)
    page.evaluate("""() => { const usual = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, more) {
          return kind === "webgl" ? null : usual.call(this, kind, more); }; }""")
    module = page.locator("script[type=module]").inner_text().replace("export ", "")
    page.evaluate(f"() => {{ {module} }}")
    assert page.locator("canvas").get_attribute("data-painter") == "canvas"
    assert 0.3 < _shown(page) / with_shader < 3


def test_the_report_shows_it_and_prints_a_still_picture(browser, frames, tmp_path):
    from thecal.report.canal_viewer.section import section

    shown = section(frames, "", "homing-mouse")
    figure = shown.figure.panels[0].svg
    page_text = (f"<!doctype html><html lang='en'><title>t</title><style>.for-print{{display:none}}@media print{{"
                 f".canal{{display:none}}.for-print{{display:block}}}}{shown.style}</style>"
                 f'<div id="{shown.place}" hidden></div><div class="still">{figure}</div>{shown.script}</html>')
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.goto((tmp_path / "report.html").as_uri())
        live, still = page.locator(f"#{shown.place}"), page.locator(".still")
        assert (live.is_visible(), still.is_visible()) == (script, not script)
        page.emulate_media(media="print")
        assert (live.is_visible(), still.is_visible()) == (False, True)
        context.close()
    assert json.loads(shown.script.split(">", 1)[1].split("</script>")[0]) == frames
    assert np.isfinite(frames["cells_per_point"])
