"""Flesch reading ease (Flesch 1948) and Flesch-Kincaid grade of a Markdown text, by the usual syllable rules."""

from __future__ import annotations

import re


def prose(markdown: str) -> str:
    """The running text: no tables, no addresses, no list of sources."""
    body = markdown.split("## Where the numbers come from")[0]
    lines = [line for line in body.splitlines() if not line.startswith(("|", "#"))]
    return re.sub(r"<[^>]*>|[*_`]", "", "\n".join(lines))


def syllables(word: str) -> int:
    """Groups of vowels, less a silent e; at least one."""
    word = word.lower()
    groups = len(re.findall(r"[aeiouy]+", word))
    if re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxz]es$", word) and groups > 1:
        groups -= 1
    return max(1, groups)


def measure(markdown: str) -> tuple[float, float]:
    """(reading ease, grade): ease 60 to 70 is plain English, grade is years of school."""
    text = prose(markdown)
    sentences = max(1, len([s for s in re.split(r"[.!?:]+(?=\s|$)", text) if re.search(r"[A-Za-z]", s)]))
    words = re.findall(r"[A-Za-z][A-Za-z'’-]*", text)
    per_sentence, per_word = len(words) / sentences, sum(map(syllables, words)) / len(words)
    return 206.835 - 1.015 * per_sentence - 84.6 * per_word, 0.39 * per_sentence + 11.8 * per_word - 15.59
