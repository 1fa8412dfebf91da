"""Devices that find out what they can be asked, and scans that alone stay unanswered."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gatehouse.driver import DriverError, Question, Sample, Scan, ScanClass
from tests.unit.daemon.bus import Talker, scan, until
from tests.unit.daemon.field.conftest import Stage, io

SETTLE = Scan(name="map", kind=ScanClass.SAFETY, period=0.1, points=())
REAL = (scan("in"), scan("amps", ScanClass.MEASURE, 1.0))


@dataclass
class Settler(Talker):
    """Wants to hear `map` say 2 before it is asked anything else."""

    settled: bool = False
    lessons: list[tuple[str, bytes]] = field(default_factory=list)

    def scans(self) -> tuple[Scan, ...]:
        return REAL if self.settled else (SETTLE,)

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        if scan == SETTLE:
            if not answer.endswith(b"=2."):
                raise DriverError("the map is another one")
            return {}
        return super().read(scan, answer)

    def learn(self, scan: Scan, answer: bytes) -> bool:
        self.lessons.append((scan.name, answer))
        was, self.settled = self.settled, self.settled or (scan == SETTLE and answer.endswith(b"=2."))
        return was != self.settled

    def prepare(self) -> list[Question]:
        self.settled = False
        return super().prepare()


def test_nothing_counts_before_the_map_is_known(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values = {"s.map": "2", "s.in": "1"}
        await asyncio.sleep(1)
        assert [what for _, what in on.bus.asked[:2]] == ["s.map", "s.in"]
        assert on.sink.devices == [("s", True, "answers")]
        assert on.sink.values("s.in")[-1] == (1, "GOOD")
        assert [what for _, what in on.bus.told] == ["s.setup=1"]
        assert on.bus.told[0][0] > on.bus.asked[0][0], "a stranger is not told anything"

    stage(story, Settler("s", REAL, prepares=1))


def test_a_map_that_does_not_fit_keeps_the_device_out_of_service_until_it_does(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values = {"s.map": "1"}
        await asyncio.sleep(45)
        assert on.sink.devices == [("s", False, "the map is another one")]
        asked = [at for at, what in on.bus.asked if what.startswith("s.")]
        assert all(9.9 < b - a < 10.2 for a, b in itertools.pairwise(asked)), "asked again every ten seconds"
        assert on.tell("s") == ["the map is another one"]
        assert on.line.status()["devices"]["s"]["why"] == "the map is another one"
        on.bus.values = {"s.map": "2", "s.in": "1"}
        await asyncio.sleep(11)
        assert on.sink.devices[1] == ("s", True, "answers")
        assert on.sink.values("s.in")[-1] == (1, "GOOD")

    stage(story, Settler("s", REAL))


def test_a_device_that_was_lost_is_settled_again(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values = {"s.map": "2", "s.in": "1"}
        await asyncio.sleep(5)
        on.bus.dead.add("s")
        await until(lambda: on.sink.devices[-1][:2] == ("s", False))
        landed = len(on.sink.landed)
        on.bus.values = {"s.map": "1", "s.in": "0"}
        on.bus.dead.clear()
        await until(lambda: on.sink.devices[-1] == ("s", False, "no answer"))
        await asyncio.sleep(10)
        assert len(on.sink.landed) == landed, "another one stands in its place: not a word of it counts"
        assert on.line.status()["devices"]["s"]["why"] == "the map is another one"
        on.bus.values = {"s.map": "2", "s.in": "0"}
        await asyncio.sleep(11)
        assert on.sink.devices[-1] == ("s", True, "answers")
        assert on.sink.values("s.in")[-1] == (0, "GOOD")

    stage(story, Settler("s", REAL), io())


def test_lost_while_its_map_does_not_fit(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values = {"s.map": "1"}
        await asyncio.sleep(5)
        on.bus.dead.add("s")
        await asyncio.sleep(30)
        assert on.line.status()["devices"]["s"]["why"] == "no answer"
        on.bus.dead.clear()
        on.bus.values = {"s.map": "2"}
        await asyncio.sleep(15)
        said = [event for event in on.sink.devices if event[0] == "s"]
        assert said == [("s", False, "the map is another one"), ("s", True, "answers")]

    stage(story, Settler("s", REAL), io())


BOTH = Scan(name="both", kind=ScanClass.MEASURE, period=0.5, points=("a", "b"))
ONE, TWO = (Scan(name=name, kind=ScanClass.MEASURE, period=0.5, points=(name,)) for name in "ab")


@dataclass
class Splitter(Talker):
    """Reads two neighbours together until that is refused, then each by itself."""

    now: tuple[Scan, ...] = (BOTH,)
    lessons: list[tuple[str, bytes]] = field(default_factory=list)

    def scans(self) -> tuple[Scan, ...]:
        return self.now

    def learn(self, scan: Scan, answer: bytes) -> bool:
        self.lessons.append((scan.name, answer))
        was, self.now = self.now, (ONE, TWO) if scan == BOTH else self.now
        return was != self.now


def test_a_gap_is_learnt_and_no_point_is_bad_for_it(stage) -> None:
    device = Splitter("s", (BOTH,))

    async def story(on: Stage) -> None:
        on.bus.values = {"s.both": "E", "s.a": "1", "s.b": "2"}
        await asyncio.sleep(2)
        assert on.sink.values("s.a") == [(1, "GOOD")]
        assert on.sink.values("s.b") == [(2, "GOOD")]
        assert device.lessons == [("both", b"!s:both=E.")]
        assert len([1 for _, what in on.bus.asked if what == "s.both"]) == 1
        assert set(on.line.status()["devices"]["s"]["scans"]) == {"a", "b"}
        assert [e.scan for e in on.line.ring.entries() if e.kind == "learnt"] == ["both"]

    stage(story, device)


def test_what_is_still_refused_is_bad_and_told_each_time(stage) -> None:
    device = Splitter("s", (BOTH,))

    async def story(on: Stage) -> None:
        on.bus.values = {"s.both": "E", "s.a": "E", "s.b": "2"}
        await asyncio.sleep(2)
        assert set(on.sink.values("s.a")) == {(None, "BAD")}
        assert on.sink.values("s.b") == [(2, "GOOD")]
        assert device.lessons.count(("a", b"!s:a=E.")) >= 3

    stage(story, device)


@dataclass
class Deaf(Talker):
    """Learns nothing, and keeps what it was told."""

    lessons: list[tuple[str, bytes]] = field(default_factory=list)

    def learn(self, scan: Scan, answer: bytes) -> bool:
        self.lessons.append((scan.name, answer))
        return False


def mute(on: Stage, scans: Sequence[str]) -> None:
    """These questions are never answered."""
    on.bus.garble = lambda answer: b"" if any(answer.startswith(f"!{name}=".encode()) for name in scans) else answer


def test_a_scan_that_alone_is_not_answered_is_set_aside(stage) -> None:
    for first in (False, True):
        names = ("s:in",) if first else ("s:amps",)
        device = Deaf("s", REAL)

        async def story(on: Stage, names: tuple[str, ...] = names, device: Deaf = device) -> None:
            silent, living = names[0].replace(":", "."), "s.amps" if names[0] == "s:in" else "s.in"
            mute(on, names)
            await asyncio.sleep(20)
            settled = asyncio.get_running_loop().time()
            await asyncio.sleep(100)
            assert sorted(on.sink.devices) == [("o", True, "answers"), ("s", True, "answers")]
            assert on.sink.values(silent) == [(None, "BAD")]
            assert device.lessons == [(names[0].partition(":")[2], b"")]
            tries = [at for at, what in on.bus.asked if what == silent and at > settled]
            assert 5 <= len(tries) <= 11, "every ten seconds, within the share of the silent"
            later = [q for at, name, _, q in on.sink.landed if name == living and at > settled]
            assert set(later) <= {"GOOD"}, "its silence puts nothing else in doubt"
            instants = [at for at in on.sink.renewals("o.in") if at > settled]
            assert max(b - a for a, b in itertools.pairwise(instants)) < 0.1 + 0.35
            mute(on, ())
            await until(lambda: on.sink.values(silent)[-1][1] == "GOOD")

        stage(story, Deaf("o", (scan("in"),)), device)


def test_a_device_with_a_scan_set_aside_is_lost_and_found_like_any_other(stage) -> None:
    async def story(on: Stage) -> None:
        mute(on, ("s:in",))
        await asyncio.sleep(20)
        on.bus.dead.add("s")
        await until(lambda: ("s", False, "no answer") in on.sink.devices)
        await asyncio.sleep(20)
        on.bus.dead.clear()
        await until(lambda: on.sink.devices[-1] == ("s", True, "answers"), 10)

    stage(story, Deaf("o", (scan("in"),)), Deaf("s", REAL))
