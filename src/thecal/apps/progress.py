"""A progress bar for people: on stderr, only on a terminal, silent in pipes and logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thecal.engine.jobs import Progress


@contextmanager
def bar(label: str) -> Iterator[Callable[[Progress], None]]:
    """Show how far a run is.

    Arguments:
        label: what is counted, e.g. ``Animals``.

    Returns:
        A function to call with each :class:`~thecal.engine.jobs.Progress`; it does nothing off a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[lost]}", style="red"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as live:
        task = live.add_task(label, total=None, lost="")

        def show(now: Progress) -> None:
            live.update(task, completed=now.animals_done + now.animals_failed, total=now.animals,
                        lost=f"{now.lost} not computed" if now.lost else "")

        yield show


@contextmanager
def steps(label: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show which of a known number of steps has begun.

    Arguments:
        label: what the steps are, e.g. ``Claims``. total: how many.

    Returns:
        A function to call with the name of each step as it begins; it does nothing off a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as live:
        task = live.add_task(label, total=total, name="")
        begun = 0

        def show(name: str) -> None:
            nonlocal begun
            live.update(task, completed=begun, name=name)
            begun += 1

        yield show
