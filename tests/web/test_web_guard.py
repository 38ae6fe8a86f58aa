"""Who is let in, what is never sent, and what cannot get onto the disk."""

import io
import json
import zipfile

import pytest
from starlette.testclient import TestClient

from thecal.apps.web.server import create_app
from thecal.apps.web.settings import MOST_JSON, Settings

TOKEN = "a-token-for-tests-0123"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    return create_app(Settings(tmp_path_factory.mktemp("guarded"), token=TOKEN, workers=0))


def asking(app, **more):
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False, **more)


def test_a_token_is_demanded_and_becomes_a_cookie(guarded):
    client = asking(guarded, base_url="http://laboratory.example:8315")
    assert client.get("/api/about").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    answer = client.get(f"/bench?token={TOKEN}&run=1")
    assert answer.status_code == 303 and answer.headers["location"] == "/bench?run=1"
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=Strict" in answer.headers["set-cookie"]
    assert client.get("/api/about").status_code == 200
    assert asking(guarded).get("/api/about", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_redirect_stays_here(guarded):
    answer = asking(guarded).get(f"//elsewhere.example/x?token={TOKEN}")
    assert answer.status_code in (303, 404) and not answer.headers.get("location", "/").startswith("//")


def test_only_its_own_name_without_a_token(app):
    """A page of another site may point its own name to this machine."""
    assert asking(app, base_url="http://evil.example").get("/api/about").status_code == 421
    for name in ("localhost:8315", "127.0.0.1", "[::1]:80"):
        assert asking(app, base_url=f"http://{name}").get("/api/about").status_code == 200


def test_other_sites_cannot_submit(client):
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert client.post("/api/qualify", json={}, headers=headers).status_code == 403
    assert client.post("/api/lint", json={"text": "name: x"}, headers={"origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/plain", "/api/about", "/api/none", "/assets/none.js", "/plain.css"])
def test_every_answer_is_strict(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_no_documentation_page_from_elsewhere(client):
    assert [client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Thecal"


def test_sizes_are_bounded(client):
    answer = client.post("/api/lint", content=b"x" * (MOST_JSON + 1), headers={"content-type": "application/json"})
    assert answer.status_code == 413

    def endless():
        for _ in range(100):
            yield b"[" * 100_000

    assert client.post("/api/lint", content=endless()).status_code == 413


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"text":' * 90_000, b"\xff\xfe\x00", b'{"text": 1e999}',
                                  b"null", b"", b'{"text": "a", "text2": 1}',
                                  json.dumps({"text": "x" * 1_000_001}).encode()])
def test_odd_bodies_are_refused(client, body):
    for path in ("/api/lint", "/api/preview", "/api/runs", "/api/balance"):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500, (path, body[:20])
        assert answer.json()["problems"]


YAML_BOMBS = {
    "aliases": "a: &a [x, x]\n" + "".join(f"{chr(98 + k)}: &{chr(98 + k)} [*{chr(97 + k)}, *{chr(97 + k)}]\n"
                                          for k in range(24)),
    "depth": "[" * 50_000, "tag": "a: !!python/object/apply:os.system [id]", "itself": "a: &a [*a]",
    "keys": "".join(f"k{k}: 1\n" for k in range(70_000)), "documents": "a: 1\n---\nb: 2\n",
    "names": "name: '<script>alert(1)</script>'\nend: 1 d\narms: [{id: '<img src=x onerror=alert(1)>'}]",
}


@pytest.mark.parametrize("bomb", YAML_BOMBS)
def test_yaml_bombs_are_findings(client, bomb):
    places = (("/api/lint", {}), ("/api/preview", {"arm": "a"}), ("/api/runs", {}))
    for path, more in places[:1] if bomb == "keys" else places:
        answer = client.post(path, json={"text": YAML_BOMBS[bomb], **more})
        assert answer.status_code in (200, 422)
        assert any(p["severity"] == "error" for p in answer.json()["problems"])
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a" * 5000, "....//", "C:\\x",
                                  "0123456789ab/../../x"])
def test_no_path_reaches_the_disk(client, path):
    for place in ("/api/runs/{}", "/api/runs/{}/report", "/api/runs/{}/result", "/api/runs/{}/tables/x.csv",
                  "/api/studies/{}", "/assets/{}", "/plain.css/{}"):
        answer = client.get(place.format(path))
        assert 400 <= answer.status_code < 500 or answer.headers["content-type"].startswith(("text/css", "text/html"))
        assert "root:" not in answer.text


def upload(client, name, content, **data):
    return client.post("/api/data", files=[("files", (name, io.BytesIO(content), "text/csv"))], data=data)


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_malicious_uploads(client, tmp_path, monkeypatch):
    bomb = zipped({"xl/worksheets/sheet1.xml": b"0" * 300_000_000, "[Content_Types].xml": b"<Types/>"})
    assert len(bomb) < 2**20
    cases = {"bomb.xlsx": bomb, "slip.xlsx": zipped({"../../../tmp/evil.txt": b"x"}), "fake.xlsx": b"MZ\x90" * 50,
             "../../../../tmp/evil.csv": b"a,b\n1,2\n", "<img src=x onerror=alert(1)>.csv": b"<script>,x\n1,2\n",
             "empty.csv": b"", "nul\x00.csv": b"\x00" * 1000}
    for name, content in cases.items():
        answer = upload(client, name, content)
        assert answer.status_code == 422, (name, answer.status_code)
        assert answer.headers["content-type"] == "application/json" and answer.json()["problems"]


def test_entities_that_grow_in_a_workbook(client, tmp_path):
    """A thousand million laughs: text of some hundred bytes that an XML reader would make gigabytes of."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["animal", "group", "day", "threshold"])
    book.save(tmp_path / "fine.xlsx")
    laughs = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 10))
    members = {}
    with zipfile.ZipFile(tmp_path / "fine.xlsx") as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            if ">animal<" in text:
                root = next(text.index(tag) for tag in ("<sst", "<worksheet") if tag in text)
                text = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>' + text[root:].replace(">animal<", ">&a9;<")
            members[name] = text
    assert any("&a9;" in text for text in members.values()), list(members)
    answer = upload(client, "laughs.xlsx", zipped(members))
    assert answer.status_code == 422 and answer.json()["problems"] and len(answer.content) < 10_000, answer.text[:300]


def test_a_request_that_takes_too_long_to_arrive(guarded, monkeypatch):
    """The body comes in drops: the server tells of it and lets go."""
    import asyncio

    from thecal.apps.web import guard

    monkeypatch.setattr(guard, "SLOWEST_BODY_S", 0.2)
    told = []

    async def ask():
        async def receive():
            await asyncio.sleep(0.06)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message):
            told.append(message)

        await guarded({"type": "http", "method": "POST", "path": "/api/lint", "raw_path": b"/api/lint",
                       "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
                       "server": ("localhost", 80), "headers": [
                           (b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode()),
                           (b"content-type", b"application/json")]}, receive, send)

    asyncio.run(ask())
    assert told[0]["status"] == 408, told


def test_a_refusal_is_a_page_for_a_reader(guarded):
    client = asking(guarded)
    assert client.get("/api/about").json()["problems"][0]["code"] == "refused"
    page = client.get("/bench", headers={"accept": "text/html,*/*"})
    assert page.status_code == 401 and page.headers["content-type"].startswith("text/html") and "<h1>" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_no_such_page(client):
    assert "<h1>There is no such page" in client.get("/nowhere", headers={"accept": "text/html"}).text
    assert client.get("/api/nowhere", headers={"accept": "text/html"}).json()["problems"]


def test_a_fault_of_the_reader_is_not_told_as_a_fault_of_the_file(client, monkeypatch):
    import subprocess

    from thecal.apps.web import data

    def broken(status, told):
        return lambda *a, **k: subprocess.CompletedProcess([], status, b"", told)

    monkeypatch.setattr(data.subprocess, "run", broken(1, b"SyntaxError"))
    answer = upload(client, "mice.csv", b"a,b\n1,2\n")
    assert answer.status_code == 500 and answer.json()["problems"][0]["code"] == "fault"
    monkeypatch.setattr(data.subprocess, "run", broken(-6, b""))
    assert upload(client, "mice.csv", b"a,b\n1,2\n").json()["problems"][0]["code"] == "not-analysed"


def test_uploads_of_other_kinds_and_too_many(client):
    assert upload(client, "page.html", b"<b>x").status_code == 415
    assert upload(client, "run.py", b"import os").status_code == 415
    many = [("files", (f"{k}.csv", b"a", "text/csv")) for k in range(9)]
    assert client.post("/api/data", files=many).status_code == 422
    assert client.post("/api/data").status_code == 422
    assert upload(client, "large.csv", b"1," * (11 * 2**20)).status_code == 413


def test_a_notebook_is_analysed_as_on_the_command_line(client, tmp_path, capsys):
    from thecal.apps.cli import run as command_line

    rows = ["animal,group,day,threshold"]
    for k in range(12):
        group = "vehicle" if k % 2 else "BMSC"
        rows += [f"m{k},{group},{day},{0.9 - 0.05 * (k % 5) if day < 0 else 0.1 + 0.03 * k * (k % 2 == 0)}"
                 for day in (-1, 3, 7, 14)]
    text = "\n".join(rows) + "\n"
    answer = upload(client, "my mice.csv", text.encode())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["names"] == {"file1.csv": "my mice.csv"} and set(found["groups"]) == {"vehicle", "BMSC"}
    (tmp_path / "mice.csv").write_text(text)
    assert command_line(["analyze", str(tmp_path / "mice.csv"), "--json"]) == 0
    assert found["contrasts"] == json.loads(capsys.readouterr().out)["contrasts"]


def test_a_page_is_told_what_is_done_with_its_upload(client, tmp_path, monkeypatch):
    from thecal.apps.web import data, reader

    def told():
        return client.get("/api/data/stages/mine").json()

    assert told()["words"] == "sending the files"
    monkeypatch.setitem(data._followed, "mine", tmp_path)
    assert told()["words"] == "waiting for the files before it"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file1.csv").write_text("animal,group,day,threshold\n" + "".join(
        f"m{k},{'ab'[k % 2]},{day},0.{k + 1}\n" for k in range(6) for day in (-1, 3)))
    seen, write = [], reader._tell
    monkeypatch.setattr(reader, "_tell", lambda *stage: (write(*stage), seen.append(told())))
    reader.analysed({"files": ["file1.csv"], "mapping": None, "reference": None, "species": None})
    shares = [stage["done"] / stage["total"] for stage in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] < 1
    assert seen[-1]["words"] == "analysing von frey (1 of 1)"


def test_nothing_is_kept_of_an_upload_that_was_followed(client):
    from thecal.apps.web import data

    answer = upload(client, "mice.csv", b"animal,group,day,threshold\n", ticket="mine")
    assert answer.status_code in (200, 422), answer.text
    assert data._followed == {}


def test_a_mapping_file_goes_with_its_notebook(client):
    """What a column means can be said in the browser as with ``thecal analyze --map``."""
    table = "Tiernummer,group,day,threshold\n" + "".join(f"{k},{'ab'[k % 2]},{d},{0.1 + k / 50}\n" for k in range(8)
                                                         for d in (0, 3))
    mapping = "columns: {animal: Tiernummer}\nspecies: rat\n"

    def ask(*files):
        return client.post("/api/data", files=[("files", (name, io.BytesIO(text.encode()))) for name, text in files])

    found = ask(("mice.csv", table), ("words.yaml", mapping)).json()
    assert found["animals"] == 8 and found["filaments"]["species"] == "rat"
    assert ask(("words.yaml", mapping)).status_code == 422
    assert ask(("mice.csv", table), ("a.yaml", mapping), ("b.yml", mapping)).status_code == 422
    answer = ask(("mice.csv", table), ("bomb.yaml", YAML_BOMBS["aliases"]))
    assert answer.status_code == 422 and answer.json()["problems"]


@pytest.mark.parametrize("bomb", YAML_BOMBS)
def test_yaml_bombs_in_a_mapping_file(tmp_path, bomb):
    from thecal.analysis.notebook.mapping import read_mapping
    from thecal.core.errors import ThecalError

    (tmp_path / "bomb.yaml").write_text(YAML_BOMBS[bomb])
    with pytest.raises(ThecalError):
        read_mapping(tmp_path / "bomb.yaml")
