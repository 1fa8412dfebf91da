"""Settings as people write them, checked where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rules._settings import Amount, Duration, OnOff, Quantity

DURATION, QUANTITY, ON_OFF = TypeAdapter(Duration), TypeAdapter(Quantity), TypeAdapter(OnOff)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("500ms", 0.5), ("10s", 10), ("1.5 s", 1.5), ("2m", 120), ("1h", 3600), ("7d", 604800), (3.0, 3.0)],
)
def test_lengths_of_time(raw, seconds):
    assert DURATION.validate_python(raw, strict=True) == seconds


@pytest.mark.parametrize(
    "raw", ["10", 10, "s", "10 sec", "10S", "ten s", "", None, True, "1e3s", "１０s", "10s 5s", "-5s"]
)
def test_other_lengths_of_time_are_refused(raw):
    with pytest.raises(ValidationError, match=r"write a number and its unit|not negative"):
        DURATION.validate_python(raw, strict=True)


@pytest.mark.parametrize(
    ("raw", "amount"), [("300 mA", Amount(300, "mA")), ("0.5A", Amount(0.5, "A")), ("-5 °C", Amount(-5, "°C"))]
)
def test_quantities(raw, amount):
    assert QUANTITY.validate_python(raw, strict=True) == amount


@pytest.mark.parametrize("raw", ["300", 300, "300 ma", "60 C", "60 K", "mA 300", None])
def test_other_quantities_are_refused(raw):
    with pytest.raises(ValidationError, match="such as 300 mA"):
        QUANTITY.validate_python(raw, strict=True)


@pytest.mark.parametrize(
    ("amount", "unit", "number"),
    [
        (Amount(300, "mA"), "A", 0.3),
        (Amount(0.5, "A"), "mA", 500),
        (Amount(2, "kW"), "W", 2000),
        (Amount(60, "°C"), "°C", 60),
    ],
)
def test_an_amount_in_the_unit_of_its_point(amount, unit, number):
    assert amount.into(unit) == pytest.approx(number)


@pytest.mark.parametrize("unit", ["°C", "V", "", "mΩ"])
def test_amperes_are_not_compared_with_other_things(unit):
    with pytest.raises(ValueError, match="cannot be compared"):
        Amount(300, "mA").into(unit)


@pytest.mark.parametrize(("raw", "value"), [("on", True), ("off", False), (True, True), (False, False)])
def test_on_and_off(raw, value):
    assert ON_OFF.validate_python(raw, strict=True) is value


@pytest.mark.parametrize("raw", ["On", "yes", 1, 0, None, "open"])
def test_other_words_are_neither(raw):
    with pytest.raises(ValidationError, match="write on or off"):
        ON_OFF.validate_python(raw, strict=True)


@given(st.text(max_size=12))
def test_any_text_is_understood_or_refused(raw):
    for adapter in (DURATION, QUANTITY, ON_OFF):
        try:
            adapter.validate_python(raw, strict=True)
        except ValidationError:
            continue
