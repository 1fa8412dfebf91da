"""Answers are recognised strictly, whatever the wire makes of them; nothing that arrives can raise or grow."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus import codec
from gatehouse.driver import DriverError, Question

MANNERS = codec.Manners(0.3, 0.6, 0.0)
VOLTS = bytes.fromhex("01040000000271CB")  # published: Eastron read L1 volts
READ_5 = codec.read_pdu("holding", 10, 5)


def rtu(pdu: bytes, unit: int = 1) -> Question:
    return codec.rtu_question(unit, pdu, MANNERS)


def answer_to(pdu: bytes, data: bytes, unit: int = 1) -> bytes:
    return codec.sealed(bytes((unit, pdu[0], len(data))) + data)


def heard(question: Question, pieces: list[bytes]) -> tuple[bytes | None, list[str]]:
    """What a line makes of the pieces: the answer and what was thrown away."""
    received, thrown = b"", []
    for piece in pieces:
        received += piece
        while received and (found := question.find(received)) is not None:
            assert 0 < found.used <= len(received)
            received = received[found.used :]
            if found.answer is not None:
                return found.answer, thrown
            thrown.append(found.why)
    return None, thrown


@pytest.mark.parametrize(
    ("unit", "pdu", "frame"),
    [
        (1, codec.read_pdu("input", 0, 2), "01040000000271CB"),  # published: Eastron read L1 volts
        (10, codec.read_pdu("input", 0, 10), "0A040000000A7176"),  # published: Circutor RGU-10C
        (1, codec.write_registers_pdu(0, [1, 3, 0, 0x3C, 0]), "0110000000050A000100030000003C0000FF64"),  # published
        (1, codec.read_pdu("input", 0, 1), "01040000000131CA"),  # published: PZEM-016
        (255, codec.read_pdu("discrete", 0, 8), "FF02000000086C12"),  # published: LC board
        (1, codec.write_coil_pdu(1, 0xFF00), "01050001FF00DDFA"),  # LX47LE close
        (1, codec.write_coil_pdu(1, 0), "0105000100009C0A"),  # LX47LE open
        (1, codec.read_pdu("coil", 0, 8), "0101000000083DCC"),  # Waveshare relays
        (1, codec.write_coil_pdu(0x200, 7), "0105020000078DB0"),  # Waveshare flash-on 700 ms
        (3, codec.read_pdu("discrete", 1, 17), "030200010011E824"),  # ALM-173 inputs
        (3, codec.write_coil_pdu(500, 0xFF00), "030501F4FF00CDD6"),  # ALM-173 acknowledge
        (1, codec.read_pdu("holding", 1, 1), "010300010001D5CA"),  # Greystone CO
    ],
)
def test_golden_requests(unit: int, pdu: bytes, frame: str) -> None:
    assert rtu(pdu, unit).request == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("unit", "pdu", "frame", "data"),
    [
        (2, codec.read_pdu("input", 0, 3), "0204060000 0000 0001 B5A3", "0000"),  # SeaHawk 10K
        (1, codec.read_pdu("input", 0, 1), "01040209BFFED0", "09BF"),  # PZEM-016, 249.5 V
        (255, codec.read_pdu("discrete", 0, 8), "FF02010151A0", "01"),  # LC board, all well
        (255, codec.read_pdu("discrete", 0, 8), "FF0201009060", "00"),  # LC board, alarm
    ],
)
def test_golden_answers(unit: int, pdu: bytes, frame: str, data: str) -> None:
    answer, thrown = heard(rtu(pdu, unit), [bytes.fromhex(frame)])
    assert answer is not None
    assert codec.checked(answer)[1:].startswith(bytes.fromhex(data))
    assert thrown == []


def test_the_checksum_is_the_published_one() -> None:
    assert codec.crc(b"123456789") == 0x4B37
    assert codec.sealed(bytes.fromhex("01030000000A")).hex() == "01030000000ac5cd"


def test_an_exception_is_named_in_words() -> None:
    answer, _ = heard(rtu(READ_5), [codec.sealed(b"\x01\x83\x02")])
    assert answer is not None
    with pytest.raises(DriverError, match="exception 2 to function 3: illegal data address"):
        codec.checked(answer)


@pytest.mark.parametrize("answer", [b"", b"\x03", b"\x83"])
def test_next_to_nothing_is_no_answer(answer: bytes) -> None:
    with pytest.raises(DriverError, match="are no answer"):
        codec.checked(answer)


GOOD = answer_to(READ_5, bytes(range(10)))


@pytest.mark.parametrize(
    ("name", "stream", "answered", "thrown"),
    [
        ("noise before", b"\x00\x7f" + GOOD, True, ["noise"]),
        ("own echo", rtu(READ_5).request + GOOD, True, ["echo"]),
        ("another unit", answer_to(READ_5, bytes(10), unit=2), False, ["foreign"]),
        ("another unit, then ours", answer_to(READ_5, bytes(10), unit=2) + GOOD, True, ["foreign"]),
        ("another master's request, then ours", rtu(READ_5, 7).request + GOOD, True, ["foreign"]),
        ("another function", codec.sealed(b"\x01\x04\x0a" + bytes(10)), False, ["foreign"]),
        ("another length", answer_to(READ_5, bytes(8)), False, ["foreign"]),
        ("bad checksum", GOOD[:-1] + b"\x00", False, ["crc"]),
        ("bad checksum, then the right answer", GOOD[:-1] + b"\x00" + GOOD, True, ["crc"]),
        ("half", GOOD[:7], False, []),
        ("a byte lost", GOOD[:5] + GOOD[6:] + GOOD, True, ["crc"]),
        ("an exception of another unit", codec.sealed(b"\x05\x83\x02") + GOOD, True, ["foreign"]),
    ],
)
def test_what_a_wire_brings(name: str, stream: bytes, answered: bool, thrown: list[str]) -> None:
    """Whole, and byte by byte."""
    for pieces in ([stream], [bytes((byte,)) for byte in stream]):
        answer, heard_as = heard(rtu(READ_5), pieces)
        assert (answer == GOOD[1:-2]) is answered, name
        assert sorted(set(heard_as) - {"noise"}) == sorted(set(thrown) - {"noise"}), name
        assert bool(heard_as) >= bool(thrown), name


@pytest.mark.parametrize(
    "pdu",
    [
        codec.write_coil_pdu(3, 0xFF00),
        codec.write_register_pdu(0x1000, 0),
        codec.write_coils_pdu(0, [True] * 9),
        codec.write_registers_pdu(5, [1, 2]),
    ],
)
def test_a_write_is_answered_by_its_exact_echo_only(pdu: bytes) -> None:
    question = rtu(pdu)
    right = codec.sealed(b"\x01" + pdu[:5])
    wrong = codec.sealed(b"\x01" + pdu[:4] + bytes((pdu[4] ^ 1,)))
    assert heard(question, [right])[0] == pdu[:5]
    assert heard(question, [wrong])[0] is None
    assert question.expected == len(right) == 8


def test_bits_are_packed_low_first() -> None:
    assert codec.write_coils_pdu(0x13, [True, False, True, True, False, False, True, True, True, False]).hex() == (
        "0f0013000a02cd01"  # the example of the specification
    )


# Streams made by hypothesis

COUNTS = st.integers(1, 125)


@given(data=st.data(), count=COUNTS, noise=st.binary(max_size=60))
def test_the_answer_is_found_behind_noise_in_any_pieces(data: st.DataObject, count: int, noise: bytes) -> None:
    pdu = codec.read_pdu("input", 7, count)
    values = data.draw(st.binary(min_size=2 * count, max_size=2 * count))
    stream = noise + answer_to(pdu, values, unit=17)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    answer, _ = heard(rtu(pdu, 17), pieces)
    assert answer is not None
    assert answer[2:] == values


@given(stream=st.binary(max_size=700), wire=st.sampled_from(["serial", "tcp"]), pdu=st.binary(min_size=5, max_size=5))
def test_rubbish_never_raises_and_never_becomes_an_answer(stream: bytes, wire: str, pdu: bytes) -> None:
    request = bytes((1 + pdu[0] % 6,)) + pdu[1:3] + b"\0" + bytes((1 + pdu[4] % 100,))
    question = codec.question("tcp" if wire == "tcp" else "serial", 9, request, 0x5AA5, MANNERS)
    answer, _ = heard(question, [stream[:100], stream[100:101], stream[101:]])
    if answer is not None:  # it must have been there, whole and sound
        frame = codec.sealed(b"\x09" + answer) if wire == "serial" else b"\x5a\xa5\0\0"
        assert frame in stream


def test_twenty_thousand_mutated_streams_from_a_fixed_seed() -> None:
    """Mutated good frames, the hardest kind: an answer is either the true one or there is none."""
    dice = random.Random(20261121)
    question = rtu(READ_5)
    frames = [GOOD, question.request, codec.sealed(b"\x01\x83\x02"), answer_to(READ_5, bytes(10), unit=3)]
    for _ in range(20_000):
        stream = bytearray(b"".join(dice.choices(frames, k=dice.randint(1, 3))))
        for _ in range(dice.randint(1, 4)):
            stream[dice.randrange(len(stream))] = dice.randrange(256)
        answer, _ = heard(question, [bytes(stream)])
        assert answer is None or codec.sealed(b"\x01" + answer) in bytes(stream)


@pytest.mark.parametrize("pattern", [b"\x01", b"\x01\x03", b"\x01\x03\x0a", b"\x01\x83", b"\x05\x03\xf0", b"\xff"])
def test_work_grows_with_the_bytes_not_with_their_square(pattern: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    work = 0
    real = codec.crc

    def counting(frame: bytes) -> int:
        nonlocal work
        work += len(frame)
        return real(frame)

    monkeypatch.setattr(codec, "crc", counting)
    stream = pattern * (6000 // len(pattern))
    heard(rtu(READ_5), [bytes((byte,)) for byte in stream])
    assert work < 60 * len(stream)
    work = 0
    heard(rtu(READ_5), [stream * 10])
    assert work < 600 * len(stream)


# TCP

TCP = codec.tcp_question(3, READ_5, 0x0102, MANNERS)
TCP_GOOD = bytes.fromhex("01020000000D03030A") + bytes(range(10))


def test_a_tcp_request_has_its_header() -> None:
    assert TCP.request.hex() == "010200000006" + "03" + READ_5.hex()
    assert TCP.expected == len(TCP_GOOD)


@pytest.mark.parametrize(
    ("name", "stream", "answer", "thrown"),
    [
        ("good", TCP_GOOD, TCP_GOOD[7:], []),
        (
            "late answer of an earlier transaction first",
            b"\x01\x01" + TCP_GOOD[2:] + TCP_GOOD,
            TCP_GOOD[7:],
            ["foreign"],
        ),
        ("another unit", TCP_GOOD[:6] + b"\x04" + TCP_GOOD[7:], None, ["foreign"]),
        ("another length", bytes.fromhex("0102000000050303020000"), None, ["foreign"]),
        ("exception", bytes.fromhex("010200000003" + "03830A"), b"\x83\x0a", []),
        ("the gateway says that the unit is silent", bytes.fromhex("010200000003" + "03830B"), None, ["silent"]),
        ("noise first", b"\xff\xff\xff\xff\xff" + TCP_GOOD, TCP_GOOD[7:], ["noise"]),
    ],
)
def test_what_a_tcp_stream_brings(name: str, stream: bytes, answer: bytes | None, thrown: list[str]) -> None:
    for pieces in ([stream], [bytes((byte,)) for byte in stream]):
        got, heard_as = heard(TCP, pieces)
        assert got == answer, name
        assert set(heard_as) == set(thrown), name
