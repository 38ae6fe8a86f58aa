"""The command ``thecal``: a lazy group of subcommands and the one place where errors become words.

A subcommand ``NAME`` is the click object ``command`` in ``thecal.apps.commands.NAME`` (a dash in the
name is an underscore in the module). It is listed when that file exists, found without importing it, so
that ``thecal --help`` stays fast whatever the commands need.

Exit statuses: 0 done; 2 input that the user can mend; 3 a run that its failure budget stopped;
70 a fault of the program, details in a log file; 130 stopped from the keyboard.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from pathlib import Path

import click

from thecal import __version__
from thecal.core.errors import Problem, ThecalError

DISCLAIMER = "Computer model, not medical advice."

# Troubles of the disk that the user can mend, in the user's words.
DISK = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the disk cannot be written", errno.EACCES: "you have no right to this file or folder",
        errno.EPERM: "you have no right to this file or folder", errno.ENAMETOOLONG: "the name is too long"}
PATHS = {errno.ENOENT: "there is no such folder, and it cannot be made here",
         errno.ENOTDIR: "lies in a file, not a folder",
         errno.EISDIR: "is a folder, not a file", errno.EEXIST: "is a file, not a folder"}

EXIT_USAGE = 2
EXIT_FAULT = 70
EXIT_STOPPED = 130

# The order of the help page: the way a study goes, from a first look to the record of where numbers come from.
SUMMARIES = {
    "run": "Run a study and write its report.",
    "lint": "Check a study file: every finding with its place and its remedy.",
    "plan": "Say what will happen in a study, in order, without running it.",
    "schema": "Print the JSON Schema of study files.",
    "report": "Render the report of a finished run again, without simulating.",
    "qualify": "Score the model against published findings.",
    "params": "List the parameters: value, unit, kind and source.",
    "cite": "Print the references that a study rests on.",
    "analyze": "Analyse real behavioural data with the code that reads simulated data.",
    "design": "Plan sample size and schedule by simulated experiments.",
    "cells": "Follow single cells from the needle to the ganglion.",
    "evidence": "Filter and pool the published studies.",
    "translate": "Carry a product, dose and schedule to another species.",
    "export": "Write a study's model in an exchange format.",
    "serve": "Open the laboratory in a browser on this machine.",
    "bench": "Measure speed and accuracy beside other simulators.",
}

COMMANDS = Path(__file__).with_name("commands")


class LazyGroup(click.Group):
    """A click group that imports a subcommand only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names whose module file exists, in the order of :data:`SUMMARIES`, unknown ones last."""
        found = {path.stem.replace("_", "-") for path in COMMANDS.glob("*.py") if not path.stem.startswith("_")}
        known = [name for name in SUMMARIES if name in found]
        return known + sorted(found - set(known))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``thecal.apps.commands.<name>`` and return its ``command``; None when there is no such file."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"thecal.apps.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and name the nearest command when there is none by that name."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.list_commands(ctx):
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"There is no command '{name}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands with their one-line summaries; nothing is imported for it."""
        rows = [(name, SUMMARIES.get(name, "")) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=LazyGroup, epilog=DISCLAIMER, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="thecal")
def group() -> None:
    """A virtual laboratory for intrathecal cell therapy of neuropathic pain.

    You declare a study: animals, nerve injury, what is injected, when, which tests. Thecal runs it on
    mechanistic virtual animals and reports what they would do, why, and how sure that is.

    First steps: 'thecal plan chen2015', then 'thecal run chen2015 --seed 1 --out runs/chen2015'.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with a documented exit status."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Arguments:
        arguments: what stands after ``thecal``.

    Returns:
        The exit status, see the module's text. No exception leaves, unless ``THECAL_DEBUG=1``.
    """
    as_json = "--json" in arguments
    try:
        outcome = group.main(arguments, prog_name="thecal", standalone_mode=False)
        sys.stdout.flush()
        return outcome if isinstance(outcome, int) else 0
    except ThecalError as error:
        _show(error.problems, as_json)
        return error.exit_status
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.UsageError as error:
        _show([_as_problem(error)], as_json)
        return EXIT_USAGE
    except click.ClickException as error:
        _show([Problem("thecal", error.format_message())], as_json)
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt) as stop:
        cause = stop.__cause__ if isinstance(stop, click.exceptions.Abort) else stop
        click.echo(f"Stopped. {cause or 'Nothing was left that looks finished; give the same command to start again.'}"
                   .replace("\n", " "), err=True)
        return EXIT_STOPPED
    except BrokenPipeError:
        # The reader of a pipe went away ('thecal params | head'): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:  # the last net: any other exception is a fault of the program
        if os.environ.get("THECAL_DEBUG") == "1":
            raise
        refused = _refused_path(fault, arguments)
        if refused:
            _show([refused], as_json)
            return EXIT_USAGE
        _show([_fault(fault, arguments)], as_json)
        return EXIT_FAULT


def _show(problems: list[Problem], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"problems": [p.as_dict() for p in problems]}, indent=1, ensure_ascii=False))
        return
    for problem in problems:
        click.echo(f"{problem.severity}: {problem}", err=True)


def _as_problem(error: click.UsageError) -> Problem:
    """A wrong option or argument, told like any other bad input."""
    path = error.ctx.command_path if error.ctx else "thecal"
    return Problem(path, error.format_message(), remedy=f"see '{path} --help'", code="usage")


def _refused_path(fault: Exception, arguments: list[str]) -> Problem | None:
    """What the disk refuses; a missing path is the user's only where it is one of those given."""
    if not isinstance(fault, OSError):
        return None
    path = str(fault.filename or "disk")
    given = any(a and not a.startswith("-") and path.startswith(a.rsplit("=", 1)[-1]) for a in arguments)
    words = DISK.get(fault.errno or 0) or (PATHS.get(fault.errno or 0) if given else None)
    return Problem(path, words, remedy="name another file or folder", code="disk") if words else None


def _fault(fault: Exception, arguments: list[str]) -> Problem:
    """Write the traceback to a log file and tell in one finding where it lies."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="thecal-fault-", suffix=".log", delete=False,
                                     encoding="utf-8") as log:
        log.write(f"thecal {__version__}, python {sys.version}\narguments: {arguments!r}\n\n")
        log.write("".join(traceback.format_exception(fault)))
    first_line = (str(fault).splitlines() or [""])[0]
    return Problem("thecal", f"a fault of the program, not of your input ({type(fault).__name__}: {first_line}); "
                   f"details are in {log.name}", code="fault")


if __name__ == "__main__":
    main()
