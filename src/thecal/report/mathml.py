"""Formulas as MathML, which browsers show without any script."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html import escape

from thecal.core.register import Register
from thecal.report.equations import Equation
from thecal.report.formula import Call, Formula, Name, Number, Over, Power, Product, Sum

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eta": "η", "lambda": "λ", "mu": "μ", "nu": "ν",
         "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "ell": "ℓ"}
WORDS = {"tnf": "TNF", "il1": "IL-1β", "il6": "IL-6", "il10": "IL-10", "ccl2": "CCL2", "cxcl12": "CXCL12",
         "cxcr4": "CXCR4", "amd3100": "AMD3100", "tgfb1": "TGF-β1", "csf": "CSF", "drg": "DRG"}
D = '<mi mathvariant="normal">d</mi><mspace width=".1em"/>'
GAP = '<mspace width=".17em"/>'
LINE = 78     # letters to a line
LONG_SUM = 4  # terms; longer sums at the top are broken into lines


def equation(shown: Equation, register: Register) -> str:
    """One equation as a ``math`` element."""
    left = _name(shown.name, register)
    if shown.change:
        left = f"<mfrac><mrow>{D}{left}</mrow><mrow>{D}<mi>t</mi></mrow></mfrac>"
    formula = _spread(shown.formula)
    if isinstance(formula, Sum) and len(formula.terms) > LONG_SUM:
        return _math(_lines(left, formula, register))
    return _math(f"<mrow>{left}<mo>=</mo>{_show(formula, register)}</mrow>")


def symbol_term(name: Name, register: Register) -> str:
    """A single symbol inside a line of text."""
    return f"<math>{_name(name, register)}</math>"


def symbol(text: str) -> str:
    """A register's symbol such as ``k_{act,csf}`` or ``\\tau_X`` as MathML."""
    base, _, index = text.partition("_")
    base, index = _plain(base), _plain(index)
    return f"<msub><mi>{base}</mi><mtext>{index}</mtext></msub>" if index else f"<mi>{base}</mi>"


def symbol_html(text: str) -> str:
    """The same as HTML, for tables."""
    base, _, index = text.partition("_")
    return f"<i>{_plain(base)}</i>" + (f"<sub>{_plain(index)}</sub>" if index else "")


def _plain(text: str) -> str:
    text = re.sub(r"\\([a-z]+) ?", lambda m: GREEK.get(m[1], m[1]), text)
    return escape(text.replace("{", "").replace("}", ""))


def _math(inside: str) -> str:
    return f'<math displaystyle="true">{inside}</math>'


def _spread(formula: Formula) -> Formula:
    """A long sum over a common divisor as a sum of fractions, so that it can be broken into lines."""
    if not isinstance(formula, Sum):
        formula = Sum(((1, formula),))
    terms: list[tuple[int, Formula]] = []
    for sign, term in formula.terms:
        inner = term.over[0] if isinstance(term, Product) and len(term.over) == 1 and term.coefficient == 1 else None
        if isinstance(term, Product) and isinstance(inner, Sum) and len(inner.terms) > LONG_SUM - 1:
            terms += [(sign * s, _over(t, term.under)) for s, t in inner.terms]
        else:
            terms.append((sign, term))
    return terms[0][1] if len(terms) == 1 and terms[0][0] > 0 else Sum(tuple(terms))


def _over(term: Formula, under: tuple[Formula, ...]) -> Formula:
    if isinstance(term, Product):
        return replace(term, under=(*term.under, *under))
    return Product(1.0, (term,), under)


def _lines(left: str, formula: Sum, register: Register) -> str:
    """A long sum, some terms to a line."""
    lines, line, width = [], "", 0.0
    for k, (sign, term) in enumerate(formula.terms):
        size = 3 + _width(term, register)
        if line and width + size > LINE:
            lines.append(line)
            line, width = "", 0.0
        line, width = line + _term(k == 0, sign, term, register), width + size
    rows = [*lines, line]
    cells = [f"<mtr><mtd>{left if k == 0 else ''}</mtd><mtd>{'<mo>=</mo>' if k == 0 else ''}</mtd>"
             f"<mtd>{row}</mtd></mtr>" for k, row in enumerate(rows)]
    # A style of its own would be refused by a strict content-security policy; pages align the cells of this class.
    return f'<mtable class="lines" displaystyle="true">{"".join(cells)}</mtable>'


def _width(formula: Formula, register: Register) -> float:
    """Roughly how many letters wide a formula is."""
    match formula:
        case Name(kind, name, index):
            known = kind == "parameter" and name in register
            return (2 if known else len(words(name))) + 0.6 * len(index)
        case Sum(terms):
            return sum(2 + _width(t, register) for _, t in terms)
        case Product(_, over, under):
            return 1 + max(sum(1 + _width(f, register) for f in side) for side in (over, under))
        case Power(base, _):
            return 1 + _width(base, register)
        case Call(function, arguments):
            return len(function) + sum(2 + _width(a, register) for a in arguments)
        case Over(_, term, span):
            return max(3, 0.6 * len(span)) + _width(term, register)
    return 3


def _show(formula: Formula, register: Register, bracket: bool = False) -> str:
    """A formula; with ``bracket``, a sum stands in parentheses."""
    match formula:
        case Name():
            return _name(formula, register)
        case Number(value):
            return _number(value)
        case Sum(terms):
            inside = "".join(_term(k == 0, sign, t, register) for k, (sign, t) in enumerate(terms))
            return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>" if bracket else f"<mrow>{inside}</mrow>"
        case Product(coefficient, over, under):
            return _fraction(coefficient, over, under, register)
        case Power(base, exponent):
            return f"<msup>{_show(base, register, True)}{_show(exponent, register)}</msup>"
        case Call(function, arguments):
            inside = "<mo>,</mo>".join(_show(a, register) for a in arguments)
            return f"<mrow><mi>{function}</mi><mo>(</mo>{inside}<mo>)</mo></mrow>"
        case Over(index, term, span):
            words = f"<mtext>{index} {escape(span)}</mtext>".replace(" ", "\u00a0") if span not in ("", "all") else \
                f"<mi>{index}</mi>"
            return f"<mrow><munder><mo>∑</mo>{words}</munder>{_show(term, register, True)}</mrow>"
    raise TypeError(type(formula).__name__)


def _term(first: bool, sign: int, term: Formula, register: Register) -> str:
    form = "prefix" if first else "infix"
    mark = "" if first and sign > 0 else f'<mo form="{form}">{"+" if sign > 0 else "−"}</mo>'
    return mark + _show(term, register, isinstance(term, Sum))


def _fraction(coefficient: float | Name, over: tuple[Formula, ...], under: tuple[Formula, ...],
              register: Register) -> str:
    unit = isinstance(coefficient, float) and math.isclose(coefficient, 1, rel_tol=1e-12)
    factors = [] if unit else [_name(coefficient, register) if isinstance(coefficient, Name)
                                           else _number(coefficient)]
    above = [*factors, *(_show(f, register, len(over) + len(factors) > 1) for f in over)]
    if not under:
        return f"<mrow>{GAP.join(above) or '<mn>1</mn>'}</mrow>"
    below = GAP.join(_show(f, register, len(under) > 1) for f in under)
    return f"<mfrac><mrow>{GAP.join(above) or '<mn>1</mn>'}</mrow><mrow>{below}</mrow></mfrac>"


def _name(name: Name, register: Register) -> str:
    if name.kind == "parameter" and name.name in register:
        return symbol(register[name.name].symbol)
    if re.fullmatch(r"[auw]\d*", name.name):
        shown = f"<mi>{name.name[0]}</mi>"
        index = name.name[1:] + ("," if name.name[1:] and name.index else "") + name.index
        return f"<msub>{shown}<mtext>{escape(index)}</mtext></msub>" if index else shown
    text = f'<mi mathvariant="normal">{escape(words(name.name))}</mi>'
    return f"<msub>{text}<mtext>{escape(name.index)}</mtext></msub>" if name.index else text


def words(name: str) -> str:
    """``signalling.il10_effect`` as ``IL-10 effect``."""
    parts = name.split(".")[-1].split("_")
    return " ".join(WORDS.get(part, part) for part in parts)


def _number(value: float) -> str:
    if math.isclose(value, math.log(2), rel_tol=1e-12):
        return "<mrow><mi>ln</mi><mn>2</mn></mrow>"
    for n in range(2, 13):  # shares of equal parts read better as fractions
        if math.isclose(value * n, 1, rel_tol=1e-12) and n not in (2, 4, 5, 10):
            return f"<mfrac><mn>1</mn><mn>{n}</mn></mfrac>"
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = f"<msup><mn>10</mn><mn>{int(exponent)}</mn></msup>".replace("-", "−")
        return power if mantissa == "1" else f"<mrow><mn>{mantissa}</mn><mo>×</mo>{power}</mrow>"
    return f"<mn>{text}</mn>"
