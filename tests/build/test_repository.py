"""The repository keeps its own rules: lock files, versions, sizes, the written schema."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sqlite3
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

import thecal
from thecal.apps import cli

ROOT = Path(thecal.__file__).parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="not a source tree")


@pytest.fixture(scope="module")
def check_locks():
    spec = importlib.util.spec_from_file_location("check_locks", ROOT / "scripts" / "check_locks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_locks_are_current(check_locks):
    assert check_locks.main() == 0


@pytest.mark.parametrize(("text", "said"), [
    ("numpy==2.0 \\\n    --hash=sha256:aa\n", None),
    ("numpy==1.0 \\\n    --hash=sha256:aa\n", "does not meet"),
    ("numpy==2.0\n", "no hash"),
    ("scipy==2.0 \\\n    --hash=sha256:aa\n", "is missing"),
    ("# from https://example.org\nnumpy==2.0 \\\n    --hash=sha256:aa\n", "address"),
])
def test_what_is_wrong_with_a_lock_is_said(check_locks, text, said):
    complaints = check_locks.complaints("x.lock", text, [Requirement("numpy>=2")])
    assert complaints == [] if said is None else said in complaints[0]


def test_one_version_everywhere():
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert citation["version"] == thecal.__version__
    assert f'version = "{thecal.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"## {thecal.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_source_file_has_outgrown_its_purpose():
    sizes = {str(f.relative_to(ROOT)): len(f.read_text("utf-8").splitlines())
             for folder in ("src", "tests", "scripts") for f in (ROOT / folder).rglob("*.py")}
    assert {name: size for name, size in sizes.items() if size > 500} == {}


def test_files_of_tests_have_names_of_their_own():
    """Test folders are no packages: two files of one name cannot be collected together."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_the_written_schema_of_the_catalogue_is_the_real_one(tmp_path):
    import toy_job

    toy_job.folder(tmp_path / "job").close()
    db = sqlite3.connect(tmp_path / "job" / "catalogue.sqlite")
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
    page = (ROOT / "docs" / "reference" / "job-folder.md").read_text("utf-8")
    for table in tables:
        [row] = re.findall(rf"^\| `{table}` \| (.*?) \|", page, re.MULTILINE)
        columns = [name for (_, name, *_) in db.execute(f'pragma table_info("{table}")')]
        assert re.findall(r"`(\w+)`", row) == columns


def test_pages_link_to_what_is_there():
    dead = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)} -> {target}")
    assert dead == []


def _yaml_blocks(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)


SMALL_STUDY = """\
name: from-the-handbook
end: 20 d
arms:
  - {id: vehicle, role: vehicle, give: [{what: vehicle, day: 4 d}]}
"""


def test_the_study_of_the_tutorial_is_one():
    from thecal.study import loads, resolve

    [text] = _yaml_blocks("tutorial/first-study.md")
    assert [arm.id for arm in resolve(loads(text)).arms] == ["vehicle", "full", "fifth"]


def test_the_examples_of_the_handbook_are_understood():
    from thecal.study import loads, resolve

    product = _yaml_blocks("how-to/add-a-cell-product.md")[0]
    injury = _yaml_blocks("how-to/add-an-injury-model.md")[0]
    with_product = resolve(loads(SMALL_STUDY + product.split("arms:\n")[1] + product.split("arms:\n")[0]))
    assert with_product.arms[1].factors["cells.secretion_rate"] == 0.5
    assert resolve(loads(SMALL_STUDY + injury)).arms[0].injury.model == "partial tibial ligation"


def test_the_tables_of_a_run_are_those_of_the_page(tmp_path):
    from thecal.engine.run import run_study
    from thecal.study import loads, resolve

    text = SMALL_STUDY + "n: 1\ntests: [{assay: von Frey, days: [3]}]\n"
    results = run_study(resolve(loads(text)), text, tmp_path / "job", solver="reference", draws=1)
    page = (ROOT / "docs" / "reference" / "job-folder.md").read_text("utf-8").split("## The tables of a study run")[1]
    assert sorted(re.findall(r"^\| `(\w+)` \|", page.split("## Reading")[0], re.MULTILINE)) == results.tables


def _commands_in_pages() -> list[tuple[str, list[str]]]:
    found = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        if "_generated" not in page.parts:
            text = page.read_text("utf-8")
            lines = re.findall(r"^\$ (thecal [^#\n]+)", text, re.MULTILINE)
            lines += re.findall(r"`(thecal [a-z][^`\n]*)`", text)
            found += [(f"{page.name}: {line}", shlex.split(line)[1:]) for line in lines]
    return found


def test_commands_shown_in_pages_exist_with_their_options():
    context = click.Context(cli.group)
    wrong = []
    for shown, (name, *words) in _commands_in_pages():
        command = cli.group.get_command(context, name) if not name.startswith("-") else cli.group
        if command is None:
            wrong += [] if name in cli.SUMMARIES else [shown]
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        wrong += [f"{shown} ({word})" for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert wrong == []
