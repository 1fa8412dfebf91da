"""Many die at once, on a serial line and behind a gateway: the living are read meanwhile, the dead are found out."""

import asyncio
import itertools
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import site
from daemon.field import lines
from daemon.field.bursts import MANY, Burst
from daemon.field.jobs import Job, Unit
from daemon.field.lines import LineOwner
from daemon.field.scheduler import Scheduler
from gatehouse.driver import Scan, ScanClass
from tests.unit.daemon.bus import Bus, FakeWire, Ledger, LoopClock, Talker, play, scan
from tests.unit.daemon.field.conftest import SERIAL, TCP

UNITS = [f"u{number:02}" for number in range(32)]
ANSWER, MISS = 0.03, 0.4
"""Seconds of an exchange, answered and in vain."""
PATIENCE, WORST = 0.3, 0.6
PERIODS = st.sampled_from([0.2, 0.5, 1.0, 2.0])
KINDS = st.sampled_from([ScanClass.SAFETY, ScanClass.ACCESS])


def waiting(unit: Unit, due: float, place: int, kind: ScanClass = ScanClass.SAFETY) -> tuple[float, int, Job]:
    job = Job("x", Scan(name="x", kind=kind, period=1.0, points=("x",)), unit, due, place)
    unit.jobs.append(job)
    return due + 1.0, place, job


def test_the_living_have_their_turn_before_one_more_time_limit_passes() -> None:
    burst = Burst()
    assert burst.silence(0.6, 100.6)
    told = [burst.silence(0.09, 100.6 + 0.09 * number) for number in range(1, 7)]
    assert told == [False] * 5 + [True], "short ones together as long as one"
    burst.ended()
    assert burst.silence(0.09, 101.5)


def test_where_the_living_take_long_silence_may_take_half_as_long() -> None:
    burst = Burst()
    assert burst.silence(0.3, 10.3)
    assert not burst.silence(0.3, 12.1), "1.5 s were theirs"
    assert burst.silence(0.3, 12.4)
    assert burst.silence(0.3, 13.8), "1.1 s were not enough for two"


def test_where_many_are_silent_only_who_has_answered_since_goes_first() -> None:
    burst, sure, unsure = Burst(), Unit([], 10.0), Unit([], 10.0)
    ready = [[waiting(unsure, 1.0, 1), waiting(sure, 2.0, 2)], [waiting(sure, 0.0, 3, ScanClass.ACCESS)]]
    burst.begin([unsure])
    assert burst.unknown(1.0)
    assert not burst.unknown(0.9)
    for many, order in ((False, [1, 2, 3]), (True, [2, 3])):
        burst.owe(ready, many=many)
        assert [job.place for job in iter(lambda: burst.next(5.0), None)] == order
    burst.owe(ready, many=False)
    ready[0][0][-1].place = 99  # asked meanwhile
    sure.free = 6.0
    assert burst.next(5.0) is None


@given(
    st.lists(st.tuples(PERIODS, KINDS), min_size=4, max_size=20),
    st.sets(st.integers(0, 19), min_size=1),
    st.floats(1.0, 4.0),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_living_unit_is_never_delayed_by_more_than_one_exchange_in_vain(
    wanted: list[tuple[float, ScanClass]], which: set[int], died: float
) -> None:
    """From when it is known that many have died, and it has answered since."""
    names = [f"d{number}" for number in range(len(wanted))]
    dead = {names[number] for number in which if number < len(names)}
    scans = [[Scan(name="x", kind=kind, period=period, points=("x",))] for period, kind in wanted]
    scheduler = Scheduler(dict(zip(names, scans, strict=True)), 0.0)
    now, vain, missed, sure = 0.0, [], set(), set()
    while now < died + 60:
        job = scheduler.next(now)
        if job is None:
            now = min(scheduler.wake(now), now + 1.0)
            continue
        due, asked = job.due, now
        if job.device in dead and now >= died:
            now += MISS
            scheduler.missed(job.device, now, MISS)
            vain.append((asked, now))
            missed.add(job.device)
            continue
        now += ANSWER
        scheduler.answered(job, now)
        if job.device in sure:
            delays = [end for _, end in vain if end > due + 1e-9 and end <= asked + 1e-9]
            assert len(delays) <= 1, (job.device, due, delays)
        if len(missed) >= min(MANY, len(dead)):
            sure.add(job.device)
    assert missed == dead or not dead


class Paced(Bus):
    """Every exchange takes as long as at 9600 baud, with units that begin to answer after 20 ms."""

    def take(self, request: bytes, wire: FakeWire) -> None:
        self.delays[request.decode()[1:].partition(":")[0]] = [0.034 + 0.02]
        super().take(request, wire)


class Gateway(Bus):
    """One exchange at a time behind it, and for the dead it waits its own time."""

    def __init__(self, waits: float) -> None:
        super().__init__()
        self.waits, self._queue, self._busy = waits, deque[tuple[bytes, FakeWire]](), False

    def take(self, request: bytes, wire: FakeWire) -> None:
        self._queue.append((request, wire))
        self._next()

    def _next(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        request, wire = self._queue.popleft()
        unit, _, name = request.decode()[1:-1].partition(":")
        gone = unit in self.dead
        answer = b"" if gone else f"!{unit}:{name}=0.".encode()
        asyncio.get_running_loop().call_later(self.waits if gone else 0.054, self._done, wire, answer)

    def _done(self, wire: FakeWire, answer: bytes) -> None:
        self._busy = False
        wire.bring(answer)
        self._next()


def transition(
    bus: Bus, line: site.Line, dead: list[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[float, float, float, Ledger]:
    """The longest that a living unit was unread, the same once it had answered after the burst was noticed, and how
    long it took until all the dead were known."""
    sink = Ledger()
    lost: dict[str, float] = {}

    async def story() -> None:
        clock = LoopClock()
        monkeypatch.setattr(lines, "connect", bus.connect)
        wanted = (scan("alarm", period=2.0), scan("amps", ScanClass.MEASURE, 10.0))
        devices = {name: Talker(name, wanted, {"patience": PATIENCE, "worst": WORST}) for name in UNITS}
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(LineOwner("l", line, devices, sink, clock).run())
            await asyncio.sleep(15)
            bus.dead, died = set(dead), clock.monotonic()
            while len(lost) < len(dead) and clock.monotonic() < died + 100:
                await asyncio.sleep(0.1)
                lost.update(
                    {name: clock.monotonic() - died for name, up, _ in sink.devices[len(UNITS) :] if not up} | lost
                )
            await asyncio.sleep(20)
            running.cancel()
        sink.landed = [each for each in sink.landed if each[0] > died - 4]
        sink.renewed = [each for each in sink.renewed if each[0] > died - 4]
        lost["died"] = died

    play(story)
    died = lost.pop("died")
    pairs = [p for u in UNITS if u not in dead for p in itertools.pairwise(sink.renewals(f"{u}.alarm"))]
    worst = max(b - a for a, b in pairs)
    sure = max(b - a for a, b in pairs if a > died + 3 * (PATIENCE + WORST))
    return worst, sure, max(lost.values()), sink


@pytest.mark.parametrize("dead", [4, 12, 28])
@pytest.mark.parametrize(
    ("waits", "unread", "known"),
    [(None, 5.1, 7.3), (0.3, 12, 16), (0.55, 14, 18)],
    ids=["serial", "gateway", "slow gateway"],
)
def test_the_living_are_read_while_it_is_found_out_who_died(
    dead: int, waits: float | None, unread: float, known: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every limit is what was seen, rounded up; a line without bursts left the living unread for 30 to 100 s."""
    bus, line = (Paced(), SERIAL) if waits is None else (Gateway(waits), TCP)
    gone = [name for number, name in enumerate(UNITS) if number * 7 % 32 < dead]
    worst, sure, last, sink = transition(bus, line, gone, monkeypatch)
    assert worst < unread
    assert sure < 2.3 + 2 * (PATIENCE + WORST), "its own round, which was 2.2 s before, and two time limits"
    assert last < known
    assert last < 10 or dead > (12 if waits == PATIENCE else 4), "what is promised of wired safety devices"
    assert {name for name, up, _ in sink.devices if not up} == set(gone), "nobody else is lost"
    assert [up for _, up, _ in sink.lines] == [True], "and the connection stays"
