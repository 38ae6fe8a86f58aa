"""Checks of cages: how many animals share one, and whether the allocation can be made with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from thecal.core.errors import Problem
from thecal.study.checks.context import Context, listed
from thecal.study.plan import ArmPlan

LEAST_CAGES = 2     #: cages of an arm, where whole cages are allocated


def cages_unsized(context: Context) -> Iterator[Problem]:
    """Whole cages are allocated and nobody said how many animals share one."""
    conduct = context.plan.conduct
    if conduct.randomisation == "cages" and conduct.animals_per_cage is None:
        yield context.error("cage-size", ("conduct", "randomisation"), "how many animals share a cage?", seen="cages",
                            allowed="1 to 20", remedy="add 'animals_per_cage: 4' to 'conduct'")


def blocks_without_blocks(context: Context) -> Iterator[Problem]:
    """Something is named as a block and animals are not randomised in blocks."""
    conduct = context.plan.conduct
    if conduct.block_by == "none" or conduct.randomisation == "blocks":
        return
    told = context.error if conduct.block_by == "cage" else context.warning
    yield told("no-blocks", ("conduct", "block_by"), "there are no blocks to make",
               seen=f"block_by: {conduct.block_by} with randomisation: {conduct.randomisation}",
               allowed=f"block_by: {conduct.block_by} with randomisation: blocks",
               remedy="write 'randomisation: blocks', or remove 'block_by'")


def cage_of_one(context: Context) -> Iterator[Problem]:
    """A cage of one animal cannot hold two arms."""
    conduct = context.plan.conduct
    if conduct.block_by == "cage" and conduct.animals_per_cage == 1:
        yield context.error("cage-of-one", ("conduct", "animals_per_cage"),
                            "arms cannot be compared within a cage that holds one animal", seen="1", allowed="2 to 20",
                            remedy="raise it, or remove 'block_by'")


def broken_cages(context: Context) -> Iterator[Problem]:
    """Whole cages of one arm and sex: full ones, and more than one."""
    size = context.plan.conduct.animals_per_cage
    if context.plan.conduct.randomisation != "cages" or size is None:
        return
    for index, _, arm in context.arms():
        for sex, n in _by_sex(arm).items():
            if n % size or n // size < LEAST_CAGES:
                what = "cannot be put into full cages" if n % size else \
                    "would share one cage, so that nobody could tell the arm from the cage"
                yield context.error(
                    "broken-cages", ("arms", index), f"the {n} {sex} animals of this arm {what}",
                    seen=f"n: {arm.n}, {size} to a cage",
                    allowed=f"per sex a multiple of {size}, and {LEAST_CAGES} cages or more",
                    remedy=f"set n to {_next(arm, size)}, change 'animals_per_cage', or spread the arms within cages "
                           "(randomisation: blocks, block_by: cage)")


def incomplete_cages(context: Context) -> Iterator[Problem]:
    """More arms than a cage holds animals: each cage then holds some of the arms only."""
    conduct, size = context.plan.conduct, context.plan.conduct.animals_per_cage
    if conduct.block_by != "cage" or size is None or size < 2:
        return
    arms = Counter((arm.cohort, sex) for arm in context.plan.arms for sex in arm.sexes)
    crowded = [f"{cohort}, {sex}: {n} arms" for (cohort, sex), n in arms.items() if n > size]
    if crowded:
        yield context.note("incomplete-cages", ("conduct", "animals_per_cage"),
                           "a cage cannot hold every arm; each holds an even share of them", seen=listed(crowded),
                           allowed=f"up to {size} arms of one cohort",
                           remedy="larger cages or fewer arms make comparisons within cages stronger")


def _by_sex(arm: ArmPlan) -> Counter[str]:
    """Animals of an arm have their sexes by turns, as in the simulation."""
    return Counter(arm.sexes[i % len(arm.sexes)] for i in range(arm.n))


def _next(arm: ArmPlan, size: int) -> int:
    """The next n with full cages, two or more of each sex."""
    cage = size * len(arm.sexes)
    return max(LEAST_CAGES * cage, -(-arm.n // cage) * cage)
