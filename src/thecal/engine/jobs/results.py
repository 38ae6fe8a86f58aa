"""Reading a job folder: how far a run is, and its tables once it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from thecal.core.errors import ThecalError
from thecal.engine.jobs import catalogue, parts
from thecal.engine.jobs.catalogue import Catalogue
from thecal.engine.jobs.provenance import read_provenance, sha256_of
from thecal.engine.jobs.records import Arm, Chunk, Progress

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

CATALOGUE = "catalogue.sqlite"


class Results:
    """What a run has left, finished or not.

    Nothing is ever read by looking into the folder: the catalogue says which parts count.

    Arguments:
        path: the folder.
        readonly: only to read; also works on a medium that cannot be written.

    Raises:
        ThecalError: there is no job folder at ``path``, or one of another version.
    """

    def __init__(self, path: str | Path, readonly: bool = True) -> None:
        self.path = Path(path)
        if not (self.path / CATALOGUE).is_file():
            raise ThecalError.single(str(path), "this is not the folder of a run" if self.path.exists()
                                     else "there is no such folder", allowed=f"a folder with a {CATALOGUE}",
                                     remedy="give the folder that 'thecal run --out' wrote", code="job-missing")
        self._catalogue = Catalogue(self.path / CATALOGUE, readonly)
        version = self._catalogue.version
        if version != catalogue.SCHEMA_VERSION:
            self._catalogue.close()
            raise ThecalError.single(str(path), "this job folder was written by another version of Thecal",
                                     seen=f"schema {version}", allowed=f"schema {catalogue.SCHEMA_VERSION}",
                                     remedy="read it with the version named in its provenance.json, or run anew",
                                     code="job-version")
        self._arms = [Arm(*row) for row in self._catalogue.rows("select id, n, label from arm order by number")]

    def close(self) -> None:
        """Let go of the catalogue."""
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What it is.

    @property
    def arms(self) -> list[Arm]:
        """The arms in order."""
        return list(self._arms)

    @property
    def seed(self) -> int:
        """The study's seed."""
        return int(self._catalogue.rows("select seed from run")[0][0])

    @property
    def state(self) -> str:
        """``todo``, ``run``, ``done``, ``failed`` or ``stopped``; only ``done`` is a finished run.

        A run whose driver was killed says ``run`` still.
        """
        return str(self._catalogue.rows("select state from run")[0][0])

    @property
    def study_text(self) -> str:
        """The study file as it was given."""
        return str(self._catalogue.rows("select yaml from study")[0][0])

    @property
    def provenance(self) -> dict[str, Any]:
        """Digests, versions, seed and times."""
        return read_provenance(self.path)

    def require_finished(self) -> Self:
        """This folder, if its run is finished.

        Raises:
            ThecalError: the run is not finished; says how far it is and how to go on.
        """
        if self.state != "done":
            p = self.progress()
            failed = f", {p.chunks_failed} of {p.chunks} chunks failed" if p.chunks_failed else ""
            raise ThecalError.single(str(self.path), "this run is not finished",
                                     seen=f"{p.animals_done} of {p.animals} animals done{failed}",
                                     remedy="give the command that began it again: it goes on where it stopped",
                                     code="job-unfinished")
        return self

    def progress(self) -> Progress:
        """How far the run is."""
        rows = {state: (count, animals) for state, count, animals in
                self._catalogue.rows("select state, count(*), sum(n) from chunk group by state")}
        statuses = dict(self._catalogue.rows("select status, sum(n) from status group by status order by status"))
        done, failed = rows.get("done", (0, 0)), rows.get("failed", (0, 0))
        return Progress(chunks_done=done[0], chunks_failed=failed[0], chunks=sum(c for c, _ in rows.values()),
                        animals_done=done[1], animals_failed=failed[1], animals=sum(n for _, n in rows.values()),
                        statuses=statuses)

    def failures(self) -> list[tuple[Chunk, str]]:
        """Chunks that failed, each with its error, in order."""
        rows = self._catalogue.rows("select number, arm, first, n, tries, error from chunk "
                                    "where state = 'failed' order by number")
        return [(Chunk(*row[:5]), row[5] or "") for row in rows]

    def verify(self) -> list[str]:
        """Parts in the catalogue that are missing or whose bytes have changed."""
        return [place for _, place in self._damaged()]

    def _damaged(self) -> list[tuple[int, str]]:
        rows = self._catalogue.rows('select chunk, path, sha256 from part order by chunk, "table"')
        return [(number, place) for number, place, digest in rows if parts.digest_of(self.path / place) != digest]

    def digest(self) -> str:
        """One digest over all parts, in the order of chunks: equal digests, equal results."""
        rows = self._catalogue.rows('select path, sha256 from part order by chunk, "table"')
        return sha256_of("".join(f"{place} {digest}\n" for place, digest in rows))

    # Its tables.

    @property
    def tables(self) -> list[str]:
        """Names of the tables, sorted."""
        return [name for (name,) in self._catalogue.rows('select distinct "table" from part order by 1')]

    def parts(self, table: str) -> list[Path]:
        """Files of one table in the order of chunks."""
        rows = self._catalogue.rows('select path from part where "table" = ? order by chunk', (table,))
        return [self.path / place for (place,) in rows]

    def read(self, table: str) -> pa.Table:
        """One table whole, rows in the order of chunks.

        Raises:
            KeyError: no such table.
        """
        import pyarrow.parquet as pq

        files = self.parts(table)
        if not files:
            raise KeyError(f"no table {table!r} in {self.path}; there are: {', '.join(self.tables) or 'none yet'}")
        return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files], promote_options="default")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection in memory with one view per table."""
        import duckdb

        db = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
        for table in self.tables:
            files = ", ".join("'" + str(file).replace("'", "''") + "'" for file in self.parts(table))
            db.execute(f'create view "{table}" as '
                       f"select * from read_parquet([{files}], hive_partitioning=false, union_by_name=true)")
        return db

    def query(self, sql: str) -> pd.DataFrame:
        """The answer to an SQL question over the tables. Give an ``order by``: rows have no order else."""
        with self.connect() as db:
            return db.sql(sql).df()
