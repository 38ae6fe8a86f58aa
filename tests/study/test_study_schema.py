"""The published JSON Schemas are current, and they accept and refuse as the program does."""

from __future__ import annotations

import copy
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from thecal.study.catalogue import KINDS, NOT_RECORDS, SINGULAR
from thecal.study.load import library, source_text
from thecal.study.model.text import read
from thecal.study.schema import as_text, schemas

FOLDER = Path(__file__).parents[2] / "schemas"
BASE = read(Path(__file__).with_name("base_study.yaml").read_bytes(), "base").data


@pytest.mark.parametrize("name", ["study", *SINGULAR.values()])
def test_the_checked_in_schema_is_current(name):
    stored = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert stored == as_text(schemas()[name]), "run 'thecal schema --out schemas'"
    jsonschema.Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("name", ["base", *library()])
def test_good_studies_fit_the_schema(name):
    data = BASE if name == "base" else read(*source_text(name)).data
    jsonschema.validate(data, schemas()["study"])


@pytest.mark.parametrize("kind", KINDS)
def test_data_files_fit_their_schema(kind):
    folder = resources.files("thecal") / "data" / kind
    for file in folder.iterdir():
        if file.name.endswith(".yaml") and file.name not in NOT_RECORDS:
            jsonschema.validate(read(file.read_bytes(), file.name).data, schemas()[SINGULAR[kind]])


@pytest.mark.parametrize(("path", "value"), [
    (("dosis",), 1), (("arms", 0, "give", 0, "dosis"), 1), (("sex",), "cat"), (("n",), "8"), (("end",), 60),
    (("hypotheses",), {"H12": 1}), (("injury",), ["CCI"]), (("arms",), [])])
def test_the_schema_refuses_what_the_program_refuses(path, value):
    data = copy.deepcopy(BASE)
    record = data
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schemas()["study"])


def test_library_files_point_editors_to_the_schema():
    for name in library():
        first = source_text(name)[0].decode().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=") and first.endswith("study.schema.json")
