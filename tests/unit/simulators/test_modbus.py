import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.clock import HandClock
from simulators.modbus import Responder, checksum
from simulators.unit import Unit
from simulators.units.waveshare import rtu_relay, rtu_relay_d


@pytest.mark.parametrize(
    ("unsigned", "crc"),
    [
        ("01 04 00 00 00 02", "71 CB"),  # Eastron, published
        ("0A 04 00 00 00 0A", "71 76"),  # Circutor, published
        ("01 01 00 00 00 08", "3D CC"),  # Waveshare, read eight relays
        ("01 05 02 00 00 07", "8D B0"),  # Waveshare, flash for 700 ms
    ],
)
def test_checksums_are_those_of_published_frames(unsigned: str, crc: str) -> None:
    assert checksum(bytes.fromhex(unsigned)) == bytes.fromhex(unsigned + crc)


@pytest.mark.parametrize("value", [0x0000, 0x0001, 0x0007, 0x7FFF, 0xFF00])
def test_a_flash_is_echoed_bit_for_bit(clock: HandClock, value: int) -> None:
    request = checksum(bytes.fromhex("01050200") + value.to_bytes(2, "big"))
    assert Responder("rtu").answer(rtu_relay.Device(1, clock), request) == request


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("01 03 00 00 00 01", "01 83 02"),  # no such register
        ("01 04 00 00 00 01", "01 84 01"),  # a relay board knows no function 4
        ("01 02 00 00 00 08", "01 82 01"),  # nor inputs, without (D)
        ("01 01 00 04 00 08", "01 81 02"),  # beyond the eighth relay
        ("01 01 00 00 00 00", "01 81 03"),  # none of them
        ("01 05 00 00 12 34", "01 85 03"),  # neither on nor off
        ("01 05 00 08 FF 00", "01 85 02"),
        ("01 08 00 00 12 34", "01 88 01"),  # diagnostics: pymodbus would answer
        ("01 11", "01 91 01"),
        ("01 64 01", "01 E4 01"),
    ],
)
def test_what_a_board_does_not_know_it_refuses_by_name(clock: HandClock, talk, request_: str, answer: str) -> None:
    assert talk(rtu_relay.Device(1, clock), request_) == answer


def test_a_wrong_checksum_is_not_answered(clock: HandClock) -> None:
    frame = checksum(bytes.fromhex("010100000008"))
    assert Responder("rtu").answer(rtu_relay.Device(1, clock), frame[:-1] + b"\x00") is None


def test_noise_before_a_request_makes_it_unheard(clock: HandClock) -> None:
    frame = checksum(bytes.fromhex("010100000008"))
    for noise in (b"\x00", b"\xff\x80", b"\x01", b"\x01\x03"):
        assert Responder("rtu").answer(rtu_relay.Device(1, clock), noise + frame) is None


def test_over_tcp_the_transaction_comes_back(clock: HandClock) -> None:
    responder, unit = Responder("tcp"), rtu_relay.Device(9, clock)
    request = bytes.fromhex("BEEF 0000 0006 09 05 0200 0007")
    assert responder.addressed(request) == 9
    assert responder.answer(unit, request) == request
    assert responder.answer(unit, bytes.fromhex("0001 0000 0006 09 04 0000 0001")) == bytes.fromhex(
        "0001 0000 0003 09 84 01"
    )
    assert responder.answer(unit, bytes.fromhex("0002 0000 0006 09 01 0000 0000")) == bytes.fromhex(
        "0002 0000 0003 09 81 03"
    )


@given(st.binary(min_size=2, max_size=260), st.sampled_from(["rtu", "tcp"]), st.booleans())
def test_no_frame_breaks_a_unit(frame: bytes, framing: str, sound: bool) -> None:
    clock = HandClock()
    unit: Unit = rtu_relay_d.Device(1, clock)
    responder = Responder(framing)  # type: ignore[arg-type]
    if framing == "tcp":
        frame = b"\0\1\0\0" + (len(frame) + 1).to_bytes(2, "big") + b"\1" + frame
    elif sound:
        frame = checksum(b"\1" + frame)
    answer = responder.answer(unit, frame)
    if framing == "tcp" or (framing == "rtu" and sound):
        assert answer is None or answer[6 if framing == "tcp" else 0] == 1
