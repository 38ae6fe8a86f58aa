"""Arrays for the browser: one JSON head and float32 blocks behind it, instead of numbers as text.

Layout: ``THC1``, the length of the head in bytes (uint32, little endian), the head (UTF-8, padded with spaces to a
multiple of 4), then the arrays one after another. ``head["arrays"]`` lists name and shape in their order.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

MAGIC = b"THC1"
MEDIA = "application/octet-stream"


def pack(head: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Head and arrays as bytes."""
    listed = [{"name": name, "shape": list(np.shape(array))} for name, array in arrays.items()]
    text = json.dumps({**head, "arrays": listed}, allow_nan=False, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    blocks = [np.ascontiguousarray(array, "<f4").tobytes() for array in arrays.values()]
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *blocks])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What :func:`pack` wrote. Errors: ValueError where it is something else."""
    if data[:4] != MAGIC:
        raise ValueError("these are no arrays of this program")
    size = struct.unpack("<I", data[4:8])[0]
    head = json.loads(data[8:8 + size])
    arrays, place = {}, 8 + size
    for entry in head["arrays"]:
        count = int(np.prod(entry["shape"], dtype=np.int64))
        arrays[entry["name"]] = np.frombuffer(data, "<f4", count, place).reshape(entry["shape"])
        place += 4 * count
    return head, arrays
