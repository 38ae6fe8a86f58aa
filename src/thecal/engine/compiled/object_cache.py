"""Compiled objects kept between starts: one file per key, whole or absent, never in the way.

A file is written under another name and moved into place, carries its own checksum, and is simply made again when
it is damaged, unreadable or made for another processor, version or text. Without a writable folder nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_CHECKSUM_BYTES = 16
KEPT = 500  # files; the oldest beyond that go when one is added


def folder() -> Path:
    """Where objects are kept: ``THECAL_CACHE``, else the user's cache folder of this system."""
    chosen = os.environ.get("THECAL_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "engine"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    elif sys.platform == "darwin":
        base = Path("~/Library/Caches")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return base.expanduser() / "thecal" / "engine"


def key_of(*parts: str) -> str:
    """A file name for everything an object depends on."""
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def fetch(key: str, make: Callable[[], bytes]) -> bytes:
    """The bytes kept under ``key``; made, and kept if that is possible, when they are not there."""
    path = folder() / key
    kept = _read(path)
    if kept is not None:
        return kept
    made = make()
    _write(path, made)
    return made


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, body = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return body if _checksum(body) == checksum else None


def _write(path: Path, body: bytes) -> None:
    """Keep the bytes; a folder that cannot be written costs the next start some time and nothing else."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".making-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_checksum(body) + body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _tidy(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def _tidy(place: Path) -> None:
    """Forget the objects that were made longest ago: those of versions and models no longer used are among them."""
    files = sorted((p for p in place.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    for old in files[: max(0, len(files) - KEPT)]:
        old.unlink(missing_ok=True)


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()
