"""A line at work on a bus in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from daemon.config import site
from daemon.field import lines
from daemon.field.lines import Command, LineOwner
from gatehouse.driver import ScanClass
from tests.unit.daemon.bus import Bus, Ledger, LoopClock, Talker, play, scan

SERIAL = site.Line(serial="/dev/serial/by-id/x")
TCP = site.Line(tcp="10.0.0.1:502")


@dataclass
class Stage:
    bus: Bus
    sink: Ledger
    line: LineOwner

    def tell(
        self, device: str, channel: str = "relay", value: bool = True, priority: int = 8, permit: str = ""
    ) -> list[str]:
        answers: list[str] = []
        self.line.write(
            Command(
                device=device, channel=channel, value=value, priority=priority,
                permit=lambda: permit, done=answers.append,
            )
        )  # fmt: skip
        return answers


Story = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a story on a line with these devices."""

    def perform(story: Story, *devices: object, settings: site.Line = SERIAL) -> None:
        async def whole() -> None:
            bus, sink = Bus(), Ledger()
            monkeypatch.setattr(lines, "connect", bus.connect)
            named = {device.name: device for device in devices}  # type: ignore[attr-defined]
            line = LineOwner("gate", settings, named, sink, LoopClock())
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(line.run())
                await story(Stage(bus, sink, line))
                running.cancel()

        play(whole)

    return perform


def io(name: str = "io1", **more: object) -> Talker:
    return Talker(name, (scan("in"), scan("relay", ScanClass.ACCESS, 1.0)), **more)  # type: ignore[arg-type]
