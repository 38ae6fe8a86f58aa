"""YAML text to plain data, with bounds on everything that a hostile or broken file can grow.

The reader walks the event stream of a YAML 1.2 parser with an explicit stack, so depth cannot exhaust the
interpreter's own stack and an alias is counted at its full size before it is expanded. Scalars follow the
YAML 1.2 core schema: ``1e6`` is a number, ``no`` and ``on`` are words. Tags, duplicate keys, more than one
document and anchors that contain themselves are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from thecal.core.errors import ThecalError

MAX_BYTES = 1_000_000
MAX_NODES = 60_000
MAX_DEPTH = 24
MAX_KEY = 200

_INT = re.compile(r"[-+]?\d{1,30}")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """What a file holds: plain data and the line on which each key or item starts."""

    data: Any
    lines: dict[Path, int]
    name: str

    def line_of(self, path: Path) -> int | None:
        """The line of ``path``, or of its nearest ancestor that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


@dataclass
class _Open:
    """A list or mapping that is still being read."""

    value: Any
    path: Path
    anchor: str | None
    first_node: int
    key: Any = None
    has_key: bool = False
    seen: set[str] = field(default_factory=set)


def read(raw: bytes | str, name: str) -> Document:
    """Plain data from YAML text.

    Arguments:
        raw: the file's bytes (UTF-8) or text.
        name: what to call the file in messages.

    Errors: one :class:`ThecalError` that names the line and what to do.
    """
    return _Reader(name).read(_decoded(raw, name))


def _decoded(raw: bytes | str, name: str) -> str:
    size = len(raw)
    if size > MAX_BYTES:
        raise ThecalError.single(name, "the file is too large for a study", seen=f"{size} bytes",
                                 allowed=f"at most {MAX_BYTES} bytes", code="too-large",
                                 remedy="give one study per file, without measured data in it")
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ThecalError.single(f"{name}, line {line}", "the file is not UTF-8 text",
                                 seen=f"byte 0x{raw[error.start]:02x}", allowed="UTF-8", code="encoding",
                                 remedy="save the file as UTF-8 in the editor") from None


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        self.documents = 0
        self.root: Any = None

    def fail(self, line: int, what: str, **details: str) -> ThecalError:
        return ThecalError.single(f"{self.name}, line {line}", what, **details)

    def read(self, text: str) -> Document:
        for event in self._events(text):
            kind = type(event).__name__
            line = event.start_mark.line + 1
            if kind == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise self.fail(line, "a second document starts here", allowed="one document in a file",
                                    remedy="remove the line '---'", code="yaml")
            elif kind == "ScalarEvent":
                self._count(1, line)
                self._put(self._scalar(event, line), line, event.anchor)
            elif kind == "AliasEvent":
                self._put(self._alias(event, line), line, None)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._start(event, {} if kind[0] == "M" else [], line)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                done = self.stack.pop()
                if done.anchor:
                    self.anchors[done.anchor] = (done.value, self.nodes - done.first_node + 1)
        if not isinstance(self.root, dict):
            raise ThecalError.single(self.name, "the file does not hold a study", seen=shown(self.root),
                                     allowed="keys with values, such as 'species: mouse'", code="yaml",
                                     remedy="start from a study of the library: 'thecal plan chen2015'")
        return Document(self.root, self.lines, self.name)

    def _events(self, text: str) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self.fail((mark.line if mark else 0) + 1, f"this is not YAML: {error.problem or error.context}",
                            remedy="check indentation, colons, quotes and tabs near this line",
                            code="yaml") from None
        except (YAMLError, ValueError) as error:
            first = (str(error).strip().splitlines() or ["unreadable"])[0]
            raise ThecalError.single(self.name, f"this is not YAML: {first}", code="yaml",
                                     remedy="remove control characters; use plain UTF-8 text") from None

    def _count(self, more: int, line: int) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise self.fail(line, "the file holds too many values, counted with every repeated anchor",
                            allowed=f"at most {MAX_NODES}", code="alias-bomb",
                            remedy="write repeated parts out once, or remove aliases ('*name')")

    def _start(self, event: Any, value: Any, line: int) -> None:
        self._count(1, line)
        self._refuse_tag(event, line)
        if len(self.stack) >= MAX_DEPTH:
            raise self.fail(line, "the file is nested too deeply", allowed=f"at most {MAX_DEPTH} levels",
                            remedy="check brackets and indentation", code="depth")
        path = self._path()
        self._put(value, line, None)
        self.stack.append(_Open(value, path, event.anchor, self.nodes))

    def _refuse_tag(self, event: Any, line: int) -> None:
        tag = event.tag
        if tag and tag not in ("!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise self.fail(line, "a type tag is not read here", seen=shown(str(tag)),
                            allowed="plain values", remedy="remove the tag", code="yaml-tag")

    def _scalar(self, event: Any, line: int) -> Any:
        self._refuse_tag(event, line)
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) and len(text) < 60 else text

    def _alias(self, event: Any, line: int) -> Any:
        if event.anchor not in self.anchors:
            raise self.fail(line, "this alias names no finished anchor", seen=f"*{event.anchor}"[:60],
                            remedy="put '&name' on an earlier value, or write the value out", code="alias")
        value, size = self.anchors[event.anchor]
        self._count(size, line)
        return value

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.path, len(top.value) if isinstance(top.value, list) else str(top.key))

    def _put(self, value: Any, line: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = (value, 1)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            self.lines[self._path()] = line
            top.value.append(value)
        elif not top.has_key:
            self._key(top, value, line)
        else:
            self.lines.setdefault((*top.path, top.key), line)
            top.value[top.key] = value
            top.has_key = False

    def _key(self, top: _Open, value: Any, line: int) -> None:
        if isinstance(value, (dict, list)) or value is None or len(str(value)) > MAX_KEY:
            raise self.fail(line, "a key must be a short word", seen=shown(value), code="yaml-key",
                            remedy="write 'name: value'; quote a value that contains ': ' or '{'")
        key = str(value)
        if key == "<<":
            raise self.fail(line, "merge keys ('<<') are not part of YAML 1.2", code="yaml-key",
                            remedy="write the repeated keys out")
        if key in top.seen:
            raise self.fail(line, f"the key '{key}' stands twice", code="duplicate-key",
                            remedy="keep one of the two")
        top.seen.add(key)
        top.key, top.has_key = key, True
        self.lines[(*top.path, key)] = line


def shown(value: Any, most: int = 80) -> str:
    """A value of the file on one line, short enough for a message."""
    text = "nothing" if value is None else repr(value) if isinstance(value, (dict, list)) else str(value)[:most + 1]
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= most else text[:most - 3] + "..."
