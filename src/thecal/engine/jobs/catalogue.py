"""The catalogue of a job folder: which chunks are to do, being done, done, failed; which parts count.

SQLite in write-ahead mode: readers see a consistent state while the driver writes. Only the driver opens
it for writing, so the workers may be on other machines.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from thecal.engine.jobs.records import Arm, Chunk

SCHEMA_VERSION = 1

_SCHEMA = """
create table study (sha256 text not null, name text not null, yaml text not null);
create table run (state text not null check (state in ('todo', 'run', 'done', 'failed', 'stopped')),
                  seed integer not null, model_sha256 text not null, message text not null default '');
create table arm (number integer primary key, id text not null unique, label text not null, n integer not null);
create table chunk (number integer primary key, arm text not null references arm (id),
                    first integer not null, n integer not null,
                    state text not null default 'todo' check (state in ('todo', 'run', 'done', 'failed')),
                    owner text, lease real, tries integer not null default 0, error text);
create table part (chunk integer not null references chunk (number), "table" text not null, path text not null,
                   sha256 text not null, rows integer not null, primary key (chunk, "table"));
create table status (chunk integer not null references chunk (number), status text not null, n integer not null,
                     primary key (chunk, status));
"""


def create(path: Path, study: tuple[str, str, str], seed: int, model_sha256: str,
           arms: Sequence[Arm], chunks: Iterable[Chunk]) -> None:
    """Write a new catalogue; it takes its name last, so a folder with a catalogue is a whole one.

    Arguments:
        path: where it shall lie.
        study: digest, name and text of the study file.
        seed: the study's seed.
        model_sha256: digest of the assembled model, empty when there is none.
        arms: the arms in order.
        chunks: the cut of the work.
    """
    temporary = path.with_name(f".partial-{path.name}")
    temporary.unlink(missing_ok=True)
    db = sqlite3.connect(temporary)
    try:
        db.executescript(_SCHEMA)
        db.execute(f"pragma user_version = {SCHEMA_VERSION}")
        db.execute("insert into study values (?, ?, ?)", study)
        db.execute("insert into run values ('todo', ?, ?, '')", (seed, model_sha256))
        db.executemany("insert into arm values (?, ?, ?, ?)",
                       [(i, arm.id, arm.label or arm.id, arm.n) for i, arm in enumerate(arms)])
        db.executemany("insert into chunk (number, arm, first, n) values (?, ?, ?, ?)",
                       [(c.number, c.arm, c.first, c.n) for c in chunks])
        db.commit()
    finally:
        db.close()
    os.replace(temporary, path)


class Catalogue:
    """The tables of one job folder.

    Arguments:
        path: the SQLite file.
        readonly: open without the right to change anything, also from a medium that cannot be written.
    """

    def __init__(self, path: Path, readonly: bool = False) -> None:
        self.path = path
        if readonly:
            # A finished folder on a read-only medium has no write-ahead file beside it and cannot get one.
            still = not Path(f"{path}-wal").exists() and not os.access(path.parent, os.W_OK)
            address = f"{path.resolve().as_uri()}?mode=ro" + ("&immutable=1" if still else "")
            self.db = sqlite3.connect(address, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
        else:
            self.db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self.db.execute("pragma journal_mode = wal")
            # After a power cut the last chunks may be to do again, and the file is sound; so no wait for the disk.
            self.db.execute("pragma synchronous = normal")
        self.db.execute("pragma foreign_keys = on")

    @property
    def version(self) -> int:
        """Version of the schema in the file."""
        return int(self.db.execute("pragma user_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, with the right to write taken at once."""
        self.db.execute("begin immediate")
        try:
            yield self.db
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    def rows(self, sql: str, arguments: Sequence[object] = ()) -> list[tuple]:
        """All rows of one query."""
        return self.db.execute(sql, arguments).fetchall()

    def chunks(self, *states: str) -> list[Chunk]:
        """Chunks in any of the given states, in order; all of them when none is given."""
        where = f"where state in ({', '.join('?' * len(states))})" if states else ""
        return [Chunk(*row) for row in
                self.rows(f"select number, arm, first, n, tries from chunk {where} order by number", states)]

    def claim(self, owner: str, limit: int, lease_s: float) -> list[Chunk]:
        """Take up to ``limit`` chunks that are to do, or whose owner is gone; in order."""
        now = time.time()
        with self.transaction() as db:
            held = db.execute("select distinct owner, lease from chunk where state = 'run'").fetchall()
            gone = [(name, lease) for name, lease in held if name != owner and not owner_lives(name, lease, now)]
            db.executemany("update chunk set state = 'todo', owner = null, lease = null "
                           "where state = 'run' and owner is ? and lease is ?", gone)
            free = db.execute("select number, arm, first, n, tries from chunk where state = 'todo' "
                              "order by number limit ?", (limit,)).fetchall()
            db.executemany("update chunk set state = 'run', owner = ?, lease = ?, tries = tries + 1, error = null "
                           "where number = ?", [(owner, now + lease_s, row[0]) for row in free])
        return [Chunk(*row) for row in free]

    def renew(self, owner: str, lease_s: float) -> None:
        """Hold on to what ``owner`` has claimed."""
        self.db.execute("update chunk set lease = ? where state = 'run' and owner = ?", (time.time() + lease_s, owner))

    def release(self, owner: str) -> int:
        """Give back what ``owner`` has claimed and not finished; returns how many chunks."""
        return self.db.execute("update chunk set state = 'todo', owner = null, lease = null "
                               "where state = 'run' and owner = ?", (owner,)).rowcount

    def settle(self, number: int, parts: Sequence[tuple], statuses: Sequence[tuple]) -> None:
        """Count a chunk as done with the given rows of ``part`` and ``status``; replaces earlier ones."""
        with self.transaction() as db:
            db.execute("delete from part where chunk = ?", (number,))
            db.execute("delete from status where chunk = ?", (number,))
            db.executemany("insert into part values (?, ?, ?, ?, ?)", parts)
            db.executemany("insert into status values (?, ?, ?)", statuses)
            db.execute("update chunk set state = 'done', owner = null, lease = null, error = null where number = ?",
                       (number,))

    def give_up(self, number: int, error: str) -> None:
        """Count a chunk as failed, with the reason."""
        self.db.execute("update chunk set state = 'failed', owner = null, lease = null, error = ? where number = ?",
                        (error, number))

    def set_run(self, state: str, message: str) -> None:
        """Set the state of the run; a finished one needs no write-ahead file beside it any more."""
        self.db.execute("update run set state = ?, message = ?", (state, message))
        if state == "done":
            with suppress(sqlite3.OperationalError):  # somebody reads just now: the file stays as it is
                self.db.execute("pragma journal_mode = delete")

    def forget(self, chunks: Iterable[int]) -> None:
        """Put chunks back to do, with no parts and no tries."""
        keys = [(number,) for number in chunks]
        with self.transaction() as db:
            db.executemany("delete from part where chunk = ?", keys)
            db.executemany("delete from status where chunk = ?", keys)
            db.executemany("update chunk set state = 'todo', owner = null, lease = null, tries = 0, error = null "
                           "where number = ?", keys)


def this_owner() -> str:
    """Who drives: host, process and when the process began, so that a reused process number is no disguise."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_of(os.getpid())}"


def owner_lives(owner: str | None, lease: float | None, now: float) -> bool:
    """Whether a claim still holds: on this machine by the process itself, elsewhere by its lease."""
    parts = (owner or "").rsplit(":", 2)
    if len(parts) == 3 and parts[0] == socket.gethostname() and parts[1].isdigit() and parts[2]:
        return _start_of(int(parts[1])) == parts[2]
    return lease is not None and lease > now


def _start_of(pid: int) -> str:
    """When a process began, in clock ticks since boot; empty where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = text[text.rindex(")") + 2:].split()
    return "" if fields[0] == "Z" else fields[19]  # a zombie drives nothing
