"""Errors of the validator, told as problems: where, what, seen, allowed, what to do."""

from __future__ import annotations

import difflib
import re
import typing
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from thecal.core.errors import Problem
from thecal.study.model.text import Document, Path, shown

_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*")

# Messages of the validator in the user's words; {name} are values of its context.
_WORDS = {
    "missing": ("a key is missing", ""),
    "literal_error": ("not one of the known words", "{expected}"),
    "bool_type": ("expected true or false", "true, false"),
    "bool_parsing": ("expected true or false", "true, false"),
    "string_type": ("expected text", "text"),
    "string_too_long": ("the text is too long", "at most {max_length} characters"),
    "string_too_short": ("the text is empty", "at least {min_length} character"),
    "string_pattern_mismatch": ("the name has characters that are not allowed", "letters, digits, '_', '-', '.'"),
    "list_type": ("expected a list", "items, each on a line with '- '"),
    "dict_type": ("expected keys with values", "lines such as 'key: value'"),
    "model_type": ("expected keys with values", "lines such as 'key: value'"),
    "model_attributes_type": ("expected keys with values", "lines such as 'key: value'"),
    "too_short": ("the list is too short", "at least {min_length} item"),
    "too_long": ("the list is too long", "at most {max_length} items"),
    "int_from_float": ("expected a whole number", "digits only"),
    "int_type": ("expected a whole number", "digits only"),
    "int_parsing_size": ("the number is too large", ""),
    "float_type": ("expected a number", "a number"),
    "finite_number": ("the number is not finite", "a finite number"),
    "greater_than_equal": ("the number is too small", "at least {ge}"),
    "greater_than": ("the number is too small", "more than {gt}"),
    "less_than_equal": ("the number is too large", "at most {le}"),
    "less_than": ("the number is too large", "less than {lt}"),
}


def translate(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """One problem per finding, in the file's order; at most 50."""
    problems = []
    for found in error.errors(include_url=False)[:50]:
        path = tuple(p for p in found["loc"] if p != "[key]")
        problems.append(_problem(found, path, model, document))
    return problems


def _problem(found: Any, path: Path, model: type[BaseModel], document: Document) -> Problem:
    kind = found["type"]
    context = found.get("ctx") or {}
    path = (*path, *(context.get("at", ()) if kind == "thecal" else ()))
    where = place(path, document)
    if kind == "extra_forbidden":
        known = keys_at(model, path[:-1])
        return Problem(where, f"the key '{shown(path[-1])}' is not known here", allowed=", ".join(known),
                       code="unknown-key",
                       remedy=did_you_mean(str(path[-1]), known) or "remove it, or see 'thecal schema'")
    if kind == "missing":
        return Problem(where, f"the key '{path[-1]}' is missing", code="missing",
                       allowed="", remedy=f"add '{path[-1]}: ...'; 'thecal schema' says what it holds")
    seen = shown(found["input"])
    if kind == "thecal":
        return Problem(where, context["what"], seen=context["seen"] or seen, allowed=context["allowed"],
                       remedy=context["remedy"], code=context["code"])
    what, allowed = _WORDS.get(kind, (str(found["msg"]).removeprefix("Value error, "), ""))
    remedy = ""
    if kind == "literal_error":
        expected = str(context.get("expected", ""))
        options = [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]
        remedy = did_you_mean(str(found["input"]), options)
    return Problem(where, what, seen=seen, allowed=allowed.format(**context), remedy=remedy, code=kind)


def place(path: Path, document: Document | None) -> str:
    """``arms[2].give[0].dose`` with the arm's name and the line of the file."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + shown(part, 60)
    if document is None:
        return text or "study"
    arm = _arm_name(path, document)
    line = document.line_of(path)
    details = [d for d in (f"arm {arm}" if arm else "", f"line {line}" if line else "") if d]
    return (text or document.name) + (f" ({', '.join(details)})" if details else "")


def located(problem: Problem, study: Any) -> Problem:
    """The problem with its place spelled out: ``arms[2].give[0]`` gets the arm's name and the line of the file."""
    if not _PATH.fullmatch(problem.where):
        return problem
    path = tuple(int(index) if index else word for word, index in _PART.findall(problem.where))
    return replace(problem, where=study.place(*path))


def _arm_name(path: Path, document: Document) -> str:
    if len(path) < 2 or path[0] != "arms" or not isinstance(path[1], int):
        return ""
    arms = document.data.get("arms")
    arm = arms[path[1]] if isinstance(arms, list) and path[1] < len(arms) else None
    return shown(arm.get("id", ""), 64) if isinstance(arm, dict) else ""


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that are known at a place of the file."""
    current: Any = model
    for part in path:
        if isinstance(part, str) and isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(part)
            current = _inner_model(field.annotation) if field else None
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []


def _inner_model(annotation: Any) -> Any:
    """The record inside ``list[...]``, ``Annotated[...]`` or ``... | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        inner = _inner_model(part)
        if inner is not None:
            return inner
    return None


def did_you_mean(word: str, options: list[str]) -> str:
    """'did you mean ...?' for the nearest option, or nothing."""
    near = difflib.get_close_matches(word[:80].casefold(), [o.casefold() for o in options], n=1, cutoff=0.6)
    if not near:
        return ""
    return "did you mean '" + next(o for o in options if o.casefold() == near[0]) + "'?"
