"""What a reader sets and brings on each page: it is kept over a reload, taken back, saved, and shown as it is."""

import re
import xml.etree.ElementTree as Xml

import httpx2
from playwright.sync_api import expect
from tests.browser.conftest import CHROMIUM, Served, file_of

from thecal.apps.web.found import CellsFound
from thecal.study.load import source_text

ROWS = ["animal,group,day,threshold"] + [
    f"m{k},{('vehicle', 'cells')[k % 2]},{day},{0.9 if day < 0 else 0.08 + 0.02 * k + 0.1 * (k % 2)}"
    for k in range(10) for day in (-1, 3, 7, 14)]


def saved(page, button, place):
    with page.expect_download() as saving:
        button.click()
    saving.value.save_as(place)
    return place.read_text(encoding="utf-8")


def test_evidence_is_filtered_shared_by_address_and_taken_back(reader, tmp_path):
    page = reader()
    page.goto("/evidence")
    told = page.get_by_role("status").first
    expect(told).to_have_text("120 rows from animals and 111 rows from people.")
    expect(page.get_by_label("Species").get_by_role("option", name="rat", exact=True)).to_be_attached()
    page.get_by_label("Species").focus()
    page.keyboard.press("r")  # with the keys alone: the first word that begins so
    expect(page.get_by_label("Species")).to_have_value("rat")
    expect(told).to_have_text(re.compile(r"^\d\d rows from animals and 0 rows from people"))
    expect(page.get_by_text("No study of people fits this choice.")).to_be_visible()
    assert page.url.endswith("/evidence?species=rat")
    other = reader()
    other.goto("/evidence?species=rat&cells=bmsc")
    expect(other.get_by_label("Cells")).to_have_value("bmsc")
    page.goto("/people")
    page.goto("/evidence")
    expect(page.get_by_label("Species")).to_have_value("rat")
    page.get_by_role("button", name="All studies").click()
    expect(page.get_by_label("Species")).to_have_value("")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Species")).to_have_value("rat")
    title = "Share of studies that report relief, 95 % interval"
    rows = saved(page, page.get_by_role("button", name=f"{title}: CSV"), tmp_path / "votes.csv").splitlines()
    assert rows[0] == "what,estimate,low,high,unit,remark" and rows[1].startswith("any test of pain,")
    drawn = saved(page, page.get_by_role("button", name=f"{title}: SVG"), tmp_path / "votes.svg")
    assert Xml.fromstring(drawn).tag.endswith("svg") and title in drawn and "not medical advice" in drawn


def test_choices_about_people_are_kept_and_taken_back(reader, tmp_path):
    page = reader()
    page.goto("/people")
    page.get_by_label("For", exact=True).select_option("spinal_cord_injury_pain")
    expect(page.get_by_role("img", name=re.compile("Benefit against weighed harm"))).to_be_visible()
    page.get_by_role("slider", name="Headache").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider", name="Headache")).to_have_attribute("aria-valuetext", "0.35")
    page.reload()
    expect(page.get_by_role("slider", name="Headache")).to_have_attribute("aria-valuetext", "0.35")
    page.get_by_role("slider", name="Fever").focus()
    page.keyboard.press("End")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("slider", name="Fever")).to_have_attribute("aria-valuetext", "0.10")
    figure = page.get_by_role("figure").filter(has_text="Benefit against harm")
    drawn = saved(page, figure.get_by_role("button", name="SVG"), tmp_path / "plane.svg")
    assert drawn.count("<circle") == 400 and Xml.fromstring(drawn) is not None
    figure.get_by_role("button", name="Table").click()
    expect(figure.get_by_role("row")).to_have_count(6)
    assert "Less pain" in saved(page, page.get_by_role("button", name="Save the effects"), tmp_path / "effects.csv")


def lay_on_bench(page, text, arm):
    page.evaluate("(bench) => localStorage.setItem('thecal.bench.1', JSON.stringify(bench))",
                  {"text": text, "arm": arm})


def test_data_survive_a_reload_and_leave_when_told(reader, tmp_path):
    """Names with HTML are text; another notebook replaces the first wholly; nothing stays after 'Remove'."""
    page = reader()
    page.goto("/data")
    lay_on_bench(page, source_text("chen2015")[0].decode(), "bmsc_early")
    odd = "<img src=http://elsewhere.example/x onerror=alert(1)>"
    (tmp_path / "mice & <b>men.csv").write_text("\n".join(ROWS).replace("cells", odd))
    page.locator("input[type=file]").set_input_files(tmp_path / "mice & <b>men.csv")
    expect(page.get_by_text("mice & <b>men.csv: 40 readings of 10 animals in 2 groups.")).to_be_visible(timeout=90_000)
    assert odd in page.locator(".legend").inner_text() and page.locator("main img").count() == 0
    page.get_by_text("40 readings of 10 animals, von frey").click()
    expect(page.get_by_role("region", name="Readings").get_by_role("row")).to_have_count(11)
    simulation = page.get_by_label("Simulation over it")
    simulation.select_option("bmsc_early")
    expect(page.locator(".legend")).to_contain_text("simulated:")
    page.reload()
    expect(page.get_by_text("40 readings of 10 animals in 2 groups.")).to_be_visible()
    expect(simulation).to_have_value("bmsc_early")
    expect(page.locator(".legend")).to_contain_text("simulated:")
    along = page.get_by_role("slider", name="Read the values along the axis")
    along.focus()
    page.keyboard.press("ArrowRight")
    expect(along).to_have_attribute("aria-valuetext", re.compile(r"^[\d.]+ d +vehicle: [\d.]+"))
    rows = saved(page, page.locator(".chart").first.get_by_role("button", name="CSV"), tmp_path / "c.csv").splitlines()
    assert rows[0].startswith('day,vehicle,"vehicle, mean − SEM","vehicle, mean + SEM"')
    assert saved(page, page.get_by_role("button", name="Save the readings"), tmp_path / "r.csv").count("\n") == 41
    (tmp_path / "heat.csv").write_text("animal,group,day,latency\n" + "".join(
        f"m{k},all,{day},{5 + k / 10}\n" for k in range(4) for day in (-1, 3)))
    page.locator("input[type=file]").set_input_files(tmp_path / "heat.csv")
    expect(page.get_by_text("heat.csv: 8 readings of 4 animals in 1 group.")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("figure").first).to_contain_text("mean ± SEM")
    expect(page.get_by_text(re.compile("^Not analysed: .* one group only"))).to_be_visible()
    page.get_by_role("button", name="Remove the files from this browser").click()
    page.reload()
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(0)
    page.locator("input[type=file]").set_input_files({"name": "page.html", "mimeType": "text/html", "buffer": b"<b>"})
    expect(page.locator(".problems")).to_contain_text("this kind of file is not read here")


def comes_true(page, what):
    """Asked again and again; the browser's own waiting needs 'eval' in the page, which its policy refuses."""
    for _ in range(100):
        if page.evaluate(what):
            return
        page.wait_for_timeout(100)
    raise AssertionError(what)


def test_cells_are_followed_and_counted(reader, served, axe):
    order = {"text": source_text("chen2015")[0].decode(), "arm": "bmsc_early", "agents": 1000, "draws": 0}
    begun = httpx2.post(f"{served.address}/api/cells", json=order, timeout=30)
    assert begun.status_code == 202
    page = reader()
    page.goto("/cells")
    lay_on_bench(page, order["text"], "bmsc_early")
    with page.expect_response("**/api/events"):
        page.reload()
    page.get_by_label("Arm", exact=True).select_option("bmsc_late")
    page.reload()
    expect(page.get_by_label("Arm", exact=True)).to_have_value("bmsc_late")
    expect(page.get_by_text("Cells of")).to_have_count(0)  # what another reader began is not shown as one's own
    page.evaluate("(run) => localStorage.setItem('thecal.cells', run)", begun.json()["id"])
    page.reload()
    expect(page.get_by_role("heading", name="Living cells at each ganglion")).to_be_visible(timeout=90_000)
    expect(page.locator("canvas").first).to_be_visible()
    found = httpx2.get(f"{served.address}/api/runs/{begun.json()['id']}/result", timeout=30)
    assert CellsFound.model_validate_json(found.content).counts.agents == 1000
    page.get_by_label("Level", exact=True).select_option("L4")
    expect(page.get_by_role("figure", name="Living cells at each ganglion").get_by_role("listitem")).to_have_count(2)
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    comes_true(page, "document.documentElement.scrollWidth <= innerWidth")  # charts are drawn anew for another width
    assert axe(page) == []


def test_a_run_is_found_again_after_the_browser_was_closed(reader, served, browser):
    text = ("name: again\nend: 20 d\nn: 3\ninjury: CCI\narms:\n  - id: vehicle\n    give: [{what: vehicle, day: 4 d}]\n"
            "  - id: cells\n    label: '<b>cells</b>'\n    give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}]\n"
            "tests:\n  - {assay: von Frey, days: [-1, 7]}\n")
    first = reader()
    first.goto("/bench")
    first.wait_for_selector("[data-answer='bmsc_early']")
    first.locator("input[type=file]").set_input_files(
        {"name": "again.yaml", "mimeType": "application/yaml", "buffer": text.encode()})
    expect(first.get_by_text("It can be run: 2 arms, 6 animals.")).to_be_visible()
    first.get_by_role("button", name="Run the whole study").click()
    first.locator("[data-run]").filter(has_text="again").wait_for()
    first.context.close()
    page = reader()
    page.goto("/bench")
    row = page.locator("[data-run]").filter(has_text="again")
    expect(row).to_have_attribute("data-state", "done", timeout=120_000)
    row.get_by_role("button", name="Results of again").click()
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Report").click()
    report = opening.value
    expect(report.get_by_text("not medical advice").first).to_be_visible()  # it asks nothing of another machine
    expect(report.get_by_text("<b>cells</b>").first).to_be_attached()
    assert report.evaluate("origin") == "null"  # a page of its own, that can reach nothing here


def test_a_file_is_not_overwritten_by_the_first_study(reader):
    page = reader()
    held = []
    page.route("**/api/studies/chen2015", lambda route: held.append(route))
    with page.expect_request("**/api/studies/chen2015"):
        page.goto("/bench")
    text = source_text("chen2015")[0].decode().replace("name: chen2015", "name: mine", 1)
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.yaml", "mimeType": "application/yaml", "buffer": text.encode()})
    expect(page.get_by_text("mine.yaml opened")).to_be_visible()
    with page.expect_response("**/api/studies/chen2015") as late:
        held[0].continue_()
    late.value.finished()
    page.wait_for_selector("[data-answer]")
    assert "name: mine" in file_of(page)


def test_a_hidden_page_holds_no_connection(reader):
    """A browser opens six connections to a host: the seventh tab would wait for ever."""
    page = reader()
    page.add_init_script("""
        window.streams = [];
        window.EventSource = class extends EventSource { constructor(url) { super(url); streams.push(this); } };
        let hidden = false;
        Object.defineProperty(document, 'hidden', {get: () => hidden});
        window.hide = (now) => { hidden = now; document.dispatchEvent(new Event('visibilitychange')); };
    """)
    page.goto("/bench")
    page.wait_for_selector("[data-answer]")
    states = "streams.map((s) => s.readyState === EventSource.CLOSED)"
    comes_true(page, "streams.length === 1 && streams[0].readyState === EventSource.OPEN")
    page.evaluate("hide(true)")
    assert page.evaluate(states) == [True]
    page.evaluate("hide(false)")
    comes_true(page, "streams.length === 2 && streams[1].readyState === EventSource.OPEN")
    assert page.evaluate(states) == [True, False]


def test_a_token_is_asked_for_and_remembered(browser, tmp_path):
    server = Served(tmp_path / "token", "--token", "a-token-for-a-test")
    try:
        context = browser.new_context()
        page = context.new_page()
        assert page.goto(server.address + "/bench").status == 401
        expect(page.get_by_role("heading", level=1)).to_have_text("Thecal did not let this in")
        page.goto(f"{server.address}/plain?token=a-token-for-a-test")
        assert page.url == f"{server.address}/plain"
        assert page.goto(server.address + "/data").status == 200
        assert page.goto(server.address + "/nowhere").status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
        assert CHROMIUM and page.evaluate("document.cookie") == ""  # scripts do not see it
        context.close()
    finally:
        server.stop()
