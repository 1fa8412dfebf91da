"""Two rules contradict each other when both may speak at once, neither is stronger, and no output can do both."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from daemon.config.document import Document
from daemon.config.load import load
from daemon.config.wishes import contradictions
from gatehouse.demands import Passage, Priority
from rules._wishes import Wish

ROOT = Path(__file__).parents[4]
WEEK = 7 * 86400


def wish(value, priority=Priority.SCHEDULE, output="outputs.a", **more) -> Wish:
    return Wish(output=output, value=value, priority=priority, **more)


def test_opposite_values_of_one_strength_contradict():
    assert wish(True).contradicts(wish(False))
    assert not wish(True).contradicts(wish(True))
    assert not wish(True).contradicts(wish(False, Priority.OPERATOR))
    assert not wish(True).contradicts(wish(False, output="outputs.b"))


def test_a_veto_contradicts_what_it_forbids_and_nothing_else():
    shut = wish(Passage.OPEN, veto=True)
    assert shut.contradicts(wish(Passage.OPEN))
    assert not shut.contradicts(wish(Passage.CLOSED))
    assert not shut.contradicts(wish(Passage.OPEN, veto=True))


def test_hours_that_do_not_meet_contradict_nothing():
    monday, late = ((0, 3600),), ((WEEK - 3600, WEEK + 1800),)
    assert wish(True, week=monday).contradicts(wish(False, week=late)), "over the end of the week"
    assert not wish(True, week=monday).contradicts(wish(False, week=((3600, 7200),)))
    assert wish(True, week=monday).contradicts(wish(False))
    assert not wish(True, week=()).contradicts(wish(False))


SPANS = st.lists(
    st.tuples(st.integers(0, WEEK - 1), st.integers(1, 86400)).map(lambda span: (span[0], span[0] + span[1])),
    max_size=4,
).map(tuple)


@given(SPANS, SPANS)
def test_two_weeks_meet_when_any_hour_lies_in_both(one, other):
    def holds(spans, second):
        return any(start <= second + turn < end for start, end in spans for turn in (0, WEEK))

    seconds = {start % WEEK for start, _ in (*one, *other)}
    meet = any(holds(one, second) and holds(other, second) for second in seconds)
    assert wish(True, week=one).contradicts(wish(False, week=other)) is meet
    assert wish(False, week=other).contradicts(wish(True, week=one)) is meet


class _Silent:
    """A rule that does not say what it may want."""

    name = "silent"


class _Wanting:
    def __init__(self, name, *wishes):
        self.name, self.wishes = name, wishes


def test_each_two_rules_are_told_once_and_a_rule_never_contradicts_itself():
    document = Document(Path("site.yaml"))
    both = (wish(True), wish(False))
    contradictions(document, [_Silent(), _Wanting("a", *both), _Wanting("b", *both)])
    assert [(fault.code, fault.path, fault.values["other"]) for fault in document.faults] == [
        ("rules_contradict", "rules.b", "rules.a")
    ]


def test_of_an_implied_rule_the_place_is_what_implies_it():
    document = Document(Path("site.yaml"))
    one = _Wanting("doors.north.access", wish(Passage.OPEN, output="doors.north"))
    contradictions(document, [one, _Wanting("odd", wish(Passage.CLOSED, output="doors.north"))])
    (fault,) = document.faults
    assert (fault.values["other"], fault.values["wish"], fault.values["against"]) == (
        "doors.north",
        "locked",
        "unlocked",
    )


def test_no_shipped_site_contradicts_itself():
    for site in (ROOT / "config").glob("*/site.yaml"):
        assert load(site).rules
