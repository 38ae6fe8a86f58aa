"""Working in a job folder: making it, claiming chunks, writing what they gave, declaring the run done."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from thecal.core.errors import ThecalError
from thecal.engine.jobs import catalogue, parts
from thecal.engine.jobs.parts import Part
from thecal.engine.jobs.provenance import PROVENANCE, now, sha256_of, write_provenance
from thecal.engine.jobs.records import Arm, Chunk
from thecal.engine.jobs.results import CATALOGUE, Results

STUDY = "study.yaml"
PARTS = "parts"
REPORT = "report.html"

_LIBRARIES = ("versions", "python", "machine")
_NAMED = {"program_sha256": "version of the program", "versions": "version of a library",
          "python": "version of Python", "machine": "kind of machine"}

LEASE_S = 300.0
"""How long a claim holds for other machines unless renewed, in seconds."""


class JobFolder(Results):
    """The folder of one run. Make one with :meth:`create`, :meth:`open` or :meth:`create_or_open`.

    Layout (schema in docs/reference/job-folder.md)::

        catalogue.sqlite   study, run, arm, chunk, part, status
        study.yaml         the study as it was given
        provenance.json    digests, versions, seed, times
        parts/TABLE/arm=NN/part-FFFFFF.parquet   F is the first animal
    """

    @classmethod
    def create(cls, path: str | Path, study_text: str, provenance: Mapping[str, Any], chunks: Sequence[Chunk],
               arms: Sequence[Arm] | None = None, name: str = "") -> JobFolder:
        """Make a new job folder.

        Arguments:
            path: a folder that does not exist or is empty.
            study_text: the study file, kept word for word.
            provenance: from :func:`collect_provenance`; must hold ``seed``.
            chunks: the cut of the work, from :func:`chunks_of`.
            arms: the arms in order; taken from the chunks when left out.
            name: name of the study.

        Raises:
            ThecalError: something else lies at ``path``.
        """
        path = Path(path)
        if not _is_free(path, study_text):
            raise ThecalError.single(str(path), "the place for the results is taken",
                                     allowed="a new or an empty folder",
                                     remedy="name another folder with --out, or remove this one", code="job-exists")
        return cls._make(path, study_text, provenance, chunks, arms, name)

    @classmethod
    def _make(cls, path: Path, study_text: str, provenance: Mapping[str, Any], chunks: Sequence[Chunk],
              arms: Sequence[Arm] | None, name: str) -> JobFolder:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ThecalError.single(str(path), "the folder for the results cannot be made",
                                     seen=error.strerror or str(error), remedy="name another folder with --out",
                                     code="job-place") from None
        parts.sweep(path)
        parts.write_atomically(path / STUDY, study_text.encode())
        write_provenance(path, {**provenance, "created": now()})
        # The catalogue comes last: a folder with a catalogue is a whole one.
        catalogue.create(path / CATALOGUE, (sha256_of(study_text), name, study_text),
                         int(provenance["seed"]), str(provenance.get("model_sha256", "")),
                         arms or _arms_of(chunks), chunks)
        return cls(path, readonly=False)

    @classmethod
    def open(cls, path: str | Path) -> JobFolder:
        """Open a job folder to go on with it; to read only, :class:`Results` does.

        Raises:
            ThecalError: there is no job folder at ``path``, or one of another version.
        """
        return cls(path, readonly=False)

    @classmethod
    def create_or_open(cls, path: str | Path, study_text: str, provenance: Mapping[str, Any],
                       chunks: Sequence[Chunk], arms: Sequence[Arm] | None = None, name: str = "",
                       replace: bool = False) -> JobFolder:
        """Go on where the same run stopped, or begin it; arguments as for :meth:`create`.

        The same run means: same study text, seed, model, program, settings and cut; and, while it is not
        finished, the same libraries.

        Arguments:
            replace: remove another run that lies at ``path``, instead of refusing.

        Raises:
            ThecalError: another run, or something else, lies at ``path``.
        """
        path = Path(path)
        if not (path / CATALOGUE).is_file():
            return cls.create(path, study_text, provenance, chunks, arms, name)
        job = cls.open(path)
        differs = job._difference(study_text, provenance, chunks)
        if differs and replace:
            job.remove()
            return cls._make(path, study_text, provenance, chunks, arms, name)
        if differs:
            job.close()
            raise ThecalError.single(str(path), f"the folder holds another run: its {differs} differs",
                                     remedy="name another folder with --out, or replace the run with --replace",
                                     code="job-differs")
        return job

    def _difference(self, study_text: str, provenance: Mapping[str, Any], chunks: Sequence[Chunk]) -> str:
        [(study,)] = self._catalogue.rows("select sha256 from study")
        [(seed, model)] = self._catalogue.rows("select seed, model_sha256 from run")
        noted = self.provenance
        pairs = {"study file": (study, sha256_of(study_text)),
                 "seed": (seed, int(provenance["seed"])),
                 "model": (model, str(provenance.get("model_sha256", ""))),
                 "number of animals or size of chunks": (_cut(self._catalogue.chunks()), _cut(chunks))}
        finished = self.state == "done"
        pairs |= {words: (noted.get(key), provenance.get(key)) for key, words in _NAMED.items()
                  if not (finished and key in _LIBRARIES)}
        pairs |= {f"setting '{key}'": (noted.get(key), value) for key, value in provenance.items()
                  if key not in (*_NAMED, "study_sha256", "model_sha256", "seed")}
        return next((what for what, (old, new) in pairs.items() if old != new), "")

    def remove(self) -> None:
        """Remove the run from the disk, and its report; other files in the folder are left alone."""
        self.close()
        # The catalogue goes first: without it nothing here counts as a run any more.
        for name in (CATALOGUE, f"{CATALOGUE}-wal", f"{CATALOGUE}-shm", REPORT, STUDY, PROVENANCE):
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.path / PARTS, ignore_errors=True)

    def pending(self) -> list[Chunk]:
        """Chunks that are neither done nor failed, in order."""
        return self._catalogue.chunks("todo", "run")

    def claim(self, owner: str, limit: int = 1, lease_s: float = LEASE_S) -> list[Chunk]:
        """Take chunks to work on; those of an owner that is gone are given out again.

        Arguments:
            owner: who takes them, see :func:`thecal.engine.jobs.catalogue.this_owner`.
            limit: how many at most.
            lease_s: how long the claim holds on other machines unless renewed, in seconds.
        """
        return self._catalogue.claim(owner, limit, lease_s)

    def renew(self, owner: str, lease_s: float = LEASE_S) -> None:
        """Hold on to all claims of ``owner``."""
        self._catalogue.renew(owner, lease_s)

    def release(self, owner: str) -> int:
        """Give back all claims of ``owner``; returns how many."""
        return self._catalogue.release(owner)

    def finish(self, chunk: Chunk, tables: Mapping[str, pa.Table] | Sequence[Part]) -> None:
        """Write a chunk's parts and then, in one transaction, count them.

        Arguments:
            chunk: the chunk.
            tables: Arrow tables by name, or what :func:`thecal.engine.jobs.parts.encode_all` made of them.
        """
        encoded = parts.encode_all(tables) if isinstance(tables, Mapping) else tables
        places = {part.table: self._place(part.table, chunk) for part in encoded}
        parts.write_all({self.path / places[part.table]: part.data for part in encoded})
        rows = [(chunk.number, part.table, places[part.table], part.sha256, part.rows) for part in encoded]
        statuses = [(chunk.number, status, n) for part in encoded for status, n in part.statuses.items()]
        self._catalogue.settle(chunk.number, rows, statuses)

    def fail(self, chunk: Chunk, error: str) -> None:
        """Write down that a chunk could not be computed, and why."""
        self._catalogue.give_up(chunk.number, error)

    def retry(self) -> int:
        """Put failed chunks back to do; returns how many."""
        failed = [chunk.number for chunk, _ in self.failures()]
        self._catalogue.forget(failed)
        return len(failed)

    def mend(self) -> list[str]:
        """Ready a folder for going on: sweep leftovers, put chunks with lost or altered parts back to do.

        Returns:
            The parts that were lost or altered, as paths in the folder.
        """
        parts.sweep(self.path / PARTS)
        damaged = self._damaged()
        self._catalogue.forget(sorted({number for number, _ in damaged}))
        return [place for _, place in damaged]

    def set_state(self, state: str, message: str = "") -> None:
        """Say what the run as a whole is doing; ``done`` only through :meth:`complete`."""
        if state == "done":
            raise ValueError("a run is declared done by complete() alone")
        self._catalogue.set_run(state, message)

    def complete(self, wall_s: float = 0.0) -> None:
        """Declare the run finished, if every chunk is.

        Arguments:
            wall_s: time of the last sitting, in seconds; noted in the provenance.

        Raises:
            ValueError: a chunk is missing.
        """
        p = self.progress()
        if not p.complete:
            raise ValueError(f"{p.chunks - p.chunks_done} of {p.chunks} chunks are not done")
        write_provenance(self.path, {**self.provenance, "finished": now(), "wall_s": round(wall_s, 3),
                                     "animals": p.animals, "statuses": p.statuses, "digest": self.digest()})
        self._catalogue.set_run("done", "")

    def _place(self, table: str, chunk: Chunk) -> str:
        number = next(i for i, arm in enumerate(self._arms) if arm.id == chunk.arm)
        return f"{PARTS}/{table}/arm={number:02d}/part-{chunk.first:06d}.parquet"


def _is_free(path: Path, study_text: str) -> bool:
    """Whether a job may begin here: nothing there, or what a job killed while it was being made has left."""
    if not path.exists():
        return True
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(parts.TEMPORARY)}
    same_study = STUDY not in names or (path / STUDY).read_bytes() == study_text.encode()
    return names <= {STUDY, PROVENANCE} and same_study


def _arms_of(chunks: Iterable[Chunk]) -> list[Arm]:
    sizes: dict[str, int] = {}
    for chunk in chunks:
        sizes[chunk.arm] = sizes.get(chunk.arm, 0) + chunk.n
    return [Arm(name, n) for name, n in sizes.items()]


def _cut(chunks: Iterable[Chunk]) -> list[tuple[str, int, int]]:
    return [(chunk.arm, chunk.first, chunk.n) for chunk in chunks]
