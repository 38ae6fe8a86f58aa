"""Reference pages that the program writes about itself, so that they cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click


def write(folder: Path) -> None:
    """Write every generated page; one whose room has nothing to tell yet is left out."""
    folder.mkdir(exist_ok=True)
    for name, lines in {"cli": command_line(), "study-file": study_file(), "register": register(),
                        "library": library(), "claims": claims()}.items():
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", "utf-8")


def command_line() -> Iterator[str]:
    """Every command with its help page, as click prints it."""
    from thecal.apps.cli import group

    context = click.Context(group, info_name="thecal", max_content_width=100)
    yield from ("```text", group.get_help(context), "```", "")
    for name in group.list_commands(context):
        yield f"## thecal {name}\n"
        yield from _help_of(group.get_command(context, name), click.Context(group, info_name="thecal"), name)


def _help_of(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100)
    yield from ("```text", command.get_help(context), "```", "")
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            yield from _help_of(command.get_command(context, sub), context, sub)


def study_file() -> Iterator[str]:
    """Every key of the study file, from the JSON Schema that 'thecal schema' prints."""
    from thecal.study.schema import study_schema

    schema = study_schema()
    yield from _record("The study", schema, schema.get("description", ""))
    for name, record in schema.get("$defs", {}).items():
        if "properties" in record:
            yield from _record(name, record, record.get("description", ""))


def _record(name: str, record: dict, about: str) -> Iterator[str]:
    yield f"## {name}\n\n{about}\n\n| key | holds | meaning |\n|---|---|---|"
    for key, field in record["properties"].items():
        meaning = [field.get("description", ""), "*Needed.*" if key in record.get("required", ()) else _default(field)]
        yield f"| `{key}` | {_cell(_holds(field))} | {_cell(' '.join(meaning))} |"
    yield ""


def _default(field: dict) -> str:
    default = field.get("default")
    if default in (None, [], {}, ""):
        return ""
    if isinstance(default, dict):
        default = [f"{key} {value}" for key, value in default.items()]
    return f"Default {', '.join(map(str, default)) if isinstance(default, list) else default}."


def _holds(field: dict) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    for joint in ("anyOf", "oneOf"):
        if joint in field:
            return " or ".join(dict.fromkeys(_holds(option) for option in field[joint] if option != {"type": "null"}))
    if "enum" in field or "const" in field:
        return ", ".join(f"`{word}`" for word in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return "list of " + _holds(field.get("items", {}))
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return "names, each with " + _holds(field["additionalProperties"])
    example = (field.get("examples") or [""])[0]
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "keys"}
    kinds = field.get("type", "anything")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return f"`{example}`" if example else " or ".join(words.get(kind, kind) for kind in kinds)


def register() -> Iterator[str]:
    """The parameters of the mouse, room by room."""
    from thecal.core.register import load

    entries = list(load().values())
    for room in dict.fromkeys(entry.room for entry in entries):
        yield f"## {room}\n\n| parameter | value | kind | source |\n|---|---|---|---|"
        for e in entries:
            if e.room == room:
                spread = "" if e.low == e.high else f" ({e.low:g} to {e.high:g})"
                kind = f"**{e.kind}**" if e.is_assumption else e.kind
                unit = "" if e.unit == "1" else e.unit
                source = ". ".join(part for part in (e.source, e.note) if part)
                yield (f"| `{e.id}` {_cell(e.context)} | {_cell(f'{e.value:g}{spread} {unit}')} | {kind} "
                       f"| {_cell(source)} |")
        yield ""


def library() -> Iterator[str]:
    """Species, injuries, products and assays by name, and the studies of the package."""
    from thecal.study import catalogue
    from thecal.study import library as studies

    for kind in catalogue.KINDS:
        yield f"## {kind.capitalize()}\n\n| name | also called | what |\n|---|---|---|"
        for record in catalogue.records(kind):
            what = record.description if record.modelled else f"{record.description} *Evidence only, no model.*"
            yield f"| {_cell(record.name)} | {_cell(', '.join(record.aliases))} | {_cell(what)} |"
        yield ""
    yield "## Studies\n\n" + "\n".join(f"- `{name}`" for name in studies())


def claims() -> Iterator[str]:
    """The register of claims."""
    from ruamel.yaml import YAML

    file = resources.files("thecal") / "data" / "claims" / "register.yaml"
    register = YAML(typ="safe").load(file.read_text("utf-8"))
    rows = register["claims"] if isinstance(register, dict) else register
    yield "| claim | statement | tag | role | source |\n|---|---|---|---|---|"
    for row in rows:
        cells = (row.get(key, "") for key in ("statement", "tag", "role", "source"))
        yield f"| `{row['id']}` | " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
