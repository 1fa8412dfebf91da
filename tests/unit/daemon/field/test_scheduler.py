"""Higher classes first, earliest deadline first, lower ones never starved, silent devices within their share."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.field.jobs import Job
from daemon.field.scheduler import SILENT_SHARE, Scheduler
from gatehouse.driver import Scan, ScanClass

EXCHANGE = 0.03
"""Seconds that a good exchange takes here."""
MISS = 0.4


def scan(name: str, kind: ScanClass = ScanClass.MEASURE, period: float = 1.0) -> Scan:
    return Scan(name=name, kind=kind, period=period, points=(name,))


def play(
    scheduler: Scheduler, seconds: float, dead: frozenset[str] = frozenset(), begin: float = 0.0
) -> list[tuple[float, Job]]:
    """Work the line for a while; what was asked, and when."""
    now, asked = begin, []
    while now < begin + seconds:
        job = scheduler.next(now)
        if job is None:
            wake = scheduler.wake(now)
            assert wake > now, "asleep though something is due"
            now = min(wake, begin + seconds)
            continue
        asked.append((now, job))
        if job.device in dead:
            now += MISS
            scheduler.missed(job.device, now, MISS)
        else:
            now += EXCHANGE
            scheduler.answered(job, now)
    return asked


def gaps(asked: list[tuple[float, Job]], device: str) -> list[float]:
    instants = [at for at, job in asked if job.device == device]
    return [b - a for a, b in itertools.pairwise(instants)]


def test_safety_goes_before_access_before_measure() -> None:
    scheduler = Scheduler({"a": [scan(kind.name, kind) for kind in reversed(ScanClass)]}, 0.0)
    assert [job.scan.name for _, job in play(scheduler, 0.12)] == ["SAFETY", "ACCESS", "MEASURE", "SLOW"]


def test_inside_a_class_the_earliest_deadline_goes_first() -> None:
    scheduler = Scheduler({"a": [scan("often", period=0.5)], "b": [scan("rarely", period=5.0)]}, 0.0)
    assert [job.scan.name for _, job in play(scheduler, 0.06)] == ["often", "rarely"]


def test_periods_are_kept() -> None:
    asked = play(Scheduler({"a": [scan("x", period=0.5)], "b": [scan("y", period=2.0)]}, 0.0), 20)
    assert len([job for _, job in asked if job.device == "a"]) == pytest.approx(40, abs=1)
    assert max(gaps(asked, "b")) < 2.1


def test_a_line_full_of_safety_still_reads_a_relay_back() -> None:
    scans = {f"io{n}": [scan("in", ScanClass.SAFETY, 0.05)] for n in range(4)}
    asked = play(Scheduler({**scans, "relay": [scan("coils", ScanClass.ACCESS, 1.0)]}, 0.0), 30)
    assert max(gaps(asked, "relay")) < 1.0 + 5 * EXCHANGE
    assert max(gaps(asked, "io0")) < 6 * EXCHANGE


def test_the_overload_is_shared_among_safety_scans() -> None:
    asked = play(Scheduler({f"io{n}": [scan("in", ScanClass.SAFETY, 0.01)] for n in range(8)}, 0.0), 10)
    for n in range(8):
        assert max(gaps(asked, f"io{n}")) <= 8 * EXCHANGE + 1e-6


def living(count: int) -> dict[str, list[Scan]]:
    return {f"u{n:02}": [scan("alarm", ScanClass.SAFETY, 0.2), scan("amps", period=10.0)] for n in range(count)}


@pytest.mark.parametrize("dead", [1, 4, 12])
def test_silent_devices_take_a_tenth_of_the_line_at_most(dead: int) -> None:
    names = frozenset(f"u{n:02}" for n in range(dead))
    asked = play(Scheduler(living(32), 0.0), 160, names)
    settled = [(at, job) for at, job in asked if at > 60]
    spent = sum(MISS for _, job in settled if job.device in names)
    assert spent <= SILENT_SHARE * 100 + MISS
    for name in sorted(names):
        assert any(job.device == name for _, job in settled), "each is still looked for"


def test_a_silent_safety_device_is_looked_for_every_two_seconds_others_every_ten_as_far_as_the_share_goes() -> None:
    scans = {"ok": [scan("x")], "fire": [scan("in", ScanClass.SAFETY, 0.1)], "meter": [scan("kwh", period=5.0)]}
    asked = play(Scheduler(scans, 0.0), 300, frozenset({"fire", "meter"}))
    settled = [(at, job) for at, job in asked if at > 60]
    turn = MISS / SILENT_SHARE  # how often one probe can be paid for
    assert max(gaps(settled, "fire")) <= 2 * turn
    assert max(gaps(settled, "meter")) <= 10.0 + 2 * turn


def test_when_all_are_silent_nobody_is_spared_for() -> None:
    asked = play(Scheduler({"fire": [scan("in", ScanClass.SAFETY, 0.1)]}, 0.0), 60, frozenset({"fire"}))
    assert max(gaps(asked, "fire")) <= 2.0 + MISS + 1e-6


def test_the_first_misses_follow_quickly() -> None:
    asked = play(Scheduler(living(4), 0.0), 5, frozenset({"u00"}))
    misses = [at for at, job in asked if job.device == "u00"]
    assert misses[2] - misses[0] < 1.5


def test_the_first_answer_brings_back_the_full_rate() -> None:
    scheduler = Scheduler(living(2), 0.0)
    play(scheduler, 30, frozenset({"u00"}))
    asked = play(scheduler, 10, begin=30.5)
    back = next(at for at, job in asked if job.device == "u00")
    assert back < 30.5 + 5.0
    assert len([at for at, job in asked if job.device == "u00" and at < back + 2.0]) >= 9


def test_a_device_is_left_alone_between_two_requests() -> None:
    scheduler = Scheduler({"a": [scan("x", period=0.1), scan("y", period=0.1)]}, 0.0)
    first = scheduler.next(0.0)
    assert first is not None
    scheduler.answered(first, 0.03, gap=0.1)
    assert scheduler.next(0.05) is None
    assert scheduler.wake(0.05) == pytest.approx(0.13)
    assert scheduler.next(0.131) is not None


def test_a_written_channel_is_read_back_at_once() -> None:
    scheduler = Scheduler({"a": [scan("relay", ScanClass.ACCESS, 10.0)], "b": [scan("x", ScanClass.ACCESS, 10.0)]}, 0.0)
    play(scheduler, 1.0)
    assert scheduler.next(1.0) is None
    scheduler.soon("a", "relay", 1.0)
    job = scheduler.next(1.0)
    assert job is not None
    assert job.device == "a"


def test_a_retired_device_is_never_asked_again() -> None:
    scheduler = Scheduler(living(2), 0.0)
    scheduler.retire("u00")
    scheduler.missed("u00", 0.0, 0.1)
    scheduler.revive(1.0)
    assert {job.device for _, job in play(scheduler, 30, begin=1.0)} == {"u01"}


@given(
    periods=st.lists(st.floats(0.02, 5.0), min_size=1, max_size=8),
    kinds=st.lists(st.sampled_from(list(ScanClass)), min_size=8, max_size=8),
    dead=st.sets(st.integers(0, 7)),
)
def test_whatever_is_asked_of_a_line_nobody_is_forgotten(
    periods: list[float], kinds: list[ScanClass], dead: set[int]
) -> None:
    scans = {f"d{n}": [scan("x", kinds[n], period)] for n, period in enumerate(periods)}
    names = frozenset(f"d{n}" for n in dead) & scans.keys()
    asked = play(Scheduler(scans, 0.0), 90, names)
    assert {job.device for at, job in asked if at > 30} == set(scans)


def full_line(units: int, period: float) -> dict[str, list[Scan]]:
    return {
        f"u{n:02}": [scan("alarm", ScanClass.SAFETY, period), scan("amps", ScanClass.MEASURE, 10.0)]
        for n in range(units)
    }


def waits(asked: list[tuple[float, Job]], name: str, after: float = 0.0) -> float:
    """The longest time between two readings of one kind."""
    by_device: dict[str, list[float]] = {}
    for at, job in asked:
        if job.scan.name == name and at >= after:
            by_device.setdefault(job.device, []).append(at)
    return max(b - a for times in by_device.values() for a, b in itertools.pairwise(times))


def test_measures_that_are_due_at_once_are_spread_between_alarms() -> None:
    """32 measures in 10 s: one in 312 ms is wanted, one in 250 ms let in, not one in four exchanges (120 ms)."""
    asked = play(Scheduler(full_line(32, 0.1), 0.0), 60)
    at = [instant for instant, job in asked if job.scan.name == "amps"]
    assert min(b - a for a, b in itertools.pairwise(at)) >= 0.25
    assert waits(asked, "alarm") <= (32 + 5) * EXCHANGE + 1e-6
    assert waits(asked, "amps") <= 10.5


def test_measures_get_their_turn_below_a_full_class_that_is_not_the_first() -> None:
    scans = {
        **{f"s{n}": [scan("alarm", ScanClass.SAFETY, 1.0)] for n in range(18)},
        **{f"a{n}": [scan("relay", ScanClass.ACCESS, 0.5)] for n in range(12)},
        **{f"m{n}": [scan("amps", ScanClass.MEASURE, 5.0)] for n in range(6)},
    }
    asked = play(Scheduler(scans, 0.0), 60)
    assert waits(asked, "alarm") < 1.2
    assert waits(asked, "amps", 10.0) < 10


BOTH = [
    Scan(name="alarm", kind=ScanClass.SAFETY, period=1.0, points=("alarm",)),
    Scan(name="volts", kind=ScanClass.MEASURE, period=10.0, points=("volts",), also=("alarm",)),
]


def test_a_measure_that_brings_the_alarm_along_is_made_in_its_turn_and_spares_it() -> None:
    asked = play(Scheduler({"a": BOTH}, 0.0), 100)
    assert asked[0][1].scan.name == "volts", "at the start one exchange brings all"
    names = [job.scan.name for _, job in asked]
    assert 10 <= names.count("volts") <= 11
    assert names.count("alarm") + names.count("volts") <= 101
    assert max(gaps(asked, "a")) < 1.1


def test_measures_that_ride_come_spread_over_their_period() -> None:
    asked = play(Scheduler({f"d{number}": BOTH for number in range(32)}, 0.0), 60)
    rides = [at for at, job in asked if job.scan.name == "volts" and at > 20]
    assert max(sum(1 for at in rides if begin <= at < begin + 1) for begin in range(20, 59)) <= 6
    assert max(max(gaps([entry for entry in asked if entry[0] > 2], f"d{number}")) for number in range(32)) < 1.1


def test_when_the_alarm_alone_is_not_answered_the_measure_has_a_turn_of_its_own() -> None:
    scheduler, now, asked = Scheduler({"a": BOTH}, 0.0), 0.0, []
    while now < 60:
        job = scheduler.next(now)
        if job is None:
            now = max(scheduler.wake(now), now + 0.001)
            continue
        asked.append((now, job.scan.name))
        if job.scan.name == "alarm":
            now += MISS
            scheduler.missed("a", now, MISS, job=job)
        else:
            now += EXCHANGE
            scheduler.answered(job, now)
    late = [name for at, name in asked if at > 20]
    assert 3 <= late.count("volts") <= 8
    assert late.count("alarm") <= 6


def test_one_that_rode_and_has_nobody_to_ride_with_any_more_is_asked_by_itself() -> None:
    scheduler = Scheduler({"a": BOTH}, 0.0)
    play(scheduler, 5)
    scheduler.plan("a", BOTH[1:], 5.0)
    assert [job.scan.name for _, job in play(scheduler, 25, begin=5.0)] == ["volts"] * 3


def test_who_answers_after_all_were_silent_brings_the_others_back_with_him() -> None:
    """A switch was off for ten minutes: nobody was spared by probing then, so nobody has to pay for it now."""
    units = {name: [scan(name, period=0.5)] for name in "abcdef"}
    scheduler = Scheduler(units, 0.0)
    play(scheduler, 600, frozenset(units))
    back = {job.device: at for at, job in reversed(play(scheduler, 60, begin=600.0))}
    assert back.keys() == units.keys()
    assert max(back.values()) - min(back.values()) < 1


def test_a_wire_that_is_lost_after_each_answer_serves_all() -> None:
    """Some gateways hang up after each answer: who has waited longest is asked on the next connection."""
    scheduler = Scheduler({"a": [scan("a"), scan("b", period=5.0)], "c": [scan("c")]}, 0.0)
    now, asked = 0.0, []
    for _ in range(40):
        scheduler.revive(now)
        job = scheduler.next(now)
        if job is not None:
            asked.append(job.scan.name)
            job.landed = now
            scheduler.answered(job, now + EXCHANGE)
        now += 0.25
    assert {name: asked.count(name) for name in "abc"} == {"a": 10, "b": 2, "c": 10}
