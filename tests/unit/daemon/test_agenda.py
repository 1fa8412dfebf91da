import math

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.agenda import TICK, Agenda


def agenda(count: int) -> Agenda:
    made = Agenda(0.0)
    made.know((f"r{number}" for number in range(count)), 0.0)
    return made


def test_a_site_of_ordinary_size_is_judged_whole_at_every_turn():
    made = agenda(256)
    assert len(made.due(0.0)) == 256
    assert made.due(0.1) == []
    assert made.next() == TICK
    assert len(made.due(TICK)) == 256


def test_of_thousands_a_turn_takes_a_part_and_half_a_minute_takes_all():
    made = agenda(19200)
    turns = [made.due(number * TICK) for number in range(60)]
    assert max(map(len, turns)) == 320
    assert {name for turn in turns for name in turn} == {f"r{number}" for number in range(19200)}


def test_a_rule_is_judged_when_it_asked_for_it_and_then_no_more():
    made = agenda(1)
    made.due(0.0)
    made.wake(0.2, "r0")
    made.wake(0.3, "r0")
    assert made.next() == 0.2
    assert made.due(0.1) == []
    assert made.due(0.2) == ["r0"]
    assert made.due(0.3) == []


def test_an_earlier_wish_goes_before_a_later_one():
    made = agenda(1)
    made.due(0.0)
    made.wake(0.4, "r0")
    made.wake(0.1, "r0")
    assert made.due(0.1) == ["r0"]
    assert made.due(0.4) == [], "it was judged, and has not asked again"


def test_never_is_never():
    made = agenda(1)
    made.due(0.0)
    made.wake(math.inf, "r0")
    made.wake(math.nan, "r0")
    assert made.next() == TICK


def test_soon_brings_the_turn_forward_and_other_rules_forget_what_was_asked():
    made = agenda(2)
    made.due(0.0)
    made.wake(0.1, "r1")
    made.know(["r9"], 0.05)
    assert made.due(0.05) == ["r9"]
    assert made.due(0.2) == []
    made.soon(0.3)
    assert made.next() == 0.3
    assert made.due(0.3) == ["r9"]


def test_rules_that_stay_keep_what_they_asked_for():
    """A delay of ten seconds does not begin again because another rule came."""
    made = agenda(2)
    made.due(0.0)
    made.wake(0.1, "r0")
    made.wake(0.2, "r1")
    made.know(["r1", "r2"], 0.05)
    assert made.due(0.05) == ["r1", "r2"]
    assert made.due(0.15) == []
    assert made.due(0.2) == ["r1"]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 2000), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 1999)), max_size=40))
def test_nobody_waits_longer_than_he_asked_nor_than_sixty_turns(count, wishes):
    made = agenda(count)
    for at, number in wishes:
        made.wake(at, f"r{number % count}")
    judged = dict.fromkeys(made.due(0.0), 0.0)
    first_wishes = {}
    for at, number in wishes:
        name = f"r{number % count}"
        first_wishes[name] = min(at, first_wishes.get(name, math.inf))
    open_wishes = {name: at for name, at in first_wishes.items() if at > 0}
    now = 0.0
    while now < 31:
        now = max(now, made.next())
        for name in made.due(now):
            assert open_wishes.pop(name, math.inf) >= now - 1e-9
            judged[name] = now
    assert not open_wishes
    assert len(judged) == count
    assert min(judged.values()) >= now - 61 * TICK
