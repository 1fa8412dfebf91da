"""Two digits a byte, the low byte first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import _bcd


@pytest.mark.parametrize(
    ("data", "decimals", "value"),
    [
        ("01 10", 1, 100.1),
        ("99 49 00", 3, 4.999),
        ("26 00 00 00", 2, 0.26),
        ("00", 0, 0.0),
        ("99 99 99 99", 2, 999999.99),
    ],
)
def test_numbers(data: str, decimals: int, value: float) -> None:
    assert _bcd.number(bytes.fromhex(data), decimals) == value


@pytest.mark.parametrize(
    ("data", "value"), [("12 25 80", -0.2512), ("12 25 00", 0.2512), ("00 00 80", 0.0), ("99 99 F9", -79.9999)]
)
def test_a_sign_in_the_top_bit(data: str, value: float) -> None:
    signed = _bcd.signed(bytes.fromhex(data), 4)
    assert signed == value
    assert str(signed) == str(value), "no -0.0"


@pytest.mark.parametrize("data", ["FF FF", "0A", "A0 00", ""])
def test_what_is_no_number_says_so(data: str) -> None:
    with pytest.raises(ValueError, match="is no decimal number"):
        _bcd.number(bytes.fromhex(data), 1)


@given(st.integers(0, 10**8 - 1))
def test_any_number_survives_the_wire(value: int) -> None:
    assert _bcd.number(_bcd.packed(f"{value:08d}"), 2) == round(value / 100, 2)
    assert _bcd.digits(_bcd.packed(f"{value:08d}")) == f"{value:08d}"
