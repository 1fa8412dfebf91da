"""ASCII answers are recognised as strictly as RTU's, whatever the wire makes of them; nothing that arrives raises."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerAscii
from pymodbus.pdu import DecodePDU

from drivers.modbus import codec
from drivers.modbus.ascii import LONGEST, lrc, question, sealed
from gatehouse.driver import Question

MANNERS = codec.Manners(0.3, 0.6, 0.0)
READ_5 = codec.read_pdu("holding", 10, 5)
WRITE = codec.write_coil_pdu(3, 0xFF00)


def ask(pdu: bytes, unit: int = 1) -> Question:
    return question(unit, pdu, MANNERS)


def answer_to(pdu: bytes, data: bytes, unit: int = 1) -> bytes:
    return sealed(bytes((unit, pdu[0], len(data))) + data)


GOOD = answer_to(READ_5, bytes(range(10)))
PDU = b"\x03\x0a" + bytes(range(10))


def heard(asked: Question, pieces: list[bytes]) -> tuple[bytes | None, list[str]]:
    """What a line makes of the pieces: the answer and what was thrown away."""
    received, thrown = b"", []
    for piece in pieces:
        received += piece
        while received and (found := asked.find(received)) is not None:
            assert 0 < found.used <= len(received)
            received = received[found.used :]
            if found.answer is not None:
                return found.answer, thrown
            thrown.append(found.why)
    return None, thrown


def test_the_example_of_the_specification() -> None:
    """MODBUS over Serial Line V1.02, 2.5.2.1: LRC; the request is that of many manuals."""
    assert ask(codec.read_pdu("holding", 0x6B, 3), 0x11).request == b":1103006B00037E\r\n"
    assert lrc(bytes.fromhex("0103000000010A")) == 0xF1


@given(unit=st.integers(1, 247), count=st.integers(1, 125), data=st.data())
def test_pymodbus_reads_our_requests_and_we_its_answers(unit: int, count: int, data: st.DataObject) -> None:
    pdu = codec.read_pdu("input", 7, count)
    used, request = FramerAscii(DecodePDU(True)).handleFrame(ask(pdu, unit).request, unit, 0)
    assert request is not None
    assert (used, request.address, request.count) == (len(ask(pdu, unit).request), 7, count)
    values = data.draw(st.binary(min_size=2 * count, max_size=2 * count))
    frame = FramerAscii(DecodePDU(False)).encode(bytes((4, 2 * count)) + values, unit, 0)
    assert heard(ask(pdu, unit), [frame]) == (bytes((4, 2 * count)) + values, [])
    assert ask(pdu, unit).expected == len(frame)


@pytest.mark.parametrize(
    ("name", "stream", "answered", "thrown"),
    [
        ("good", GOOD, True, []),
        ("small letters", GOOD.lower(), True, []),
        ("noise before", b"\x00\x7f\xff" + GOOD, True, ["noise"]),
        ("the end of another frame before", b"0A\r\n" + GOOD, True, ["noise"]),
        ("own echo", ask(READ_5).request + GOOD, True, ["echo"]),
        ("own echo in small letters", ask(READ_5).request.lower() + GOOD, True, ["echo"]),
        ("another unit", answer_to(READ_5, bytes(10), unit=2), False, ["foreign"]),
        ("another unit, then ours", answer_to(READ_5, bytes(10), unit=2) + GOOD, True, ["foreign"]),
        ("another master's request, then ours", ask(READ_5, 7).request + GOOD, True, ["foreign"]),
        ("another function", sealed(b"\x01\x04\x0a" + bytes(10)), False, ["foreign"]),
        ("another length", answer_to(READ_5, bytes(8)), False, ["foreign"]),
        ("another length than it says", sealed(b"\x01\x03\x0a" + bytes(8)), False, ["foreign"]),
        ("an exception that is too long", sealed(b"\x01\x83\x02\x00"), False, ["foreign"]),
        ("bad checksum", GOOD[:-4] + b"00\r\n", False, ["crc"]),
        ("bad checksum, then the right answer", GOOD[:-4] + b"00\r\n" + GOOD, True, ["crc"]),
        ("half", GOOD[:7], False, []),
        ("half, then whole", GOOD[:7] + GOOD, True, ["crc"]),
        ("a digit lost", GOOD[:5] + GOOD[6:] + GOOD, True, ["crc"]),
        ("a digit turned into a letter", GOOD[:7] + b"G" + GOOD[8:] + GOOD, True, ["crc"]),
        ("no carriage return", GOOD[:-2] + b"\n" + GOOD, True, ["crc"]),
        ("an exception of another unit", sealed(b"\x05\x83\x02") + GOOD, True, ["foreign"]),
        ("a frame too short to be one", b":01FF\r\n" + GOOD, True, ["noise"]),
    ],
)
def test_what_a_wire_brings(name: str, stream: bytes, answered: bool, thrown: list[str]) -> None:
    """Whole, and byte by byte."""
    for pieces in ([stream], [bytes((byte,)) for byte in stream]):
        answer, heard_as = heard(ask(READ_5), pieces)
        assert (answer == PDU) is answered, name
        assert sorted(set(heard_as) - {"noise"}) == sorted(set(thrown) - {"noise"}), name
        assert bool(heard_as) >= bool(thrown), name


def test_an_exception_is_an_answer() -> None:
    assert heard(ask(READ_5), [sealed(b"\x01\x83\x02")]) == (b"\x83\x02", [])
    assert heard(ask(READ_5), [sealed(b"\x01\x84\x02")]) == (None, ["foreign"])


def test_a_write_is_answered_by_its_exact_echo_only() -> None:
    asked = ask(WRITE)
    assert heard(asked, [sealed(b"\x01" + WRITE)]) == (WRITE, [])
    assert heard(asked, [sealed(b"\x01" + codec.write_coil_pdu(3, 0))]) == (None, ["foreign"])


def test_the_same_answer_again_is_known_at_once() -> None:
    asked = ask(READ_5)
    assert heard(asked, [GOOD])[0] == heard(asked, [GOOD])[0] == PDU
    refusal = sealed(b"\x01\x83\x02")
    assert heard(asked, [refusal])[0] == heard(asked, [refusal])[0] == b"\x83\x02"


def test_a_line_of_digits_without_an_end_is_noise() -> None:
    answer, thrown = heard(ask(READ_5), [b":" + b"01" * 400, GOOD])
    assert answer == PDU
    assert thrown
    assert ask(READ_5).find(b":" + b"0" * 511) is None
    assert ask(READ_5).find(b":" + b"0" * 512) is not None


@given(
    stream=st.binary(max_size=700) | st.text(":0123456789ABCDEF\r\n", max_size=300).map(str.encode),
    size=st.integers(1, 50),
)
def test_rubbish_never_raises_and_never_becomes_an_answer(stream: bytes, size: int) -> None:
    answer, _ = heard(ask(READ_5, 9), [stream[at : at + size] for at in range(0, len(stream), size)])
    assert answer is None or sealed(b"\x09" + answer) in stream.upper()


def test_ten_thousand_mutated_streams_from_a_fixed_seed() -> None:
    """Mutated good frames, the hardest kind: an answer is either the true one or there is none."""
    dice = random.Random(20261122)
    frames = [GOOD, ask(READ_5).request, sealed(b"\x01\x83\x02"), answer_to(READ_5, bytes(10), unit=3)]
    for _ in range(10_000):
        stream = bytearray(b"".join(dice.choices(frames, k=dice.randint(1, 3))))
        for _ in range(dice.randint(1, 4)):
            stream[dice.randrange(len(stream))] = dice.choice(b":0123456789ABCDEFabc\r\n\x00\xff")
        answer, _ = heard(ask(READ_5), [bytes(stream)])
        assert answer is None or sealed(b"\x01" + answer) in bytes(stream).upper()


@pytest.mark.parametrize("pattern", [b":", b":01", b"0", b":0103\r\n", b"\n", b"\xff"])
def test_work_grows_with_the_bytes(pattern: bytes) -> None:
    """Every byte that stays is one that may still become a frame: never more than the longest."""
    asked, received = ask(READ_5), b""
    for byte in pattern * (3000 // len(pattern)):
        received += bytes((byte,))
        while received and (found := asked.find(received)) is not None:
            received = received[found.used :]
        assert len(received) <= LONGEST
