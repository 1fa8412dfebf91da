"""What is reckoned of a line is an upper bound of what the scheduler makes of it, and not far from it."""

import random
from collections import defaultdict

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.config.cycles import Outlook, Task, demand, outlooks
from daemon.field.scheduler import Scheduler
from gatehouse.driver import Scan, ScanClass

SAFETY, ACCESS, MEASURE, SLOW = ScanClass
WRITE = 0.03
"""Seconds of an order; one comes every three to six seconds."""


def worked(tasks: list[Task], seconds: float, seed: int = 1) -> dict[tuple[ScanClass, float], float]:
    """The longest time between two readings, by class and period, on a line that is worked by the real scheduler."""
    scans, costs = {}, {}
    for number, task in enumerate(tasks):
        name = f"d{number}"
        scans[name] = [Scan(name=name, kind=task.kind, period=task.period, points=("x",))]
        costs[name] = task
    scheduler, dice, now, last = Scheduler(scans, 0.0), random.Random(seed), 0.0, {}
    worst: dict[tuple[ScanClass, float], float] = defaultdict(float)
    order = dice.uniform(0, 3)
    while now < seconds:
        if now >= order:
            now, order = now + WRITE, now + WRITE + dice.uniform(3, 6)
            continue
        job = scheduler.next(now)
        if job is None:
            now = min(max(scheduler.wake(now), now + 1e-6), max(order, now + 1e-6))
            continue
        task = costs[job.device]
        now += task.seconds
        scheduler.answered(job, now)
        key = task.kind, task.period
        worst[key] = max(worst[key], now - last.get(job.device, now))
        last[job.device] = now
    return worst


def kept(outlook: dict[tuple[ScanClass, float], Outlook]) -> bool:
    """Whether a site with such a line is accepted: measures in their rhythm, safety and access not too old."""
    for (kind, period), its in outlook.items():
        if kind is SAFETY and its.cycle + its.jitter > 2:
            return False
        if kind is ACCESS and its.cycle + its.jitter > max(3 * period, period + 2):
            return False
        if kind is MEASURE and its.cycle > period:
            return False
    return True


def line(units: int, period: float, measures: float = 10.0, each: float = 0.04) -> list[Task]:
    return [task for _ in range(units) for task in (Task(SAFETY, period, each), Task(MEASURE, measures, 0.06))]


def test_an_idle_line_keeps_each_period_and_an_order_and_a_read_may_come_between() -> None:
    found = outlooks([Task(SAFETY, 1.0, 0.04), Task(MEASURE, 10.0, 0.06)], WRITE)
    assert found[SAFETY, 1.0].cycle == 1.0
    assert found[SAFETY, 1.0].jitter == pytest.approx(WRITE + 2 * 0.06)
    assert found[MEASURE, 10.0].cycle == 10.0


def test_a_full_class_is_a_ring() -> None:
    found = outlooks([Task(SAFETY, 0.1, 0.04)] * 30, 0.0)
    assert found[SAFETY, 0.1].cycle == pytest.approx(30 * 0.04)


def test_a_ring_is_longer_by_what_lower_classes_need() -> None:
    found = outlooks(line(32, 1.0), 0.0)
    share = 1.25 * 32 * 0.06 / 10
    assert found[SAFETY, 1.0].cycle == pytest.approx(32 * 0.04 / (1 - share))
    assert found[MEASURE, 10.0].cycle == 10.0, "they get what they need beside it"


def test_in_a_full_class_all_are_late_by_the_same() -> None:
    found = outlooks([Task(SAFETY, 0.1, 0.04)] * 10 + [Task(SAFETY, 1.0, 0.04)] * 10, 0.0)
    late = found[SAFETY, 0.1].cycle - 0.1
    assert found[SAFETY, 1.0].cycle - 1.0 == pytest.approx(late)
    assert 10 * 0.04 / (0.1 + late) + 10 * 0.04 / (1.0 + late) == pytest.approx(1)


def test_measures_that_ask_for_too_much_come_more_rarely_and_leave_alarms_three_exchanges_in_four() -> None:
    found = outlooks(line(20, 0.1, measures=1.0, each=0.06), 0.0)
    assert found[MEASURE, 1.0].cycle == pytest.approx(20 * 0.06 / 0.25)
    assert found[SAFETY, 0.1].cycle == pytest.approx(20 * 0.06 / 0.75)


def test_nothing_to_do_is_no_trouble() -> None:
    assert outlooks([], 0.0) == {}
    assert demand([]) == 0


@pytest.mark.parametrize(
    ("units", "period", "measures"),
    [(8, 1.0, 10.0), (20, 1.0, 10.0), (32, 1.0, 10.0), (32, 0.1, 10.0), (16, 0.5, 5.0), (28, 1.5, 10.0)],
    ids=["light", "three quarters", "full", "asked far too often", "quick", "just full"],
)
def test_what_is_reckoned_is_near_to_what_happens(units: int, period: float, measures: float) -> None:
    tasks = line(units, period, measures)
    found, seen = outlooks(tasks, WRITE), worked(tasks, 120)
    for key, its in found.items():
        near = 1.2 if key[0] is SAFETY else 1.4
        assert seen[key] <= its.cycle + its.jitter <= near * seen[key], key


@pytest.mark.parametrize(
    "periods",
    [[0.08, 1.0] * 10, [0.25, 0.5, 1.0, 1.5] * 6, [0.1] * 3 + [1.5] * 20, [0.08] + [0.5, 1.0, 1.5] * 7],
    ids=["two rhythms", "four rhythms", "a few quick ones", "one very quick one"],
)
def test_a_full_line_of_mixed_rhythms_is_reckoned_safely_and_not_far_off(periods: list[float]) -> None:
    tasks = [Task(SAFETY, period, 0.06) for period in periods] + [Task(MEASURE, 10.0, 0.06)] * 8
    assert demand(tasks) > 1.05
    found, seen = outlooks(tasks, WRITE), worked(tasks, 90)
    for key, its in found.items():
        if key[0] is SAFETY:
            assert seen[key] <= its.cycle + its.jitter <= 2.2 * seen[key], (key, its, seen[key])


tasks = st.builds(
    lambda kind, period, number, each: [Task(kind, period, each)] * number,
    st.just(SAFETY),
    st.sampled_from([0.08, 0.25, 0.5, 1.0, 1.5]),
    st.integers(1, 24),
    st.floats(0.02, 0.07),
)
lower = st.builds(
    lambda kind_period, number, each: [Task(*kind_period, each)] * number,
    st.sampled_from([(ACCESS, 1.0), (ACCESS, 2.0), (MEASURE, 5.0), (MEASURE, 10.0), (SLOW, 60.0)]),
    st.integers(1, 16),
    st.floats(0.02, 0.07),
)


@given(st.lists(tasks, min_size=1, max_size=2), st.lists(lower, max_size=3), st.integers(0, 9))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_reading_of_an_accepted_line_gets_older_than_was_reckoned(
    first: list[list[Task]], others: list[list[Task]], seed: int
) -> None:
    wanted = [task for group in (*first, *others) for task in group]
    found = outlooks(wanted, WRITE)
    assume(kept(found))
    seen = worked(wanted, 45, seed)
    for key, its in found.items():
        assert seen[key] <= its.cycle + its.jitter + 1e-9, key
