"""Quantities with units in the file, floats in one unit behind them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from thecal.study.amounts import read_dose
from thecal.study.catalogue import find_product
from thecal.study.model.fields import Days, Share, Volume, checked


@pytest.mark.parametrize(("kind", "text", "value"), [
    (Days, "4 d", 4), (Days, "36 h", 1.5), (Days, "-1 d", -1), (Days, "2 weeks", 14), (Days, "1e1 d", 10),
    (Volume, "10 ul", 10), (Volume, "10 µl", 10), (Volume, "0.5 ml", 500), (Share, "30 %", 0.3), (Share, 0.3, 0.3),
    (Share, "0.3", 0.3), (Share, 1, 1)])
def test_units_are_converted(kind, text, value):
    assert TypeAdapter(kind).validate_python(text) == pytest.approx(value)


@pytest.mark.parametrize(("kind", "text"), [
    (Days, 4), (Days, "4"), (Days, "4 kg"), (Days, "four d"), (Days, "1e9 d"), (Days, True), (Days, None), (Days, [4]),
    (Days, "nan d"), (Days, "inf d"), (Days, "1e999 d"), (Days, "9**9**9 d"), (Days, "1 d**99999"), (Share, "130 %"),
    (Share, -0.1), (Volume, "-1 ul"), (Volume, "10 mol"), (Days, "4 d\n5 d"), (Days, "4 degC")])
def test_what_is_no_quantity(kind, text):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


def test_per_million_cells():
    assert checked("1000 pg/1e6 cells/d", "pg/cell/d") == pytest.approx(1e-3)
    assert checked("5 pg / 1e5 cells / h", "pg/cell/d") == pytest.approx(5e-5 * 24)


@pytest.mark.parametrize(("product", "text", "value"), [
    ("BMSC", "2.5e5 cells", 2.5e5), ("TGF-b1", "10 ng", 1e4), ("TGF-b1", "0.4 pmol", 1e4), ("IL-10", "0.1 ug", 1e5),
    ("SB431542", "100 pmol", 1e5), ("SB431542", "38.439 ng", 1e5), ("anti-TGF-b1", "4 ug", 4e6 / 150),
    ("lysate", "1e6 cells", 1e6)])
def test_doses_in_the_products_own_unit(product, text, value):
    """10 ng of a 25 kDa dimer is 0.40 pmol; 4 ug of a 150 kDa antibody is 26.7 pmol (index study, derived)."""
    assert read_dose(text, find_product(product, ""), "here") == pytest.approx(value, rel=1e-6)
