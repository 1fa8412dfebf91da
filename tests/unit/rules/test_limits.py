"""Limits carry their units into an expression, turned into those of the points beside them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from rules._limits import Limit, Limited

LIMITED = TypeAdapter(Limited)


@pytest.mark.parametrize(
    ("raw", "right"),
    [("60 °C", Limit(60, "°C")), ("300 mA", Limit(300, "mA")), ("5m", Limit(300, "s")), ("1.5 kW", Limit(1.5, "kW"))],
)
def test_limits_as_people_write_them(raw, right):
    assert LIMITED.validate_python(raw) == right


@pytest.mark.parametrize("raw", [60, "60", "60 foo", "°C", None, True])
def test_a_limit_without_a_unit_is_none(raw):
    with pytest.raises(ValidationError, match="number and its unit"):
        LIMITED.validate_python(raw)


@pytest.mark.parametrize(
    ("limit", "units", "right"),
    [
        (Limit(300, "mA"), ["A", "°C", None, ""], Limit(0.3, "A")),
        (Limit(300, "mA"), ["mA"], Limit(300, "mA")),
        (Limit(300, "mA"), ["A", "mA"], Limit(300, "mA")),
        (Limit(300, "mA"), ["°C"], Limit(300, "mA")),
        (Limit(300, "s"), ["s", "A"], Limit(300, "s")),
    ],
)
def test_a_limit_is_turned_where_there_is_but_one_way(limit, units, right):
    turned = limit.turned(units)
    assert (turned.number, turned.unit) == (pytest.approx(right.number), right.unit)
