"""Modbus RTU and TCP without I/O: requests, and recognising their answers in whatever the wire brings.

Sources: MODBUS Application Protocol V1.1b3, MODBUS over Serial Line V1.02. An answer is passed on as its PDU (function
and data), the same on both wires. Nothing that arrives can raise here.
"""

import struct
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gatehouse.driver import DriverError, Found, Question, Wire

Table = Literal["coil", "discrete", "holding", "input"]

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
READS: dict[Table, int] = {
    "coil": READ_COILS,
    "discrete": READ_DISCRETE,
    "holding": READ_HOLDING,
    "input": READ_INPUT,
}
MOST_REGISTERS, MOST_BITS = 125, 2000
MOST_WRITTEN_REGISTERS, MOST_WRITTEN_BITS = 123, 1968
LONGEST_RTU, LONGEST_TCP = 256, 260

EXCEPTION = 0x80
SILENT = 11
"""The exception by which a gateway says that the unit behind it did not answer."""
_EXCEPTIONS = {
    1: "illegal function: this model has no such command; is the profile the right one?",
    2: "illegal data address: this model has nothing there; is the profile the right one, or the firmware older?",
    3: "illegal data value: it refuses this value or this many of them",
    4: "device failure: it could not do it; see the device itself",
    5: "acknowledge: it accepted and needs longer",
    6: "device busy: it is doing something else; ask again",
    7: "negative acknowledge: it cannot do that in its present mode",
    8: "memory parity error: its memory is damaged",
    10: "gateway path unavailable: the gateway is misconfigured or overloaded",
    11: "gateway target silent: the gateway works, the device behind it does not answer",
}


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1  # noqa: PLW2901 - eight shifts of one register
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def _pairs() -> "array[int]":
    """Two bytes at a time: the step is linear, so the table of pairs is made of two small ones."""
    low, high = ([_step(_step(value << shift)) for value in range(256)] for shift in (0, 8))
    return array("H", [left ^ right for left in high for right in low])


def _step(value: int) -> int:
    return (value >> 8) ^ _CRC[value & 0xFF]


_PAIRS = _pairs()
_WORDS = tuple(struct.Struct(f"<{count}H").unpack_from for count in range(LONGEST_RTU // 2 + 1))


def crc(frame: bytes) -> int:
    """CRC-16/MODBUS; 0 over a frame that ends with its own."""
    value, pairs = 0xFFFF, _PAIRS
    whole = min(len(frame) >> 1, len(_WORDS) - 1)
    for word in _WORDS[whole](frame):
        value = pairs[value ^ word]
    for byte in frame[2 * whole :]:
        value = (value >> 8) ^ _CRC[(value ^ byte) & 0xFF]
    return value


def sealed(frame: bytes) -> bytes:
    """The frame with its CRC, low byte first."""
    return frame + crc(frame).to_bytes(2, "little")


def read_pdu(table: Table, address: int, count: int) -> bytes:
    """Ask for `count` bits or registers."""
    return struct.pack(">BHH", READS[table], address, count)


def write_coil_pdu(address: int, value: int) -> bytes:
    """Function 5; `value` is 0xFF00, 0x0000, or what a device makes of other values (times)."""
    return struct.pack(">BHH", WRITE_COIL, address, value)


def write_register_pdu(address: int, value: int) -> bytes:
    """Function 6."""
    return struct.pack(">BHH", WRITE_REGISTER, address, value)


def write_coils_pdu(address: int, values: list[bool]) -> bytes:
    """Function 15."""
    bits = sum(1 << index for index, value in enumerate(values) if value)
    data = bits.to_bytes((len(values) + 7) // 8, "little")
    return struct.pack(">BHHB", WRITE_COILS, address, len(values), len(data)) + data


def write_registers_pdu(address: int, values: list[int]) -> bytes:
    """Function 16."""
    return struct.pack(f">BHHB{len(values)}H", WRITE_REGISTERS, address, len(values), 2 * len(values), *values)


def refuses(answer: bytes) -> bool:
    """It is an exception."""
    return len(answer) > 1 and answer[0] & EXCEPTION != 0


def checked(answer: bytes) -> bytes:
    """The answer's data; DriverError, in words, when the device answered with an exception, or with next to nothing."""
    if len(answer) < 2:
        raise DriverError(f"{len(answer)} bytes are no answer; a function and what belongs to it would be")
    if answer[0] & EXCEPTION:
        meaning = _EXCEPTIONS.get(answer[1], "unknown exception, outside the standard")
        raise DriverError(f"exception {answer[1]} to function {answer[0] & ~EXCEPTION}: {meaning}")
    return answer[1:]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the good answer to a request PDU looks like: how it begins, and its length, both without an envelope."""

    start: bytes
    size: int

    @classmethod
    def of(cls, request: bytes) -> "Expected":
        """Reads: function and exact byte count. Writes: the whole answer is known beforehand."""
        function = request[0]
        if function >= WRITE_COIL:
            return cls(request[:5], 5)
        count = int.from_bytes(request[3:5], "big")
        data = 2 * count if function in (READ_HOLDING, READ_INPUT) else (count + 7) // 8
        return cls(bytes((function, data)), 2 + data)


@dataclass(slots=True)
class Rtu:
    """Finds the answer to one request on a serial line."""

    request: bytes
    start: bytes
    size: int
    exception: bytes
    good: bytes = field(default=b"", init=False)
    """The last frame whose CRC was right: the very same needs no second look."""

    def find(self, received: bytes) -> Found | None:
        """Judge all bytes received so far."""
        if received and received == self.good:
            return Found(len(received), received[1:-2])
        if len(received) > 2 * LONGEST_RTU:
            return Found(len(received) - LONGEST_RTU, why="noise")
        at, length = self._candidate(received)
        if at:
            return self._refuse(received, at, certain=length > 0)
        if not length:
            return None
        if length == self.size:
            self.good = received[:length]
        return Found(length, received[1 : length - 2])

    def _candidate(self, received: bytes) -> tuple[int, int]:
        """Where an answer begins and how long it is; length 0 while it may still become one; the end if nowhere."""
        at, end = -1, len(received)
        while (at := received.find(self.start[:1], at + 1)) >= 0:
            head = received[at : at + len(self.start)]
            if self.start.startswith(head):
                length = self.size
            elif self.exception.startswith(head[:2]):
                length = 5
            else:
                continue
            if at + length > end:
                return at, 0
            if crc(received[at : at + length]) == 0:
                return at, length
        return end, 0

    def _refuse(self, received: bytes, at: int, *, certain: bool) -> Found | None:
        """Throw away what stands before `at`, by its right name; None while it may be something strange not yet whole.

        `certain`: our answer stands whole at `at`, so nothing else is worth waiting for."""
        if received.startswith(self.request):
            return Found(len(self.request), why="echo")
        if self.request.startswith(received):
            return None
        strange = _strange(received)
        if strange > 0:
            return Found(strange, why="foreign")
        if strange < 0 and not certain:
            return None
        ours = received.startswith((self.start, self.exception))
        return Found(at, why="crc" if ours else "noise")


def _strange(received: bytes) -> int:
    """Length of the whole Modbus frame, of whomever, that stands first; 0 for none, -1 while it may become one."""
    if len(received) < 3:
        return -1
    function, count = received[1], received[2]
    lengths: tuple[int, ...] = (8,)
    if READ_COILS <= function <= READ_INPUT:
        lengths = (5 + count, 8) if count <= MOST_REGISTERS * 2 else (8,)
    elif function & EXCEPTION:
        lengths = (5,)
    elif function not in {WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS}:
        return 0
    for length in lengths:
        if len(received) >= length and crc(received[:length]) == 0:
            return length
    return -1 if max(lengths) > len(received) else 0


@dataclass(slots=True)
class Tcp:
    """Finds the answer to one request in a Modbus TCP stream."""

    transaction: bytes
    good: bytes
    """How a good answer begins, with its MBAP header."""
    size: int
    exception: bytes

    def find(self, received: bytes) -> Found | None:
        """Judge all bytes received so far."""
        if received.startswith(self.good) and len(received) == self.size:
            return Found(self.size, received[7:])
        if len(received) > 2 * LONGEST_TCP:
            return Found(len(received) - LONGEST_TCP, why="noise")
        for start, size in ((self.good, self.size), (self.exception, 9)):
            if not received.startswith(start[: len(received)]):
                continue
            if len(received) < size:
                return None
            # The gateway speaks of a unit that did not: it is missed like any that is silent, only sooner.
            silent = start is self.exception and received[8] == SILENT
            return Found(size, why="silent") if silent else Found(size, received[7:size])
        return self._refuse(received)

    def _refuse(self, received: bytes) -> Found | None:
        """Step over a whole strange packet, or over noise up to where ours may begin."""
        if len(received) < 6:
            proper = received[2:4] in (b"", b"\0", b"\0\0")
        else:
            length = int.from_bytes(received[4:6], "big")
            proper = received[2:4] == b"\0\0" and 2 <= length <= LONGEST_TCP - 6
            if proper and len(received) >= 6 + length:
                return Found(6 + length, why="foreign", said=self._odd(received[: 6 + length]))
        if proper:
            return None
        at = received.find(self.transaction + b"\0\0", 1)
        return Found(at if at > 0 else _useless(received, self.transaction + b"\0"), why="noise", said=_NO_PACKETS)

    def _odd(self, packet: bytes) -> str:
        """What a packet has that ours has not, where it would else be ours."""
        unit, ours = packet[6], packet[7:8] in (self.good[7:8], self.exception[7:8])
        if not ours:
            return ""
        if packet[:2] == self.transaction and unit != self.good[6]:
            return f"an answer under unit {unit}: see the unit numbers in the gateway"
        return _OTHER_NUMBER if packet[:2] != self.transaction and unit == self.good[6] else ""


_NO_PACKETS = "bytes that are no Modbus TCP: for a serial server write rtu_over_tcp"
_OTHER_NUMBER = "an answer with another transaction number: the gateway is too slow or mixes them up"


def _useless(received: bytes, start: bytes) -> int:
    """How many bytes can go without losing the beginning of ours at the very end."""
    kept = next((size for size in range(len(start), 0, -1) if received.endswith(start[:size])), 0)
    return len(received) - kept or len(received)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a device wants to be spoken to, in seconds; see `gatehouse.driver.Question`."""

    patience: float
    worst: float
    gap: float
    usual: float = 0.02


def rtu_question(unit: int, pdu: bytes, manners: Manners) -> Question:
    """The question in an RTU frame."""
    expected = Expected.of(pdu)
    request = sealed(bytes((unit,)) + pdu)
    prefix = bytes((unit,))
    rtu = Rtu(request, prefix + expected.start, expected.size + 3, bytes((unit, pdu[0] | EXCEPTION)))
    return whole_question(request, rtu.find, expected.size + 3, manners)


def tcp_question(unit: int, pdu: bytes, transaction: int, manners: Manners) -> Question:
    """The question in a TCP packet."""
    expected = Expected.of(pdu)
    number = transaction.to_bytes(2, "big")
    good = number + struct.pack(">HHB", 0, 1 + expected.size, unit) + expected.start
    exception = number + struct.pack(">HHBB", 0, 3, unit, pdu[0] | EXCEPTION)
    tcp = Tcp(number, good, 7 + expected.size, exception)
    request = number + struct.pack(">HHB", 0, 1 + len(pdu), unit) + pdu
    return whole_question(request, tcp.find, 7 + expected.size, manners)


def whole_question(request: bytes, find: Callable[[bytes], Found | None], expected: int, manners: Manners) -> Question:
    """A question with the device's manners."""
    return Question(
        request=request,
        find=find,
        expected=expected,
        usual=manners.usual,
        patience=manners.patience,
        worst=manners.worst,
        gap=manners.gap,
    )


def question(wire: Wire, unit: int, pdu: bytes, transaction: int, manners: Manners) -> Question:
    """The question as this wire wants it; `transaction` only matters on TCP."""
    if wire == "tcp":
        return tcp_question(unit, pdu, transaction, manners)
    return rtu_question(unit, pdu, manners)
