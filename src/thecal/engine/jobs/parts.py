"""Parquet parts: the same table gives the same bytes, and a file is there whole or not at all."""

from __future__ import annotations

import functools
import hashlib
import os
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ANIMALS = "animals"
"""Name of the table with one row per animal; its column ``status`` says what became of it."""

TEMPORARY = ".partial-"
"""How the name of a file begins that is not whole yet."""


@dataclass(frozen=True)
class Part:
    """One table of one chunk, encoded.

    Arguments:
        table: name of the table.
        data: the Parquet file.
        rows: number of rows.
        statuses: counts by status when the table is ``animals``, else empty.
    """

    table: str
    data: bytes
    rows: int
    statuses: dict[str, int]

    @property
    def sha256(self) -> str:
        """Digest of the file, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def encode(name: str, table: pa.Table) -> Part:
    """Encode a table as Parquet whose bytes depend on its columns and values alone.

    Schema metadata (pandas index notes and the like) is dropped, chunked columns are joined, and the
    settings of the writer are fixed: zstd, byte-stream split for floats, a dictionary for text.

    Arguments:
        name: table name, letters, digits and underscores.
        table: any Arrow table.

    Raises:
        ValueError: the name would not do as a table name in SQL.
    """
    if not name.isidentifier():
        raise ValueError(f"a table of a job folder needs a plain name, not {name!r}")
    plain = table.replace_schema_metadata(None).combine_chunks()
    floats = [f.name for f in plain.schema if pa.types.is_floating(f.type)]
    words = [f.name for f in plain.schema if pa.types.is_string(f.type) or pa.types.is_dictionary(f.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(plain, sink, compression="zstd", compression_level=3, use_dictionary=words,
                   use_byte_stream_split=floats or False, version="2.6", data_page_version="1.0",
                   row_group_size=1 << 20)
    return Part(name, sink.getvalue().to_pybytes(), plain.num_rows, _statuses(name, plain))


def encode_all(tables: Mapping[str, pa.Table]) -> tuple[Part, ...]:
    """Encode what a chunk function returned, ordered by table name."""
    return tuple(encode(name, tables[name]) for name in sorted(tables))


def _statuses(name: str, table: pa.Table) -> dict[str, int]:
    if name != ANIMALS or "status" not in table.column_names:
        return {}
    counted = table.column("status").value_counts().to_pylist()
    return {str(entry["values"]): int(entry["counts"]) for entry in counted}


def write_atomically(path: Path, data: bytes) -> None:
    """Put a file in place whole: temporary name, flush to disk, rename.

    After a crash either the old state is there or the new one; a leftover temporary file begins with
    ``.partial-`` and is never read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{uuid.uuid4().hex}")
    try:
        with open(temporary, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def write_all(files: Mapping[Path, bytes]) -> None:
    """Put several files in place, each whole; they wait for the disk together, which takes no longer than one.

    Raises: the first error of any file, once none of them is still being written.
    """
    written = [_writers().submit(write_atomically, path, data) for path, data in files.items()]
    wait(written)
    for each in written:
        each.result()


@functools.cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(8, thread_name_prefix="parts")


def _sync_directory(directory: Path) -> None:
    """Make the rename itself durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(root: Path) -> int:
    """Remove temporary files that a killed run left under ``root``; returns how many."""
    leftovers = [path for path in root.rglob(f"{TEMPORARY}*") if path.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; empty when the file is missing."""
    if not path.is_file():
        return ""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
