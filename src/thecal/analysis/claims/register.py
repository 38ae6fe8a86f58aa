"""Reading the register of claims and the studies that hold its arms."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from thecal.study.load import loads
from thecal.study.plan import ArmPlan, StudyPlan
from thecal.study.resolve import resolve

TAGS = ("published", "press", "inferred", "our bound")
ROLES = ("fitted", "predicted")
MAX_FITTED = 5


@dataclass(frozen=True)
class Claim:
    """One row: what was said, by whom, how it is tested, and inside which window."""

    id: str
    number: int
    statement: str
    source: str
    tag: str
    role: str
    test: str
    arm: str
    arms: tuple[str, ...]
    window: Mapping[str, tuple[float, float]]
    cause: str = ""

    def inside(self, name: str, value: Any) -> Any:
        """Whether a value (or array) lies in a part of the window."""
        low, high = self.window[name]
        return (value >= low) & (value <= high)


@functools.cache
def load_claims() -> tuple[Claim, ...]:
    """All claims in the order of the register. Errors: ValueError for a row that breaks the register's rules."""
    rows = _yaml("register.yaml")["claims"]
    claims = tuple(Claim(id=r["id"], number=int(r["number"]), statement=r["statement"], source=r["source"],
                         tag=r["tag"], role=r["role"], test=r["test"], arm=r["arm"],
                         arms=tuple(r.get("arms", [r["arm"]])), cause=r.get("cause", ""),
                         window={k: (float(v[0]), float(v[1])) for k, v in r["window"].items()}) for r in rows)
    if len({c.id for c in claims}) != len(claims) or any(c.tag not in TAGS or c.role not in ROLES for c in claims):
        raise ValueError("register of claims: a double id, or an unknown tag or role")
    if sum(c.role == "fitted" for c in claims) > MAX_FITTED:
        raise ValueError(f"register of claims: more than {MAX_FITTED} claims are fitted")
    return claims


def window_log() -> list[dict[str, str]]:
    """Changes of windows after the first scoring, each with its reason."""
    return list(_yaml("register.yaml")["log"])


@functools.cache
def claim_study(name: str) -> StudyPlan:
    """The resolved study of claim arms: ``mouse`` or ``rat``."""
    return resolve(loads(_bytes(f"{name}.yaml"), f"{name}.yaml"))


def find_arm(reference: str) -> tuple[StudyPlan, ArmPlan]:
    """``mouse/cells`` -> its study and arm."""
    study, arm = reference.split("/", 1)
    plan = claim_study(study)
    return plan, plan.arm(arm)


def _bytes(name: str) -> bytes:
    return (resources.files("thecal") / "data" / "claims" / name).read_bytes()


def _yaml(name: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(_bytes(name).decode())
