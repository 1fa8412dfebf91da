"""A division by nothing is a fault and no infinity, wherever the divisor ends."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules._cel import CelError, compiled
from rules._cel_division import guarded

SORTS = {"p.t": "number", "p.n": "number", "p.any": "", "p.on": "switch"}
VALUES = {"p.t": 60.5, "p.n": 0.0, "p.any": 0.0, "p.on": True}


@pytest.mark.parametrize(
    "text",
    [
        "p.t / p.n > 1.0",
        "p.t / -p.n < 1.0",
        "p.t / p.any > 1.0",
        "p.n / 0.0 != 1.0",
        "p.t / (p.t - 60.5) > 1.0",
        "p.t / (2.0 * (p.n)) > 1.0",
        "p.t / double('0') > 1.0",
        "p.t / [p.n, 1.0][0] > 1.0",
        "1.0 / (2.0 / p.n) < 1.0",
        "p.t / 2.0 / p . n > 1.0",
        "p.t /\n p.n // what may be nothing\n > 1.0",
        "'水/水' != '/' && p.t / p.n > 1.0",
        "[p.n].exists(each, p.t / each > 1.0)",
        "7 / 0x0 > 1",
    ],
)
def test_a_division_by_nothing_is_never_true(text):
    assert compiled(text, SORTS).answer(VALUES) == (None, "divide by zero")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("p.n != 0.0 && p.t / p.n > 1.0", False),
        ("p.n == 0.0 || p.t / p.n > 1.0", True),
        ("p.t / 2.0 / 3.0 * 2.0 > 20.1", True),
        ("p.t / - 2.0 < -30.0", True),
        ("7 / 2 == 3 && p.on", True),
    ],
)
def test_all_else_is_as_it_was(text, answer):
    assert compiled(text, SORTS).answer(VALUES) == (answer, "")


def test_a_divisor_that_is_not_understood_is_told():
    with pytest.raises(CelError, match="write it in parentheses"):
        compiled("p.t / {'a': 2.0}.a > 1.0", SORTS)


def test_half_a_character_is_told():
    with pytest.raises(CelError, match="1:11 no character"):
        compiled("p.t > 1.0 \ud800", SORTS)


@given(st.text("/()[]'\"\\.p1 ", max_size=30), st.lists(st.integers(0, 30), max_size=3))
def test_whatever_stands_there_it_comes_to_an_end(text, places):
    with suppress(ValueError):
        assert len(guarded(text, places)) >= len(text)
