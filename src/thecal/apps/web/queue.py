"""Runs that wait, run and have run: one SQLite table with leases, so that a killed worker or server loses nothing.

A worker claims the oldest run that waits, or one whose owner is gone, and goes on in its job folder where it stopped.
What a run computes stands in its job folder; this table only says whose turn it is.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thecal.engine.jobs.catalogue import owner_lives

LEASE_S = 60.0
MOST_TRIES = 3  # a run that takes its worker down this often has failed
ENDED = ("done", "failed", "cancelled")

_SCHEMA = """
create table if not exists run (
  id text primary key, kind text not null, name text not null, title text not null, text text not null,
  options text not null, created real not null, finished real, state text not null, owner text, lease real,
  tries integer not null default 0, cancel integer not null default 0,
  done integer not null default 0, total integer not null default 0, message text not null default '');
create index if not exists waiting on run (state, created);
"""
_SHOWN = ("id", "kind", "name", "title", "created", "finished", "state", "done", "total", "message")


class Queue:
    """The table of runs in ``home/queue.sqlite``; safe to share between processes and threads."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "queue.sqlite"
        self._local = threading.local()
        self._snapshot: tuple[float, list[dict[str, Any]]] = (0.0, [])
        with self._write() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            db.row_factory = sqlite3.Row
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            self._local.db = db
        return db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        db.execute("begin immediate")
        try:
            yield db
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")

    def add(self, kind: str, name: str, title: str, text: str, options: dict[str, Any], total: int = 0) -> str:
        """Put a run at the end of the queue; its id."""
        run = secrets.token_hex(6)
        with self._write() as db:
            db.execute("insert into run (id, kind, name, title, text, options, created, state, total) "
                       "values (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)",
                       (run, kind, name, title, text, json.dumps(options), time.time(), total))
        return run

    def waiting(self) -> int:
        """How many runs have not ended."""
        found = self._db.execute("select count(*) from run where state in ('waiting', 'running')").fetchone()
        return int(found[0])

    def get(self, run: str) -> dict[str, Any] | None:
        """One run with its text and options; None where there is none of that id."""
        row = self._db.execute("select * from run where id = ?", (run,)).fetchone()
        return None if row is None else {**dict(row), "options": json.loads(row["options"])}

    def listed(self) -> list[dict[str, Any]]:
        """The newest 200 runs, newest first; read at most four times a second however many ask."""
        moment, rows = self._snapshot
        if time.monotonic() - moment > 0.25:
            found = self._db.execute(f"select {', '.join(_SHOWN)} from run order by created desc, id limit 200")
            rows = [dict(row) for row in found.fetchall()]
            self._snapshot = (time.monotonic(), rows)
        return rows

    def claim(self, owner: str) -> dict[str, Any] | None:
        """The next run for a worker, or None."""
        now = time.time()
        with self._write() as db:
            for row in db.execute("select id, owner, lease, tries from run where state = 'running'").fetchall():
                if owner_lives(row["owner"], row["lease"], now):
                    continue
                lost = row["tries"] >= MOST_TRIES
                db.execute("update run set state = ?, owner = null, lease = null, message = ?, finished = ? "
                           "where id = ?", ("failed" if lost else "waiting",
                                            f"its worker was lost {row['tries']} times" if lost else "",
                                            now if lost else None, row["id"]))
            db.execute("update run set state = 'cancelled', finished = ? where state = 'waiting' and cancel = 1",
                       (now,))
            row = db.execute("select * from run where state = 'waiting' order by created, id limit 1").fetchone()
            if row is None:
                return None
            db.execute("update run set state = 'running', owner = ?, lease = ?, tries = tries + 1 where id = ?",
                       (owner, now + LEASE_S, row["id"]))
        return {**dict(row), "options": json.loads(row["options"])}

    def renew(self, owner: str) -> None:
        """Hold on to what ``owner`` has claimed."""
        with self._write() as db:
            db.execute("update run set lease = ? where state = 'running' and owner = ?",
                       (time.time() + LEASE_S, owner))

    def advance(self, run: str, done: int, total: int, message: str = "") -> None:
        """Say how far a run is."""
        with self._write() as db:
            db.execute("update run set done = ?, total = ?, message = ? where id = ?", (done, total, message, run))

    def cancelled(self, run: str) -> bool:
        """Whether somebody asked to stop the run."""
        row = self._db.execute("select cancel from run where id = ?", (run,)).fetchone()
        return row is None or bool(row["cancel"])

    def cancel(self, run: str) -> None:
        """Ask to stop a run; one that waits ends at once."""
        with self._write() as db:
            db.execute("update run set cancel = 1 where id = ? and state in ('waiting', 'running')", (run,))
            db.execute("update run set state = 'cancelled', finished = ? where id = ? and state = 'waiting'",
                       (time.time(), run))
        self._snapshot = (0.0, [])

    def resume(self, run: str) -> None:
        """Put a run that was cancelled or failed back into the queue."""
        with self._write() as db:
            db.execute("update run set state = 'waiting', cancel = 0, tries = 0, finished = null, message = '' "
                       "where id = ? and state in ('failed', 'cancelled')", (run,))
        self._snapshot = (0.0, [])

    def end(self, run: str, state: str, message: str = "") -> None:
        """Write down how a run ended."""
        with self._write() as db:
            db.execute("update run set state = ?, message = ?, finished = ?, owner = null, lease = null "
                       "where id = ?", (state, message, time.time(), run))

    def remove(self, run: str) -> bool:
        """Forget a run that has ended; whether there was one."""
        with self._write() as db:
            gone = db.execute("delete from run where id = ? and state in ('done', 'failed', 'cancelled')",
                              (run,)).rowcount
        self._snapshot = (0.0, [])
        return bool(gone)
