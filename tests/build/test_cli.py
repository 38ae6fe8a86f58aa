"""Errors become words and exit statuses, and the help page needs nothing heavy."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import click
import pytest

from thecal.apps import cli
from thecal.core.errors import Problem, RunFailed, ThecalError
from thecal.engine.jobs import Stopped

HEAVY = ("numpy", "scipy", "pandas", "pyarrow", "duckdb", "pydantic", "pint", "matplotlib", "ruamel", "numba", "rich")


@pytest.fixture
def failing(monkeypatch):
    """Give the group one command, ``boom``, that raises what it is told to."""
    def install(error: BaseException | None):
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def boom(as_json):
            if error is not None:
                raise error
            return 5
        monkeypatch.setattr(cli.LazyGroup, "list_commands", lambda *_: ["boom"])
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: boom)
    return install


def test_help_imports_nothing_heavy():
    code = ("import sys; from thecal.apps.cli import run; run(['--help']); "
            f"print([m for m in {HEAVY!r} if m in sys.modules])")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"
    assert "Computer model, not medical advice" in said


def test_listed_are_the_commands_whose_file_exists(tmp_path, monkeypatch):
    for name in ("report.py", "odd_one.py", "run.py", "__init__.py", "_helper.py"):
        (tmp_path / name).touch()
    monkeypatch.setattr(cli, "COMMANDS", tmp_path)
    assert cli.group.list_commands(click.Context(cli.group)) == ["run", "report", "odd-one"]


def test_every_listed_command_loads_and_has_help(capsys):
    for name in cli.group.list_commands(click.Context(cli.group)):
        assert cli.run([name, "--help"]) == 0, name
        assert "Usage: thecal " + name in capsys.readouterr().out
        assert name in cli.SUMMARIES


PROBLEMS = [Problem("arms[0].dose", "not a number", seen="lots", allowed="cells", remedy="write 2.5e5 cells")]


@pytest.mark.parametrize(("error", "status"), [
    (ThecalError(PROBLEMS), 2), (RunFailed(PROBLEMS), 3), (Stopped("2 of 9 animals are done."), 130),
    (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 2), (FileNotFoundError(2, "gone", "x"), 70),
    (KeyboardInterrupt(), 130), (click.BadParameter("no"), 2), (ZeroDivisionError("by zero"), 70), (None, 5),
])
def test_every_way_to_end_has_its_status_and_no_traceback(failing, capsys, error, status):
    failing(error)
    assert cli.run(["boom"]) == status
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err


def test_problems_are_words_on_stderr_or_json_on_stdout(failing, capsys):
    failing(ThecalError(PROBLEMS))
    cli.run(["boom"])
    err = capsys.readouterr().err
    assert all(word in err for word in ("arms[0].dose", "not a number", "lots", "write 2.5e5 cells"))
    cli.run(["boom", "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["problems"][0]["where"] == "arms[0].dose" and err == ""


def test_a_fault_leaves_its_details_in_a_file(failing, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing(ZeroDivisionError("by zero"))
    cli.run(["boom"])
    [log] = tmp_path.iterdir()
    assert str(log) in capsys.readouterr().err
    assert "Traceback" in log.read_text() and "arguments: ['boom']" in log.read_text()


def test_debug_shows_the_traceback(failing, monkeypatch):
    monkeypatch.setenv("THECAL_DEBUG", "1")
    failing(ZeroDivisionError("by zero"))
    with pytest.raises(ZeroDivisionError):
        cli.run(["boom"])


def test_a_stopped_run_says_how_to_go_on(failing, capsys):
    failing(Stopped("2 of 9 animals are done; give the same command again to go on."))
    cli.run(["boom"])
    assert "same command again" in capsys.readouterr().err


def test_a_mistyped_command_is_answered_with_the_nearest(capsys):
    assert cli.run(["vresion"]) == 2
    assert "There is no command 'vresion'" in capsys.readouterr().err
    assert cli.run([]) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_fault():
    done = subprocess.run(f"{sys.executable} -m thecal.apps.cli --help | true", shell=True, capture_output=True,
                          text=True)
    assert done.stderr == ""
