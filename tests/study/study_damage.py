"""Ways in which a study file gets damaged. Each takes a random source and the plain data of a good study and returns
the bytes of a file and whether it must be refused."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Damaged = tuple[bytes, bool]
Keys = tuple[Any, ...]


TEXT = Path(__file__).with_name("base_study.yaml").read_text(encoding="utf-8")


def dump(data: Any) -> bytes:
    """JSON, one value on a line: every JSON text is YAML 1.2 too, and it is written much faster."""
    return json.dumps(data, indent=0, ensure_ascii=False).encode()


def leaves(data: Any, path: Keys = ()) -> Iterator[Keys]:
    if isinstance(data, (dict, list)) and data:
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from leaves(data[key], (*path, key))
    else:
        yield path


def places(data: Any, path: Keys = ()) -> Iterator[Keys]:
    if path:
        yield path
    if isinstance(data, (dict, list)):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from places(data[key], (*path, key))


def at(data: Any, path: Keys) -> Any:
    for key in path:
        data = data[key]
    return data


def put(data: Any, path: Keys, value: Any) -> Any:
    data = copy.deepcopy(data)
    at(data, path[:-1])[path[-1]] = value
    return data


def unknown_key(rng: random.Random, data: Any) -> Damaged:
    inside = [p for p in [(), *places(data)] if isinstance(at(data, p), dict)]
    path = rng.choice(inside)
    return dump(put(data, (*path, rng.choice(["dosis", "Species", "n_animals", "x" * 150, "🐁"])), 1)), True


def misspelt_key(rng: random.Random, data: Any) -> Damaged:
    inside = [p for p in [(), *places(data)] if isinstance(at(data, p), dict) and at(data, p)]
    path = rng.choice(inside)
    data = copy.deepcopy(data)
    record = at(data, path)
    key = rng.choice(list(record))
    record[str(key) + rng.choice("aex")] = record.pop(key)
    return dump(data), True


def missing_key(rng: random.Random, data: Any) -> Damaged:
    data = copy.deepcopy(data)
    path = rng.choice([p for p in places(data) if isinstance(p[-1], str)])
    del at(data, path[:-1])[path[-1]]
    return dump(data), path in (("name",), ("end",), ("arms",))


def wrong_type(rng: random.Random, data: Any) -> Damaged:
    path = rng.choice(list(places(data)))
    value = rng.choice([[], {}, [[1]], {"a": {"b": 1}}, True, None, 3.5, "?", ["x", 1], -1, 10**25])
    return dump(put(data, path, value)), False


def wrong_unit(rng: random.Random, data: Any) -> Damaged:
    paths = [p for p in leaves(data) if p[-1] in ("day", "end", "volume", "viability", "duration", "fraction", "dose")]
    value = rng.choice(["4 kg", "10 parsec", "3", "7 d d d d d", "1e5", "-5 °C", "9**9**9 d", "4 d; drop", "ng 10",
                        "1 d**999999999", "nan d", "inf ul", "1e999 d", "0x10 d", "٣ d", "4 d\n5 d", ""])
    return dump(put(data, rng.choice(paths), value)), True


def wrong_name(rng: random.Random, data: Any) -> Damaged:
    paths = [p for p in leaves(data)
             if p[-1] in ("what", "model", "species", "assay", "strain", "level", "agent", "reference", "route",
                          "donor")
             or (p[-1] == "injury" and isinstance(at(data, p), str))]
    value = rng.choice(["IGF-1", "unobtainium", "mouse2", "?", "../../etc/passwd", "SCI", "intravenous", "💉", "%s%n"])
    return dump(put(data, rng.choice(paths), value)), True


def bad_number(rng: random.Random, data: Any) -> Damaged:
    paths = [p for p in leaves(data) if isinstance(at(data, p), (int, float)) and not isinstance(at(data, p), bool)]
    value = rng.choice([-7, 0, -1e308, 1e308, float("nan"), float("inf"), 10**400, "12", "1e6x", True])
    return dump(put(data, rng.choice(paths), value)), False


def huge_or_negative(rng: random.Random, data: Any) -> Damaged:
    paths = [p for p in leaves(data) if isinstance(at(data, p), str) and p[-1] in ("day", "volume", "end", "dose")]
    text = at(data, path := rng.choice(paths))
    unit = text.split(maxsplit=1)[1]
    return dump(put(data, path, rng.choice(["-1e6 ", "1e30 ", "-99999 ", "9e300 "]) + unit)), True


def yaml_trap(rng: random.Random, data: Any) -> Damaged:
    good = "\n".join(line for line in TEXT.splitlines() if not line.startswith("end:"))
    trap = rng.choice([
        "\nname: twice\n", "\n<<: {a: 1}\n", "\nx: !!python/object/apply:os.system ['true']\n", "\n\tend: 5 d\n",
        "\n---\nname: second\n", "\nseed: !!binary aGk=\n", "\nend: [1, 2\n", "\nend: {a: b\n", "\nend: 'open\n",
        "\nend: *nothing\n", "\n? [a, b]\n: 1\n", "\n%YAML 9.9\n", "\n- a\n", "\n: : :\n", "\n\x00\n", "\n@x: 1\n",
        "\nend: &e [*e]\n", "\n" + "k" * 300 + ": 1\n", "\n!!set {a, b}\n", "\nend: 2001-01-01\n"])
    return (good + trap).encode(), True


def alias_bomb(rng: random.Random, data: Any) -> Damaged:
    width = rng.randint(6, 12)
    lines = ["a0: &a0 [x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * width)}]" for k in range(1, rng.randint(7, 12))]
    return "\n".join(lines).encode(), True


def deep(rng: random.Random, data: Any) -> Damaged:
    depth = rng.choice([30, 500, 20_000])
    text = rng.choice(["arms: " + "[" * depth, "arms: " + "{a: " * depth + "1" + "}" * depth, "- " * depth,
                       "a: " + "[" * depth + "]" * depth])
    return text.encode(), True


def not_utf8(rng: random.Random, data: Any) -> Damaged:
    raw = bytearray(dump(data))
    raw.insert(rng.randrange(len(raw)), rng.choice([0xFF, 0xFE, 0x80, 0xC3]))
    return bytes(raw), True


def cut_off(rng: random.Random, data: Any) -> Damaged:
    raw = TEXT.encode()
    return raw[:rng.randrange(len(raw))], False


def scrambled(rng: random.Random, data: Any) -> Damaged:
    raw = bytearray(TEXT.encode())
    for _ in range(rng.randint(1, 12)):
        raw[rng.randrange(len(raw))] = rng.choice(b" :-[]{}\"'#&*!|>%@`\n\t0aZ")
    return bytes(raw), False


def nothing_or_noise(rng: random.Random, data: Any) -> Damaged:
    return rng.choice([b"", b"\n\n", b"null", b"[]", b"42", b"just words", rng.randbytes(300), b"\x00" * 50,
                       b"# only a comment\n", b"{}", "﻿".encode()]), True


def too_large(rng: random.Random, data: Any) -> Damaged:
    return rng.choice([b"a: " + b"x" * 1_100_000, b"- 1\n" * 70_000]), True


KINDS: tuple[Callable[[random.Random, Any], Damaged], ...] = (
    unknown_key, misspelt_key, missing_key, wrong_type, wrong_unit, wrong_name, bad_number, huge_or_negative, yaml_trap,
    alias_bomb, deep, not_utf8, cut_off, scrambled, nothing_or_noise)
