"""The one owner of a line: opens it for ever, asks its devices in turn, sends orders, and says what it knows."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from daemon.clock import Clock
from daemon.config import site
from daemon.field.listening import Listening
from daemon.field.polling import Polling
from daemon.field.porch import Porch, receive
from daemon.field.trace import Ring
from daemon.field.transport import Wire, connect, endpoint
from daemon.field.writes import Command
from gatehouse.driver import Device, Listener, Question, Sample

__all__ = ["Command", "LineOwner", "Sink"]

_FIRST_PAUSE = 0.25
_ANEW = 0.1
"""Seconds after which a box that answers and then hangs up is called again: some do so after each answer, others when
nothing was asked for two seconds, or when another master calls."""
_CEILING_SERIAL = 2.0
"""Looking for a port that was unplugged costs nothing."""
_CEILING_TCP = 10.0
_STEADY = 5.0
"""Seconds after which a connection counts as a good one: the next pause is short again."""
_STEP = 0.5
"""Progress is shown at least this often."""


class Sink(Protocol):
    """Where readings go."""

    def land(self, device: str, samples: Mapping[str, Sample], now: float) -> None:
        """Samples of one good exchange."""

    def same(self, device: str, channels: tuple[str, ...], now: float) -> None:
        """The same bytes as last time: only the ages start anew."""

    def device(self, device: str, online: bool, why: str, now: float) -> None:
        """A device came or went."""

    def line(self, name: str, up: bool, why: str, now: float) -> None:
        """A line came or went."""


class LineOwner:
    """Nobody else touches this line."""

    def __init__(
        self, name: str, settings: site.Line, devices: Mapping[str, Device | Listener], sink: Sink, clock: Clock
    ) -> None:
        """Ready to `run`. ValueError when a device that speaks unasked shares the line."""
        self.name = name
        self._steps = 0
        self._settings = settings
        self._sink = sink
        self._clock = clock
        self._up: bool | None = None
        self._why = "not opened yet"
        self._opened = 0
        self._hung_up = ""
        """Why the other side, which answers, closed the wire just now."""
        self.ring = Ring(clock)
        """The last minute of all that went over it."""
        self._work = _work(name, settings, devices, sink, clock, self.ring)

    async def run(self) -> None:
        """For ever; cancel it to stop. Trouble of the field never ends it."""
        pause = _FIRST_PAUSE
        while True:
            began = self._clock.monotonic()
            trouble = await self._session()
            if self._hung_up:
                await asyncio.sleep(_ANEW)
                pause = _FIRST_PAUSE
                continue
            self._turn(up=False, why=trouble)
            pause = _FIRST_PAUSE if self._clock.monotonic() - began >= _STEADY else pause
            await self._wait(pause)
            pause = min(2 * pause, _CEILING_SERIAL if self._settings.serial else _CEILING_TCP)

    def write(self, command: Command) -> None:
        """Queue an order; returns at once."""
        self._work.write(command)

    async def visit(self, question: Question, patience: float | None = None) -> bytes:
        """One exchange for a technician's tool, when no order waits and no safety or access read is late; `patience` in
        seconds instead of the question's own. NoAnswerError, also when the line has no time for it within half a
        minute; ConnectionError when the line is down, only listens, or too many wait."""
        if self._up is False:
            raise ConnectionError(f"line {self.name} is down: {self._why}")
        return await self._work.visit(question, patience)

    def change(self, devices: Mapping[str, Device | Listener]) -> None:
        """From the next exchange on these are its devices. The same object keeps all its state, another one under an
        old name starts anew, what is missing is forgotten and its orders are answered. ValueError, and nothing is
        changed, when a line that asks would have to listen or the other way round."""
        try:
            self._work.change(devices)
        except ValueError as error:
            raise ValueError(f"line {self.name}: {error}") from error

    @property
    def progress(self) -> int:
        """Grows while the line is alive, whatever the state of its wire."""
        return self._steps + self._work.progress

    @property
    def up(self) -> bool | None:
        """Whether it is open; None before that was tried."""
        return self._up

    def status(self) -> dict[str, Any]:
        """State of the line and of each device, with counters; for people and programs."""
        return {
            "endpoint": endpoint(self._settings),
            "up": self._up,
            "why": self._why,
            "opened": self._opened,
            "progress": self.progress,
            **self._work.status(),
        }

    async def _session(self) -> str:
        """Open the line and work on it until it is lost; why it was."""
        self._advance()
        wire: Wire | Porch | None = None
        anew, self._hung_up = self._hung_up, ""
        try:
            if self._settings.listen is not None and isinstance(self._work, Listening):
                wire = await receive(self._settings, self._work)
            else:
                wire = await connect(self._settings, self._work.hear, self._work.end)
            self._opened += 1
            self._turn(up=True, why=f"open anew: {anew}" if anew else "open")
            await self._work.serve(wire)  # type: ignore[arg-type] # only what listens is given a porch
        except OSError as error:
            trouble = str(error) or type(error).__name__
            if isinstance(wire, Wire) and wire.hung_up and isinstance(self._work, Polling):
                now = self._clock.monotonic()
                self._hung_up = trouble if self._work.hung_up(trouble, now) else ""
            return trouble
        finally:
            if wire is not None:
                await wire.close()
        return "closed"

    def _turn(self, *, up: bool, why: str) -> None:
        self._why = why
        if up is not self._up:
            self._up = up
            self.ring.note("open" if up else "lost", "", why.encode(), self._clock.monotonic())
            self._sink.line(self.name, up, why, self._clock.monotonic())

    async def _wait(self, pause: float) -> None:
        """Let the pause pass; devices get lost meanwhile, and orders that have waited too long are answered."""
        until = self._clock.monotonic() + pause
        while True:
            now = self._clock.monotonic()
            self._work.away(f"line {self.name} is down: {self._why}", now)
            if now >= until:
                return
            await asyncio.sleep(min(_STEP, until - now))
            self._advance()

    def _advance(self) -> None:
        self._steps += 1


def _work(  # noqa: PLR0917 - hands on what the owner was given
    name: str,
    settings: site.Line,
    devices: Mapping[str, Device | Listener],
    sink: Sink,
    clock: Clock,
    ring: Ring,
) -> Polling | Listening:
    listeners = {device: one for device, one in devices.items() if isinstance(one, Listener)}
    if not listeners:
        polled = {device: one for device, one in devices.items() if not isinstance(one, Listener)}
        return Polling(settings, polled, sink, clock, ring)
    if len(devices) > 1:
        raise ValueError(f"line {name}: {next(iter(listeners))} speaks unasked and needs the line to itself")
    (device, listener), *_ = listeners.items()
    return Listening(device, listener, sink, clock, ring)
