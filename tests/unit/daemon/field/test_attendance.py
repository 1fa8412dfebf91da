"""Silent devices: known soon, looked for within their share, and back at once, however many they are."""

import asyncio
import itertools

import pytest

from daemon.config import site
from daemon.field import lines
from daemon.field.attendance import Attendance
from daemon.field.lines import LineOwner
from daemon.field.matter import Matter
from daemon.field.presence import Presence
from daemon.field.scheduler import Scheduler
from daemon.field.writes import Writes
from gatehouse.driver import Found, Question, Scan, ScanClass
from tests.unit.daemon.bus import Bus, FakeWire, Ledger, LoopClock, Talker, play, scan, until
from tests.unit.daemon.field.conftest import SERIAL, TCP, Stage, io

UNITS = [f"u{number:02}" for number in range(32)]


class Paced(Bus):
    """A wire on which every exchange takes as long as at 9600 baud, and units that begin to answer after 20 ms."""

    def take(self, request: bytes, wire: FakeWire) -> None:
        self.delays[request.decode()[1:].partition(":")[0]] = [0.034 + 0.02]
        super().take(request, wire)


def ages(sink: Ledger, units: list[str], since: float) -> list[float]:
    """Between two readings of the alarms of these units, sorted."""
    found = []
    for unit in units:
        instants = [at for at in sink.renewals(f"{unit}.alarm") if at >= since]
        found += [b - a for a, b in itertools.pairwise(instants)]
    return sorted(found)


@pytest.mark.parametrize("dead", [4, 12])
def test_many_die_at_once(dead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are known to be lost soon, each is looked for ever after, and the living hardly notice."""

    async def story() -> None:
        bus, sink, clock = Paced(), Ledger(), LoopClock()
        monkeypatch.setattr(lines, "connect", bus.connect)
        wanted = (scan("alarm", period=1.0), scan("amps", ScanClass.MEASURE, 10.0))
        devices = {name: Talker(name, wanted, {"patience": 0.15, "worst": 0.4}) for name in UNITS}
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(LineOwner("l", SERIAL, devices, sink, clock).run())
            await asyncio.sleep(30)
            before = ages(sink, UNITS[dead:], clock.monotonic() - 20)
            bus.dead, died = set(UNITS[:dead]), clock.monotonic()
            await until(lambda: {name for name, on, _ in sink.devices if not on} == bus.dead, 10)
            await asyncio.sleep(20)
            settled = clock.monotonic()
            await asyncio.sleep(60)
            after = ages(sink, UNITS[dead:], settled)
            assert after[len(after) * 99 // 100] < 1.15 * before[len(before) * 99 // 100]
            for name in bus.dead:
                probes = [at for at, what in bus.asked if what.startswith(name) and at > settled]
                assert max(b - a for a, b in itertools.pairwise([settled, *probes])) < 25
            assert not [1 for name, on, _ in sink.devices if not on and name not in bus.dead], "nobody else is lost"
            bus.dead, back = set(), clock.monotonic()
            online = dict.fromkeys(UNITS, True)
            await until(lambda: {name: on for name, on, _ in sink.devices} == online, 10)
            assert clock.monotonic() - back < 10
            assert died < settled
            running.cancel()

    play(story)


@pytest.mark.parametrize(("total", "dead"), [(12, 12), (32, 12), (32, 32)])
def test_boards_on_a_cut_cable_are_all_known_within_ten_seconds(
    total: int, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the times that a profile has by itself; and those in front of the cut are not left unread meanwhile."""

    async def story() -> None:
        bus, sink, clock = Paced(), Ledger(), LoopClock()
        monkeypatch.setattr(lines, "connect", bus.connect)
        wanted = (scan("alarm", period=1.0), scan("amps", ScanClass.MEASURE, 10.0))
        devices = {name: Talker(name, wanted, {"patience": 0.3, "worst": 0.6}) for name in UNITS[:total]}
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(LineOwner("l", SERIAL, devices, sink, clock).run())
            await asyncio.sleep(5)
            bus.dead, died = set(UNITS[:dead]), clock.monotonic()
            await until(lambda: {name for name, on, _ in sink.devices if not on} == bus.dead, 10)
            await asyncio.sleep(2)
            assert max(ages(sink, UNITS[dead:total], died - 2), default=0.0) < 6
            running.cancel()

    play(story)


def test_the_living_are_read_though_the_connection_is_made_anew_for_the_sake_of_the_dead(stage) -> None:
    """Nobody answers for ten seconds where so many are silent; anew, those are asked first that were not yet."""

    async def story(on: Stage) -> None:
        on.bus.dead = set(UNITS[:28])
        await until(lambda: all(on.sink.renewals(f"{name}.in") for name in UNITS[28:]), 60)

    manners = {"patience": 0.3, "worst": 0.6}
    stage(story, *(Talker(name, (scan("in"),), manners) for name in UNITS), settings=TCP)


class Slow(Bus):
    """Each exchange takes its bytes' time at 2400 baud, and the unit 100 ms."""

    def take(self, request: bytes, wire: FakeWire) -> None:
        self.delays[request.decode()[1:].partition(":")[0]] = [2 * len(request) * 10 / 2400 + 0.1]
        super().take(request, wire)


def test_where_many_die_on_a_slow_line_the_living_are_given_the_time_that_they_have_always_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also those whose long answers are rare: what the device takes counts, not how long its bytes do."""

    async def story() -> None:
        bus, sink = Slow(), Ledger()
        monkeypatch.setattr(lines, "connect", bus.connect)
        wanted = (scan("alarm", period=1.0), scan("a" * 30, ScanClass.MEASURE, 5.0))
        devices = {f"u{n}": Talker(f"u{n}", wanted, {"patience": 0.5, "worst": 1.0}) for n in range(6)}
        owner = LineOwner("l", site.Line(serial="/dev/ttyS0", baud=2400), devices, sink, LoopClock())
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(owner.run())
            await asyncio.sleep(20)
            bus.dead = {"u0", "u1", "u2"}
            await asyncio.sleep(30)
            misses = {name: unit["misses"] for name, unit in owner.status()["devices"].items()}
            assert [misses[f"u{n}"] for n in (3, 4, 5)] == [0, 0, 0]
            assert {name for name, up, _ in sink.devices if not up} == bus.dead
            running.cancel()

    play(story)


def test_one_that_comes_back_slower_than_it_ever_was_is_found(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        on.bus.dead.add("io1")
        await asyncio.sleep(30)
        on.bus.dead.clear()
        on.bus.delays["io1"] = [0.09] * 10_000
        await until(lambda: on.sink.devices[-1] == ("io1", True, "answers"), 30)

    stage(story, io(), io("io2"))


def test_one_that_answers_late_again_and_again_keeps_its_quarantine(stage) -> None:
    """As long as late answers come nobody else speaks into them."""

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.delays["io1"] = [0.25] * 3
        await asyncio.sleep(5)
        status = on.line.status()
        assert status["devices"]["io1"]["late"] == 3
        assert status["stray_bytes"] == 0
        assert status["devices"]["io2"]["misses"] == 0

    stage(story, io(), io("io2"))


class Behind(Talker):
    """Stands behind a gateway that says `~` when it does not answer."""

    def question(self, request: bytes, start: bytes, expected: int) -> Question:
        real = super().question(request, start, expected)

        def find(received: bytes) -> Found | None:
            return Found(1, why="silent") if received == b"~" else real.find(received)

        return Question(request=request, find=find, expected=expected, patience=1.5, worst=2.0)


def test_units_that_their_gateway_finds_silent_are_silent(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        on.bus.garble = lambda answer: b"~" if answer[1:3] in {b"g0", b"g1", b"g2"} else answer
        on.bus.delays = {name: [0.5] * 10_000 for name in ("g0", "g1", "g2")}
        await until(lambda: {name for name, online, _ in on.sink.devices if not online} == {"g0", "g1", "g2"}, 10)
        assert "the gateway says that nobody answers it" in on.sink.devices[-1][2]
        await asyncio.sleep(10)
        settled = asyncio.get_running_loop().time()
        await asyncio.sleep(60)
        gaps = [at for at in on.sink.renewals("g9.in") if at > settled]
        longest = sorted(b - a for a, b in itertools.pairwise(gaps))
        assert longest[-1] < 0.5 + 0.5 + 0.05, "one of them at a time"
        assert sum(longest) / len(longest) < 0.6
        asked = [1 for at, what in on.bus.asked if what[:2] in {"g0", "g1", "g2"} and at > settled]
        assert 6 <= len(asked) <= 14, "a tenth of the time"

    stage(story, *(Behind(f"g{n}", (scan("in", period=0.5),)) for n in range(10)), settings=TCP)


class Numbered(Talker):
    """Says its number in each question, as on Modbus TCP."""

    number = 0

    def renumber(self) -> None:
        self.number += 1

    def ask(self, wanted: Scan) -> Question:
        question = super().ask(wanted)
        return self.question(question.request.replace(b"?", b"?%d" % self.number, 1), b"!", question.expected)


def test_a_driver_that_fails_at_its_numbers_costs_its_device_no_more(stage) -> None:
    class Broken(Numbered):
        def renumber(self) -> None:
            raise ZeroDivisionError

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("0io1")
        await until(lambda: on.sink.devices[-1][:2] == ("io1", False), 5)
        assert on.sink.devices[-1][2] == "driver fault: ZeroDivisionError in renumber: "
        since = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        assert [at for at in on.sink.renewals("io2.in") if at > since + 0.8]

    stage(story, Broken("io1", (scan("in"),)), io("io2"), settings=TCP)


def test_one_that_was_missed_is_asked_under_another_number(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        assert {what for _, what in on.bus.asked} == {"0io1.in"}
        on.bus.dead.add("0io1")
        await until(lambda: "1io1.in" in {what for _, what in on.bus.asked}, 2)
        last = on.bus.asked[-1][0]
        assert [what for at, what in on.bus.asked if at > last - 0.001] == ["1io1.in"]

    stage(story, Numbered("io1", (scan("in"),)), settings=TCP)


def test_one_that_has_never_answered_is_asked_as_quickly_as_the_slowest_of_the_others_answers() -> None:
    """Unless it was heard late: then it is a slow one."""
    desk, (a, b) = attendance("ab")
    a.alive, a.turns[3] = True, 0.07
    in_vain(desk, b, 3, now=0.0)
    assert desk.patience(b, 10.0) == pytest.approx(0.07)
    b.tally["late"] = 1
    assert desk.patience(b, 10.0) is None


def test_one_of_the_silent_is_waited_for_in_full_each_minute_and_all_in_turn() -> None:
    desk, (a, *dead) = attendance("abcd")
    a.alive, a.turns[3] = True, 0.07
    for unit in dead:
        in_vain(desk, unit, 3, now=0.0)
    waited = []
    for second in range(1, 400):
        unit = dead[second % len(dead)]
        if (patience := desk.patience(unit, float(second))) is None:
            waited.append((second, unit.name))
        in_vain(desk, unit, 1, now=float(second), patience=patience)
    assert [name for _, name in waited] == [*"bcdbcd"]
    assert all(60 <= b[0] - a[0] <= 63 for a, b in itertools.pairwise([(0, ""), *waited]))


def test_one_whose_late_answer_may_have_been_heard_is_waited_for_the_next_time() -> None:
    desk, (a, b) = attendance("ab")
    a.alive, a.turns[3] = True, 0.07
    in_vain(desk, b, 4, now=0.0)
    assert desk.patience(b, 10.0) is not None
    b.tally["hints"] += 1
    assert desk.patience(b, 10.0) is None
    in_vain(desk, b, 1, now=10.0)
    assert desk.patience(b, 11.0) is not None, "once for each that was heard"


def test_one_asked_once_a_minute_is_not_lost_by_one_glitch() -> None:
    """Two misses a tenth of a second apart, and none of the minute before."""
    desk, (a, b) = attendance("ab")
    a.good_at = b.good_at = 0.0
    a.online = b.online = True
    in_vain(desk, a, 1, now=60.0)
    in_vain(desk, a, 1, now=60.4)
    assert a.online
    in_vain(desk, b, 1, now=61.1)
    assert (a.online, b.online) == (False, True), "two misses and a second; it is looked at when another is missed, too"
    in_vain(desk, a, 1, now=62.2)
    assert not b.online, "one miss, when nothing was heard for so long"


def test_one_that_cannot_even_be_asked_takes_nobodys_turn() -> None:
    desk, (_, b, c) = attendance("abc")
    for unit in (b, c):
        unit.turns[3] = 0.07
    in_vain(desk, b, 3, now=0.0)
    in_vain(desk, c, 3, now=0.0)
    for second in range(1, 70):
        desk.missed(b, "its driver has no question", float(second), job=b.jobs[0])
    assert desk.patience(c, 70.0) is None
    in_vain(desk, c, 1, now=70.0)
    desk.missed(b, "its driver has no question", 100.0, job=b.jobs[0])
    assert desk.patience(c, 129.0) is not None
    assert desk.patience(c, 130.0) is None


@pytest.mark.parametrize("after", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("name", ["io1", "io3"])
def test_the_late_answer_to_one_that_was_taken_from_the_line_is_not_its_successors(
    after: float, name: str, stage
) -> None:
    """A reload while a silent unit, asked with short patience, may still answer: the same unit under the same name or
    another one, asked something else."""

    class Other(Talker):
        """Takes whatever its unit says for the answer, as on RTU; the unit knows only its own name."""

        def question(self, request: bytes, start: bytes, expected: int) -> Question:
            return super().question(request.replace(name.encode(), b"io1"), b"!io1:", expected)

    async def story(on: Stage) -> None:
        on.bus.values = {"io1.x": "1", "io1.y": "2"}
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        await asyncio.sleep(20)
        on.bus.dead.clear()
        on.bus.delays["io1"] = [0.25] * 100
        await until(lambda: on.bus.asked[-1][1] == "io1.x", 30)
        await asyncio.sleep(after)
        on.line.change({name: Other(name, (scan("y"),)), "io2": io("io2")})
        await asyncio.sleep(0.4)
        on.bus.delays.clear()
        await asyncio.sleep(20)
        assert {value for value, _ in on.sink.values(f"{name}.y")} == {2}
        assert on.sink.devices[-1] == (name, True, "answers")

    stage(story, Talker("io1", (scan("x"),)), io("io2"))


def test_who_takes_the_place_of_one_in_doubt_is_in_doubt() -> None:
    """The answer that the wire owed the one may come as the other's."""
    desk, (a, b) = attendance("ab")
    a.doubt = True
    desk.change({"b": b.device, "c": Talker("c", (scan("alarm"),))}, 1.0)
    assert (desk.units["b"].doubt, desk.units["c"].doubt) == (False, True)
    desk.change({"b": b.device, "d": Talker("d", (scan("alarm"),)), "c": desk.units["c"].device}, 2.0)
    assert not desk.units["d"].doubt


def attendance(names: str) -> tuple[Attendance, list[Presence]]:
    """The devices of a line of which nobody was asked yet."""
    desk = Attendance(Ledger(), Scheduler({}, 0.0), Writes())
    desk.change({name: Talker(name, (scan("alarm", period=2.0),)) for name in names}, 0.0)
    return desk, list(desk.units.values())


def in_vain(desk: Attendance, unit: Presence, times: int, *, now: float, patience: float | None = None) -> None:
    """It was asked so often and did not answer."""
    job = unit.jobs[0]
    job.matter = Matter(unit.tally, (unit.name, ""), lambda *_: None, patience=patience)
    for _ in range(times):
        desk.missed(unit, "no answer", now, took=0.1, job=job)
