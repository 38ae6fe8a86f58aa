"""Randomisation and blinding lists that can be printed, and a seal that can be broken in public.

``write_lists`` allocates animals to arms in random blocks, gives every animal a code that says nothing, orders the
animals of each test day at random, and writes

* ``test_lists.csv`` and ``lists.html`` for the person who tests (codes only),
* ``preparation_list.csv`` for the one person who fills syringes (codes and arms; keep it away from the tester),
* ``allocation.sealed`` with the arms, packed so that nobody reads them by accident, and
* ``commitment.txt`` with a SHA-256 of the sealed content: publish it before the first animal (registry, e-mail to a
  colleague). ``unseal`` checks that the content still has that hash.

It is a seal, not a lock: who wants to look can, and the preparation list is a key by nature. The hash proves that the
allocation was not changed afterwards.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thecal.core.errors import ThecalError
from thecal.core.files import write_text
from thecal.core.streams import stream
from thecal.study.plan import StudyPlan

LETTERS = "ABCDEFGHJKLMNPQRTUVWXY"     # no I, O, S, Z: they are read as digits
WRITTEN = ("order", "code", "sex", "reading", "initials")     #: columns of a printed test list
WHAT_A_BLOCK_IS = {"cage": "house a block in one cage", "day": "operate and treat a block on one day"}
SWAPS = 2000        #: exchanges of two animals that are tried while arms are spread over cages
SEALED, COMMITMENT = "allocation.sealed", "commitment.txt"


@dataclass(frozen=True)
class Allocation:
    """Who gets what: one row per animal (code, animal, stratum, block, sex, cohort, arm), and how it was drawn."""

    study: str
    table: pd.DataFrame
    method: str
    secret: int

    def content(self) -> str:
        """The sealed text: canonical JSON, the same bytes for the same allocation."""
        body = {"study": self.study, "method": self.method, "secret": self.secret,
                "allocation": self.table.to_dict("records")}
        return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def commitment(self) -> str:
        """SHA-256 of :meth:`content`. The secret in it keeps anyone from guessing allocations until one fits."""
        return hashlib.sha256(self.content().encode()).hexdigest()


def allocate(plan: StudyPlan, arms: Sequence[str] = (), secret: int | None = None) -> Allocation:
    """Allocate animals to the arms of each cohort at random.

    Blocks hold each arm once in its share of n (so two to three arms make blocks of about that size, permuted within);
    strata are the sexes of an arm. With ``randomisation: simple`` the whole stratum is one block. Where the study says
    how many animals share a cage, a block is a cage: with ``block_by: cage`` the arms are spread evenly over the cages,
    with ``randomisation: cages`` each cage gets one arm.

    Arguments:
        plan: the resolved study. arms: only these. secret: 64 random bits; drawn from the system when None.

    Errors: ThecalError for an unknown arm.
    """
    secret = secrets.randbits(64) if secret is None else secret
    known = {a.id for a in plan.arms}
    for name in arms:
        if name not in known:
            raise ThecalError.single("--arm", "there is no arm of that name", seen=name, allowed=", ".join(known))
    chosen = [a for a in plan.arms if not arms or a.id in arms]
    rows: list[dict[str, Any]] = []
    for cohort in dict.fromkeys(a.cohort for a in chosen):
        group = [a for a in chosen if a.cohort == cohort]
        for sex in dict.fromkeys(s for a in group for s in a.sexes):
            # an animal of an arm has a sex by turns, as in the simulation
            left = {a.id: sum(a.sexes[i % len(a.sexes)] == sex for i in range(a.n)) for a in group}
            rng = stream(secret, f"{cohort}/{sex}", "allocation")
            cages = plan.conduct.animals_per_cage
            if cages is not None and _caged(plan):
                block = max((row["block"] for row in rows), default=0)     # a cage has one number in the whole study
                for cage in fill_cages(left, cages, rng, whole=plan.conduct.randomisation == "cages"):
                    block += 1
                    rows += [{"cohort": cohort, "sex": sex, "block": block, "arm": name} for name in cage]
                continue
            block = 0
            while any(left.values()):
                block += 1
                size = 1 if plan.conduct.randomisation == "blocks" else max(left.values())
                taken = [name for name, k in left.items() for _ in range(min(size, k))]
                left = {name: k - min(size, k) for name, k in left.items()}
                rows += [{"cohort": cohort, "sex": sex, "block": block, "arm": taken[i]}
                         for i in rng.permutation(len(taken))]
    codes = _codes(len(rows), stream(secret, "codes", "allocation"))
    for i, row in enumerate(rows):
        row |= {"animal": i + 1, "code": codes[i]}
    table = pd.DataFrame(rows, columns=["animal", "code", "cohort", "sex", "block", "arm"])
    how = f"{_method(plan)}, within cohort and sex; Philox keyed by 64 secret bits"
    return Allocation(plan.name, table, how, secret)


def fill_cages(animals: dict[str, int], size: int, rng: np.random.Generator, whole: bool = False) -> list[list[str]]:
    """Arms of the animals in each cage, in random order.

    Spread: cages differ by one animal at most, each holds its even share of each arm, and pairs of arms meet in cages
    as evenly as :data:`SWAPS` random exchanges can make them, because comparisons are made within cages (a balanced
    incomplete block design, where small numbers allow one). Which arm, animal and cage is which is left to chance.

    Arguments:
        animals: how many of each arm. size: most animals in a cage.
        whole: each cage gets one arm; the numbers must be multiples of ``size``.
    """
    if whole:
        filled = [[name] * size for name, n in animals.items() for _ in range(n // size)]
    else:
        names = [name for name, n in animals.items() for _ in range(n)]
        count = -(-len(names) // size)
        dealt = [[names[i] for i in hand] for hand in np.array_split(rng.permutation(len(names)), count)]
        filled = _evened(dealt, list(animals), rng)
    return [[filled[c][i] for i in rng.permutation(len(filled[c]))] for c in rng.permutation(len(filled))]


def _evened(cages: list[list[str]], names: list[str], rng: np.random.Generator) -> list[list[str]]:
    """The cages after exchanges of two animals that make nothing worse."""
    counts = np.array([[cage.count(name) for name in names] for cage in cages])
    worst = _unevenness(counts)
    for _ in range(SWAPS if len(cages) > 1 and len(names) > 1 else 0):
        one, other = rng.choice(len(cages), 2, replace=False)
        a, b = (rng.choice(np.flatnonzero(counts[c])) for c in (one, other))
        tried = counts.copy()
        tried[one, [a, b]] += (-1, 1) if a != b else (0, 0)
        tried[other, [a, b]] += (1, -1) if a != b else (0, 0)
        now = _unevenness(tried)
        if now <= worst:
            counts, worst = tried, now
    return [[name for name, k in zip(names, row, strict=True) for _ in range(k)] for row in counts]


def _unevenness(counts: NDArray[np.int64]) -> tuple[int, int]:
    """First how unevenly arms are spread over cages, then how unevenly pairs of arms meet. counts: (cages, arms)."""
    meetings = counts.T @ counts
    return int(np.trace(meetings)), int((meetings ** 2).sum() - (np.diag(meetings) ** 2).sum())


def _caged(plan: StudyPlan) -> bool:
    """Whether a block is a cage of known size."""
    conduct = plan.conduct
    return conduct.animals_per_cage is not None and (conduct.randomisation == "cages" or (
        conduct.randomisation == "blocks" and conduct.block_by == "cage"))


def _method(plan: StudyPlan) -> str:
    """How animals were allocated, in words."""
    conduct = plan.conduct
    if _caged(plan):
        each = "whole cages, one arm in each" if conduct.randomisation == "cages" else "arms spread evenly over cages"
        return f"{each} (a block is a cage of up to {conduct.animals_per_cage})"
    how = "permuted blocks, each arm once per block" if conduct.randomisation == "blocks" else "simple"
    if conduct.randomisation == "blocks" and conduct.block_by in WHAT_A_BLOCK_IS:
        how += f" ({WHAT_A_BLOCK_IS[conduct.block_by]})"
    return how


def write_lists(plan: StudyPlan, folder: Path, arms: Sequence[str] = (), secret: int | None = None) -> Allocation:
    """Write all lists into a folder that has none yet.

    Errors: ThecalError when the folder already holds a sealed allocation: a second draw would be a choice.
    """
    if (folder / SEALED).exists():
        raise ThecalError.single(str(folder / SEALED), "there is already a sealed allocation here",
                                 remedy="use another folder; drawing again until it pleases is not randomisation",
                                 code="already-sealed")
    allocation = allocate(plan, arms, secret)
    folder.mkdir(parents=True, exist_ok=True)
    blinded = _test_list(plan, allocation)
    write_text(folder / "test_lists.csv", blinded.to_csv(index=False))
    write_text(folder / "preparation_list.csv", _preparation(plan, allocation).to_csv(index=False))
    write_text(folder / "lists.html", _printable(plan, allocation, blinded))
    write_text(folder / COMMITMENT, f"{allocation.commitment()}\nSHA-256 of the sealed allocation of study "
               f"{plan.name}. Publish it before the first animal is treated.\n")
    packed = base64.b64encode(zlib.compress(allocation.content().encode(), 9)).decode()
    write_text(folder / SEALED, "Sealed allocation. Open it with 'thecal design STUDY --unseal FOLDER' when the data "
               "are locked.\n" + packed + "\n")
    return allocation


def unseal(folder: Path) -> Allocation:
    """Open a sealed allocation, check it against its commitment and write ``allocation.csv``.

    Errors: ThecalError when a file is missing or damaged, or the content does not have the committed hash.
    """
    try:
        packed = (folder / SEALED).read_text(encoding="utf-8").splitlines()[1]
        committed = (folder / COMMITMENT).read_text(encoding="utf-8").split()[0]
        text = zlib.decompress(base64.b64decode(packed, validate=True)).decode()
        body = json.loads(text)
        table = pd.DataFrame(body["allocation"])[["animal", "code", "cohort", "sex", "block", "arm"]]
        found = Allocation(body["study"], table, body["method"], int(body["secret"]))
    except FileNotFoundError as error:
        raise ThecalError.single(str(error.filename), "the sealed allocation is not complete",
                                 allowed=f"a folder with {SEALED} and {COMMITMENT}", code="not-sealed") from None
    except (ValueError, KeyError, IndexError, zlib.error) as error:
        raise ThecalError.single(str(folder / SEALED), "the sealed allocation is damaged", seen=str(error)[:80],
                                 remedy="take the copy that was stored elsewhere", code="seal-damaged") from None
    if hashlib.sha256(text.encode()).hexdigest() != committed or found.commitment() != committed:
        raise ThecalError.single(str(folder / SEALED), "the allocation is not the one that was committed to",
                                 seen=hashlib.sha256(text.encode()).hexdigest(), allowed=committed, code="seal-broken",
                                 remedy="report it; the study was not blinded as planned")
    write_text(folder / "allocation.csv", found.table.to_csv(index=False))
    return found


def _codes(count: int, rng: np.random.Generator) -> list[str]:
    """Distinct codes, a letter and three digits, in an order that says nothing."""
    space = len(LETTERS) * 1000
    if count > space:
        raise ThecalError.single("arms", "more animals than codes", seen=str(count), allowed=str(space))
    return [f"{LETTERS[k // 1000]}{k % 1000:03d}" for k in rng.choice(space, count, replace=False)]


def _test_list(plan: StudyPlan, allocation: Allocation) -> pd.DataFrame:
    """Per visit the animals in random order within blocks, with room to write; codes only."""
    rows = []
    cohort_of = {a.id: a.cohort for a in plan.arms}
    for visit in plan.visits:
        rng = stream(allocation.secret, f"visit {visit.index}", "order")
        cohorts = {cohort_of[a] for a in visit.arms}
        animals = allocation.table[allocation.table["arm"].isin(visit.arms) & allocation.table["cohort"].isin(cohorts)]
        animals = animals.assign(draw=rng.uniform(size=len(animals))).sort_values(["block", "draw"])
        observer = f"observer {1 + visit.index % plan.conduct.observers}"
        rows += [{"day": visit.day_d, "assay": visit.label, "paw": paw, "observer": observer, "order": k + 1,
                  "code": a.code, "sex": a.sex, "reading": "", "initials": ""}
                 for paw in (visit.paws or ("",)) for k, a in enumerate(animals.itertuples())]
    return pd.DataFrame(rows, columns=["day", "assay", "paw", "observer", "order", *WRITTEN[1:]])


def _preparation(plan: StudyPlan, allocation: Allocation) -> pd.DataFrame:
    """What goes into which syringe, on which day."""
    rows = []
    for animal in allocation.table.itertuples():
        for a in plan.arm(animal.arm).administrations:
            rows.append({"day": a.day_d, "code": animal.code, "cohort": animal.cohort, "sex": animal.sex,
                         "block": animal.block, "arm": animal.arm,
                         "product": a.product, "dose": a.dose_text, "volume_ul": a.volume_ul, "route": a.route,
                         "level": a.level})
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["day", "code"])
    return table.sort_values(["day", "code"], kind="stable")


def _printable(plan: StudyPlan, allocation: Allocation, blinded: pd.DataFrame) -> str:
    """Test lists as a page to print: one table per day and assay, no arm anywhere."""
    parts = [f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{html.escape(plan.name)}: test lists</title>"
             "<style>body{font:11pt sans-serif;margin:15mm}table{border-collapse:collapse;width:100%}"
             "td,th{border:1px solid #555;padding:2mm;text-align:left}section{break-after:page}"
             "caption{font-weight:bold;text-align:left;padding:2mm 0}</style>",
             f"<h1>{html.escape(plan.title or plan.name)}: test lists</h1><p>Codes only. Commitment (SHA-256): "
             f"<code>{allocation.commitment()}</code></p>"]
    for (day, assay, paw), rows in blinded.groupby(["day", "assay", "paw"], sort=False):
        head = "".join(f"<th>{c}</th>" for c in WRITTEN)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(str(getattr(r, c)))}</td>" for c in WRITTEN)
                       + "</tr>" for r in rows.itertuples())
        caption = html.escape(f"Day {day:g}, {assay}{', ' + paw if paw else ''}, {rows['observer'].iloc[0]}")
        parts.append(f"<section><table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
                     "</table></section>")
    return "\n".join([*parts, "</html>"])
