"""Names as laboratories write them: Greek letters, hyphens, spaces and case make no difference."""

from __future__ import annotations

import unicodedata

_GREEK = {"α": "a", "β": "b", "γ": "g", "δ": "d", "κ": "k", "λ": "l", "µ": "u", "μ": "u"}
_SPELLED = {"alpha": "a", "beta": "b", "gamma": "g"}


def normal(name: str) -> str:
    """The name without case, Greek letters and punctuation: 'TGF-β1' and 'tgf beta 1' become 'tgfb1'."""
    text = unicodedata.normalize("NFKC", name[:200]).casefold()
    text = "".join(_GREEK.get(character, character) for character in text)
    for word, letter in _SPELLED.items():
        text = text.replace(word, letter)
    return "".join(character for character in text if character.isalnum())
