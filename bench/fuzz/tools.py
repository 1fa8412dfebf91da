"""A technician's tools on a line where anybody may answer anything: scan with its likenesses, and probe.

A case: each question of the tool is met by the next piece; its first byte says how: in good order, refused, with bytes
of any kind, or not at all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Literal

import msgspec

from bench.fuzz.answers import invented, shipped
from bench.fuzz.cases import Case, Wrong, rubbish, spoiled
from bench.fuzz.finders import cjt188_devices, data_of, dlt645_devices, metered
from bench.fuzz.loop import LoopClock, StillLoop
from bench.fuzz.stream import checked
from daemon.field.direct import Visit
from daemon.field.likeness import Candidate
from daemon.field.matter import NoAnswerError
from daemon.field.probe import probe
from daemon.field.proposal import proposed
from daemon.field.survey import Errand, Setting, Survey
from drivers.modbus import Device, codec
from gatehouse.driver import Question

_MOST_VISITS = 4000
_ANSWERED = 300
_KINDS = ("good", "good", "good", "good", "refused", "raw", "raw", "nothing")


def answered(request: bytes, said: bytes, *, refused: bool = False) -> bytes:
    """What a device of any protocol might say to a request."""
    if request[:1] in {b"\xfe", b"\x68"}:
        return _metered(request.lstrip(b"\xfe"), said, refused=refused)
    if request[:1] == b":":
        message = bytes.fromhex(request[1:-4].decode())
        reply = message[:1] + _pdu(message[1:], said, refused=refused)
        return b":" + (reply + bytes((-sum(reply) & 0xFF,))).hex().upper().encode() + b"\r\n"
    if request[2:4] == b"\0\0" and int.from_bytes(request[4:6], "big") == len(request) - 6:
        reply = request[6:7] + _pdu(request[7:], said, refused=refused)
        return request[:4] + len(reply).to_bytes(2, "big") + reply
    return codec.sealed(request[:1] + _pdu(request[1:-2], said, refused=refused))


def _pdu(request: bytes, said: bytes, *, refused: bool) -> bytes:
    if refused:
        return bytes((request[0] | 0x80, said[0] & 15))
    if request[0] > 4:
        return request[:5]
    count = request[3] << 8 | request[4]
    size = 2 * count if request[0] > 2 else (count + 7) // 8
    return bytes((request[0], size)) + (said * (size // len(said) + 1))[:size]


def _metered(request: bytes, said: bytes, *, refused: bool) -> bytes:
    digits = bytes(byte % 10 << 4 | byte % 7 for byte in (said * 48)[:48])
    if request[7:8] == b"\x68":
        address = digits[:6] if request[1:7] == b"\xaa" * 6 else request[1:7]
        if request[8] == 0x13:
            return metered(b"\x68" + address + b"\x68\x93", bytes(byte + 0x33 & 0xFF for byte in address), 0)
        data = b"\x35" if refused else request[10:14] + bytes(byte + 0x33 for byte in digits[: 2 + said[0] % 3])
        return metered(b"\x68" + address + b"\x68" + (b"\xd1" if refused else b"\x91"), data, 2)
    if request[9] == 0x03:
        kind = bytes((said[0] if said[0] & 1 else 0x10,))
        return metered(b"\x68" + kind + digits[:7] + b"\x83", b"\x81\x0a\x00", 0)
    return metered(
        request[:9] + (b"\xc1" if refused else b"\x81"), request[11:13] + b"\0" + digits[: 19 + said[0] % 2], 0
    )


class _Visitor:
    """Answers the questions of one case."""

    def __init__(self, loop: StillLoop, pieces: Sequence[bytes]) -> None:
        self._loop, self._pieces = loop, pieces
        self.visits = self.answers = 0

    async def visit(self, question: Question, patience: float | None = None) -> bytes:
        """As a line does it."""
        self.visits += 1
        if self.visits > _MOST_VISITS:
            raise Wrong(f"more than {_MOST_VISITS} questions")
        piece = self._pieces[self.visits % len(self._pieces)] if self.visits < _ANSWERED else b""
        received, why = self._said(question, piece), "no answer"
        while received:
            found = question.find(received)
            if found is None:
                why = "no answer, only half an answer"
                break
            checked(found, received)
            if found.answer is not None:
                self.answers += 1
                return found.answer
            received, why = received[found.used :], f"no answer, only {found.why}"
        self._loop.now += question.patience if patience is None else patience
        raise NoAnswerError(why)

    def _said(self, question: Question, piece: bytes) -> bytes:
        if len(piece) < 2:
            return b""
        kind, said = _KINDS[piece[0] & 7], piece[1:]
        if piece[0] == 0xFF and piece[1] < 16:
            raise ConnectionError("the adapter is gone")
        if kind in {"good", "refused"}:
            frame = answered(question.request, said, refused=kind == "refused")
            return frame if piece[0] & 0x30 else spoiled(Random(piece[0] + len(said)), frame, question.request)
        return said if kind == "raw" else b""


def _pieces(dice: Random) -> tuple[bytes, ...]:
    return tuple(
        dice.randbytes(1) + (data_of(dice, dice.randrange(1, 60)) if dice.random() < 0.8 else rubbish(dice))
        for _ in range(dice.choice((1, 3, 9, 30)))
    )


class Surveys:
    """Scans of two addresses."""

    budget = 0.25

    def __init__(self, names: Sequence[str]) -> None:
        """With these profiles to choose from."""
        self._loop = StillLoop()
        self._candidates = [
            Candidate(name, profile)
            for name, profile in zip(("bench/all", *names), [invented(), *shipped(names)], strict=True)
        ]

    def make(self, dice: Random) -> Case:
        """In one of three tongues, with one or two settings."""
        return Case(dice.randrange(12), _pieces(dice))

    def take(self, case: Case) -> int:
        """Scan."""
        visitor = _Visitor(self._loop, case.pieces)
        self._loop.play(self._story(case, visitor))
        self._loop.play(asyncio.sleep(0))  # what was left half read is closed
        return visitor.answers

    async def _story(self, case: Case, visitor: _Visitor) -> None:
        tongues: tuple[Literal["rtu", "tcp", "ascii"], ...] = ("rtu", "tcp", "ascii")

        @asynccontextmanager
        async def opening(_: Setting) -> AsyncIterator[Visit]:
            yield visitor.visit

        errand = Errand(
            tongue=tongues[case.number % 3], units=(5, 6), known={5: "io"}, everything=bool(case.number & 4)
        )
        settings = [Setting(9600, "8N1"), Setting(2400, "8E1")][: 1 + (case.number > 7)]
        survey = Survey(opening, settings, errand, self._candidates, LoopClock(self._loop))
        taken: set[str] = set()
        try:
            async for event in survey.events():
                msgspec.json.encode(event)
                if event["event"] == "identified":
                    msgspec.json.encode(proposed(event, "line", {}, taken))
        except OSError:
            pass
        if strange := survey.found.keys() - {5, 6}:
            raise Wrong(f"it found {strange}, which nobody looked for")


class Probes:
    """Probes of units of every profile, and of meters."""

    budget = 0.1

    def __init__(self, names: Sequence[str]) -> None:
        """Of these profiles, and of the invented one."""
        self._loop = StillLoop()
        profiles = [invented(), *shipped(names)]
        self._devices: list[Any] = [Device(1, profile) for profile in profiles]
        self._devices += [Device(1, profile, "tcp") for profile in profiles if profile.framing == "rtu"]
        self._devices += [*dlt645_devices(), *cjt188_devices()]

    def make(self, dice: Random) -> Case:
        """Of one of them."""
        return Case(dice.randrange(len(self._devices)), _pieces(dice))

    def take(self, case: Case) -> int:
        """Probe."""
        visitor = _Visitor(self._loop, case.pieces)
        self._loop.play(self._story(self._devices[case.number % len(self._devices)], visitor))
        self._loop.play(asyncio.sleep(0))
        return visitor.answers

    async def _story(self, device: Any, visitor: _Visitor) -> None:
        known = {point.name for point in device.points()}
        try:
            async for event in probe(device, visitor.visit, LoopClock(self._loop)):
                msgspec.json.encode(event)
                if "driver fault" in event.get("why", "") or "failed" in event.get("explained", ""):
                    raise Wrong(event["why"] or event["explained"])
                if strange := {point["channel"] for point in event.get("points", ())} - known - _optional(device):
                    raise Wrong(f"{strange} is no channel of it")
        except OSError:
            pass


def _optional(device: Any) -> set[str]:
    """Channels that a probe shows besides those that are wanted."""
    profile = getattr(device, "profile", None)
    return set(profile.channels) if profile else set()
