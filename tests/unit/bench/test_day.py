"""A day of events for benches."""

from collections import Counter
from datetime import UTC, datetime

import msgspec

from bench.day import Day
from daemon.feeds.catalogue import EVENTS
from daemon.journal.line import write
from gatehouse.events import Event

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def lived(passages: int) -> list[Event]:
    events: list[Event] = []
    day = Day(events.append, BEGIN)
    for number in range(passages):
        day.clock.passed = number * 2.16
        day.passage(number)
    assert day.count == len(events)
    return events


def test_kinds_are_those_of_the_catalogue_and_mostly_passages():
    kinds = Counter(event.kind for event in lived(1000))
    assert set(kinds) - {"output.confirmed"} <= set(EVENTS)
    assert kinds["access.granted"] == 1000
    assert kinds["output.told"] == kinds["output.confirmed"] == 2000
    assert (kinds["access.denied"], kinds["device.offline"], kinds["alarm.raised"]) == (25, 10, 5)
    assert {kinds[f"alarm.{word}"] for word in ("acknowledged", "verified", "returned", "reset", "closed")} == {5}


def test_life_is_in_it_and_no_alarm_is_left_standing_nor_open():
    left: dict[str, bytes | None] = {}
    events = lived(300)
    for event in events:
        if (standing := write(event).standing) is not None:
            left[standing[0]] = standing[1]
    assert {event.severity for event in events} == {0, 1, 2}
    assert len(left) == 3
    assert set(left.values()) == {None}


def test_events_are_as_large_as_real_ones_and_in_the_order_of_time():
    events = lived(500)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert len({event.id for event in events}) == len(events)
    assert 250 < sum(len(msgspec.json.encode(event)) for event in events) / len(events) < 450
