"""JSON Schemas of the study file and of the data files, for editors and other programs."""

from __future__ import annotations

import json
from typing import Any

from thecal.study.catalogue import KINDS, SINGULAR
from thecal.study.model import Study

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> dict[str, Any]:
    """The schema of a study file."""
    return _titled(Study.model_json_schema(mode="validation"), "Thecal study")


def schemas() -> dict[str, dict[str, Any]]:
    """All schemas by name: study, species, injury, product, assay."""
    found = {"study": study_schema()}
    for kind, model in KINDS.items():
        found[SINGULAR[kind]] = _titled(model.model_json_schema(mode="validation"), f"Thecal {SINGULAR[kind]}")
    return found


def as_text(schema: dict[str, Any]) -> str:
    """A schema as it is stored: two spaces, sorted keys, a newline at the end."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **schema, "title": title}
