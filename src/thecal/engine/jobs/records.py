"""The nouns of a job: an arm, a chunk of its animals, how far a run is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OK = "ok"
"""Status of an animal that was computed."""


@dataclass(frozen=True)
class Arm:
    """One arm of a study as the catalogue knows it.

    Arguments:
        id: the arm's id in the study file.
        n: number of animals, at least 1.
        label: how people call it; the id when empty.
    """

    id: str
    n: int
    label: str = ""


@dataclass(frozen=True)
class Chunk:
    """A run of animals of one arm, ``first`` up to but not including ``first + n``.

    Arguments:
        number: place in the job, from 0; the order of reading.
        arm: id of the arm.
        first: index of the first animal within its arm.
        n: number of animals.
        tries: how often it was begun before.
    """

    number: int
    arm: str
    first: int
    n: int
    tries: int = 0

    def __str__(self) -> str:
        last = self.first + self.n - 1
        return f"arm {self.arm}, " + (f"animal {last}" if self.n == 1 else f"animals {self.first} to {last}")


@dataclass(frozen=True)
class Progress:
    """How far a run is: chunks and animals finished, failed and in all.

    An animal is *failed* here when its whole chunk could not be computed; an animal of a finished chunk
    has its own status, counted in ``statuses``.
    """

    chunks_done: int
    chunks_failed: int
    chunks: int
    animals_done: int
    animals_failed: int
    animals: int
    statuses: dict[str, int]

    @property
    def complete(self) -> bool:
        """Whether every chunk is finished."""
        return self.chunks_done == self.chunks

    @property
    def lost(self) -> int:
        """Animals without a result: those of failed chunks and those whose status is not ``ok``."""
        return self.animals_failed + sum(n for status, n in self.statuses.items() if status != OK)


def chunks_of(arms: Iterable[Arm], size: int) -> list[Chunk]:
    """Cut arms into chunks of at most ``size`` animals, in the order of the arms.

    The cut is part of the job, not of the machine: it must not depend on the number of workers.
    """
    if size < 1:
        raise ValueError(f"a chunk holds at least one animal, not {size}")
    cuts = [(arm, first) for arm in arms for first in range(0, arm.n, size)]
    return [Chunk(number, arm.id, first, min(size, arm.n - first)) for number, (arm, first) in enumerate(cuts)]
