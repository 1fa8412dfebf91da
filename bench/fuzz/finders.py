"""The parsers of answers: Modbus in its three framings, DL/T 645, CJ/T 188, with grammars of their own to feed them."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Literal

from bench.fuzz import judge
from bench.fuzz.stream import Stream, Subject
from drivers import cjt188, dlt645
from drivers.modbus import ascii, codec  # noqa: A004 - the framing's name
from gatehouse.driver import Question

Framing = Literal["rtu", "tcp", "ascii"]
_MANNERS = codec.Manners(0.3, 0.6, 0.0)
_UNITS = (1, 2, 3, 17, 247, 255)
_LONGEST_DATA = 250


def _requests() -> Iterator[bytes]:
    """One of each kind, short and long."""
    for table, most in (("coil", 2000), ("discrete", 2000), ("holding", 125), ("input", 125)):
        for address, count in ((0, 1), (7, 8), (0x1000, 19), (0, most)):
            yield codec.read_pdu(table, address, count)  # type: ignore[arg-type]
    for value in (0xFF00, 0, 7):
        yield codec.write_coil_pdu(3, value)
        yield codec.write_register_pdu(0x0103, value)
    yield codec.write_coils_pdu(0, [True] * 9)
    yield codec.write_registers_pdu(5, [1, 2, 3])


def good_pdu(dice: Random, request: bytes) -> bytes:
    """What a device says to this: mostly yes."""
    if dice.random() < 0.2:
        return bytes((request[0] | 0x80, dice.choice((1, 2, 3, 4, 6, 11, dice.randrange(256)))))
    if request[0] > 4:
        return request[:5]
    count = request[3] << 8 | request[4]
    size = 2 * count if request[0] > 2 else (count + 7) // 8
    return bytes((request[0], size)) + data_of(dice, size)


def data_of(dice: Random, size: int) -> bytes:
    """Of so many bytes."""
    roll = dice.random()
    if roll < 0.7:
        return dice.randbytes(size)
    return (b"\x00", b"\xff", b"\x80")[int(roll * 30) % 3] * size


def near_pdu(dice: Random, request: bytes) -> bytes:
    """What a device says to something else, or a broken one to this."""
    pdu, roll = good_pdu(dice, request), dice.randrange(5)
    if roll == 0:
        return bytes((dice.choice((1, 2, 3, 4, 5, 6, 15, 16, 0x2B, dice.randrange(256))),)) + pdu[1:]
    if roll == 1:  # the count says the one, the length another
        return pdu[:1] + bytes((dice.randrange(256),)) + pdu[2:]
    if roll == 2:
        size = dice.randrange(_LONGEST_DATA + 1)
        return pdu[:1] + bytes((size,)) + dice.randbytes(size)
    if roll == 3:
        return pdu[: dice.randrange(1, len(pdu) + 1)]
    return pdu + dice.randbytes(dice.randrange(1, 5))


def _enveloped(framing: Framing, unit: int, pdu: bytes, number: int) -> bytes:
    message = bytes((unit,)) + pdu
    if framing == "rtu":
        return codec.sealed(message)
    if framing == "ascii":
        return ascii.sealed(message)
    return struct.pack(">HHH", number, 0, len(message)) + message


def _near_modbus(framing: Framing, unit: int, number: int, request: bytes, dice: Random) -> bytes:
    roll = dice.random()
    if roll < 0.3:  # the right thing from another
        return _enveloped(framing, dice.choice((*_UNITS, 0, unit ^ 1)), good_pdu(dice, request), number)
    if framing == "tcp" and roll < 0.6:
        head = [number, 0, 0]
        pdu = good_pdu(dice, request)
        head[2] = len(pdu) + 1
        head[dice.randrange(3)] = dice.choice((0, 1, 2, 253, 254, 255, 0xFFFF, number ^ 1))
        return struct.pack(">HHHB", *head, unit) + pdu
    if framing == "ascii" and roll < 0.4:
        return _enveloped(framing, unit, good_pdu(dice, request), number).lower()
    return _enveloped(framing, unit, near_pdu(dice, request), number)


def _sound(judged: Callable[[bytes, bytes], str], peeled: Callable[[bytes], bytes], start: bytes, data: bytes) -> bool:
    return data.startswith(start) and not judged(data, peeled(data))


def _of_ascii(frame: bytes) -> bytes:
    try:
        return bytes.fromhex(frame[1:-2].decode("ascii"))[1:-1]
    except ValueError:
        return b""


_PEELED: dict[Framing, Callable[[bytes], bytes]] = {
    "rtu": lambda frame: frame[1:-2],
    "tcp": lambda frame: frame[7:],
    "ascii": _of_ascii,
}


def modbus_question(framing: Framing, unit: int, pdu: bytes, number: int) -> Question:
    """As the driver makes it."""
    if framing == "ascii":
        return ascii.question(unit, pdu, _MANNERS)
    return codec.question("tcp" if framing == "tcp" else "serial", unit, pdu, number, _MANNERS)


def modbus_subjects(framing: Framing) -> list[Subject]:
    """Questions of every kind to several units."""
    judges = {"rtu": judge.rtu, "tcp": judge.tcp, "ascii": judge.ascii}
    subjects = []
    for index, pdu in enumerate(_requests()):
        unit, number = _UNITS[index % len(_UNITS)], 0x0100 * index + 1
        question = modbus_question(framing, unit, pdu, number)
        judged = partial(judges[framing], question.request)

        def good(dice: Random, unit: int = unit, pdu: bytes = pdu, number: int = number) -> bytes:
            return _enveloped(framing, unit, good_pdu(dice, pdu), number)

        near = partial(_near_modbus, framing, unit, number, pdu)
        start = {"rtu": bytes((unit,)), "tcp": number.to_bytes(2, "big"), "ascii": b":%02X" % unit}[framing]
        sound = partial(_sound, judged, _PEELED[framing], start)
        subjects.append(Subject(question, judged, good, near, sound))
    return subjects


# Meters


def metered(head: bytes, data: bytes, waking: int) -> bytes:
    """A meter's frame: `head` up to the control byte."""
    frame = head + bytes((len(data),)) + data
    return b"\xfe" * waking + frame + bytes((sum(frame) & 0xFF, 0x16))


def _digits(dice: Random, size: int) -> bytes:
    if dice.random() < 0.2:
        return dice.randbytes(size)
    return bytes(dice.randrange(10) << 4 | dice.randrange(10) for _ in range(size))


def _raised(data: bytes) -> bytes:
    return bytes(byte + 0x33 & 0xFF for byte in data)


def dlt645_answer(dice: Random, request: bytes, *, right: bool = True) -> bytes:
    """What a meter says to a request without its FE."""
    identifier, address = bytes(byte - 0x33 & 0xFF for byte in request[10:14]), request[1:7]
    if address == b"\xaa" * 6:
        address = bytes.fromhex("214365870921")
    control = dice.choice((0x91, 0x91, 0x91, 0xB1, 0xD1))
    data = dice.randbytes(1) if control == 0xD1 else identifier + _digits(dice, dice.choice((2, 3, 3, 4, 6)))
    if not right:
        wrong = dice.randrange(4)
        address = dice.randbytes(6) if wrong == 0 else address
        control = dice.choice((0x93, 0x11, 0x94, 0xB1, 0xD1, dice.randrange(256))) if wrong == 1 else control
        data = dice.randbytes(dice.randrange(201)) if wrong == 2 else data
        data = dice.randbytes(4) + data[4:] if wrong == 3 else data
    return metered(b"\x68" + address + b"\x68" + bytes((control,)), _raised(data), dice.choice((0, 0, 1, 4, 20)))


_BODIES = {0x1: 19, 0x2: 43, 0x3: 19}
_UNITS_AT = {0x1: {4: b"\x2c\x29", 9: b"\x2c\x29"}, 0x3: {4: b"\x2c\x29", 9: b"\x2c\x29"},
             0x2: {4: b"\x05\x08", 9: b"\x0e\x11", 14: b"\x17\x14", 19: b"\x35\x32", 24: b"\x2c"}}  # fmt: skip


def cjt188_answer(dice: Random, request: bytes, *, right: bool = True) -> bytes:
    """What a meter says to a request without its FE."""
    kind, address = request[1], request[2:9]
    body = bytearray(_digits(dice, _BODIES.get(kind >> 4, 19)))
    for at, units in _UNITS_AT.get(kind >> 4, {}).items():
        body[at] = dice.choice(units) if dice.random() < 0.97 else dice.randrange(256)
    control = dice.choice((0x81, 0x81, 0x81, 0xA1, 0xC1))
    data = dice.randbytes(dice.randrange(4)) if control == 0xC1 else request[11:13] + dice.randbytes(1) + bytes(body)
    if not right:
        wrong = dice.randrange(5)
        address = dice.randbytes(7) if wrong == 0 else address
        kind = dice.choice((0x10, 0x19, 0x20, 0x30, 0x40, dice.randrange(256))) if wrong == 1 else kind
        control = dice.choice((0x83, 0x01, 0x84, dice.randrange(256))) if wrong == 2 else control
        data = dice.randbytes(dice.randrange(101)) if wrong == 3 else data
        data = data[: dice.randrange(len(data) + 1)] if wrong == 4 else data
    return metered(bytes((0x68, kind)) + address + bytes((control,)), data, dice.choice((0, 0, 1, 4, 20)))


def meter_subject(
    question: Question,
    answer: Callable[..., bytes],
    judged: Callable[[bytes, bytes, bytes], str],
) -> Subject:
    """Of the question of a meter's driver."""
    bare = question.request.lstrip(b"\xfe")
    judging = partial(judged, bare)
    return Subject(
        question,
        judging,
        lambda dice: answer(dice, bare),
        lambda dice: answer(dice, bare, right=False),
        # Sixty-four FE and more are noise.
        lambda data: len(data) <= 600 and not data.startswith(b"\xfe" * 64) and not judging(data, data.lstrip(b"\xfe")),
    )


def dlt645_devices() -> list[dlt645.Device]:
    """One phase, three phases, and whichever it is."""
    return [
        dlt645.Device("012345678901", also=("date", "time", "number", "status1", "energy_import")),
        dlt645.Device("000000000001", phases=3),
        dlt645.Device("A" * 12),
    ]


def cjt188_devices() -> list[cjt188.Device]:
    """Water, heat, gas."""
    return [
        cjt188.Device("cold_water", "00001234567890", also=("volume_settled", "clock", "status")),
        cjt188.Device("heat", "78330011223344", also=("hours", "clock", "status")),
        cjt188.Device("gas", "11110000000001", identifier="high_first"),
    ]


def rtu() -> Stream:
    """Modbus RTU."""
    return Stream(modbus_subjects("rtu"), 512, bytes((*_UNITS, 3, 4, 0x83, 0)))


def tcp() -> Stream:
    """Modbus TCP."""
    return Stream(modbus_subjects("tcp"), 520, bytes((*_UNITS, 0, 0, 0, 3, 6)))


def in_ascii() -> Stream:
    """Modbus ASCII."""
    return Stream(modbus_subjects("ascii"), 513, b":0123456789ABCDEFabcdef\r\n")
