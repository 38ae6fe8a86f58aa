"""Every page: nothing found by axe, nothing wider than the screen, in the dark and in the light, quick to paint."""

import pytest
from tests.browser.conftest import write_file

PAGES = ["bench", "cells", "data", "evidence", "people", "numbers", "plain"]
READY = {"bench": "[data-answer]", "evidence": "figure.forest", "people": ".answer", "numbers": "#equations details",
         "plain": "h1", "data": ".drop", "cells": "h1"}


def come_to_rest(page, name):
    page.goto(f"/{name}")
    page.wait_for_selector(READY[name], timeout=60_000)
    page.wait_for_timeout(400)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_found_by_axe(reader, axe, name, colours):
    page = reader(color_scheme=colours)
    come_to_rest(page, name)
    for details in page.locator("details").all()[:3]:
        details.evaluate("(element) => { element.open = true; }")
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert axe(page) == [], width


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_found_by_axe_in_the_views_of_the_bench(reader, axe, colours):
    page = reader(color_scheme=colours)
    come_to_rest(page, "bench")
    page.get_by_role("button", name="Keep this as a scenario").click()
    page.wait_for_selector(".editor[data-ready=true]")
    for view in ("Reversal", "Canal", "Cells"):
        page.get_by_role("button", name=view, exact=True).click()
        page.locator(".outlook figure").first.wait_for()
        assert axe(page) == [], view
        page.get_by_role("button", name="Table").first.click()
        assert axe(page) == [], f"{view}, as a table"


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_nothing_wider_than_the_screen(reader, width):
    page = reader(viewport={"width": width, "height": 800})
    for name in PAGES:
        come_to_rest(page, name)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name


def test_keyboard_reaches_what_matters(reader):
    page = reader()
    come_to_rest(page, "bench")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.slice(0, 30) + '|' +"
                                  "(document.activeElement.labels?.[0]?.textContent ?? '')"))
    assert seen[0].startswith("Skip to the page")
    for wanted in ("Save the file", "|Arm to look at", "|Dose", "|Day"):
        assert any(wanted in stop for stop in seen), wanted


def test_names_are_shown_as_text(reader):
    """HTML in names stays text: nothing is run, nothing is asked for."""
    page = reader()
    come_to_rest(page, "bench")
    write_file(page, (
        "name: x\ntitle: '<img src=x onerror=alert(1)>'\nend: 20 d\ninjury: CCI\narms:\n  - id: v\n"
        "    label: '<b>vehicle</b>'\n    give: [{what: vehicle, day: 4 d}]\n  - id: c\n"
        "    label: '<img src=http://elsewhere.example/x onerror=alert(1)>'\n"
        "    give: [{what: BMSC, dose: 1e5 cells, day: 4 d}]\n"))
    page.get_by_label("Arm to look at").select_option("c")
    page.wait_for_selector("[data-answer='c']")
    assert "<img src=http://elsewhere" in page.locator(".outlook").inner_text()
    assert page.locator("main img").count() == 0
