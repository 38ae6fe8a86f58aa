"""A server of our own and Debian's chromium without a network. Skips where either cannot be had."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the web framework is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
ALONE = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--disable-default-apps", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]
SECOND = 1000
sync_api.expect.set_options(timeout=20 * SECOND)  # a machine may have more to do


def pytest_collection_modifyitems(items):
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="chromium is not installed"))


class Served:
    """``thecal serve`` as a process; it can be killed and started again on the same port."""

    def __init__(self, home, *options):
        self.home, self.port, self.options = home, 0, options
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "thecal.apps.cli", "serve", "--port", str(self.port), "--home", str(self.home),
             *self.options],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.address = re.search(r"http://[^/\s]+", self.process.stderr.readline())[0]
        self.port = int(self.address.rsplit(":", 1)[1])
        self.ask("/api/about")

    def ask(self, path):
        import httpx2

        for _ in range(100):
            try:
                return httpx2.get(self.address + path, timeout=30)
            except httpx2.TransportError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stderr.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("laboratory"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield chromium
        chromium.close()


@pytest.fixture
def reader(browser, served):
    """Makes pages; each in a browser of its own. A fault on a page or a question to another machine fails the test."""
    contexts, wrong = [], []

    def open_page(**options):
        context = browser.new_context(base_url=served.address, reduced_motion="reduce", accept_downloads=True,
                                      **{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(30 * SECOND)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"fault: {error}"))
        page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error"
                and "Failed to load resource" not in said.text and "ERR_" not in said.text else None)
        context.on("request", lambda asked: wrong.append(f"left the machine: {asked.url}")
                   if not asked.url.startswith((served.address + "/", "data:", "blob:")) else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.fixture
def axe():
    """Findings of axe about a page as it is."""
    if not AXE.is_file():
        pytest.skip("axe-core is not there: 'npm ci' in web/")

    def look(page):
        # The strict policy of the pages refuses a script tag; the checker is evaluated instead.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]

    return look


def file_of(page):
    """The study as the bench holds it; the editor shows only the lines that can be seen."""
    page.wait_for_selector(".editor[data-ready=true]")
    return page.evaluate("JSON.parse(localStorage['thecal.bench.1']).text")


def write_file(page, text):
    """Another text into the editor, as a reader would: all of it chosen, and written over."""
    page.wait_for_selector(".editor[data-ready=true]")
    page.get_by_label("Study file (YAML)").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
