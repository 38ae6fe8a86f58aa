"""From what an arm is given to administrations, and to the numbers of the register that the cells bring along."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from thecal.core.errors import Problem, ThecalError
from thecal.core.register import Parameter
from thecal.core.register import load as load_register
from thecal.study.amounts import amounts_of, read_dose
from thecal.study.catalogue import find_product
from thecal.study.model.fields import checked
from thecal.study.model.names import normal
from thecal.study.model.problems import did_you_mean
from thecal.study.model.records import Entry, ProductRecord
from thecal.study.model.study import Give, Study
from thecal.study.model.text import shown
from thecal.study.plan import Administration, Species

# What a knock-down of a gene scales.
GENE_SCALES = {"Tgfb1": "cells.secretion_rate", "Cxcr4": "cells.cxcr4", "Il10": "cells.il10_strength",
               "Tnfaip6": "cells.immunosuppression", "Ptgs2": "cells.immunosuppression"}
REJECTION_OF = {"autologous": "syngeneic"}
# Priming in culture: what it scales, and the register's entry that says by how much. TNF acts through the model's own
# priming states (cells start primed).
PRIMED = "cells.pre_primed"
PRIMING = {"tnf": {}, "ifng": {"cells.immunosuppression": "cells.ifng_priming"},
           "il1b": {"cells.immunosuppression": "cells.il1b_priming"},
           "hypoxia": {"cells.cxcr4": "cells.hypoxia_priming"}}
PRIMING_ALIASES = {"tnfa": "tnf", "interferong": "ifng", "interferon": "ifng", "lowoxygen": "hypoxia"}


@dataclass(frozen=True)
class Given:
    """Administrations of one entry and what they do to the arm's numbers."""

    administrations: tuple[Administration, ...]
    parameters: Mapping[str, Parameter]
    factors: Mapping[str, float]
    relative: Mapping[str, Parameter]
    cells: tuple[object, ...] | None
    """What tells this cell population from another; None where no cells are given."""


def as_parameter(key: str, entry: Entry, where: str) -> Parameter:
    """An entry of a data file as a parameter of the register, in the register's unit.

    Errors: :class:`ThecalError` where the unit does not fit the register's.
    """
    low, high = entry.range
    known = load_register().get(key)
    if known is None:
        raise ThecalError.single(f"{where}: {key}", "the register has no such parameter", seen=key,
                                 remedy=did_you_mean(key, list(load_register())) or "see 'thecal params'",
                                 code="unknown-parameter")
    try:
        factor = checked(f"1 {entry.unit}", known.unit) if entry.unit != known.unit else 1.0
    except ValueError as error:
        raise ThecalError.single(f"{where}: {key}", f"the unit does not fit: {error}", seen=entry.unit,
                                 allowed=known.unit, code="unit") from None
    drawn = known.scale if known.scale != "fixed" else "log"
    scale = "fixed" if low == high else "linear" if low <= 0 else drawn
    return replace(known, value=entry.value * factor, low=low * factor, high=high * factor, kind=entry.kind,
                   verified=entry.verified, source=entry.source, note=entry.note, context=where, scale=scale)


def as_parameters(entries: Mapping[str, Entry], where: str) -> dict[str, Parameter]:
    """All entries of a data file."""
    return {key: as_parameter(key, entry, where) for key, entry in entries.items()}


def as_factor(key: str, entry: Entry, product: str) -> Parameter:
    """A factor on the register's entry ``key``, with its range and origin, for the report."""
    low, high = entry.range
    known = as_parameter(key, entry, f"product {product}, relative to BMSC") if key not in load_register() else \
        load_register()[key]
    return replace(known, value=entry.value, low=low, high=high, unit="1", kind=entry.kind, verified=entry.verified,
                   source=entry.source, note=entry.note, context=f"{product} relative to BMSC",
                   scale="fixed" if low == high else "log" if low > 0 else "linear")


def overrides(texts: Mapping[str, str], where: str, source: str) -> dict[str, Parameter]:
    """'value unit' written in a study: the register's entry with that value, fixed.

    Errors: :class:`ThecalError`, one problem for each id that the register lacks or unit that does not fit.
    """
    register = load_register()
    out: dict[str, Parameter] = {}
    problems = []
    for key, text in texts.items():
        known = register.get(key)
        if known is None:
            problems.append(Problem(where, "the register has no such parameter", seen=shown(key),
                                    remedy=did_you_mean(key, list(register)) or "see 'thecal params'",
                                    code="unknown-parameter"))
            continue
        try:
            value = checked(text, known.unit)
        except ValueError as error:
            problems.append(Problem(where, f"{key}: {error}", seen=shown(text), code="unit",
                                    allowed=f"a number in {known.unit or '1'}",
                                    remedy=f"write for example '{known.value:g} {known.unit}'"))
            continue
        note = "" if known.low <= value <= known.high else "outside the register's range"
        out[key] = replace(known, value=value, low=value, high=value, scale="fixed", kind="assumed", verified=False,
                           source=source, note=note)
    if problems:
        raise ThecalError(problems)
    return out


def read_give(give: Give, study: Study, species: Species, where: str, told: list[Problem]) -> Given:
    """One entry of ``give``, resolved.

    Errors: :class:`ThecalError`: unknown or unmodelled product, dose that does not fit, unknown level, route
    without a model, settings of cells on something that is not cells.
    """
    product = find_product(give.what, f"{where}.what", study.products, told)
    if give.route == "intravenous":
        raise ThecalError.single(f"{where}.route", "intravenous: evidence only, no model of it is offered here",
                                 seen=give.route, allowed="lumbar puncture, catheter", code="no-model",
                                 remedy="look it up among the published studies; it cannot be simulated")
    _refuse_cell_settings(give, product, where)
    given = tuple(_administration(give, product, study, species, day, where, told) for day in give.given_days)
    if product.kind != "cells":
        if give.parameters:
            raise ThecalError.single(f"{where}.parameters", "numbers can be set here for cells only",
                                     remedy="move them to the arm or the study", code="not-cells")
        return Given(given, {}, {}, {}, None)
    donor = give.donor or product.donor
    parameters = as_parameters(product.parameters, f"product {product.name}")
    if product.rejection:
        rate = getattr(product.rejection, REJECTION_OF.get(donor, donor))
        parameters["cells.rejection_rate"] = as_parameter("cells.rejection_rate", rate, f"{donor} donor")
    if give.viability is not None:
        entry = Entry(value=give.viability, kind="assumed", source="stated in the study")
        parameters["cells.viability"] = as_parameter("cells.viability", entry, "study")
    parameters |= overrides(give.parameters, f"{where}.parameters", "set in the study")
    if give.priming and _priming(give, where) == "tnf":
        parameters[PRIMED] = as_parameter(PRIMED, Entry(value=1, note="primed with TNF before injection"), "study")
    factors = _factors(give, product, where)
    relative = {key: as_factor(key, entry, product.name) for key, entry in product.relative.items()}
    same = (product.name, donor, give.viability, tuple(sorted(give.parameters.items())), tuple(sorted(factors.items())))
    return Given(given, parameters, factors, relative, same)


def _refuse_cell_settings(give: Give, product: ProductRecord, where: str) -> None:
    if product.kind == "cells":
        return
    for key in ("donor", "viability", "passage", "doublings", "priming", "remaining"):
        if getattr(give, key):
            raise ThecalError.single(f"{where}.{key}", f"'{key}' belongs to living cells; {product.name} has none",
                                     remedy=f"remove '{key}'", code="not-cells")


def _administration(give: Give, product: ProductRecord, study: Study, species: Species, day: float, where: str,
                    told: list[Problem]) -> Administration:
    level = give.level or species.default_level
    position = _position(level, species, f"{where}.level")
    volume = species.default_volume_ul if give.volume is None else give.volume
    duration = 0.0
    amount = 0.0
    text = ""
    if give.infusion is not None:
        duration = give.infusion.duration
        volume = give.infusion.flow * duration
        text = f"{give.infusion.rate or 'infusion'} for {duration:g} d"
        if product.kind != "vehicle":
            amount = read_dose(give.infusion.rate or "none", product, f"{where}.infusion.rate", "/d") * duration
    elif product.kind != "vehicle":
        if give.dose is None:
            raise ThecalError.single(f"{where}.dose", f"how much {product.name}?", code="dose",
                                     remedy="add 'dose', e.g. 'dose: 2.5e5 cells', or 'infusion'")
        text = give.dose
        amount = read_dose(give.dose, product, f"{where}.dose")
    elif give.dose is not None:
        raise ThecalError.single(f"{where}.dose", "a vehicle has no dose, only a volume", seen=shown(give.dose),
                                 remedy="write 'volume' instead", code="dose")
    parent = find_product(product.content.of, f"product {product.name}", study.products, told) \
        if product.content else None

    def number(key: str) -> float:
        """A number of the cells that a cell-free product was made from."""
        register = load_register().with_values(as_parameters(parent.parameters, parent.name) if parent else {})
        return register[key].value * (parent.relative[key].value if parent and key in parent.relative else 1.0)

    return Administration(
        product=product.name, kind=product.kind, day_d=day,
        amounts=amounts_of(product, amount, number), volume_ul=volume, route=give.route, level=level,
        position_mm=position, duration_d=duration, target=product.target, donor=give.donor or product.donor,
        remaining=dict(give.remaining.items()), dose_text=text)


def _position(level: str, species: Species, where: str) -> float:
    def plain(text: str) -> str:
        return text.replace("/", "-").replace(" ", "").casefold()

    for name, position in species.injection_levels.items():
        if plain(name) == plain(level):
            return position
    raise ThecalError.single(where, f"no needle level of that name in the {species.name}", seen=shown(level),
                             allowed=", ".join(species.injection_levels), code="level",
                             remedy=did_you_mean(level, list(species.injection_levels)))


def _factors(give: Give, product: ProductRecord, where: str) -> dict[str, float]:
    """Knock-down, passages and priming as factors on entries of the register."""
    factors: dict[str, float] = {}

    def scale(key: str, by: float) -> None:
        factors[key] = factors.get(key, 1.0) * by

    for gene, left in give.remaining.items():
        scale(GENE_SCALES[gene], left)
    passages = _passages(give, product, where)
    if passages and product.expansion:
        scale("cells.cxcr4", math.exp(-product.expansion.cxcr4_loss_per_passage.value * passages))
        scale("cells.secretion_rate", math.exp(-product.expansion.secretion_loss_per_passage.value * passages))
    if give.priming:
        for key, by in PRIMING[_priming(give, where)].items():
            scale(key, load_register()[by].value)
    for key, entry in product.relative.items():
        scale(key, entry.value)
    return factors


def _priming(give: Give, where: str) -> str:
    assert give.priming is not None
    agent = normal(give.priming.agent)
    agent = PRIMING_ALIASES.get(agent, agent)
    if agent not in PRIMING:
        raise ThecalError.single(f"{where}.priming.agent", "no effect of this priming is known here",
                                 seen=shown(give.priming.agent), allowed=", ".join(PRIMING), code="priming",
                                 remedy="leave it out and set the numbers it changes under 'parameters'")
    return agent


def _passages(give: Give, product: ProductRecord, where: str) -> float:
    """Passages beyond the product's reference; doublings are read as passages where no passage is stated."""
    if give.passage is None and give.doublings is None:
        return 0.0
    if product.expansion is None:
        raise ThecalError.single(f"{where}.passage", f"what expansion costs is not known for {product.name}",
                                 remedy="add 'expansion' to the product, or remove the key", code="expansion")
    passage = give.passage
    if passage is None:
        passage = (give.doublings or 0.0) / product.expansion.doublings_per_passage.value
    return max(passage - product.expansion.reference_passage, 0.0)
