"""Both ends of GB/T 26875.3-2011, by hand from the standard's tables with nothing but `struct`.

`Centre`: a fire monitoring centre, which devices connect to: confirms, denies, asks, calls the roll, sets the clock.
`Panel`: a user transmission device or fire panel, which connects to somebody: reports, repeats, answers.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

CONTROL, SEND, CONFIRM, REQUEST, ANSWER, DENY = range(1, 7)
LONGEST = 1024
_HEAD = struct.Struct("<2sHBB6s6s6sHB")
WAIT = 2.0
"""Seconds in which an answer comes."""
BODIES = {
    1: ("system state", 4), 2: ("component state", 40), 3: ("analog value", 10), 4: ("operation", 4),
    5: ("version", 4), 7: ("component config", 38), 21: ("device state", 1), 24: ("device operation", 2),
    25: ("device version", 2),
}  # fmt: skip
"""Type of a data unit -> its name, and bytes of one object without its time."""
_TIMELESS = {5, 7, 25}
_LONE_TIME = {8: 2, 28: 0}
"""Types that are a time, after so many bytes."""


class Frame(NamedTuple):
    """One message."""

    sequence: int
    version: tuple[int, int]
    time: bytes
    source: bytes
    destination: bytes
    command: int
    data: bytes


class Thing(NamedTuple):
    """One object of a data unit."""

    kind: int
    body: bytes
    time: bytes


def clock(at: datetime) -> bytes:
    """Second, minute, hour, day, month, year of the century."""
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year % 100))


def pack(frame: Frame) -> bytes:
    """With start, sum and end."""
    head = _HEAD.pack(
        b"@@",
        frame.sequence,
        *frame.version,
        frame.time,
        frame.source,
        frame.destination,
        len(frame.data),
        frame.command,
    )
    whole = head + frame.data
    return whole + bytes((sum(whole[2:]) & 0xFF,)) + b"##"


def cut(buffer: bytearray) -> Frame | None:
    """The first frame of a buffer, taken out of it; None while it is not whole. ValueError for one that is wrong."""
    if len(buffer) < _HEAD.size:
        return None
    start, sequence, major, minor, time, source, destination, length, command = _HEAD.unpack_from(buffer)
    if start != b"@@" or length > LONGEST:
        raise ValueError(f"begins with {bytes(buffer[:2])!r}, {length} bytes long")
    size = _HEAD.size + length + 3
    if len(buffer) < size:
        return None
    whole = bytes(buffer[:size])
    del buffer[:size]
    if whole[-2:] != b"##" or whole[-3] != sum(whole[2:-3]) & 0xFF or command not in range(1, 7):
        raise ValueError(f"wrong end, sum or command: {whole.hex(' ')}")
    return Frame(sequence, (major, minor), time, source, destination, command, whole[_HEAD.size : -3])


def things(data: bytes) -> list[Thing]:
    """The objects of a data unit; none of an empty one. ValueError where bytes and count do not fit."""
    if not data:
        return []
    kind, count, rest = data[0], data[1], data[2:]
    if kind in _LONE_TIME:
        front = _LONE_TIME[kind]
        return [Thing(kind, rest[:front], rest[front:])]
    if kind in {6, 26}:
        return [Thing(kind, rest, b"")]
    if kind not in BODIES:
        raise ValueError(f"type {kind}")
    body, time = BODIES[kind][1], 0 if kind in _TIMELESS else 6
    if len(rest) != count * (body + time):
        raise ValueError(f"{BODIES[kind][0]}: {count} objects in {len(rest)} bytes")
    return [
        Thing(kind, rest[at : at + body], rest[at + body : at + body + time]) for at in range(0, len(rest), body + time)
    ]


def component(system: tuple[int, int], kind: int, where: tuple[int, int], state: int, text: str) -> bytes:
    """One component's state, 40 bytes; `system` is type and address, `where` zone and number, the text at most 31
    bytes of GB 18030."""
    return struct.pack("<BBBHHH31s", *system, kind, *where, state, text.encode("gb18030"))


def analog(system: tuple[int, int], kind: int, where: tuple[int, int], measure: int, value: int) -> bytes:
    """One analog value, 10 bytes."""
    return struct.pack("<BBBHHBh", *system, kind, *where, measure, value)


class _End:
    """What both ends do: cut frames, keep sequences, wait for answers."""

    def __init__(self, own: int, other: int) -> None:
        """Addresses as numbers; on the wire six bytes, the lowest first."""
        self.own, self.other = own.to_bytes(6, "little"), other.to_bytes(6, "little")
        self.heard: list[Frame] = []
        self.faults: list[str] = []
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._writer: asyncio.StreamWriter | None = None

    def write(self, raw: bytes) -> None:
        """These bytes, right or wrong."""
        if self._writer is not None:
            self._writer.write(raw)

    def frame(self, sequence: int, command: int, data: bytes = b"") -> bytes:
        """A frame of ours."""
        return pack(Frame(sequence, (1, 1), clock(datetime.now()), self.own, self.other, command, data))  # noqa: DTZ005 - as clocks on walls

    async def exchange(self, command: int, data: bytes, tries: int = 3, wait: float = WAIT) -> Frame:
        """Send until it is answered; TimeoutError when it never is."""
        sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFF
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            for _ in range(tries):
                self.write(self.frame(sequence, command, data))
                await asyncio.wait([answer], timeout=wait)
                if answer.done():
                    return answer.result()
            raise TimeoutError(f"command {command} with {data.hex(' ')} was not answered {tries} times")
        finally:
            del self._waiting[sequence]

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side hangs up, or sends what is no frame."""
        self._writer = writer
        buffer = bytearray()
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                buffer += data
                try:
                    while (frame := cut(buffer)) is not None:
                        self._hear(frame)
                except ValueError as error:
                    self.faults.append(str(error))
                    break
        writer.close()

    def _hear(self, frame: Frame) -> None:
        self.heard.append(frame)
        if frame.destination != self.own or frame.source != self.other:
            self.faults.append(f"addresses {frame.source.hex()} to {frame.destination.hex()}")
        waiting = self._waiting.get(frame.sequence)
        if frame.command in {CONFIRM, ANSWER, DENY}:
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
        else:
            self.answer(frame)

    def answer(self, frame: Frame) -> None:
        """To what the other side began."""
        raise NotImplementedError


class Centre(_End):
    """A monitoring centre."""

    def __init__(self, own: int, other: int) -> None:
        """Confirms everything, until told otherwise."""
        super().__init__(own, other)
        self.told: list[Thing] = []
        """Every object, in order; a frame that comes again is told once."""
        self.beats = 0
        self.deny = 0
        """So many of the next messages are denied."""
        self.mute = 0
        """So many get no answer at all."""
        self._last = (-1, b"")

    def answer(self, frame: Frame) -> None:
        """Confirm what is sound."""
        if frame.command != SEND:
            self.faults.append(f"command {frame.command} from a device")
            return
        if self.mute:
            self.mute -= 1
            return
        if self.deny:
            self.deny -= 1
            self.write(self.frame(frame.sequence, DENY))
            return
        self.write(self.frame(frame.sequence, CONFIRM))
        if not frame.data:
            self.beats += 1
        elif self._last != (frame.sequence, frame.data):
            self._last = (frame.sequence, frame.data)
            try:
                self.told += things(frame.data)
            except (ValueError, IndexError) as error:
                self.faults.append(f"{error}: {frame.data.hex(' ')}")

    def of(self, kind: int) -> list[Thing]:
        """What was told of one type."""
        return [thing for thing in self.told if thing.kind == kind]

    async def ask(self, kind: int, *more: bytes) -> list[Thing]:
        """Read something back: types 61 to 68, 81, 84, 85, 86, 88."""
        body = b"".join(more) or b"\x00"
        answer = await self.exchange(REQUEST, bytes((kind, 1)) + body)
        if answer.command != ANSWER:
            raise ValueError(f"answered with command {answer.command}")
        return things(answer.data)

    async def call_roll(self, minutes: int) -> int:
        """查岗; the command of the answer."""
        return (await self.exchange(CONTROL, bytes((91, 1, minutes)))).command

    async def set_clock(self, at: datetime) -> int:
        """The command of the answer."""
        return (await self.exchange(CONTROL, b"\x5a\x01" + clock(at))).command


class Panel(_End):
    """A fire panel behind a user transmission device."""

    def __init__(self, own: int, other: int, at: datetime) -> None:
        """`at`: what its clock shows in its answers."""
        super().__init__(own, other)
        self.at = at
        self.asked: list[Frame] = []
        self.reads: dict[int, Callable[[bytes], bytes]] = {
            61: lambda _: bytes((1, 1, 1, 1, 1, 0)) + clock(self.at),
            81: lambda _: bytes((21, 1, 1)) + clock(self.at),
            85: lambda _: bytes((25, 1, 3, 1)),
            88: lambda _: bytes((28, 1)) + clock(self.at),
        }
        """Type that is asked for -> the data unit that is answered; what is not here is denied."""

    async def connect(self, host: str, port: int) -> asyncio.StreamReader:
        """Call somebody; listen with `listen`."""
        reader, self._writer = await asyncio.open_connection(host, port)
        return reader

    async def report(self, kind: int, *objects: bytes) -> int:
        """Tell something, with the time; the command of the answer: 3 or 6."""
        time = b"" if kind in _TIMELESS else clock(self.at)
        data = bytes((kind, len(objects))) + b"".join(body + time for body in objects)
        return (await self.exchange(SEND, data)).command

    async def beat(self) -> int:
        """An empty message."""
        return (await self.exchange(SEND, b"")).command

    def answer(self, frame: Frame) -> None:
        """Confirm orders, answer questions."""
        self.asked.append(frame)
        if frame.command == CONTROL:
            self.write(self.frame(frame.sequence, CONFIRM))
        elif frame.command == REQUEST and frame.data and frame.data[0] in self.reads:
            self.write(self.frame(frame.sequence, ANSWER, self.reads[frame.data[0]](frame.data)))
        else:
            self.write(self.frame(frame.sequence, DENY))
