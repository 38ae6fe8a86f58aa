"""A researcher, a reviewer and a patient, each from start to end."""

import json
import re

from playwright.sync_api import expect
from tests.browser.conftest import file_of, write_file


def previews(page):
    return int(page.locator(".outlook").get_attribute("data-previews"))


def open_bench(page):
    page.goto("/bench")
    page.wait_for_selector("[data-answer='bmsc_early']")
    page.get_by_text("It can be run: 49 arms").wait_for()


def test_researcher(reader, tmp_path):
    page = reader()
    open_bench(page)
    first = page.locator(".answer").inner_text()
    page.get_by_role("button", name="Keep this as a scenario").click()

    # With the keyboard alone: a smaller dose. Form, file and animals follow.
    page.get_by_role("slider", name="Dose").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".answer")).not_to_have_text(first)
    written = re.search(r"id: bmsc_early\n.*\n.*dose: (\S+) cells", file_of(page))[1]
    assert 2.4e4 <= float(written) <= 2.6e4  # twenty presses, a decade; none is lost
    expect(page.get_by_role("figure").first).to_contain_text("A: BMSC 2.5e5 cells")

    # What is written into the file arrives at the form.
    write_file(page, file_of(page).replace(f"dose: {written} cells, day: 4 d", "dose: 5e5 cells, day: 6 d"))
    expect(page.get_by_role("slider", name="Day", exact=True)).to_have_attribute("aria-valuetext", "day 6")
    expect(page.locator("output", has_text="500000 cells")).to_be_visible()

    # A mistake is told at the field and at the line, and undo takes it back.
    write_file(page, file_of(page).replace("dose: 5e5 cells", "dose: 5e5 kg"))
    field = page.locator(".field.wrong", has=page.get_by_role("slider", name="Dose"))
    expect(field).to_be_visible()
    expect(page.get_by_text("1 error: it cannot be run yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Run the whole study")).to_be_disabled()
    finding = page.locator(".text .problems li").first
    finding.get_by_role("button", name="to its field").click()
    expect(page.get_by_role("slider", name="Dose")).to_be_focused()
    finding.get_by_role("button", name=re.compile("^arms")).click()
    expect(page.locator(".here")).to_contain_text("error: the dose of BMSC cannot be read")
    expect(page.locator(".code .cm-lint-marker-error")).to_have_count(1)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("It can be run: 49 arms")).to_be_visible()

    # Where things are: what is on the bench and the scenario on one scale, read with the keyboard.
    page.get_by_role("button", name="Canal", exact=True).click()
    expect(page.locator(".panel canvas")).to_have_count(2)
    page.get_by_label("What", exact=True).select_option(label="Living donor cells at the ganglia")
    page.get_by_label("Place", exact=True).select_option("L4 injured")
    moment = page.get_by_role("slider", name="Moment")
    moment.focus()
    moment.fill("200")
    said = moment.get_attribute("aria-valuetext")
    assert re.fullmatch(r"[\d.]+ d after the first dose: [\d.]+ cells in L4 injured", said), said
    expect(page.locator(".readings tbody tr")).to_have_count(2)
    here = page.locator(".readings tbody tr").first.locator("td").first
    assert here.inner_text() in said
    page.keyboard.press("Home")
    expect(here).not_to_have_text(re.search(r": ([\d.]+) cells", said)[1])
    with page.expect_download() as saving:
        page.locator(".places .under").first.get_by_role("button", name="CSV").click()
    saving.value.save_as(tmp_path / "places.csv")
    assert (tmp_path / "places.csv").read_text().count("L4 injured") > 200

    # Every view, and its table.
    for view in ("Reversal", "Canal", "Cells", "Pain"):
        page.get_by_role("button", name=view, exact=True).click()
        expect(page.locator(".outlook .plot").first).to_be_visible()
    page.get_by_role("button", name="Table").first.click()
    expect(page.locator(".outlook figure table tbody tr").first).to_be_visible()

    # Nothing is lost on reload.
    before = file_of(page)
    page.reload()
    page.wait_for_selector("[data-answer='bmsc_early']")
    assert file_of(page) == before
    expect(page.locator(".kept li")).to_have_count(1)

    # Shared by file.
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the file").click()
    saving.value.save_as(tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_text() == before

    # A small study of one's own, in full.
    small = ("name: mine\nend: 30 d\nn: 4\ninjury: CCI\narms:\n  - id: vehicle\n    give: [{what: vehicle, day: 4 d}]\n"
             "  - id: cells\n    give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}]\n"
             "tests:\n  - {assay: von Frey, days: [-1, 3, 7, 14]}\n")
    (tmp_path / "small.yaml").write_text(small)
    page.locator("input[type=file]").set_input_files(tmp_path / "small.yaml")
    expect(page.get_by_text("It can be run: 2 arms, 8 animals.")).to_be_visible()
    page.get_by_role("button", name="Run the whole study").click()
    page.wait_for_selector(".results", timeout=120_000)
    expect(page.get_by_role("link", name="Report")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^.*cells 4 relief"))).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("link", name="readings.csv").click()
    saving.value.save_as(tmp_path / "readings.csv")
    assert "von_frey" in (tmp_path / "readings.csv").read_text()

    # Real data, with the simulation over it.
    page.goto("/data")
    rows = ["animal,group,day,threshold"] + [
        f"m{k},{('vehicle', 'cells')[k % 2]},{day},{0.9 if day < 0 else 0.08 + 0.02 * k + 0.1 * (k % 2)}"
        for k in range(10) for day in (-1, 3, 7, 14)]
    (tmp_path / "mice.csv").write_text("\n".join(rows))
    page.locator("input[type=file]").set_input_files(tmp_path / "mice.csv")
    expect(page.get_by_text("40 readings of 10 animals in 2 groups.")).to_be_visible(timeout=90_000)
    page.get_by_label("Simulation over it").select_option("cells")
    expect(page.locator(".legend")).to_contain_text("simulated")


def test_reviewer(reader, tmp_path):
    page = reader()
    page.goto("/numbers")
    page.get_by_label("Find a number").fill("csf_formation")
    expect(page.locator("#register tbody tr")).to_have_count(1)
    expect(page.locator("#register tbody")).to_contain_text("doi:")
    page.get_by_label("Find a number").fill("")
    expect(page.locator("#register .badge", has_text="assumed").first).to_be_visible()
    page.get_by_text(re.compile("^pain:")).click()
    expect(page.locator("#equations details[open] math").first).to_be_visible()
    expect(page.locator("#claims tbody tr").nth(19)).to_be_visible()  # the claims come after the page
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the claims").click()
    saving.value.save_as(tmp_path / "claims.json")
    assert json.loads((tmp_path / "claims.json").read_text())[0]["source"]
    page.get_by_role("link", name="Evidence").click()
    page.get_by_label("Species").select_option("rat")
    page.get_by_label("Route").select_option("it")
    expect(page.locator("figure.forest").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"Animals \(\d\d?\)"))).to_be_visible()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_text("What would have to be true")).to_be_visible()
    told = page.locator(".answer").first.inner_text()
    page.get_by_role("slider", name="Infection").focus()
    page.keyboard.press("End")
    expect(page.locator(".answer").first).not_to_have_text(told)


def test_patient_without_scripts_on_a_phone(reader):
    page = reader(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto("/plain")
    expect(page.get_by_role("heading", level=1)).to_have_text("Can stem cells treat chronic pain?")
    expect(page.get_by_text("not medical advice").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Headache.*of 100")).first).to_be_visible()
    expect(page.get_by_text("Nobody has counted").first).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("link", name="The summary in plain words")).to_be_visible()


def test_every_arm_has_a_preview(reader):
    """The page sends part of the study; every arm of the largest one still finds what it is compared with."""
    page = reader()
    open_bench(page)
    choice = page.get_by_label("Arm to look at")
    for arm in choice.evaluate("(select) => [...select.options].map((option) => option.value)"):
        choice.select_option(arm)
        page.wait_for_selector(f"[data-answer='{arm}']")
        expect(page.locator(".outlook .problems")).to_have_count(0)


def test_two_users_at_once(reader):
    """Each has a bench of their own; both see the same runs."""
    one, two = reader(), reader()
    for page in (one, two):
        open_bench(page)
    for page, arm in ((one, "tgfb1_10ng_d5"), (two, "sham")):
        page.get_by_label("Arm to look at").select_option(arm)
    one.wait_for_selector("[data-answer='tgfb1_10ng_d5']")
    two.wait_for_selector("[data-answer='sham']")
    expect(two.locator(".answer")).to_contain_text("no pain to relieve")
    assert "tgfb1_10ng_d5" not in two.locator(".answer").get_attribute("data-answer")
