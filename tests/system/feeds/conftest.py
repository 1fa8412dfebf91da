"""A real mosquitto with passwords and ACL, its own command-line client as receiver, and a journal kept in memory."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config.subscribers import Mqtt
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed, Pace
from daemon.journal.query import Filter
from gatehouse.events import Event

TITLES = {"zones.b12": "12栋", "doors.north": "北门", "devices.io1": "门岗输入输出板1"}
FAST = Pace(
    away=1.0, lasting=0.3, first_pause=0.05, longest_pause=0.2, refused=0.3, acknowledge=1.5, look=0.1, heartbeat=0.5
)

PASSWORDS = {"police": "p0lice", "property": "pr0perty", "watcher": "w4tcher", "station": "st4tion"}
ACL = """
user police
topic write gatehouse/v1/lvdinan/police/#
topic read gatehouse/v1/lvdinan/police/refill
user property
topic write gatehouse/v1/lvdinan/property/#
user watcher
topic read #
user station
topic write gatehouse/v1/lvdinan/police/refill
"""
"""The police's feed, the property's feed, a reader of everything, and the police's own program that may ask."""


def free_port() -> int:
    """A port that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)


class MemoryJournal:
    """Behaves as daemon.journal.Journal does, without a disk; `trouble` can be set by a test."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.undurable: list[Event] = []
        self.cursors: dict[str, int] = {}
        self.states: dict[str, bytes] = {}
        self.trouble = ""
        self.epoch = "first"
        self._stir = asyncio.Event()

    @property
    def head(self) -> int:
        return len(self.events)

    @property
    def head_hash(self) -> str:
        return f"{self.head:064x}"

    def append(self, kind: str, subject: str = "zones.b12", **more: Any) -> Event:
        count = len(self.events) + len(self.undurable) + 1
        event = Event(id=f"00c0ffee0000-{count}", at=datetime.now(UTC), kind=kind, subject=subject, **more)
        self.undurable.append(event)
        if not self.trouble:
            self.recover()
        self._wake()
        return event

    def recover(self) -> None:
        self.trouble = ""
        for event in self.undurable:
            fields = {name: getattr(event, name) for name in event.__struct_fields__}
            self.events.append(Event(**(fields | {"number": self.head + 1})))
        self.undurable.clear()
        self._wake()

    def fail(self, why: str) -> None:
        self.trouble = why
        self._wake()

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        await asyncio.sleep(0)
        return self.events[after : after + limit]

    def waiting(self, after: str = "") -> Sequence[Event]:
        return list(takewhile(lambda event: event.id != after, reversed(self.undurable)))[::-1]

    async def query(self, after: int = 0, limit: int = 256, wanted: Filter | None = None) -> list[Event]:
        await asyncio.sleep(0)
        return [event for event in self.events[after:] if (wanted or Filter()).admits(event)][:limit]

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - the journal's contract
        if self.head > number:
            return
        stir = self._stir
        with suppress(TimeoutError):  # not wait_for, which in Python 3.11 can swallow a cancellation
            async with asyncio.timeout(timeout):
                await stir.wait()

    def keep(self, key: str, state: bytes | None) -> None:
        if state is not None:
            self.states[key] = state

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        return {key: state for key, state in self.states.items() if key.startswith(prefix)}

    def cursor(self, subscriber: str) -> int:
        return self.cursors.get(subscriber, 0)

    def move(self, subscriber: str, number: int) -> None:
        assert number >= self.cursor(subscriber), "the cursor went back"
        self.cursors[subscriber] = number

    def _wake(self) -> None:
        self._stir.set()
        self._stir = asyncio.Event()


class Mosquitto:
    """Debian's broker as a process of our own, on one port for its whole life, however often it is killed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.extra: list[str] = []
        self.acl(ACL)
        passwords = folder / "passwords"
        passwords.touch()
        for user, password in PASSWORDS.items():
            subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True, timeout=10)
        self._process: subprocess.Popen[bytes] | None = None

    def acl(self, text: str) -> None:
        (self.folder / "acl").write_text(text)

    async def start(self) -> "Mosquitto":
        config = self.folder / "mosquitto.conf"
        lines = [
            f"listener {self.port} 127.0.0.1",
            *self.extra,
            "user root",  # without effect unless we are root; then it must be able to read our files
            "allow_anonymous false",
            f"password_file {self.folder}/passwords",
            f"acl_file {self.folder}/acl",
            "persistence true",
            f"persistence_location {self.folder}/",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "log_type all",
        ]
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            command = ["mosquitto", "-c", config]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - takes a millisecond
        await until(self._listens)
        return self

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "mosquitto.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def remember(self, client: str) -> None:
        """Write its memory to disk now, with this client's session in it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)
        file = self.folder / "mosquitto.db"
        await until(lambda: file.exists() and client.encode() in file.read_bytes())

    def tell(self, number: signal.Signals) -> None:
        """SIGHUP: read the ACL anew. SIGSTOP: half open, it takes bytes and never answers; SIGCONT ends that."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(10)
            self._process = None


class Receiver:
    """mosquitto_sub with a lasting session: (topic, retained, payload) as they come."""

    def __init__(self, port: int, output: Path, *more: str) -> None:
        self.output = output
        who = ["-h", "127.0.0.1", "-p", str(port), "-u", "watcher", "-P", PASSWORDS["watcher"], "-i", "watcher"]
        form = ["-q", "1", "-c", "-v", "-F", "%t\t%r\t%p", "-t", "gatehouse/#", *more]
        with output.open("ab") as file:
            self._process = subprocess.Popen(["mosquitto_sub", *who, *form], stdout=file)

    @property
    def messages(self) -> list[tuple[str, bool, dict[str, Any]]]:
        whole = self.output.read_bytes().rpartition(b"\n")[0].decode().splitlines()
        return [(topic, kept == "1", json.loads(body)) for topic, kept, body in (line.split("\t", 2) for line in whole)]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [body for topic, _, body in self.messages if "/events/" in topic]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Started by the test, as some want it late."""
    if not shutil.which("mosquitto") or not shutil.which("mosquitto_sub"):
        pytest.fail("mosquitto and its clients are missing: apt-get install mosquitto mosquitto-clients")
    folder = tmp_path / "broker"
    folder.mkdir()
    mosquitto = Mosquitto(folder)
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def receive(broker: Mosquitto, tmp_path: Path) -> Iterator[Callable[..., "asyncio.Future[Receiver]"]]:
    """Start a receiver and return once it is subscribed."""
    started: list[Receiver] = []

    async def start(*more: str) -> Receiver:
        receiver = Receiver(broker.port, tmp_path / f"received{len(started)}", *more)
        started.append(receiver)
        await until(lambda: "watcher 1 gatehouse/#" in (broker.folder / "mosquitto.log").read_text())
        return receiver

    yield start  # type: ignore[misc]
    for receiver in started:
        receiver.stop()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


class Running:
    """A feed at work, and what it said of its troubles."""

    def __init__(self, feed: Feed, troubles: list[str]) -> None:
        self.feed, self.troubles = feed, troubles


@pytest.fixture
def feeding(broker: Mosquitto, journal: MemoryJournal) -> Callable[..., Any]:
    """Run a feed for the length of a `with`; leaving it is a clean shutdown."""

    @asynccontextmanager
    async def run(
        name: str = "police",
        *,
        tier: int = 1,
        source: Any = None,
        state: Callable[[], Mapping[str, object]] = lambda: {"armed": True},
        pace: Pace = FAST,
        secrets: Mapping[str, bytes] = {},
        **more: Any,
    ) -> AsyncIterator[Running]:
        known = {user: password.encode() for user, password in PASSWORDS.items()} | dict(secrets)
        more = {"broker": f"mqtt://127.0.0.1:{broker.port}", "user": name} | more
        settings = Mqtt.model_construct(tier=tier, **({"password": name} | more))
        troubles: list[str] = []
        clock = SystemClock()
        way = carrier(name, settings, "lvdinan", known.__getitem__, clock)
        feed = Feed(
            name, settings, way, source or journal, "lvdinan", TITLES, state, troubles.append, clock, pace,
        )  # fmt: skip
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(feed.run())
            try:
                yield Running(feed, troubles)
            finally:
                task.cancel()

    return run


@pytest.fixture
def alarm(journal: MemoryJournal) -> Callable[..., Event]:
    """Append an alarm, none that would go ahead of its order."""

    def raise_alarm(number: int = 1) -> Event:
        content = {"alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "count": number}
        return journal.append("alarm.raised", severity=2, content=content)

    return raise_alarm


@pytest.fixture
def unused_port() -> int:
    """A port that nobody holds just now."""
    return free_port()
