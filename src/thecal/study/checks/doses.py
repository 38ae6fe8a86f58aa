"""Checks of what is given."""

from __future__ import annotations

from collections.abc import Iterator

from thecal.core.errors import Problem, ThecalError
from thecal.study.amounts import dose_unit, read_dose
from thecal.study.catalogue import find_product
from thecal.study.checks.context import Context, cells_given
from thecal.study.model.records import ProductRecord


def viability_unstated(context: Context) -> Iterator[Problem]:
    """Cells without a stated viability use the register's prior."""
    kinds = {a.product: a.kind for arm in context.plan.arms for a in arm.administrations}
    silent = sum(give.viability is None and kinds.get(_name(context, give.what)) == "cells"
                 for _, give, _ in context.gives())
    if silent:
        yield context.note("viability-unstated", ("arms",), "the viability of cells is not stated: the prior is used",
                           seen=f"{silent} administrations", remedy="add 'viability: 90 %' where it was counted")


def _name(context: Context, what: str) -> str:
    return find_product(what, "", context.study.products).name


def large_volume(context: Context) -> Iterator[Problem]:
    """More fluid in one day than is in use in this species."""
    species = context.plan.species
    for index, _, arm in context.arms():
        days: dict[float, float] = {}
        for a in arm.administrations:
            if not a.duration_d:
                days[a.day_d] = days.get(a.day_d, 0.0) + a.volume_ul
        for day, volume in days.items():
            if volume > species.largest_volume_ul * 1.0001:
                yield context.warning(
                    "large-volume", ("arms", index, "give"),
                    f"more fluid on day {day:g} than is injected into the {species.name} canal",
                    seen=f"{volume:g} ul", allowed=f"up to {species.largest_volume_ul:g} ul",
                    remedy="give less; a large slug pushes everything cranially")


def unusual_dose(context: Context) -> Iterator[Problem]:
    """A dose outside what has been published for the species, told once for each product and dose."""
    told: set[tuple[str, str]] = set()
    for path, give, _ in context.gives():
        product = find_product(give.what, "", context.study.products)
        if give.dose is None or (product.name, give.dose) in told:
            continue
        known = product.published_doses.get(context.plan.species.name)
        if known is None:
            continue
        told.add((product.name, give.dose))
        low, high = (read_dose(text, product, product.name) for text in known)
        dose = read_dose(give.dose, product, product.name)
        if not low * 0.999 <= dose <= high * 1.001:
            yield context.warning("unusual-dose", (*path, "dose"),
                                  f"outside the doses of {product.name} published in the {context.plan.species.name}",
                                  seen=give.dose, allowed=f"{known[0]} to {known[1]}",
                                  remedy="keep it if it is meant; no animal has shown what it does")


def before_injury(context: Context) -> Iterator[Problem]:
    """Something is given before the nerve is injured."""
    for index, _, arm in context.arms():
        early = [a for a in arm.administrations if a.day_d < arm.injury.day_d]
        if early and arm.injury.surgery:
            yield context.warning("before-injury", ("arms", index, "give"),
                                  f"{early[0].product} is given on day {early[0].day_d:g}, before the surgery",
                                  seen=f"surgery on day {arm.injury.day_d:g}", allowed="a day after the surgery",
                                  remedy="keep it if prevention is meant")


def after_end(context: Context) -> Iterator[Problem]:
    """Something happens after the study's last day."""
    for index, _, arm in context.arms():
        late = [f"{a.product} on day {a.day_d:g}" for a in arm.administrations if a.end_d > context.plan.end_d]
        late += [f"removal on day {r.day_d:g}" for r in arm.removals if r.day_d > context.plan.end_d]
        if late:
            yield context.error("dose-after-end", ("arms", index, "give"), "given after the study's last day",
                                seen=late[0], allowed=f"up to day {context.plan.end_d:g}", remedy="raise 'end'")


def infused_cells(context: Context) -> Iterator[Problem]:
    """Cells settle in a pump; the model has no infusion of them."""
    for path, give, _ in context.gives():
        product = find_product(give.what, "", context.study.products)
        if give.infusion is not None and product.kind in ("cells", "content"):
            yield context.error("infused-cells", (*path, "infusion"), f"{product.name} cannot be infused here",
                                allowed="boluses", remedy="write 'dose' and 'days: [4, 5, 6]'")


def removal_without_cells(context: Context) -> Iterator[Problem]:
    """Donor cells are taken out of animals that got none, or before they got them."""
    for index, written, arm in context.arms():
        first = min((a.day_d for a in arm.administrations if a.kind == "cells"), default=None)
        for i, removal in enumerate(written.remove):
            if not cells_given(arm) or first is None or removal.day < first:
                yield context.error("removal-without-cells", ("arms", index, "remove", i),
                                    "no donor cells are there on that day", seen=f"day {removal.day:g}",
                                    remedy="give cells before, or remove this entry")


def nothing_acts(context: Context) -> Iterator[Problem]:
    """Every hypothesis about cells is off, so that cells do nothing."""
    for index, _, arm in context.arms():
        acting = [arm.hypotheses[name] for name in ("H1", "H2", "H3", "H4", "H5", "H6", "H7")]
        if cells_given(arm) and not any(acting):
            yield context.note("nothing-acts", ("arms", index, "hypotheses"),
                               "all hypotheses of how cells act are off", remedy="keep it if a null model is meant")


def check_published_doses(product: ProductRecord) -> list[str]:
    """Published doses of a product file that cannot be read as doses of it."""
    bad = []
    for texts in product.published_doses.values():
        for text in texts:
            try:
                read_dose(text, product, product.name)
            except ThecalError:
                bad.append(f"{text} as {dose_unit(product)}")
    return bad
