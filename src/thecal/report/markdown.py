"""The little Markdown that the plain summary uses, as HTML: headings, lists, tables, bold, italics, links."""

from __future__ import annotations

import re
from html import escape


def html(text: str, lowest: int = 3) -> str:
    """Markdown as HTML.

    Arguments:
        lowest: level of the first heading below the title; the title itself (``#``) is left out, the page has one.
    """
    return "\n".join(filter(None, (_block(block, lowest) for block in text.strip().split("\n\n"))))


def _block(block: str, lowest: int) -> str:
    if found := re.match(r"(#+) (.*)", block):
        level = len(found[1])
        rest = _block(block[found.end():].strip(), lowest) if block[found.end():].strip() else ""
        return (f"<h{lowest + level - 2}>{_inline(found[2])}</h{lowest + level - 2}>" if level > 1 else "") + rest
    if block.startswith("|"):
        return _table(block.splitlines())
    lines = block.splitlines()
    if lines[0].startswith("- "):
        return _list(block)
    for k, line in enumerate(lines):  # a list right under a paragraph
        if line.startswith("- "):
            return f"<p>{_inline(' '.join(lines[:k]))}</p>" + _list("\n".join(lines[k:]))
    return f"<p>{_inline(' '.join(lines))}</p>"


def _list(block: str) -> str:
    items = re.split(r"^- ", block, flags=re.M)[1:]
    return "<ul>" + "".join(f"<li>{_inline(' '.join(i.split()))}</li>" for i in items) + "</ul>"


def _table(lines: list[str]) -> str:
    cells = [[_inline(c.strip()) for c in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{c}</th>" for c in cells[0])
    body = "".join("<tr>" + f'<th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
                   for row in cells[2:])
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _inline(text: str) -> str:
    text = escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<!\*)\*([^*]+)\*(?!\*)", r"<em>\1</em>", text)
    return re.sub(r"&lt;(https?://[^&\s]+)&gt;", r'<a href="\1">\1</a>', text)
