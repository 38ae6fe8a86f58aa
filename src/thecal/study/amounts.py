"""From a dose as written to amounts in canonical units, through the product's molar mass where that is needed."""

from __future__ import annotations

from collections.abc import Callable

from thecal.core.errors import ThecalError
from thecal.study.model.fields import checked
from thecal.study.model.records import ProductRecord
from thecal.study.model.text import shown
from thecal.study.plan import AMOUNT_UNITS

LARGEST = {"cells": 1e12, "pg": 1e12, "fmol": 1e12}
PG_PER_FMOL_PER_KDA = 1.0  # 1 fmol of a 1 kDa molecule weighs 1 pg


def dose_unit(product: ProductRecord) -> str:
    """The canonical unit of a product's dose."""
    if product.kind in ("cells", "content"):
        return "cells"
    return AMOUNT_UNITS[product.solute or "inert"]


def read_dose(text: str, product: ProductRecord, where: str, per: str = "") -> float:
    """A dose as a float in the product's canonical unit; ``per`` is '/d' for the rate of an infusion.

    Mass and amount of substance are converted by the molar mass: 1 fmol of 1 kDa weighs 1 pg.
    Errors: :class:`ThecalError`.
    """
    unit = dose_unit(product)
    molar = {"pg": ("fmol", product.molar_mass_kda), "fmol": ("pg", 1.0 / (product.molar_mass_kda or 1.0))}
    try:
        try:
            value = checked(text, unit + per)
        except ValueError:
            if unit not in molar or product.molar_mass_kda is None:
                raise
            other, weight = molar[unit]
            value = checked(text, other + per) * (weight or 1.0) * PG_PER_FMOL_PER_KDA
    except ValueError as error:
        raise ThecalError.single(where, f"the dose of {product.name} cannot be read: {error}", seen=shown(text),
                                 allowed=f"a number with a unit that converts to {unit}{per}", code="dose",
                                 remedy=f"write for example '{EXAMPLES[unit]}{per}'") from None
    if not 0 < value <= LARGEST[unit]:
        raise ThecalError.single(where, f"the dose of {product.name} is out of range", seen=shown(text), code="dose",
                                 allowed=f"more than 0, at most {LARGEST[unit]:g} {unit}{per}")
    return value


EXAMPLES = {"cells": "2.5e5 cells", "pg": "10 ng", "fmol": "100 pmol"}


def amounts_of(product: ProductRecord, dose: float, number: Callable[[str], float]) -> dict[str, float]:
    """What is in the syringe.

    Arguments:
        product: what is given.
        dose: in its canonical unit.
        number: for cell-free products, ``cells.secretion_rate`` (pg/cell/d) and ``cells.active_fraction`` of the
            cells they were made from.

    Returns: amounts by the keys of :data:`thecal.study.plan.AMOUNT_UNITS`.
    """
    if product.kind == "vehicle":
        return {}
    if product.kind == "cells":
        return {"cells": dose}
    if product.kind == "solute":
        return {product.solute or "inert": dose}
    assert product.content is not None
    total = dose * number("cells.secretion_rate") * product.content.hours_of_synthesis.value / 24.0
    active = total * number("cells.active_fraction")
    found = {"latent_tgfb1": total - active, "active_tgfb1": active,
             "dead_cells": dose * product.content.corpses.value,
             "vesicles": dose * product.content.vesicles.value}
    return {key: value for key, value in found.items() if value > 0}
