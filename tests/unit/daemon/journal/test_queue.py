"""Order is kept, room is bounded, and life safety stays."""

import time
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from daemon.journal.line import write
from daemon.journal.queue import _PLAIN, Queue
from daemon.journal.retention import CLASSES
from gatehouse.events import Event

START = datetime(2026, 5, 1, tzinfo=UTC)


def event(i: int, severity: int = 0, alarm: str = "", state: str = "") -> Event:
    content = {"alarm": alarm, "state": state, "alarm_state": {"state": state}} if alarm else {}
    kind = "alarm.raised" if severity else "output.told"
    return Event(id=str(i), at=START + timedelta(seconds=i), kind=kind, subject="x", severity=severity, content=content)


def ids(queue: Queue) -> list[int]:
    return [int(one.id) for one in queue.events()]


def test_lines_leave_in_order_and_only_when_settled() -> None:
    queue = Queue()
    for i in range(5):
        queue.push(write(event(i)))
    assert [line.event.id for line in queue.take(3)] == ["0", "1", "2"]
    assert ids(queue) == [0, 1, 2, 3, 4]
    assert [line.event.id for line in queue.take(4)] == ["0", "1", "2", "3"]
    queue.settle()
    assert ids(queue) == [4]
    assert len(queue) == 1


def test_the_least_important_goes_first_and_the_oldest_of_them() -> None:
    queue = Queue(most=4)
    for i, severity in enumerate([0, 3, 1, 0, 4, 2, 1]):
        queue.push(write(event(i, severity)))
    assert ids(queue) == [1, 2, 5, 6]
    assert queue.dropped.count == 3
    assert queue.dropped.severities == {0: 2, 4: 1}
    assert (queue.dropped.first, queue.dropped.last) == (event(0).at, event(4).at)


def test_of_lines_without_a_severity_those_go_first_that_are_worth_least() -> None:
    queue = Queue(most=3)
    kinds = ["access.granted", "ladder.step", "patrol.point", "feed.lost", "output.told", "journal.cut", "feed.lost"]
    for i, kind in enumerate(kinds):
        queue.push(write(Event(id=str(i), at=START, kind=kind, subject="s")))
    assert [one.kind for one in queue.events()] == ["ladder.step", "patrol.point", "journal.cut"]
    assert queue.dropped.told()["classes"] == {"network": 2, "operations": 1, "access": 1}


def test_every_class_has_its_turn_and_alarms_the_last() -> None:
    assert sorted(_PLAIN) == sorted(CLASSES)
    assert _PLAIN[-1] == "alarm"


def test_what_came_last_is_found_without_looking_at_the_rest() -> None:
    """A feed asks at each event; after days of a full disk many wait, and doors must not wait for that."""
    queue = Queue()
    for i in range(20_000):
        queue.push(write(event(i)))
    queue.take(1000)
    assert [one.id for one in queue.events("19997")] == ["19998", "19999"]
    assert [one.id for one in queue.events("997")][:3] == ["998", "999", "1000"]
    assert len(queue.events("was never there")) == len(queue.events()) == 20_000
    began = time.perf_counter()
    for _ in range(1000):
        queue.events("19990")
    assert time.perf_counter() - began < 0.5


def test_bytes_are_bounded_too() -> None:
    size = len(write(event(1)).body)
    queue = Queue(most_bytes=10 * size)
    for i in range(1, 10):
        queue.push(write(event(i)))
    queue.push(write(Event(id="big", at=START, kind="k", subject="s", content={"x": "y" * 5 * size})))
    assert queue.dropped.count > 0
    assert sum(len(line.body) for line in queue.take(100)) <= 10 * size


def test_life_safety_alone_is_bounded_as_well() -> None:
    queue = Queue(most=10)
    for i in range(50):
        queue.push(write(event(i, 1)))
    assert ids(queue) == list(range(20))
    assert queue.dropped.severities == {1: 30}


@given(st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 2, 3, 4]), st.integers(0, 9)), max_size=120), st.integers(1, 12))
def test_whatever_comes_order_holds_and_life_stays(story: list[tuple[int, int]], most: int) -> None:
    """Severity and, now and then, a batch taken or settled; nothing of severity 1 is lost within its reserve."""
    queue, settled, pushed = Queue(most=most), list[int](), list[tuple[int, int]]()
    for i, (severity, step) in enumerate(story):
        queue.push(write(event(i, severity)))
        pushed.append((i, severity))
        if step == 0:
            queue.take(5)
        if step == 1:
            settled += [int(line.event.id) for line in queue.take(5)]
            queue.settle()
        assert len(queue) <= 2 * most + 5
    kept = settled + ids(queue)
    assert kept == sorted(kept)
    assert len(kept) + queue.dropped.count == len(pushed)
    if queue.dropped.severities.get(1, 0) == 0:
        assert {i for i, severity in pushed if severity == 1} <= set(kept)
    else:
        assert sum(severity == 1 for _, severity in pushed) > most


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 4]), st.sampled_from("abc"), st.booleans(), st.integers(0, 4)), max_size=60
    ),
    st.integers(1, 6),
)
def test_standing_alarms_end_as_the_last_event_said_even_if_it_was_dropped(
    story: list[tuple[int, str, bool, int]], most: int
) -> None:
    queue, disk, truth = Queue(most=most), dict[str, bytes](), dict[str, bool]()

    def commit(size: int) -> None:
        queue.take(size)
        for alarm, state in queue.standing().items():
            if state is None:
                disk.pop(alarm, None)
            else:
                disk[alarm] = state
        queue.settle()

    for i, (severity, alarm, active, step) in enumerate(story):
        queue.push(write(event(i, severity, alarm, f"raised {i}" if active else "normal")))
        truth[alarm] = active
        if step == 0:
            commit(2)
    while len(queue):
        commit(2)
    commit(1)
    assert set(disk) == {alarm for alarm, active in truth.items() if active}


def test_an_event_dropped_while_the_disk_is_busy_is_not_forgotten() -> None:
    queue = Queue(most=1)
    queue.push(write(event(1, 1)))
    queue.take(1)
    assert queue.standing() == {}
    queue.push(write(event(2, 3, "a", "raised")))
    queue.settle()
    assert ids(queue) == []
    queue.take(1)
    assert queue.standing() == {"a": b'{"state":"raised"}'}
    queue.settle()
    assert queue.standing() == {}
