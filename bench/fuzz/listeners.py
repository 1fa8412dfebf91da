"""The card reader's driver, alone and behind the part of the daemon that listens."""

from collections.abc import Mapping
from random import Random
from typing import Any

from bench.fuzz import judge
from bench.fuzz.cases import Case, Wrong, cut, rubbish, spoiled
from bench.fuzz.loop import LoopClock, StillLoop
from bench.fuzz.stream import checked
from daemon.field.listening import Listening
from daemon.field.trace import Ring
from drivers.rdm6300 import Device
from gatehouse.driver import Sample

_LENGTH = 14
_PACE = 0.07


def frame(identity: bytes) -> bytes:
    """What a reader sends of a tag of five bytes."""
    check = 0
    for byte in identity:
        check ^= byte
    return b"\x02" + (identity + bytes((check,))).hex().upper().encode() + b"\x03"


class Sink:
    """What comes of it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.cards: list[str] = []
        self.why = ""

    def land(self, name: str, samples: Mapping[str, Sample], now: float) -> None:
        """Cards."""
        self.cards += [str(sample.value) for sample in samples.values()]

    def device(self, name: str, online: bool | None, why: str, now: float) -> None:
        """Its state."""
        self.why = why


class Cards:
    """A case: tags, noise and halves, in pieces; every second one goes through the daemon."""

    budget = 0.05

    def __init__(self) -> None:
        """One reader of each."""
        self._loop = StillLoop()
        clock = LoopClock(self._loop)
        self._sink = Sink()
        sink: Any = self._sink  # of what a line tells, only what a listener tells
        self._device = Device()
        self._lately = b""
        """What came through the daemon last."""
        self._listening = Listening("reader", Device(), sink, clock, Ring(clock))

    def make(self, dice: Random) -> Case:
        """What a reader, or something else, sends."""
        tag = frame(dice.randbytes(5))
        parts = []
        for _ in range(dice.choice((1, 1, 2, 3))):
            roll = dice.random()
            if roll < 0.4:
                parts.append(tag if roll < 0.3 else frame(dice.randbytes(5)).replace(b"A", b"a"))
            else:
                parts.append(spoiled(dice, tag, frame(dice.randbytes(5))) if roll < 0.85 else
                             rubbish(dice, b"\x02\x03019AFaf"))  # fmt: skip
        return Case(dice.randrange(4), cut(dice, b"".join(parts)))

    def take(self, case: Case) -> int:
        """Hear it."""
        self._loop.now += _PACE * (1 + 60 * (case.number > 1))
        if case.number & 1:
            return self._through_the_daemon(case)
        received, cards, calls = b"", 0, 0
        most = sum(map(len, case.pieces)) + len(case.pieces)
        for piece in case.pieces:
            received += piece
            while received:
                calls += 1
                heard = self._device.hear(received, self._loop.now)
                if heard is None:
                    break
                found, samples = heard
                checked(found, received)
                cards += self._judged(received[: found.used], found.answer, samples)
                received = received[found.used :]
            if len(received) >= _LENGTH or calls > most:
                raise Wrong(f"it keeps {len(received)} bytes after {calls} calls")
        return cards

    def _judged(self, heard: bytes, answer: bytes | None, samples: Mapping[str, Sample]) -> int:
        card = judge.rdm6300(heard)
        if (answer is not None) != bool(card) or (samples and samples.keys() != {"card"}):
            raise Wrong(f"{answer!r} and {samples} of {heard.hex()}")
        if any(sample.value != card for sample in samples.values()):
            raise Wrong(f"{samples} of card {card}")
        return int(bool(card))

    def _through_the_daemon(self, case: Case) -> int:
        self._sink.cards.clear()
        for piece in case.pieces:
            self._listening.hear(piece)
        self._lately = (self._lately + b"".join(case.pieces).lower())[-8192:]
        if self._sink.why.startswith("driver fault"):
            raise Wrong(self._sink.why)
        for card in self._sink.cards:
            if f"{int(card):08x}".encode() not in self._lately:
                raise Wrong(f"card {card} was never shown")
        return len(self._sink.cards)
