"""What every contestant is: how to install it, how to start it on a port and a broker, and how to read its messages."""

import subprocess
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contestant works."""

    folder: Path
    port: Path
    """The serial port, 9600 8N1."""
    broker: int
    """Port of an MQTT broker on loopback that lets everybody in."""


class Contestant(Protocol):
    """One way to read 32 units and tell of their alarms over MQTT."""

    name: str
    topics: tuple[str, ...]
    """What the subscriber listens to."""

    def install(self, where: Path) -> str:
        """Get it into an environment of its own under `where`; its name with its version."""

    def command(self, place: Place) -> list[str]:
        """Write its configuration, and say how it is started."""

    def reply(self, topic: str) -> tuple[str, str] | None:
        """Topic and payload that it must be answered when it publishes to a topic, to work at all."""

    def alarms(self, topic: str, payload: Any) -> Mapping[int, bool]:
        """Unit and whether its alarm is on, for each that a message tells of."""


def environment(where: Path, *packages: str) -> Path:
    """A Python environment with these packages; made once. The path of its interpreter."""
    python = where / "bin" / "python"
    if not python.exists():
        venv.create(where, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def version(python: Path, package: str) -> str:
    """Of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
