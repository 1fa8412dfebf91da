import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.clock import HandClock
from simulators.units.rdm6300 import Device, frame


class Line:
    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.said: list[tuple[float, bytes]] = []

    def speak(self, data: bytes) -> None:
        self.said.append((self.clock.now(), data))


def test_a_frame_is_fourteen_bytes_with_the_xor_of_five() -> None:
    assert frame("0004712345", 0x0A) == b"\x020A0047E79920\x03".replace(
        b"20\x03", b"%02X\x03" % (0x0A ^ 0x47 ^ 0xE7 ^ 0x99)
    )


@given(st.integers(0, 0xFFFFFFFF))
def test_every_number_can_be_read_back(number: int) -> None:
    data = frame(f"{number:010}")
    assert len(data) == 14
    assert (data[0], data[-1]) == (2, 3)
    code = bytes.fromhex(data[1:13].decode())
    assert int.from_bytes(code[1:5], "big") == number
    check = 0
    for byte in code:
        check ^= byte
    assert check == 0


@pytest.mark.parametrize("number", ["", "4712345", "00047123456", "4294967296", "12345678x0", "１234567890"])
def test_what_is_no_card_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="ten decimal digits"):
        frame(number)


def test_it_repeats_while_the_card_stays(clock: HandClock) -> None:
    reader, line = Device(clock), Line(clock)
    reader.connect(line)
    reader.swipe("0004712345", 0.3)
    clock.advance(2)
    assert len(line.said) == 5
    gaps = [b[0] - a[0] for a, b in zip(line.said, line.said[1:], strict=False)]
    assert gaps == pytest.approx([0.065] * 4)
    assert {data for _, data in line.said} == {frame("0004712345")}
    assert reader.state() == {"swipes": 1, "last": "0004712345", "present": False}


def test_another_card_takes_the_place_of_the_first(clock: HandClock) -> None:
    reader, line = Device(clock), Line(clock)
    reader.connect(line)
    reader.swipe("0004712345", 5)
    clock.advance(0.1)
    line.said.clear()
    reader.swipe("0004712346", 0.1)
    clock.advance(5)
    assert {data for _, data in line.said} == {frame("0004712346")}
