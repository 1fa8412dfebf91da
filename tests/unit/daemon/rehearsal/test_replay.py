"""The same readings before two sets of rules: what is otherwise is found, and nothing else is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.config import load as config
from daemon.config.load import Plan
from daemon.recording.segment import Reading
from daemon.recording.story import Item, Mark
from daemon.rehearsal.replay import Course, Fact, Replay, changes, facts
from gatehouse.events import Event
from gatehouse.points import Quality
from tests.unit.daemon import small

START = datetime(2026, 11, 21, 6, tzinfo=UTC)
AT = START.timestamp()
QUIET = {f"io1.input{number}": number == 7 for number in range(1, 9)} | {"io1.online": True, "north.online": True}


@pytest.fixture
def plan(tmp_path: Path):
    def load(old: str = "", new: str = "") -> Plan:
        return config.load(small.write(tmp_path / "site", small.SITE.replace(old, new)))

    return load


def told(*later: tuple[float, str, object] | Mark) -> list[Item]:
    """All quiet from the start on, then these."""
    begun: list[Item] = [Mark(AT, "started")]
    begun += [Reading(AT, point, value, Quality.GOOD) for point, value in QUIET.items()]
    return begun + [
        each if isinstance(each, Mark) else Reading(AT + each[0], each[1], each[2], Quality.GOOD) for each in later
    ]


def play(plan: Plan, *later: tuple[float, str, object] | Mark, deeds=(), until: float = 600) -> Course:
    return Replay(plan, START, START + timedelta(seconds=until), deeds).play(told(*later))


def seen(course: Course) -> list[tuple[float, str]]:
    """Alarms: when, and what."""
    return [(round(each.at - AT, 1), " ".join(each.key[1:])) for each in course.facts if each.key[0] == "alarm"]


def other(then: Course, now: Course) -> list[tuple[str, float | None, float | None]]:
    found = changes(then.facts, now.facts, 1.0)
    return [
        (" ".join(each.key), *(None if fact is None else round(fact.at - AT, 1) for fact in (each.then, each.now)))
        for each in found
    ]  # fmt: skip


def deed(after: float, kind: str) -> Event:
    content = {"alarm": "zones.b12.fire", "by": "li"}
    return Event(id="a", at=START + timedelta(seconds=after), kind=kind, subject="zones.b12", content=content)


DOOR = (30.0, "io1.input1", True), (80.0, "io1.input1", False)


def test_the_same_rules_do_the_same(plan) -> None:
    assert other(play(plan(), *DOOR), play(plan(), *DOOR)) == []


def test_a_delay_that_was_changed_raises_at_another_time(plan) -> None:
    then, now = play(plan(), *DOOR), play(plan("unlock: 5s", "unlock: 5s, held: 10s"), *DOOR)
    assert other(then, now) == [("alarm doors.north.held raised", 50.0, 40.0)]


def test_what_does_not_happen_any_more_and_what_happens_now(plan) -> None:
    short = (30.0, "io1.input1", True), (45.0, "io1.input1", False)
    then, now = play(plan(), *short), play(plan("unlock: 5s", "unlock: 5s, held: 10s"), *short)
    raised = [("alarm doors.north.held raised", None, 40.0), ("alarm doors.north.held returned", None, 45.0)]
    assert other(then, now) == raised
    assert other(now, then) == [(name, after, before) for name, before, after in raised]


def test_outputs_are_compared_too(plan) -> None:
    fire = (30.0, "io1.input8", True)
    then, now = play(plan(), fire), play(plan("release: [north, in]", "release: [north]"), fire)
    gone = [("output lanes.in open", 30.0, None), ("alarm lanes.in.stuck raised", 36.0, None)]
    assert other(then, now) == gone  # its limit inputs are those of that day: it never came up


def test_people_do_again_what_they_did(plan) -> None:
    """A fire that was acknowledged and reset does not stand for ever."""
    done = [
        deed(50, "alarm.acknowledged"),
        deed(60, "alarm.reset"),
    ]
    course = play(plan(), (30.0, "io1.input8", True), (40.0, "io1.input8", False), deeds=done)
    rests = [each for each in course.facts if each.key == ("output", "doors.north", "closed")]
    assert [round(each.at - AT) for each in rests][-1] == 60
    assert course.refused == 0


def test_what_cannot_be_done_again_is_counted(plan) -> None:
    assert play(plan(), (30.0, "io1.input8", True), deeds=[deed(9, "alarm.reset")]).refused == 1


def test_while_the_daemon_was_away_nothing_is_judged(plan) -> None:
    """The door stands open over a stop of the daemon: the new life counts from its own beginning."""
    away = [(30.0, "io1.input1", True), Mark(AT + 40, "stopped"), Mark(AT + 400, "started")]
    back = [(400.0, point, value) for point, value in (QUIET | {"io1.input1": True}).items()]
    course = play(plan(), *away, *back)
    assert seen(course) == [(30.0, "doors.north.forced raised"), (420.0, "doors.north.held raised")]
    assert course.breaks == 1


def test_what_was_open_when_the_daemon_ended_is_not_closed_by_it(plan) -> None:
    card = Event(id="a", at=START + timedelta(seconds=30.1), kind="access.granted", subject="doors.north")
    course = play(plan(), (30.0, "north.card", None), Mark(AT + 33, "stopped"), deeds=[card])
    assert [each.key[2] for each in course.facts if each.key[:2] == ("output", "doors.north")][-1] == "open"


def test_a_silent_device_is_silent_again(plan) -> None:
    course = play(plan(), (30.0, "io1.online", False), (60.0, "io1.online", True))
    assert (40.0, "devices.io1.silent raised") in seen(course)
    assert (60.0, "devices.io1.silent returned") in seen(course)


def test_a_card_without_its_number_is_not_judged_but_counted(plan) -> None:
    course = play(plan(), (30.0, "north.card", None), (40.0, "north.card", "0004712345"))
    assert course.masked == 1
    assert [each.key for each in course.facts if each.key[0] == "access"] == [("access", "doors.north", "granted")]


@pytest.mark.parametrize("after", [0.1, -0.0004], ids=["later", "before, by rounding"])
def test_a_card_without_its_number_opens_as_the_journal_says(plan, after: float) -> None:
    card = Event(id="a", at=START + timedelta(seconds=30 + after), kind="access.granted", subject="doors.north")
    walk = (32.0, "io1.input1", True), (36.0, "io1.input1", False)
    course = play(plan(), (30.0, "north.card", None), *walk, deeds=[card])
    told = [(round(each.at - AT, 1), each.key[2]) for each in course.facts if each.key[:2] == ("output", "doors.north")]
    opened = round(30 + after, 1)
    assert told[-2:] == [(opened, "open"), (opened + 5, "closed")]
    assert seen(course) == [], "nobody forced the door"
    judged = play(plan(), (30.0, "north.card", "0004712345"), *walk, deeds=[card])
    assert [each.key[2] for each in judged.facts if each.key[:2] == ("output", "doors.north")][-2:] == [
        "open",
        "closed",
    ]


def test_what_the_recording_and_the_site_do_not_share_is_told(plan) -> None:
    course = play(plan(), (30.0, "gone.input1", True), Mark(AT + 50, "lost", 7), Mark(AT + 60, "torn"))
    assert (course.strange, course.lost, course.breaks) == ({"gone.input1"}, 7, 1)
    assert course.unread == set()
    assert Replay(plan(), START, START + timedelta(seconds=9)).play([]).unread == {
        point for rule in plan().rules for point in rule.inputs if point != "north.card"
    }


def test_what_lies_before_the_span_is_played_and_not_compared(plan) -> None:
    replay = Replay(plan(), START + timedelta(seconds=45), START + timedelta(seconds=600))
    course = replay.play(told(*DOOR))
    assert seen(course) == [
        (50.0, "doors.north.held raised"), (80.0, "doors.north.forced returned"), (80.0, "doors.north.held returned"),
    ]  # fmt: skip


def test_what_stands_when_the_span_begins_is_compared_as_it_stands_then(plan) -> None:
    span = START + timedelta(seconds=45), START + timedelta(seconds=70)
    then, now = (
        Replay(each, *span).play(told(*DOOR)) for each in (plan(), plan("unlock: 5s", "unlock: 5s, held: 10s"))
    )
    begun = [[f"{each.at - AT:g} {each.key[1]}" for each in course.begun if each.key[0] == "alarm"]
             for course in (then, now)]  # fmt: skip
    assert begun == [["45 doors.north.forced"], ["45 doors.north.forced", "45 doors.north.held"]]
    assert [each.key[1:] for each in changes(then.begun, now.begun, 1.0)] == [("doors.north.held", "raised")]


def fact(at: float, name: str = "x") -> Fact:
    return Fact(at, ("alarm", name, "raised"), Event(id="", at=START, kind="alarm.raised", subject="zones.b12"))


@pytest.mark.parametrize(
    ("then", "now", "wanted"),
    [
        ([10.0], [10.9], []),
        ([10.0], [12.0], [(10.0, 12.0)]),
        ([10.0], [], [(10.0, None)]),
        ([], [10.0], [(None, 10.0)]),
        ([10.0], [5000.0], [(10.0, None), (None, 5000.0)]),
        ([10.0, 1000.0], [1000.5], [(10.0, None)]),
        ([10.0, 20.0], [10.0, 20.0], []),
    ],
)
def test_like_is_compared_with_like(then: list[float], now: list[float], wanted: list[tuple]) -> None:
    found = changes(map(fact, then), map(fact, now), 1.0)
    assert [(one.then and one.then.at, one.now and one.now.at) for one in found] == wanted


def test_events_that_say_nothing_of_what_happened_are_no_facts() -> None:
    assert not list(facts([Event(id="", at=START, kind="daemon.armed", subject="daemon")]))
