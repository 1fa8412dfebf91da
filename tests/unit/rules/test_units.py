"""Degrees are compared with degrees: what an expression adds and compares has one unit."""

import pytest

from rules._cel import compiled
from rules._units import UnitError, unit_of

UNITS = {"a.t": "°C", "b.t": "°C", "c.i": "A", "c.u": "V", "c.p": "", "hot": "°C"}
SORTS = dict.fromkeys(UNITS, "number")


def unit(text: str):
    return unit_of(compiled(text, SORTS).tree, UNITS)


@pytest.mark.parametrize(
    "text",
    [
        "a.t > 60.0", "60.0 < a.t", "a.t - b.t > 5.0", "a.t > hot - 5.0", "a.t * 2.0 > b.t", "-a.t < b.t",
        "c.u * c.i > 1000.0", "c.u * c.i > c.i * c.u", "c.u / c.i < 3.0", "a.t / b.t > c.p", "a.t / b.t * c.i > c.i",
        "(c.p > 0.5 ? a.t : b.t) > hot", "[a.t, b.t].exists(t, t > hot)", "[a.t, b.t].map(t, t * 2.0)[0] > hot",
        "[a.t, b.t].filter(t, t > hot).size() > 1", "a.t in [1.0, b.t]", "double(int(a.t)) > hot", "a.t != b.t",
        "c.p * a.t > b.t", "1.0 / c.i > 2.0", "dyn(a.t) > dyn(b.t)",
    ],
)  # fmt: skip
def test_like_goes_with_like(text):
    assert unit(text) is None


@pytest.mark.parametrize(
    ("text", "mark", "one", "other"),
    [
        ("a.t > c.i", ">", "°C", "A"),
        ("a.t + c.i > 1.0", "+", "°C", "A"),
        ("c.p > 0.5 && c.p > a.t", "> a", "", "°C"),
        ("(c.p > 0.5 ? a.t : c.i) > 3.0", "?", "°C", "A"),
        ("[a.t, c.i].exists(t, t > 3.0)", "[", "°C", "A"),
        ("[a.t, b.t].exists(t, t > c.i)", "> c", "°C", "A"),
        ("[a.t].map(x, x * 2.0).exists(t, t > c.i)", "> c", "°C", "A"),
        ("c.u * c.i > c.u", ">", "A·V", "V"),
        ("c.u / c.i > c.u", ">", "V/A", "V"),
        ("a.t in [c.i]", "in", "°C", "A"),
        ("-a.t < c.i", "<", "°C", "A"),
        ("double(string(a.t) == '1' ? a.t : b.t) > c.i", "> c", "°C", "A"),
        ("dyn(a.t) == dyn(c.i)", "=", "°C", "A"),
        ("2.0 * c.p > c.i", ">", "", "A"),
    ],
)
def test_unlike_is_found_where_it_stands(text, mark, one, other):
    with pytest.raises(UnitError) as caught:
        unit(text)
    clash = caught.value.clash
    assert (clash.one, clash.other) == (one, other)
    assert text[clash.at :].startswith(mark)
