"""Published frames, refusals and strangers; then the same against the PyPI package dlt645, which is another hand."""

from contextlib import suppress

import pytest
from dlt645 import DLT645Protocol, MeterServerService
from hypothesis import given
from hypothesis import strategies as st

from drivers.dlt645 import Device
from gatehouse.driver import DriverError, Found, Sample, Scan, ScanClass

NUMBER = "000000000161"
PUBLISHED = {  # "DLT645-2007 规约常见报文解析", 2012, hwhale.com/article/138066
    "energy_import": ("33 33 34 33 14 16", "91 08 33 33 34 33 59 33 33 33 8A 16", 0.26),
    "energy_export": ("33 33 35 33 15 16", "91 08 33 33 35 33 59 34 33 33 8C 16", 1.26),
    "volts": ("33 34 34 35 17 16", "91 06 33 34 34 35 34 43 10 16", 100.1),
    "amps": ("33 34 35 35 18 16", "91 07 33 34 35 35 CC 7C 33 16 16", 4.999),
    "power": ("33 33 36 35 18 16", "91 07 33 33 36 35 45 58 33 6B 16", 0.2512),
    "reactive": ("33 33 37 35 19 16", "91 07 33 33 37 35 64 76 33 A9 16", 0.4331),
    "apparent": ("33 33 38 35 1A 16", "91 07 33 33 38 35 39 83 33 8C 16", 0.5006),
    "power_factor": ("33 33 39 35 1B 16", "91 06 33 33 39 35 34 38 09 16", 0.501),
}
HEAD = "68 61 01 00 00 00 00 68"
EVERYTHING = (
    "volts", "amps", "power", "reactive", "apparent", "power_factor", "amps_neutral", "hertz", "temperature", "energy",
    "energy_import", "energy_export", "date", "time", "number", "status1", "status7",
)  # fmt: skip


def scan(meter: Device, name: str) -> Scan:
    return next(one for one in meter.scans() if one.name == name)


def said(meter: Device, name: str, answer: bytes) -> Sample:
    """What it makes of an answer to one of its questions."""
    found = meter.ask(scan(meter, name)).find(answer)
    assert found is not None
    assert found.answer is not None, found.why
    assert found.used == len(answer)
    return meter.read(scan(meter, name), found.answer)[name]


@pytest.mark.parametrize(("name", "frames"), PUBLISHED.items())
def test_published_frames(name: str, frames: tuple[str, str, float]) -> None:
    request, answer, value = frames
    meter = Device(NUMBER, only=(name,))
    question = meter.ask(scan(meter, name))
    assert question.request == b"\xfe" * 4 + bytes.fromhex(f"{HEAD} 11 04 {request}")
    assert said(meter, name, bytes.fromhex(f"FE FE {HEAD} {answer}")) == Sample(value)
    assert question.expected == len(bytes.fromhex(f"FE FE FE FE {HEAD} {answer}"))


def test_whichever_meter_it_is() -> None:
    """The request is the computed golden frame of our facts; any meter's answer counts, to this question only."""
    meter = Device("AAAAAAAAAAAA", only=("volts", "amps"))
    asked = "FE FE FE FE 68 AA AA AA AA AA AA 68 11 04 33 34 34 35 B1 16"
    assert meter.answers_for_all
    assert meter.ask(scan(meter, "volts")).request == bytes.fromhex(asked)
    answer = bytes.fromhex(f"{HEAD} {PUBLISHED['volts'][1]}")
    assert said(meter, "volts", answer) == Sample(100.1)
    assert meter.ask(scan(meter, "amps")).find(answer) == Found(len(answer), why="foreign")
    assert meter.ask(scan(meter, "volts")).find(bytes.fromhex(asked)) == Found(20, why="echo")


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ("68 60 07 92 04 00 91 68 D1 01 37 67 16", "password"),  # a capture in the comments of a public decoder
        ("68 60 07 92 04 00 91 68 D1 01 35 65 16", "no such value"),
        ("68 60 07 92 04 00 91 68 D1 01 A5 D5 16", "no such value, tariff limit$"),
        ("68 60 07 92 04 00 91 68 D1 01 33 63 16", "without a reason"),
        ("68 60 07 92 04 00 91 68 B1 08 33 33 33 33 97 35 A8 33 8A 16", "more to say"),
        ("68 60 07 92 04 00 91 68 91 06 33 33 33 33 97 35 8D 16", "2 bytes came where 000000.00 has 4"),
        ("68 60 07 92 04 00 91 68 91 08 33 33 33 33 32 32 32 32 8B 16", "FF FF FF FF is no decimal number"),
    ],
)
def test_refusals_and_nonsense_are_said_in_words(frame: str, says: str) -> None:
    meter = Device("910004920760")
    with pytest.raises(DriverError, match=says.replace("no such value, tariff", "no such value; .*, tariff")):
        said(meter, "energy", resummed(frame))


def resummed(frame: str) -> bytes:
    """A hand-made frame with its check byte made right."""
    data = bytearray.fromhex(frame)
    data[-2] = sum(data[:-2]) & 0xFF
    return bytes(data)


def test_a_published_answer_of_another_meter() -> None:
    frame = bytes.fromhex("FE FE FE FE 68 60 07 92 04 00 91 68 91 08 33 33 33 33 97 35 A8 33 6A 16")
    assert said(Device("910004920760"), "energy", frame) == Sample(7502.64)


@pytest.mark.parametrize(
    "frame",
    [
        "68 62 01 00 00 00 00 68 91 06 33 34 34 35 34 43 11 16",  # another meter
        "68 61 01 00 00 00 00 68 91 07 33 34 35 35 CC 7C 33 16 16",  # its amperes
        "68 61 01 00 00 00 00 68 94 00 92 16",  # it took a setting
        "68 61 01 00 00 00 00 68 11 04 33 34 35 35 18 16",  # another master asks
        "68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16",  # a water meter is asked
    ],
)
def test_strangers_are_foreign(frame: str) -> None:
    meter, data = Device(NUMBER), resummed(frame)
    assert meter.ask(scan(meter, "volts")).find(data) == Found(len(data), why="foreign")


def test_a_negative_current_and_a_negative_energy() -> None:
    meter = Device(NUMBER)
    amps = resummed(f"{HEAD} 91 07 33 34 35 35 CC 7C B3 00 16")
    assert said(meter, "amps", amps) == Sample(-4.999)
    energy = resummed(f"{HEAD} 91 08 33 33 33 33 59 34 33 B3 00 16")
    assert said(meter, "energy", energy) == Sample(-1.26)


def test_what_cannot_be_negative_has_a_digit_where_others_have_a_sign() -> None:
    """812 345.67 kWh imported are no -12 345.67."""
    meter = Device(NUMBER, also=("energy_import",))
    energy = resummed(f"{HEAD} 91 08 33 33 34 33 9A 78 56 B4 00 16")
    assert said(meter, "energy_import", energy) == Sample(812345.67)


def test_what_is_read_how_often() -> None:
    meter = Device(NUMBER, phases=3, also=("status3", "power_b"), every=20, slowly=50, wakeup=1, slower=0.5)
    assert [point.name for point in meter.points()] == [
        "volts_a", "volts_b", "volts_c", "amps_a", "amps_b", "amps_c", "power", "energy", "hertz", "status3", "power_b",
    ]  # fmt: skip
    assert {one.period for one in meter.scans() if one.kind is ScanClass.SLOW} == {50}
    assert {one.name: one.period for one in meter.scans() if one.kind is ScanClass.MEASURE}["power_b"] == 20
    question = meter.ask(scan(meter, "power_b"))
    assert question.request == b"\xfe" + resummed(f"{HEAD} 11 04 33 35 36 35 00 16")
    assert (question.patience, question.worst) == (1.1, 1.7)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"address": "12345"}, "^address 12345 is none"),
        ({"address": "01234567890A"}, "^address 01234567890A is none"),
        ({"address": "１２３４５６７８９０１２"}, "^address"),
        ({"address": "999999999999"}, "^address 9+ speaks to all"),
        ({"wire": "tcp"}, "rtu_over_tcp"),
        ({"only": ("volts_a",)}, "^only: volts_a .*phases: 1.*volts, amps"),
        ({"also": ("volts",), "phases": 3}, "^also: volts .*phases: 3"),
        ({"only": ("energy",), "slowly": 600}, "^slowly: at most 90"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Device(**{"address": NUMBER, **settings})  # type: ignore[arg-type]


SERVICE = MeterServerService(None, bytearray.fromhex("610100000000"))  # type: ignore[arg-type]
"""A meter of the PyPI package: its protocol, its values."""


def served(request: bytes) -> bytes:
    return bytes(SERVICE.handle_request(DLT645Protocol.deserialize(request)))


@given(
    volts=st.integers(0, 5000).map(lambda tenths: tenths / 10),
    amps=st.integers(-799_999, 799_999).map(lambda value: value / 1000),
    power=st.integers(-799_999, 799_999).map(lambda value: value / 10_000),
    energy=st.integers(0, 79_999_999).map(lambda value: value / 100),
    hertz=st.integers(4000, 7000).map(lambda value: value / 100),
)
def test_another_hand_and_ours_agree(volts: float, amps: float, power: float, energy: float, hertz: float) -> None:
    """Requests that its parser takes, answers that it builds, values that it was given."""
    meter = Device(NUMBER, only=("volts", "amps", "power", "energy_import", "hertz"))
    wanted = {"volts": volts, "amps": amps, "power": power, "energy_import": energy, "hertz": hertz}
    for identifier, name in ((0x02010100, "volts"), (0x02020100, "amps"), (0x02030000, "power"), (0x02800002, "hertz")):
        assert SERVICE.set_02(identifier, wanted[name])
    assert SERVICE.set_00(0x00010000, energy)
    for name, value in wanted.items():
        answer = served(meter.ask(scan(meter, name)).request)
        assert said(meter, name, answer) == Sample(pytest.approx(value, abs=1e-9))


def test_everything_that_can_be_read_is_known_to_another_hand() -> None:
    meter = Device(NUMBER, only=EVERYTHING)
    for one in meter.scans():
        assert said(meter, one.name, served(meter.ask(one).request)).value is not None


def test_another_hand_refuses_in_a_way_that_we_understand() -> None:
    refusal = served(resummed(f"{HEAD} 11 04 33 33 CC 35 00 16"))
    with pytest.raises(DriverError, match="no such value"):
        said(Device(NUMBER), "volts", refusal)


@given(name=st.sampled_from(EVERYTHING), body=st.binary(min_size=0, max_size=12))
def test_whatever_a_meter_says_read_answers_or_says_why(name: str, body: bytes) -> None:
    meter = Device(NUMBER, only=EVERYTHING)
    request = meter.ask(scan(meter, name)).request
    data = request[14:18] + body
    answer = resummed((bytes.fromhex(HEAD) + bytes((0x91, len(data))) + data + b"\0\x16").hex())
    with suppress(DriverError):
        assert said(meter, name, answer).value is not None


@pytest.mark.parametrize("answer", [b"", b"\x68", bytes(11), b"\x68" + bytes(7) + b"\xd1" + bytes(3)])
def test_what_no_finder_would_let_pass_is_no_answer_either(answer: bytes) -> None:
    meter = Device("210987654321")
    with pytest.raises(DriverError):
        meter.read(scan(meter, "volts"), answer)
