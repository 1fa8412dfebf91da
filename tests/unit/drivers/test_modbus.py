"""A unit: its reads planned, its pulses its own, its orders refused where there is no way."""

from collections.abc import Callable
from typing import Any

import pytest

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, ScanClass, Writer
from gatehouse.points import Value

Shipped = Callable[[str], Profile]
Made = Callable[..., Profile]


def reads(device: Device) -> list[tuple[int, int, int]]:
    """Function, first address, count of each read."""
    requests = [device.ask(scan).request for scan in device.scans()]
    return [(frame[1], int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")) for frame in requests]


def test_all_eight_inputs_are_one_frequent_safety_read(profile: Shipped) -> None:
    device = Device(1, profile("waveshare/rtu-relay-d"))
    safety = [scan for scan in device.scans() if scan.kind is ScanClass.SAFETY]
    assert [scan.points for scan in safety] == [tuple(f"input{n}" for n in range(1, 9))]
    assert safety[0].period <= 0.1
    assert (2, 0, 8) in reads(device)


@pytest.mark.parametrize(
    ("channel", "value", "frame"),
    [
        ("relay1", True, "01050000FF00"),
        ("relay8", False, "010500070000"),
        ("relay1", Pulse(True, 0.7), "0105020000078DB0"),  # golden: Waveshare channel 1 flash-on 700 ms
        ("relay3", Pulse(False, 5.0), "010504020032"),
        ("relay2", Pulse(True, 0.01), "010502010001"),
    ],
)
def test_relays(channel: str, value: Value | Pulse, frame: str, profile: Shipped) -> None:
    device = Device(1, profile("waveshare/rtu-relay-d"))
    assert device.write(channel, value).request.hex().upper().startswith(frame)
    assert isinstance(device, Writer)


@pytest.mark.parametrize(
    ("channel", "value", "message"),
    [
        ("input1", True, "input1 cannot be written"),
        ("relay9", True, "relay9 cannot be written"),
        ("relay1", 3, "true or false, not 3"),
        ("relay1", Pulse(True, 4000.0), "beyond the longest pulse"),
        ("relay1", Pulse(True, float("nan")), "beyond the longest pulse"),
    ],
)
def test_an_order_without_a_way_is_refused(channel: str, value: Any, message: str, profile: Shipped) -> None:
    with pytest.raises(DriverError, match=message):
        Device(1, profile("waveshare/rtu-relay-d")).write(channel, value)


@pytest.mark.parametrize("value", [101, -1, 1e9, float("inf"), float("nan")])
def test_a_register_is_not_told_what_its_profile_finds_implausible(value: float, profile: Shipped) -> None:
    """Level 101 of 100 % would fit into the register."""
    with pytest.raises(DriverError, match="level1"):
        Device(1, profile("wirenboard/wb-mao4")).write("level1", value)


def test_a_pulse_on_a_board_without_its_own_is_refused(made: Made) -> None:
    device = Device(1, made({"relay": {"table": "coil", "writable": True}}))
    with pytest.raises(DriverError, match="no pulse on of its own"):
        device.write("relay", Pulse(True, 1.0))


def test_a_refused_order_is_named(profile: Shipped) -> None:
    device = Device(1, profile("waveshare/rtu-relay"))
    question = device.write("relay1", True)
    device.accept(question, question.request[1:-2])
    with pytest.raises(DriverError, match="device failure"):
        device.accept(question, b"\x85\x04")


def test_the_factory_linkage_is_switched_off_when_it_comes_to_life(profile: Shipped) -> None:
    questions = Device(2, profile("waveshare/rtu-relay-d")).prepare()
    assert [question.request[:6].hex() for question in questions] == [f"0206100{n}0000" for n in range(8)]


def test_maxima_are_left_alone_unless_the_site_asks_for_them(profile: Shipped) -> None:
    """Reading Bender's 1000-block clears it; register 999 does not."""
    usual = Device(3, profile("bender/rcms410"))
    assert all(not 1000 <= address < 1048 for _, address, _ in reads(usual))
    assert any(address == 999 for _, address, _ in reads(usual))
    asked = Device(3, profile("bender/rcms410"), also=("rms_alarm",))
    assert {"rms_alarm1", "rms_alarm4"} <= {point.name for point in asked.points()}
    assert (3, 1034, 13) in reads(asked)  # all four in one exchange: its blocks have no holes


def test_the_breaker_cannot_be_switched_unless_the_site_asks_for_it(profile: Shipped) -> None:
    with pytest.raises(DriverError, match="nothing can"):
        Device(1, profile("lingxun/lx47le-125")).write("breaker", True)
    asked = Device(1, profile("lingxun/lx47le-125"), also=("breaker",))
    assert asked.write("breaker", True).request.hex() == "01050001ff00ddfa"  # golden: remote close


def test_asking_for_what_is_not_optional_is_refused(profile: Shipped) -> None:
    with pytest.raises(ValueError, match="relay1 is no optional point"):
        Device(1, profile("waveshare/rtu-relay"), also=("relay1",))


@pytest.mark.parametrize("unit", [0, 256, -1])
def test_an_impossible_address_is_refused(unit: int, profile: Shipped) -> None:
    with pytest.raises(ValueError, match="no address"):
        Device(unit, profile("xy-md02"))


@pytest.mark.parametrize(
    ("limits", "planned"),
    [
        ({}, [(4, 0, 7), (4, 20, 2)]),
        ({"bridge": 0}, [(4, 0, 3), (4, 5, 2), (4, 20, 2)]),
        ({"bridge": 2}, [(4, 0, 7), (4, 20, 2)]),
        ({"bridge": 100}, [(4, 0, 22)]),
        ({"bridge": 100, "registers": 10}, [(4, 0, 7), (4, 20, 2)]),
        ({"registers": 2}, [(4, 0, 2), (4, 2, 1), (4, 5, 2), (4, 20, 2)]),
        ({"even": True}, [(4, 0, 8), (4, 20, 2)]),
        ({"even": True, "bridge": 0}, [(4, 0, 4), (4, 4, 4), (4, 20, 2)]),
    ],
)
def test_neighbours_are_read_together_within_the_limits(
    limits: dict[str, Any], planned: list[tuple[int, int, int]], made: Made
) -> None:
    points = {"a": 0, "b": 1, "c": 2, "d": 5, "e": 6, "f": 20}
    entries: dict[str, Any] = {name: {"address": address} for name, address in points.items()}
    entries["f"]["form"] = "u32"
    device = Device(1, made(entries, limits=limits))
    assert reads(device) == planned


def test_classes_periods_and_tables_are_not_mixed(made: Made) -> None:
    device = Device(
        1,
        made(
            {
                "fire": {"address": 0, "kind": "safety"},
                "amps": {"address": 1},
                "slow": {"address": 2, "period": "60s"},
                "set": {"address": 3, "table": "holding"},
            }
        ),
    )
    assert sorted(reads(device)) == [(3, 3, 1), (4, 0, 1), (4, 1, 1), (4, 2, 1)]


def test_only_function_16_where_the_device_wants_that(made: Made) -> None:
    device = Device(1, made({"set": {"table": "holding", "writable": True}}, limits={"register_write": "multiple"}))
    assert device.write("set", 7).request[:9].hex() == "011000000001020007"


def test_after_a_miss_no_question_has_the_number_of_one_that_may_be_answered_yet(profile: Shipped) -> None:
    device = Device(3, profile("bender/rcms410"), wire="tcp")
    (scan, *_) = device.scans()
    before = {device.ask(scan).request[:2] for _ in range(9)}
    device.renumber()
    assert before.isdisjoint(device.ask(scan).request[:2] for _ in range(9))
    near = Device(3, profile("bender/rcms410"))
    question = near.ask(scan)
    near.renumber()
    assert near.ask(scan) is question, "a serial line has no numbers"


def test_tcp_questions_that_follow_each_other_never_share_a_number(profile: Shipped) -> None:
    """And none is used for two different reads: the answer to another one is never taken."""
    device = Device(3, profile("bender/rcms410"), wire="tcp")
    numbers: dict[bytes, set[str]] = {}
    for scan in device.scans():
        asked = [device.ask(scan).request[:2] for _ in range(40)]
        assert all(len(set(asked[n : n + 4])) == 4 for n in range(36))
        for number in asked:
            numbers.setdefault(number, set()).add(scan.name)
    assert all(len(scans) == 1 for scans in numbers.values())


def test_serial_questions_are_made_once(profile: Shipped) -> None:
    device = Device(3, profile("bender/rcms410"))
    scan = device.scans()[0]
    assert device.ask(scan) is device.ask(scan)


def test_a_gateway_in_between_may_take_its_time(profile: Shipped) -> None:
    near, far = (Device(3, profile("bender/rcms410"), wire="tcp", slower=slower) for slower in (0.0, 1.0))
    assert far.ask(far.scans()[0]).worst == near.ask(near.scans()[0]).worst + 1.0


def test_a_push_of_a_button_is_written_and_never_read(profile: Shipped) -> None:
    device = Device(3, profile("homemaster/dim-420-r1"))
    assert device.write("switch_on2", True).request[1:6].hex() == "0500c9ff00"
    with pytest.raises(DriverError, match="only true can be written"):
        device.write("switch_on1", False)
    with pytest.raises(DriverError, match="only true can be written"):
        device.write("switch_on1", Pulse(True, 1.0))
    assert {point.name for point in device.points() if point.writable} >= {"switch_on1", "switch_off2"}
    assert not [scan for scan in device.scans() if "switch_on1" in scan.points]


@pytest.mark.parametrize(
    "point",
    [{"period": "91s"}, {"table": "coil", "writable": True, "self_clearing": True}],
    ids=["rarely", "never"],
)
def test_what_is_asked_too_rarely_to_be_missed_is_refused(point: dict[str, Any], made: Made) -> None:
    with pytest.raises(ValueError, match=r"nothing of thing is read within 90 s"):
        Device(1, made({"thing": point}))


def test_a_device_that_speaks_ascii_is_not_on_modbus_tcp(made: Made) -> None:
    spoken = made({"co": {"table": "holding", "address": 1}}, framing="ascii")
    device = Device(1, spoken)
    assert device.ask(device.scans()[0]).request == b":010300010001FA\r\n"
    with pytest.raises(ValueError, match="write the line with serial or rtu_over_tcp"):
        Device(1, spoken, wire="tcp")


def test_the_load_of_a_line_is_reckoned_with_what_is_usual(made: Made) -> None:
    device = Device(1, made({"thing": {}}, limits={"usual": "200ms"}))
    assert device.ask(device.scans()[0]).usual == 0.2


# Published frames, through the shipped profiles. Left out: the reply of the Circutor RGU-10C, whose checksum is a
# misprint (printed 7EC9, right for the printed bytes is AA9D), and its write of five settings, which no profile makes;
# both requests stand in `modbus/test_codec.py`.


def only(whole: Profile, *names: str, **more: Any) -> Profile:
    """The profile with these of its points alone."""
    return whole.model_copy(update={"points": {name: whole.points[name] for name in names}, "settle": [], **more})


@pytest.mark.parametrize(
    ("name", "unit", "points", "request_", "reply", "values"),
    [
        ("eastron/sdm230", 1, ["volts"], "01040000000271CB", "", {}),
        ("peacefair/pzem-016", 1, ["volts"], "01040000000131CA", "01040209BFFED0", {"volts": 249.5}),
        (
            "rle/seahawk-10k",
            2,
            ["leak", "cable_break", "alarm", "location", "feet"],
            "",
            "0204060000 0000 0001 B5A3",
            {"leak": False, "cable_break": False, "alarm": False, "location": 0, "feet": True},
        ),
        (
            "lctech/relay-board-inverted",
            255,
            ["input"],
            "FF02000000086C12",
            "FF02010151A0",
            {"input1": False, "input2": True, "input8": True},
        ),
        ("lctech/relay-board-inverted", 255, ["input"], "FF02000000086C12", "FF0201009060", {"input1": True}),
        ("waveshare/rtu-relay", 1, ["relay"], "0101000000083DCC", "", {}),
        ("homemaster/alm-173-r1", 3, ["input"], "030200010011E824", "", {}),
        ("greystone/cmd5b4", 1, ["co"], "010300010001D5CA", "", {}),
    ],
)
def test_published_reads(
    name: str, unit: int, points: list[str], request_: str, reply: str, values: dict[str, Any], profile: Shipped
) -> None:
    device = Device(unit, only(profile(name), *points))
    (scan,) = device.scans()
    question = device.ask(scan)
    assert question.request.startswith(bytes.fromhex(request_))
    if reply:
        found = question.find(bytes.fromhex(reply))
        assert found is not None
        assert found.answer is not None
        samples = device.read(scan, found.answer)
        assert {channel: samples[channel].value for channel in values} == values


@pytest.mark.parametrize(
    ("name", "unit", "point", "value", "frame"),
    [
        ("lingxun/lx47le-125", 1, "breaker", True, "01050001FF00DDFA"),
        ("lingxun/lx47le-125", 1, "breaker", False, "0105000100009C0A"),
        ("waveshare/rtu-relay", 1, "relay1", Pulse(True, 0.7), "0105020000078DB0"),
        ("homemaster/alm-173-r1", 3, "acknowledge", True, "030501F4FF00CDD6"),
    ],
)
def test_published_orders(name: str, unit: int, point: str, value: Value | Pulse, frame: str, profile: Shipped) -> None:
    whole = profile(name).model_copy(update={"settle": []})
    also = (point,) if point in whole.points and whole.points[point].optional else ()
    assert Device(unit, whole, also=also).write(point, value).request == bytes.fromhex(frame)
