"""Up-down series as arrays: letters to responses, responses to the filaments that must have been used.

A series is written O (no response) and X (withdrawal). O is followed by the next heavier filament, X by the next
lighter one, so the last filament and the letters fix the whole path (Dixon 1965; Chaplan 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thecal.core.errors import ThecalError

LONGEST = 40  # letters; a real series has at most about 25 (20 filaments and the rule of four)


@dataclass(frozen=True)
class Responses:
    """Many series at once.

    Arguments:
        letters: shape (n, L): 1 = X, 0 = O, -1 = no stimulus.
        length: stimuli given, shape (n,).
    """

    letters: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return self.length.size

    @property
    def given(self) -> np.ndarray:
        """Where a stimulus was given, shape (n, L)."""
        return self.letters >= 0

    @property
    def crossed(self) -> np.ndarray:
        """Series that hold both letters, shape (n,): only these have a likelihood with a maximum."""
        return (self.letters == 1).any(axis=1) & (self.letters == 0).any(axis=1)

    def strings(self) -> np.ndarray:
        """The series as ``OXOOXX``, shape (n,)."""
        if self.letters.shape[1] == 0:
            return np.full(len(self), "", dtype="U1")
        signs = np.array([ord("O"), ord("X"), 0], dtype=np.uint32)[self.letters]
        return np.ascontiguousarray(signs).view(f"U{self.letters.shape[1]}").ravel()

    def codes(self) -> np.ndarray:
        """One integer per distinct series, shape (n,); equal series have equal codes."""
        weights = np.int64(1) << np.arange(self.letters.shape[1], dtype=np.int64)
        return np.where(self.given, self.letters, 0) @ weights + (self.length.astype(np.int64) << 48)


def read_series(strings) -> Responses:
    """Responses from clean strings of O and X.

    Arguments:
        strings: array-like of str, shape (n,); upper or lower case. An empty string is an empty series.
    Errors: ThecalError for other letters, or more than 40 of them (spelling is cleaned in ``analysis.notebook``).
    """
    text = np.char.upper(np.atleast_1d(np.asarray(strings, dtype=str)))
    width = max(text.dtype.itemsize // 4, 1)
    signs = np.ascontiguousarray(text).view(np.uint32).reshape(text.size, width)
    letters = np.where(signs == ord("X"), 1, np.where(signs == ord("O"), 0, -1)).astype(np.int8)
    length = (signs != 0).sum(axis=1)
    wrong = ((letters < 0) & (signs != 0)).any(axis=1) | (length > LONGEST)
    if wrong.any():
        raise ThecalError.single(
            "series",
            "an up-down series holds only O and X, at most 40 of them",
            seen=str(text[wrong][0]),
            allowed="for example OXOOXX",
        )
    return Responses(letters[:, : max(int(length.max(initial=0)), 1)], length)


def positions(responses: Responses, last: np.ndarray) -> np.ndarray:
    """Filament of each stimulus, walked back from the last one.

    Equation: p[i] = p[i+1] - 1 after O, + 1 after X.

    Arguments:
        last: position (from 1) of the last filament, shape (n,).
    Returns: integer positions, shape (n, L), 0 where no stimulus; outside the set where the note is wrong.
    """
    moves = np.where(responses.letters == 0, 1, np.where(responses.letters == 1, -1, 0)).astype(np.int64)
    places = np.arange(moves.shape[1])
    moves[places[None, :] >= responses.length[:, None] - 1] = 0  # the last response moves nothing
    travelled = np.cumsum(moves, axis=1) - moves
    path = np.asarray(last, dtype=np.int64)[:, None] - moves.sum(axis=1)[:, None] + travelled
    return np.where(responses.given, path, 0)


def last_from_start(responses: Responses, start: np.ndarray | int) -> np.ndarray:
    """Position of the last filament of a series that began at ``start`` and kept the rule, shape (n,)."""
    path = positions(responses, np.zeros(len(responses), dtype=np.int64))
    return np.asarray(start) - path[:, 0]


def after_change(responses: Responses) -> np.ndarray:
    """Responses after the first change of letter, shape (n,); -1 where the letter never changes."""
    letters = responses.letters
    change = (letters[:, 1:] >= 0) & (letters[:, 1:] != letters[:, :-1])
    if change.shape[1] == 0:
        return np.full(len(responses), -1)
    first = np.argmax(change, axis=1) + 1
    return np.where(change.any(axis=1), responses.length - 1 - first, -1)
