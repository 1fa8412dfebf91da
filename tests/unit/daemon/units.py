"""A serial line in virtual time on which pymodbus answers for units, at one baud and format, well or badly."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from daemon.config import site
from daemon.field import direct
from daemon.field.direct import Visit, opened
from daemon.field.survey import Setting
from simulators import profile_units
from simulators.profile_units import Unit
from tests.unit.daemon.bus import LoopClock

PROFILES = Path(__file__).parents[3] / "config/profiles"
OWN = Setting(9600, "8N1")


def unit(profile: str, address: int = 1, seed: int = 3) -> Unit:
    """A unit made from a profile's YAML, its marks included, with something plausible in every register."""
    yaml = profile_units.load(PROFILES / f"{profile}.yaml")
    made = Unit(yaml, address)
    made.fill(random.Random(seed))
    for mark in yaml.get("identify", []):
        made.put(*_mark(mark))
    return made


def _mark(mark: dict[str, Any]) -> tuple[list[tuple[str, int]], list[int]]:
    if mark.get("form") == "text":
        text, chars = mark["text"].encode(), mark.get("chars", "both")
        pairs = [text[at : at + 2].ljust(2, b"\0") for at in range(0, len(text), 2)]
        words = {
            "both": [int.from_bytes(pair, "big") for pair in pairs],
            "low": list(text),
            "high": [byte << 8 for byte in text],
        }[chars]
    else:
        value = mark["expect"][0]
        words = [value >> 16, value & 0xFFFF] if mark.get("form") == "u32" else [value]
    return [(mark["table"], mark["address"] + offset) for offset in range(len(words))], words


@dataclass
class Wire:
    """Opened at any setting; heard at its own only."""

    units: dict[int, Unit] = field(default_factory=dict)
    setting: Setting = OWN
    framing: str = "rtu"
    delays: dict[int, float] = field(default_factory=dict)
    shape: Callable[[int, bytes], bytes] = lambda unit, answer: answer
    """What becomes of an answer on its way."""
    others: Callable[[bytes], bytes] = lambda request: b""
    """What else is heard after a request, at any setting."""
    requests: list[tuple[Setting, bytes]] = field(default_factory=list)
    lost_after: int = 10**9
    open: int = 0
    rest: dict[int, float] = field(default_factory=dict)
    """Units that ignore what comes so soon after the last request."""
    _free: dict[int, float] = field(default_factory=dict)

    async def connect(self, line: site.Line, hear: Callable[[bytes], None], end: Callable[[str], None]) -> "_End":
        self.open += 1
        return _End(self, Setting(line.baud, line.format), hear, end)

    def opening(self, line: site.Line | None = None) -> Callable[[Setting], AbstractAsyncContextManager[Visit]]:
        line = line or site.Line(serial="/dev/serial/by-id/x")
        clock = LoopClock()
        return lambda its: opened(line.model_copy(update={"baud": its.baud, "format": its.format}), clock)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Wire":
        monkeypatch.setattr(direct, "connect", self.connect)
        return self


class _End:
    """What `connect` gives."""

    def __init__(self, wire: Wire, setting: Setting, hear: Callable[[bytes], None], end: Callable[[str], None]) -> None:
        self.wire, self.setting, self._hear, self._end = wire, setting, hear, end
        self.lost = ""

    def send(self, request: bytes) -> None:
        wire, loop = self.wire, asyncio.get_running_loop()
        wire.requests.append((self.setting, request))
        if len(wire.requests) > wire.lost_after:
            self._end("the adapter is gone")
            return
        if noise := wire.others(request):
            loop.call_later(0.01, self._bring, noise)
        if self.setting != wire.setting:
            return
        address = int(request[1:3], 16) if wire.framing == "ascii" else request[6 if wire.framing == "tcp" else 0]
        its = wire.units.get(address)
        now, deaf = loop.time(), wire._free.get(address, 0.0)
        wire._free[address] = now + wire.rest.get(address, 0.0)
        if its is None or now < deaf:
            return
        answer = wire.shape(address, its.answer(wire.framing, request))
        loop.call_later(wire.delays.get(address, 0.02), self._bring, answer)

    def _bring(self, data: bytes) -> None:
        if not self.lost and data:
            self._hear(data)

    async def close(self) -> None:
        self.wire.open -= 1
        self.lost = "closed"
