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
from fastapi import Request, Response

MAGIC = b"THC1"
MEDIA = "application/octet-stream"


def described(head: type) -> dict[int | str, dict[str, Any]]:
    """Both forms of an answer for the published API: the envelope, and its head alone as JSON."""
    return {200: {"model": head, "description": f"{head.__name__} and arrays; the head alone to 'accept: application"
                  "/json'", "content": {MEDIA: {"schema": {"type": "string", "format": "binary"}}}}}


def answer(data: bytes, request: Request) -> Response:
    """An envelope, or its head alone to whoever asks for JSON."""
    if request.headers.get("accept", "").split(",")[0].strip() == "application/json":
        head, _ = unpack(data)
        del head["arrays"]
        return Response(json.dumps(head, ensure_ascii=False), media_type="application/json")
    return Response(data, media_type=MEDIA)


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
