"""Bytes, baud and manners to load and ages: by hand for one exchange, and against a line that is worked."""

import asyncio
import itertools
import time
from collections import defaultdict

import pytest

from daemon.config import capacity, site
from daemon.config.capacity import OWN, Speed, asked, orders, reckon
from daemon.field import exchange
from daemon.field.lines import LineOwner
from daemon.field.scheduler import QUICK_MISSES
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import Scan, ScanClass
from tests.unit.daemon.bus import Bus, Ledger, LoopClock, Talker, play, scan, until

SERIAL = site.Line(serial="/dev/serial/by-id/usb-x", baud=9600)
POINT = {"title": {"zh": "点", "en": "point"}}
HEAD = {"maker": "m", "model": "m", "source": [{"text": "test"}], "hardware": False, "grade": "B", **POINT}


def unit(address: int = 1, wire: str = "serial", limits: dict[str, object] | None = None, **points: object) -> Device:
    """A Modbus unit with these points."""
    entries = {name: POINT | {"kind": "safety", "period": "1s"} | entry for name, entry in points.items()}
    profile = Profile.model_validate(HEAD | {"limits": {"usual": "20ms"} | (limits or {}), "points": entries})
    return Device(address, profile, wire)


ALARM = {"table": "input", "address": 0}
VALUES = {"table": "input", "address": 1, "count": 9, "kind": "measure", "period": "10s"}
RELAY = {"table": "coil", "address": 0, "writable": True, "kind": "access"}


def test_an_exchange_takes_its_bytes_the_turn_round_silence_and_our_own_time() -> None:
    (one,) = asked("u", unit(alarm=ALARM))
    assert (one.sent, one.expected) == (8, 7)
    assert Speed.of(SERIAL).seconds(one) == pytest.approx(15 * 10 / 9600 + 0.020 + 3.5 * 10 / 9600 + OWN)


@pytest.mark.parametrize(
    ("line", "character", "silence"),
    [
        (SERIAL, 10 / 9600, 35 / 9600),
        (SERIAL.model_copy(update={"format": "8E1"}), 11 / 9600, 38.5 / 9600),
        (SERIAL.model_copy(update={"baud": 115200}), 10 / 115200, 0.00175),
        (site.Line(tcp="10.0.0.1:502", baud=19200), 10 / 19200, 0.0),
        (site.Line(rtu_over_tcp="10.0.0.1:502", baud=19200), 10 / 19200, 35 / 19200),
    ],
)
def test_speed_is_that_of_the_wire_or_of_the_serial_side_behind_a_gateway(
    line: site.Line, character: float, silence: float
) -> None:
    assert Speed.of(line) == Speed(pytest.approx(character), pytest.approx(silence))


def test_a_device_cannot_answer_before_it_knows_that_the_request_is_over() -> None:
    (one,) = asked("u", unit(alarm=ALARM, limits={"usual": "1ms"}))
    slow = SERIAL.model_copy(update={"baud": 1200})
    assert Speed.of(slow).seconds(one) == pytest.approx((15 + 3.5 + 3.5) * 10 / 1200 + OWN)


def test_two_reads_of_one_device_whose_answers_look_alike_are_kept_apart() -> None:
    two = asked("u", unit(one=ALARM, two={"table": "input", "address": 50}))
    assert [each.alike for each in two] == [True, True]
    other = asked("u", unit(one=ALARM, two={"table": "holding", "address": 50}))
    assert [each.alike for each in other] == [False, False]
    speed = Speed.of(SERIAL)
    assert speed.seconds(two[0]) - speed.seconds(other[0]) == pytest.approx(capacity.GUARD - speed.silence)


def test_what_is_known_of_exchanges_here_is_what_the_field_does() -> None:
    assert (exchange._SLACK, exchange._GUARD) == (capacity.SLACK, capacity.GUARD)
    for line in (SERIAL, SERIAL.model_copy(update={"baud": 57600}), site.Line(tcp="10.0.0.1:502")):
        kind = "tcp" if line.tcp else "serial"
        real = exchange.Exchanges(_Still(), kind, line.baud, line.bits)
        assert Speed.of(line) == Speed(pytest.approx(real.wire_time(1)), pytest.approx(real._silence))


class _Still:
    def monotonic(self) -> float:
        return 0.0


def test_an_order_is_as_long_as_the_devices_own_and_devices_without_outputs_have_none() -> None:
    (order,) = orders("u", unit(relay=RELAY))
    assert (order.sent, order.expected) == (8, 8)
    assert orders("u", unit(alarm=ALARM)) == []
    (setting,) = orders("u", unit(level={"table": "holding", "address": 3, "writable": True}))
    assert setting.sent == 8, "a register wants a number, not a switch"


def test_load_is_what_is_asked_for_against_what_can_be_promised() -> None:
    load = reckon("l", SERIAL, asked("u", unit(alarm=ALARM, values=VALUES)), orders("u", unit(relay=RELAY)))
    alarm, values = load.promises
    assert load.shares[ScanClass.SAFETY] == pytest.approx(alarm.seconds / 1.0)
    assert load.shares[ScanClass.MEASURE] == pytest.approx(values.seconds / 10.0)
    assert load.total == pytest.approx((alarm.seconds + values.seconds / 10) / 0.9)
    assert load.write == pytest.approx(16 * 10 / 9600 + 0.02 + 35 / 9600 + OWN)


def test_a_worst_age_begins_when_the_device_looked_and_ends_when_the_next_answer_is_in() -> None:
    (alarm,) = reckon("l", SERIAL, asked("u", unit(alarm=ALARM))).promises
    assert alarm.age == pytest.approx(alarm.cycle + alarm.jitter + alarm.seconds)
    assert alarm.dying == alarm.age, "it is alone: when it dies nobody else is left waiting"


def test_while_a_device_dies_its_misses_are_waited_for() -> None:
    exchanges = [each for n in range(9) for each in asked(f"u{n}", unit(n + 1, alarm=ALARM))]
    load = reckon("l", SERIAL, exchanges)
    stall = 15 * 10 / 9600 + 0.6 + capacity.SLACK
    for each in load.promises:
        misses = 1 if each.scan.kind <= ScanClass.ACCESS else QUICK_MISSES
        assert each.dying == pytest.approx(each.age + misses * stall), "the living have their turn after each"


def test_a_device_that_wants_rest_is_asked_no_more_often_than_it_rests() -> None:
    its = {f"a{n}": {"table": "input", "address": 50 * n, "period": "500ms"} for n in range(3)}
    load = reckon("l", SERIAL, asked("u", unit(limits={"gap": "200ms"}, **its)))
    assert load.promises[0].cycle == pytest.approx(sum(each.seconds + 0.2 for each in load.promises))


def test_a_document_is_plain_and_adds_up() -> None:
    load = reckon("l", SERIAL, asked("u", unit(alarm=ALARM, values=VALUES)))
    told = load.document()
    assert told["worst"]["safety"]["point"] == "u.alarm"
    assert told["worst"]["access"] is None
    assert sum(row["seconds"] / row["period"] for row in told["scans"]) == pytest.approx(
        told["load"] * 0.9, abs=1e-3
    )  # fmt: skip
    assert load.promised("u")["input 0-0 every 1 s"].scan.points == ("alarm",)
    assert load.promised("nobody") == {}


def test_the_large_estate_is_reckoned_within_a_second() -> None:
    """150 lines of 32 units with an alarm and nine measures each."""
    units = [unit(n + 1, "tcp", alarm=ALARM, values=VALUES) for n in range(32)]
    line = site.Line(tcp="10.0.0.1:502", baud=115200)
    began = time.process_time()
    for number in range(150):
        exchanges = [each for n, device in enumerate(units) for each in asked(f"u{n}", device)]
        assert reckon(f"l{number}", line, exchanges).total > 0
    assert time.process_time() - began < 1.0


FAST = site.Line(serial="/dev/serial/by-id/usb-x", baud=256000)
"""So fast that bytes take no time, as on the bus of these tests."""


def worst_gaps(sink: Ledger) -> dict[str, float]:
    """By point, the longest time between two readings."""
    times: dict[str, list[float]] = defaultdict(list)
    for at, name in sorted([(at, name) for at, name, *_ in sink.landed] + sink.renewed):
        times[name].append(at)
    return {name: max(b - a for a, b in itertools.pairwise(each)) for name, each in times.items()}


def wanted(period: float) -> tuple[Scan, ...]:
    return scan("alarm", period=period), scan("amps", ScanClass.MEASURE, 5.0)


@pytest.mark.parametrize(("units", "period"), [(4, 0.5), (20, 0.2), (40, 0.5)], ids=["light", "full", "crowded"])
def test_the_line_owner_keeps_what_was_reckoned_even_while_a_device_dies(
    monkeypatch: pytest.MonkeyPatch, units: int, period: float
) -> None:
    """The whole way: exchanges, quarantine, probes. Devices answer after 10 ms; one of them dies."""
    manners = {"patience": 0.1, "worst": 0.3, "usual": 0.01}

    async def story() -> None:
        bus, sink = Bus(), Ledger()
        monkeypatch.setattr("daemon.field.lines.connect", bus.connect)
        devices = {f"u{n}": Talker(f"u{n}", wanted(period), manners) for n in range(units)}
        load = reckon("l", FAST, [each for name, device in devices.items() for each in asked(name, device)])
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(LineOwner("l", FAST, devices, sink, LoopClock()).run())
            await asyncio.sleep(10)
            sink.landed.clear()
            sink.renewed.clear()
            await asyncio.sleep(30)
            healthy = worst_gaps(sink)
            bus.dead.add("u1")
            await until(lambda: ("u1", False) in [each[:2] for each in sink.devices])
            await asyncio.sleep(1)
            dying = worst_gaps(sink)
            running.cancel()
        for promise in load.promises:
            name = f"{promise.asked.device}.{promise.scan.name}"
            assert healthy[name] <= promise.age, name
            assert promise.asked.device == "u1" or dying[name] <= promise.dying, name
        alarms = [each for each in load.promises if each.scan.kind is ScanClass.SAFETY]
        assert max(each.age for each in alarms) <= 1.4 * max(healthy[f"u{n}.alarm"] for n in range(units))
        slowest = max(dying[f"u{n}.alarm"] for n in range(units) if n != 1)
        assert max(each.dying for each in alarms) <= 2.2 * slowest, "reckoned as if all misses came one upon the other"

    play(story)
