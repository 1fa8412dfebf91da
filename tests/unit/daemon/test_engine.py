"""Readings in, orders out: the engine with rules small enough to see through."""

import asyncio
from dataclasses import dataclass, field

import pytest

from daemon.arbiter import Arbiter
from daemon.engine import Engine
from daemon.image import LiveImage
from daemon.recorder import Recorder
from daemon.relays import Relay
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Output, Passage, Priority
from gatehouse.driver import Sample
from gatehouse.points import Point, Quality
from gatehouse.rule import Note

DOOR = "doors.north"


@dataclass(eq=False)
class Follow:
    """Opens the door while its input is true; more of it can be asked for by a test."""

    name: str = "follow"
    input: str = "io1.input1"
    priority: Priority = Priority.OPERATOR
    broken: bool = False
    seen: list = field(default_factory=list)

    @property
    def inputs(self):
        return (self.input,)

    @property
    def outputs(self):
        return (DOOR,)

    def judge(self, scene):
        self.seen.append((scene.now, sorted(scene.changed)))
        if self.broken:
            raise ZeroDivisionError("a bug")
        reading = scene.read(self.input)
        active = reading.value is True if reading.good else None
        yield Condition(alarm="north.a", active=active, severity=Severity.P3, kind="fire", subject=DOOR)
        if active:
            yield Demand(output=DOOR, value=Passage.OPEN, priority=self.priority, issuer=self.name)
        if self.input in scene.changed:
            yield Note(kind="access.granted", subject=DOOR, content={"card": "1"})


@dataclass
class Bench:
    engine: Engine
    rule: Follow
    events: list
    clock: object

    def land(self, value, quality=Quality.GOOD, channel="input1") -> None:
        self.engine.land("io1", {channel: Sample(value, quality)}, self.clock.now)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def bench(clock, outlet) -> Bench:
    points = [Point(name=f"io1.{name}", max_age=2.0) for name in ("relay1", "input1", "input2")]
    points += [Point(name="io1.online"), Point(name="t.celsius", unit="°C", low=-40, high=125, max_age=60.0)]
    image, events, rule = LiveImage(points), [], Follow()
    arbiter = Arbiter([Output(name=DOOR, kind="door", title="北门", rest=Passage.CLOSED, safe=Passage.OPEN)])
    relay = Relay(output=DOOR, point="io1.relay1", on=Passage.OPEN, pulses=True, send=outlet, image=image, clock=clock)
    recorder = Recorder(events.append, clock)
    engine = Engine(image, [rule], arbiter, {DOOR: relay}, recorder, clock, "Asia/Shanghai", {"io1.input2"})
    return Bench(engine, rule, events, clock)


def test_a_changed_input_is_an_order_before_land_returns(bench, outlet):
    bench.land(True)
    assert outlet.values() == [("io1.relay1", True)]


def test_nothing_moves_before_the_inputs_were_read(bench, outlet, clock):
    bench.engine.tick(clock.now)
    assert outlet.orders == []
    assert bench.engine.waiting == {"io1.input1"}  # the rule itself has been judged
    bench.land(False, Quality.UNCERTAIN)
    assert bench.engine.waiting == {"io1.input1"}
    bench.land(False)
    clock.now += 0.001
    bench.engine.tick(clock.now)
    assert bench.engine.waiting == set()
    assert outlet.values() == [("io1.relay1", False)]


def test_the_same_again_judges_nobody(bench, clock):
    bench.land(False)
    judged = len(bench.rule.seen)
    clock.now += 0.1
    bench.engine.same("io1", ("input1",), clock.now)
    bench.land(False)
    assert len(bench.rule.seen) == judged


def test_a_stale_input_is_noticed_without_any_message(bench, clock):
    bench.land(True)
    clock.now += 2.1
    bench.engine.tick(clock.now)
    assert bench.engine.annunciator.standing["north.a"].known is False


def test_inverted_contacts_are_turned_round(bench):
    bench.land(True, channel="input2")
    assert bench.engine.image.read("io1.input2", bench.clock.now).value is False


def test_an_implausible_value_is_bad_and_says_so(bench, clock):
    bench.engine.land("t", {"celsius": Sample(900.0)}, clock.now)
    reading = bench.engine.image.read("t.celsius", clock.now)
    assert reading.quality is Quality.BAD
    assert "implausible: 900 °C" in reading.note


def test_a_broken_rule_is_an_alarm_and_recovers(bench, clock):
    bench.rule.broken = True
    bench.land(True)
    assert bench.engine.annunciator.standing["rules.follow.failed"].condition.severity == 2
    assert "ZeroDivisionError" in str(bench.events[-1].content)
    assert bench.engine.arbiter.told[DOOR] is None  # nor does it rest before its rule was judged well
    bench.rule.broken = False
    clock.now += 1
    bench.engine.tick(clock.now)
    assert bench.engine.annunciator.standing["rules.follow.failed"].active is False
    assert bench.engine.arbiter.told[DOOR] is Passage.OPEN


@pytest.mark.parametrize(("priority", "kept"), [(Priority.LIFE_SAFETY, True), (Priority.OPERATOR, False)])
def test_a_rule_that_breaks_keeps_only_what_it_wanted_for_safety(bench, clock, priority, kept):
    bench.rule.priority = priority
    bench.land(True)
    bench.rule.broken = True
    clock.now += 1
    bench.engine.tick(clock.now)
    assert (bench.engine.arbiter.told[DOOR] is Passage.OPEN) is kept


def test_every_decision_and_note_is_an_event_with_its_actor(bench):
    bench.land(True)
    assert bench.kinds() == ["alarm.raised", "access.granted", "output.told"]
    assert bench.events[-1].content["issuer"] == "follow"
    assert len({event.id for event in bench.events}) == 3


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Note(kind="access.granted", subject=DOOR, content=3),
        Condition(alarm="x", active=True, severity=None, kind="fire", subject=DOOR),
    ],
    ids=str,
)
def test_what_a_rule_says_is_its_own_fault_too(bench, clock, answer):
    bench.rule.judge = lambda _scene: iter([answer])
    bench.land(True)
    bench.engine.tick(clock.now)
    assert bench.engine.annunciator.standing["rules.follow.failed"].active


def test_a_rule_that_wants_to_be_asked_never_or_at_no_time_does_not_stop_the_clock(bench, clock):
    judge = bench.rule.judge

    def ask(scene):
        scene.wake(float("nan"))
        scene.wake(float("inf"))
        return judge(scene)

    bench.rule.judge = ask
    bench.land(True)
    assert bench.engine.next_due() <= clock.now + 0.5


def test_readings_that_come_just_when_all_is_due_do_not_put_off_the_look_at_the_relays(bench, clock):
    bench.land(False)
    for step in range(4):
        clock.now += 0.5
        bench.land(step % 2 == 0)
        assert bench.engine.next_due() <= clock.now
        bench.engine.tick(clock.now)
    assert bench.engine.progress == 4


def test_a_relay_that_lost_its_power_is_driven_again_as_soon_as_it_is_read(bench, clock, outlet):
    bench.land(True)
    outlet.orders[0].go()
    bench.land(True, channel="relay1")
    clock.now += 1.2
    bench.land(False, channel="relay1")
    assert outlet.values() == [("io1.relay1", True)] * 2


def test_a_board_that_is_back_gets_its_orders_again_before_anything_is_read(bench, clock, outlet):
    bench.land(True)
    bench.engine.device("io1", False, "no answer", clock.now)
    clock.now += 1.5
    bench.engine.device("io1", True, "answers", clock.now)
    assert outlet.values() == [("io1.relay1", True)] * 2


async def test_an_order_to_end_that_comes_together_with_work_is_not_swallowed(bench):
    async with asyncio.timeout(5):
        for _ in range(3):
            task = asyncio.ensure_future(bench.engine.run())
            for _ in range(5):
                await asyncio.sleep(0)
            bench.engine._stir.set()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


def test_a_lost_device_is_an_event_and_a_point(bench, clock):
    bench.engine.device("io1", False, "no answer for 3 s", clock.now)
    assert bench.kinds() == ["device.offline"]
    assert bench.engine.image.read("io1.online", clock.now).value is False


def test_a_lost_line_is_an_alarm_until_it_is_back(bench, clock):
    bench.engine.line("gate", False, "unplugged", clock.now)
    assert bench.engine.annunciator.standing["lines.gate.down"].active is True
    bench.engine.line("gate", True, "", clock.now)
    assert bench.engine.annunciator.standing["lines.gate.down"].active is False
