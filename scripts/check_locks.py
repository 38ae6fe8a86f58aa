"""Are the lock files current?

Every requirement of pyproject.toml is met by a pin, every pin has a hash, and no line names an address.
Needs no network.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": ("build",), "requirements-dev.lock": ("dev",)}


def pins(text: str) -> dict[str, list[tuple[Requirement, bool]]]:
    """Pins of a lock by name, each with whether a hash follows; several when they differ by marker."""
    found: dict[str, list[tuple[Requirement, bool]]] = {}
    for entry in re.split(r"\n(?=\S)", text):
        head, *rest = entry.split("\n")
        if head and not head.startswith("#"):
            pin = Requirement(head.rstrip(" \\"))
            found.setdefault(canonicalize_name(pin.name), []).append((pin, "--hash=sha256:" in "".join(rest)))
    return found


def wanted(project: dict, extras: tuple[str, ...]) -> list[Requirement]:
    """Requirements of the project with some extras; an extra that names the project itself is opened."""
    needs = [Requirement(line) for line in project["dependencies"]]
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            need = Requirement(line)
            needs += wanted(project, tuple(need.extras)) if need.name == project["name"] else [need]
    return needs


def complaints(lock: str, text: str, needs: list[Requirement]) -> list[str]:
    """What is wrong with one lock file, in words."""
    said = [f"{lock}: names an address: {line.strip()}" for line in text.splitlines() if "://" in line]
    locked = pins(text)
    said += [f"{lock}: {pin} has no hash" for group in locked.values() for pin, hashed in group if not hashed]
    for need in needs:
        group = locked.get(canonicalize_name(need.name), [])
        if not group:
            said.append(f"{lock}: {need.name} is missing")
        said += [f"{lock}: {pin} does not meet {need}" for pin, _ in group
                 if not need.specifier.contains(next(iter(pin.specifier)).version, prereleases=True)]
    return said


def main() -> int:
    """Complain about both locks; the exit status says whether there was reason to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = [line for lock, extras in LOCKS.items()
            for line in complaints(lock, (ROOT / lock).read_text("utf-8"), wanted(project, extras))]
    for line in said:
        print(line, file=sys.stderr)
    print("lock files: " + ("write them again with 'make lock'" if said else "current"))
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
