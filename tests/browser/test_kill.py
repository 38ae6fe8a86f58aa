"""The server is killed in mid-run and started again: the browser follows, and the results are the same bytes."""

import time

import httpx2
from playwright.sync_api import expect
from tests.browser.conftest import Served

from thecal.study.load import source_text

ORDER = {"text": source_text("chen2015")[0].decode(), "animals": 24, "draws": 6, "report": False}


def until(true, seconds=180):
    for _ in range(10 * seconds):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def state(server, run):
    return server.ask(f"/api/runs/{run}").json()


def test_kill_in_mid_run(browser, tmp_path):
    server = Served(tmp_path / "killed")
    page = browser.new_page(base_url=server.address)
    try:
        page.goto("/bench")
        page.wait_for_selector("[data-answer]")
        run = httpx2.post(f"{server.address}/api/runs", json=ORDER, timeout=30).json()["id"]
        row = page.locator(f"[data-run='{run}']")
        expect(row).to_have_attribute("data-state", "running", timeout=60_000)
        until(lambda: 0 < state(server, run)["done"] < state(server, run)["total"])
        server.kill()
        expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=20_000)
        server.start()
        assert state(server, run)["state"] in ("running", "waiting")
        expect(row).to_have_attribute("data-state", "done", timeout=180_000)
        killed = server.ask(f"/api/runs/{run}/summary").json()["digest"]
        again = httpx2.post(f"{server.address}/api/runs", json=ORDER, timeout=30).json()["id"]
        until(lambda: state(server, again)["state"] == "done")
        assert server.ask(f"/api/runs/{again}/summary").json()["digest"] == killed
    finally:
        page.close()
        server.stop()
