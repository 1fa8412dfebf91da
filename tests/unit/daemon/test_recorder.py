"""Events get an identity that no other event of any run has, and are handed on at once."""

from datetime import UTC, datetime

from daemon.recorder import Recorder
from gatehouse.events import Event


def test_an_event_is_handed_on_as_it_was_said(clock):
    taken: list[Event] = []
    recorder = Recorder(taken.append, clock)
    event = recorder.emit(
        "alarm.raised", "zones.b12", actor="rule:fire", cause="a-1", severity=1, content={"alarm": "zones.b12.fire"}
    )
    assert taken == [event]
    assert event == Event(
        id=f"{recorder.boot}-1",
        at=datetime(2026, 11, 21, 6, 0, tzinfo=UTC),
        kind="alarm.raised",
        subject="zones.b12",
        actor="rule:fire",
        cause="a-1",
        severity=1,
        content={"alarm": "zones.b12.fire"},
    )


def test_no_two_events_have_one_id_not_even_of_two_runs_at_one_instant(clock):
    taken: list[Event] = []
    for _ in range(3):
        recorder = Recorder(taken.append, clock)
        for _ in range(100):
            recorder.emit("daemon.started", "daemon")
    assert len({event.id for event in taken}) == 300


def test_an_event_does_not_change_with_what_it_was_made_of(clock):
    taken: list[Event] = []
    content = {"why": "first"}
    Recorder(taken.append, clock).emit("device.offline", "devices.io1", content=content)
    content["why"] = "second"
    assert taken[0].content == {"why": "first"}


def test_the_clock_is_asked_for_each_event(clock):
    taken: list[Event] = []
    recorder = Recorder(taken.append, clock)
    recorder.emit("daemon.started", "daemon")
    clock.now += 90
    recorder.emit("daemon.armed", "daemon")
    assert (taken[1].at - taken[0].at).total_seconds() == 90
