"""A line keeps its promises: never stalled, never a wrong value, orders first, back by itself."""

import asyncio
import itertools

import pytest

from daemon.field.lines import Command, LineOwner
from gatehouse.driver import DriverError, Found, Question, Sample, Scan
from gatehouse.points import Point
from tests.unit.daemon.bus import Ledger, LoopClock, Talker, scan, until
from tests.unit.daemon.field.conftest import SERIAL, TCP, Stage, io


def longest(instants: list[float], since: float = 0.0) -> float:
    kept = [at for at in instants if at >= since]
    return max(b - a for a, b in itertools.pairwise(kept))


def test_values_land_once_and_are_then_renewed(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.values["io1.in"] = "1"
        await asyncio.sleep(1)
        assert on.sink.values("io1.in") == [(0, "GOOD"), (1, "GOOD")]
        assert len(on.sink.renewals("io1.in")) == pytest.approx(20, abs=2)
        assert on.sink.devices == [("io1", True, "answers")]
        assert on.sink.lines == [("gate", True, "open")]

    stage(story, io())


def test_a_late_answer_is_never_the_next_ones_value(stage) -> None:
    """Late beyond patience, twice in a row; each scan has its own value, so that a mix-up shows."""

    async def story(on: Stage) -> None:
        on.bus.values = {"a.x": "1", "a.y": "2"}
        await asyncio.sleep(1)
        on.bus.delays["a"] = [0.25, 0.25, 0.2]
        await asyncio.sleep(5)
        assert {value for value, _ in on.sink.values("a.x")} == {1}
        assert {value for value, _ in on.sink.values("a.y")} == {2}
        assert on.line.status()["late_bytes"] > 0

    stage(story, Talker("a", (scan("x"), scan("y"))))


def test_nobody_speaks_until_the_worst_answer_time_is_over(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(0.5)
        on.bus.delays["a"] = [0.29]
        start = len(on.bus.asked)
        await asyncio.sleep(1)
        instants = [at for at, _ in on.bus.asked[start:]]
        missed = max(range(len(instants) - 1), key=lambda n: instants[n + 1] - instants[n])
        assert instants[missed + 1] - instants[missed] >= 0.3

    stage(story, Talker("a", (scan("x", period=0.05),)), Talker("b", (scan("x", period=0.05),)))


def test_the_reading_after_a_miss_is_uncertain_and_confirmed_at_once(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(0.5)
        on.bus.delays["io1"] = [0.2]
        before = len(on.sink.landed)
        await asyncio.sleep(1.5)
        after = [(name, quality) for _, name, _, quality in on.sink.landed[before:]]
        assert after[:2] == [("io1.in", "UNCERTAIN"), ("io1.in", "GOOD")]
        instants = [at for at, *_ in on.sink.landed[before:]]
        assert instants[1] - instants[0] < 0.05

    stage(story, io())


def test_lost_needs_time_and_misses_and_is_known_within_ten_seconds(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        began = asyncio.get_running_loop().time()
        await until(lambda: len(on.sink.devices) >= 3)
        took = asyncio.get_running_loop().time() - began
        assert on.sink.devices[2] == ("io1", False, "no answer")
        assert 2.0 <= took < 5.0
        assert on.line.status()["devices"]["io1"]["misses"] >= 3
        on.bus.dead.clear()
        await asyncio.sleep(3)
        assert on.sink.devices[3] == ("io1", True, "answers")

    stage(story, io(), io("io2"))


def test_one_missed_answer_loses_nobody(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        for _ in range(20):
            on.bus.delays["io1"] = [9.0]
            await asyncio.sleep(1)
        assert on.sink.devices == [("io1", True, "answers")]

    stage(story, io())


@pytest.mark.parametrize("dead", [1, 4])
def test_dead_neighbours_hardly_slow_the_living(dead: int, stage) -> None:
    devices = [Talker(f"u{n}", (scan("in", period=0.5),)) for n in range(8)]

    async def story(on: Stage) -> None:
        await asyncio.sleep(10)
        on.bus.dead = {f"u{n}" for n in range(dead)}
        await asyncio.sleep(20)
        settled = asyncio.get_running_loop().time()
        await asyncio.sleep(60)
        for n in range(dead, 8):
            assert longest(on.sink.renewals(f"u{n}.in"), settled) < 0.5 + 0.2

    stage(story, *devices)


def test_an_order_goes_before_every_read(stage) -> None:
    devices = [Talker(f"u{n}", (scan("in", period=0.02),)) for n in range(8)]

    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        for _ in range(20):
            began = asyncio.get_running_loop().time()
            answers = on.tell("u3")
            await until(lambda: answers)  # noqa: B023 - awaited in the same round
            sent = on.bus.told[-1][0]
            assert answers == [""]
            assert sent - began < 0.06, "one exchange of waiting at most"

    stage(story, *devices)


def test_an_order_overtakes_a_read_that_still_waits_for_silence(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        for _ in range(10):
            await until(lambda: on.sink.renewals("u0.in"))
            on.tell("u0", "first")
            await until(lambda: on.bus.told and on.bus.told[-1][1] == "u0.first=1")
            seen = len(on.bus.asked)
            loop = asyncio.get_running_loop()
            loop.call_later(0.0115, on.tell, "u0", "second")  # the answer comes after 10 ms, the silence takes 3.6 ms
            await until(lambda: on.bus.told[-1][1] == "u0.second=1")
            assert len(on.bus.asked) == seen
            await asyncio.sleep(0.2)
        assert longest(on.sink.renewals("u1.in")) < 0.2, "and the read was not forgotten"

    stage(story, *(Talker(f"u{n}", (scan("in", period=0.02),)) for n in range(2)))


def test_the_more_important_order_goes_first(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        for priority in (10, 8, 2, 14):
            on.tell("io1", f"p{priority}", priority=priority)
        await asyncio.sleep(1)
        assert [what for _, what in on.bus.told] == [f"io1.p{n}=1" for n in (2, 8, 10, 14)]

    stage(story, io())


def test_an_order_that_is_no_longer_permitted_is_never_sent(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        answers = on.tell("io1", permit="the car is under the boom")
        await asyncio.sleep(1)
        assert answers == ["the car is under the boom"]
        assert on.bus.told == []

    stage(story, io())


def test_permission_is_asked_again_before_each_try(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        answers: list[str] = []
        asked: list[int] = []

        def permit() -> str:
            asked.append(len(on.bus.told))
            return "" if len(asked) < 2 else "expired"

        on.line.write(Command(device="io1", channel="r", value=True, permit=permit, done=answers.append, priority=2))
        await asyncio.sleep(5)
        assert asked == [0, 1]
        assert answers == ["expired"]

    stage(story, io())


def test_an_unanswered_order_is_tried_three_times_then_reported(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        answers = on.tell("io1")
        await asyncio.sleep(5)
        assert len(on.bus.told) == 3
        assert answers == ["no answer"]

    stage(story, io(), io("io2"))


def test_a_dead_board_does_not_hold_up_the_release_of_the_others(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        await asyncio.sleep(10)
        began = asyncio.get_running_loop().time()
        dead = [on.tell("io1", f"d{n}", priority=2) for n in range(8)]
        living = [on.tell("io2", f"d{n}", priority=2) for n in range(8)]
        await until(lambda: all(living))
        assert living == [[""]] * 8
        assert asyncio.get_running_loop().time() - began < 8 * 0.2 + 0.5
        await asyncio.sleep(10)
        assert all(answers == ["no answer"] for answers in dead)

    stage(story, io(), io("io2"))


def test_what_was_written_is_read_back_at_once(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1.35)
        on.tell("io1", "relay")
        await asyncio.sleep(0.2)
        told = on.bus.told[-1][0]
        assert any(what == "io1.relay" and told < at < told + 0.1 for at, what in on.bus.asked)

    stage(story, io())


def test_a_full_queue_answers_the_least_important(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(0)
        low = [on.tell("io1", f"c{n}", priority=14) for n in range(256)]
        high = on.tell("io1", "fire", priority=2)
        assert "orders wait" in low[-1][0]
        assert high == []
        await asyncio.sleep(60)
        assert high == [""]
        assert all(len(answers) == 1 for answers in low)

    stage(story, io())


def test_orders_to_what_cannot_be_told_are_answered(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(0.1)
        assert on.tell("nobody") == ["nobody cannot be told anything"]

    stage(story, io())


def test_a_device_is_prepared_each_time_it_comes_to_life(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        assert [what for _, what in on.bus.told] == ["io1.setup=1", "io1.setup=0"]
        on.bus.dead.add("io1")
        await asyncio.sleep(10)
        on.bus.dead.clear()
        await asyncio.sleep(5)
        assert [what for _, what in on.bus.told] == ["io1.setup=1", "io1.setup=0"] * 2

    stage(story, io(prepares=2))


def test_a_refused_setting_is_said_and_the_device_still_serves(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.refuse.add("io1")
        await asyncio.sleep(5)
        assert on.sink.devices == [("io1", True, "answers")]
        assert on.sink.values("io1.in")[-1] == (0, "GOOD")

    stage(story, io(prepares=1))


def test_nothing_is_trusted_before_the_device_is_as_its_profile_wants_it(stage) -> None:
    """Inputs of a factory-new board drive its relays: whoever acts on them is not the only one who does."""

    async def story(on: Stage) -> None:
        await until(lambda: ("io1.in", "GOOD") in [(point, quality) for _, point, _, quality in on.sink.landed])
        assert [what for _, what in on.bus.told] == ["io1.setup=1", "io1.setup=0"]
        assert on.sink.values("io1.in")[0] == (0, "UNCERTAIN")

    stage(story, io(prepares=2))


def test_a_device_that_never_takes_its_settings_is_heard_all_the_same(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.mute.add("io1")
        await asyncio.sleep(10)
        assert on.sink.devices == [("io1", True, "answers")]
        assert len(on.sink.renewals("io1.in")) > 20
        assert (0, "GOOD") in on.sink.values("io1.in")[2:]
        assert len(on.bus.told) > 5, "it is tried again and again"

    stage(story, io(prepares=1))


# The adapter


def test_unplugged_and_plugged_again(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.unplug()
        progress = on.line.progress
        await asyncio.sleep(30)
        assert on.line.progress > progress + 30, "the watchdog sees a line that waits for its port"
        assert on.sink.lines[1:] == [("gate", False, "unplugged")]
        assert on.sink.devices[1] == ("io1", False, "line gate is down: the port is not there")
        on.bus.present = True
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3)
        assert on.sink.lines[2] == ("gate", True, "open")
        assert on.sink.devices[2][:2] == ("io1", True)
        assert on.sink.renewals("io1.in")[-1] > began
        assert [quality for _, quality in on.sink.values("io1.in")][1:3] == ["UNCERTAIN", "GOOD"]

    stage(story, io())


def test_a_short_glitch_is_over_in_half_a_second_and_loses_nobody(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.unplug()
        on.bus.present = True
        lost = asyncio.get_running_loop().time()
        await asyncio.sleep(2)
        assert on.sink.devices == [("io1", True, "answers")]
        back = next(at for at in on.sink.renewals("io1.in") if at > lost)
        assert back - lost < 0.5

    stage(story, io())


def test_the_port_may_be_absent_at_start(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.present = False
        await asyncio.sleep(120)
        assert on.sink.lines == [("gate", False, "the port is not there")]
        assert on.sink.devices[0][:2] == ("io1", False)
        on.bus.present = True
        began = asyncio.get_running_loop().time()
        await until(lambda: len(on.sink.lines) >= 2)
        assert asyncio.get_running_loop().time() - began <= 10.1

    stage(story, io(), settings=TCP)


def test_an_order_waits_out_a_glitch_but_not_an_outage(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.unplug()
        await asyncio.sleep(0.01)
        short = on.tell("io1")
        on.bus.present = True
        await asyncio.sleep(1)
        assert short == [""]
        on.bus.unplug()
        await asyncio.sleep(0.5)
        long = on.tell("io1")
        await asyncio.sleep(4)
        assert long == ["line gate is down: the port is not there"]

    stage(story, io())


def test_a_connection_gone_deaf_is_made_anew(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("io1")
        await asyncio.sleep(15)
        assert on.line.status()["opened"] >= 2

    stage(story, io(), settings=TCP)


# Echo


@pytest.mark.parametrize("dead", [False, True])
def test_on_a_stick_that_echoes_an_order_needs_the_devices_own_answer(dead: bool, stage) -> None:
    """The answer to a write is the same bytes as its echo: only the second one counts."""

    async def story(on: Stage) -> None:
        on.bus.echoes = True
        await asyncio.sleep(1)
        assert on.line.status()["echo"] is True
        assert on.sink.values("io1.in") == [(0, "GOOD")]
        if dead:
            on.bus.dead.add("io1")
        answers = on.tell("io1")
        await asyncio.sleep(5)
        assert answers == (["no answer"] if dead else [""])

    stage(story, io(), io("io2"))


def test_without_an_echo_it_is_known_after_the_first_exchange(stage) -> None:
    async def story(on: Stage) -> None:
        answers = on.tell("io1")
        await asyncio.sleep(1)
        assert on.line.status()["echo"] is False
        assert answers == [""]

    stage(story, io())


# Broken drivers


BROKEN = [(verb, ZeroDivisionError) for verb in ("ask", "read", "find", "write", "accept", "prepare")]


@pytest.mark.parametrize(("verb", "error"), [*BROKEN, ("prepare", DriverError)])
def test_a_broken_driver_costs_its_device_and_no_more(verb: str, error: type[Exception], stage) -> None:
    """One whose driver says that the device refused, before it was told anything, is broken, too."""

    def broken(*_: object) -> object:
        raise error("oops")

    driver = io()
    if verb == "find":
        real = driver.ask
        driver.ask = lambda scan: Question(request=real(scan).request, find=broken, expected=9)  # type: ignore[assignment,method-assign,arg-type]
    else:
        setattr(driver, verb, broken)

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        answers = on.tell("io1")
        await asyncio.sleep(2)
        online, why = [event[1:] for event in on.sink.devices if event[0] == "io1"][-1]
        assert online is False
        assert why.startswith(f"driver fault: {error.__name__}")
        assert verb in why
        assert len(answers) == 1
        assert answers[0].startswith("driver fault")
        assert on.tell("io1")[0].startswith("driver fault")
        before = len(on.sink.renewals("io2.in"))
        await asyncio.sleep(1)
        assert len(on.sink.renewals("io2.in")) > before + 5

    stage(story, driver, io("io2"))


def test_a_refused_read_is_a_bad_reading_of_a_living_device(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values["io1.in"] = "E"
        await asyncio.sleep(1)
        assert set(on.sink.values("io1.in")) == {(None, "BAD")}
        assert on.sink.devices == [("io1", True, "answers")]

    stage(story, io())


def test_a_talker_that_never_stops_makes_its_line_silent_not_stuck(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        until = loop.time() + 20

        def babble() -> None:
            on.bus.wire.bring(b"\x55")
            if loop.time() < until:
                loop.call_later(0.001, babble)

        babble()
        progress = on.line.progress
        await asyncio.sleep(10)
        assert on.line.progress > progress + 5
        assert on.sink.devices[-1][:2] == ("io1", False)
        assert "never silent" in on.sink.devices[-1][2]
        await asyncio.sleep(20)
        assert on.sink.devices[-1][:2] == ("io1", True)

    stage(story, io())


def test_an_order_that_frees_people_goes_out_on_a_line_that_is_never_silent(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        until = loop.time() + 5

        def babble() -> None:
            on.bus.wire.bring(b"\x55")
            if loop.time() < until:
                loop.call_later(0.001, babble)

        babble()
        await asyncio.sleep(1)
        on.tell("io1", "card", priority=10)
        on.tell("io1", "fire", priority=2)
        began = loop.time()
        await asyncio.sleep(3)
        told = [(at, what) for at, what in on.bus.told if at >= began]
        assert told, "nothing went out"
        assert {what for _, what in told} == {"io1.fire=1"}, "only what frees people speaks into the noise"
        assert told[0][0] - began < 1.5

    stage(story, io())


@pytest.mark.parametrize("said", [{"door": Sample(True)}, {"in": True}, None, [("in", Sample(1))]], ids=repr)
def test_a_driver_that_brings_what_was_not_asked_for_costs_its_device_and_no_more(said: object, stage) -> None:
    driver = io()
    driver.read = lambda scan, answer: said  # type: ignore[assignment,method-assign]

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        online, why = [event[1:] for event in on.sink.devices if event[0] == "io1"][-1]
        assert not online
        assert "in read" in why
        before = len(on.sink.renewals("io2.in"))
        await asyncio.sleep(1)
        assert len(on.sink.renewals("io2.in")) > before + 5

    stage(story, driver, io("io2"))


def test_orders_to_dead_boards_do_not_take_the_line_from_the_fire_contacts(stage) -> None:
    """Every lock on them is ordered once a second, as long as nobody knows what it is."""
    dead = [f"dead{number}" for number in range(4)]
    manners = {"patience": 0.15, "worst": 0.4}

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.update(dead)
        await asyncio.sleep(20)
        start, orders = asyncio.get_running_loop().time(), []
        for _ in range(30):
            orders += [on.tell(board, f"relay{n}", priority=2) for board in dead for n in range(8)]
            await asyncio.sleep(1)
        assert longest(on.sink.renewals("io1.in"), start) < 0.35
        told = len([at for at, _ in on.bus.told if at > start])
        assert told == 0
        asked = [sum(name.startswith(f"{board}.") for at, name in on.bus.asked if at > start) for board in dead]
        assert all(2 < probes < 16 for probes in asked), f"{asked}: a tenth of the time, and each has its turn"
        assert on.line.status()["orders_waiting"] < 32 * 4
        assert all(len(answers) == 1 for answers in orders[: -32 * 4])
        on.bus.dead.clear()
        for _ in range(9):
            last = [on.tell(board, f"relay{n}", priority=2) for board in dead for n in range(8)]
            await asyncio.sleep(1)
        assert last == [[""]] * 32

    stage(story, *(io(name, manners=manners) for name in ("io1", "io2", "io3", "io4", *dead)))


def test_the_locks_on_a_board_that_has_just_died_hold_up_no_others(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("dead")
        lost = [on.tell("dead", f"relay{number}", priority=2) for number in range(8)]
        freed = [on.tell("io1", f"relay{number}", priority=2) for number in range(3)]
        start = asyncio.get_running_loop().time()
        await until(lambda: all(freed))
        assert asyncio.get_running_loop().time() - start < 0.5  # one time-out and its quarantine, whoever was first
        assert freed == [[""]] * 3
        await until(lambda: all(lost))

    stage(story, io("dead"), io("io1"))


# Listeners


class Reader:
    name = "reader"

    def points(self) -> list[Point]:
        return [Point(name="card", momentary=True)]

    def hear(self, received: bytes, now: float) -> tuple[Found, dict[str, Sample]] | None:
        end = received.find(b".")
        if end < 0:
            return None
        card = received[:end].decode()
        if card == "bug":
            raise ValueError("oops")
        return Found(end + 1, received[: end + 1]), {"card": Sample(card)}


def test_a_reader_is_heard_at_once_and_is_there_while_its_port_is(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.wire.bring(b"12")
        on.bus.wire.bring(b"34.56.7")
        assert on.sink.values("reader.card") == [("1234", "GOOD"), ("56", "GOOD")]
        assert on.sink.devices == [("reader", True, "port open")]
        progress = on.line.progress
        await asyncio.sleep(10)
        assert on.line.progress > progress + 10
        on.bus.unplug()
        await asyncio.sleep(4)
        assert on.sink.devices[1] == ("reader", False, "line gate is down: the port is not there")
        on.bus.present = True
        await asyncio.sleep(3)
        assert on.sink.devices[2][:2] == ("reader", True)
        assert on.tell("reader") == ["reader only speaks; it cannot be told anything"]

    stage(story, Reader())


def test_a_readers_broken_driver_is_out_of_service(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.wire.bring(b"bug.")
        assert on.sink.devices[-1] == ("reader", False, "driver fault: ValueError in hear: oops")
        on.bus.wire.bring(b"12.")
        await asyncio.sleep(1)
        assert on.sink.values("reader.card") == []

    stage(story, Reader())


def test_a_reader_needs_the_line_to_itself() -> None:
    with pytest.raises(ValueError, match="needs the line to itself"):
        LineOwner("gate", SERIAL, {"reader": Reader(), "io1": io()}, Ledger(), LoopClock())  # type: ignore[dict-item]


def test_the_scan_contract_is_what_the_doubles_speak() -> None:
    assert isinstance(scan("x"), Scan)
