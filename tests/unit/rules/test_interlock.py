"""While one door is not known to be shut, the others stay locked."""

import pytest

from gatehouse.demands import Passage, Priority
from gatehouse.points import Point
from rules.interlock import Rule

A, B, C = "io1.a", "io1.b", "io1.c"
DOORS = ("outer", "doors.inner", "side")


def rule(contacts=(A, B, C)) -> Rule:
    return Rule(name="mantrap", doors=DOORS, contacts=contacts)


def locked(said) -> set[str]:
    assert all(demand.priority is Priority.INTERLOCK for demand in said.demands)
    return {output for output, value in said.forbidden if value is Passage.OPEN}


@pytest.mark.parametrize(
    ("leaves", "others"),
    [
        ((False, False, False), set()),
        ((True, False, False), {"doors.inner", "doors.side"}),
        ((False, None, False), {"doors.outer", "doors.side"}),
        ((True, True, False), {"doors.outer", "doors.inner", "doors.side"}),
        ((None, None, None), {"doors.outer", "doors.inner", "doors.side"}),
    ],
)
def test_an_open_or_unknown_door_locks_the_others_and_not_itself(story, leaves, others):
    assert locked(story(rule()).at(0, dict(zip((A, B, C), leaves, strict=True)))) == others


def test_uncertain_and_stale_count_as_open(story, uncertain):
    s = story(rule(), points=(Point(name=B, max_age=5.0),))
    s.at(0, {A: False, B: False, C: False})
    assert locked(s.at(1, {A: uncertain(False)})) == {"doors.inner", "doors.side"}
    s.at(2, {A: False})
    s.at(60)
    assert {line.split()[1] for line in s.diary if float(line.split()[0]) >= 5} == {"doors.outer", "doors.side"}


def test_nothing_read_yet_counts_as_open(story):
    assert locked(story(rule()).at(0)) == {"doors.outer", "doors.inner", "doors.side"}


@pytest.mark.parametrize("contacts", [(), (None, None, None)])
def test_doors_without_contacts_are_left_to_the_arbiter(story, contacts):
    s = story(rule(contacts))
    assert s.at(0).demands == []
    assert s.rule.exclusive == ("doors.outer", "doors.inner", "doors.side")


@pytest.mark.parametrize(
    ("doors", "contacts", "lesson"),
    [
        (("a",), (), "two or more different doors"),
        (("a", "doors.a"), (), "two or more different doors"),
        (("a", "b", "a"), (), "two or more different doors"),
        (("a", "b"), (A,), "2 doors have 1 contacts"),
    ],
)
def test_what_cannot_be_interlocked_teaches(doors, contacts, lesson):
    with pytest.raises(ValueError, match=lesson):
        Rule(name="mantrap", doors=doors, contacts=contacts)
