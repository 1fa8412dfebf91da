"""The service manager hears from us, and only while every part moves."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.watchdog import ServiceManager, Watchdog


class HandClock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Ear:
    """The manager's end: a bound datagram socket that systemd would hold."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "6000000", "WATCHDOG_PID": str(os.getpid())}

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ear]:
    ear = Ear(str(tmp_path / "notify") if request.param == "path" else f"@gatehouse-test-{os.getpid()}")
    yield ear
    ear.socket.close()


def test_what_is_told_arrives_word_for_word(ear: Ear) -> None:
    manager = ServiceManager(ear.environ)
    manager.ready()
    manager.status("armed,\nREADY=0 is\nno line of its own")
    manager.alive()
    manager.stopping()
    assert ear.heard() == ["READY=1", "STATUS=armed, READY=0 is no line of its own", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize(
    ("environ", "limit"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "8000000"}, 8.0),
        ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": str(os.getpid())}, 6.0),
        ({"WATCHDOG_USEC": "8000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_the_limit_is_taken_only_when_it_is_meant_for_us(environ: dict[str, str], limit: float) -> None:
    assert ServiceManager(environ).limit == limit


def test_without_a_manager_telling_is_silent() -> None:
    with capture_logs() as logs:
        ServiceManager({}).ready()
    assert logs == []


def test_a_manager_that_is_gone_is_said_once_and_harms_nobody(tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    with capture_logs() as logs:
        manager.alive()
        manager.alive()
    assert [entry["event"] for entry in logs] == ["service manager does not listen"]


def test_a_manager_that_does_not_read_does_not_hold_us_up(ear: Ear) -> None:
    manager = ServiceManager(ear.environ)
    for _ in range(5000):  # more than any socket buffer takes
        manager.alive()
    assert 0 < len(ear.heard()) < 5000


def test_fed_only_when_every_part_has_moved(ear: Ear) -> None:
    progress, clock = {"lines.gate": 0, "journal": 0}, HandClock()
    parts = {name: lambda name=name: progress[name] for name in progress}
    watchdog = Watchdog(parts, 1.0, clock, ServiceManager(ear.environ))

    watchdog.look()
    assert ear.heard() == [], "the first look proves nothing"
    progress["lines.gate"] += 1
    watchdog.look()
    assert ear.heard() == []
    progress["journal"] += 1
    watchdog.look()
    assert ear.heard() == ["WATCHDOG=1"], "parts may move in different looks"
    watchdog.look()
    assert ear.heard() == [], "a feed spends the progress that it was given for"


def test_the_part_that_stands_still_is_named_once_and_then_its_return(ear: Ear) -> None:
    progress, clock = {"lines.gate": 0, "journal": 0}, HandClock()
    watchdog = Watchdog(
        {name: lambda name=name: progress[name] for name in progress}, 1.0, clock, ServiceManager(ear.environ)
    )
    with capture_logs() as logs:
        for _ in range(10):
            progress["journal"] += 1
            watchdog.look()
            clock.now += 1
        assert watchdog.still == {"lines.gate"}
        progress["lines.gate"] += 1
        watchdog.look()
    assert [(entry["event"], entry["part"]) for entry in logs] == [
        ("a part stands still", "lines.gate"),
        ("a part moves again", "lines.gate"),
    ]
    assert logs[0]["seconds"] == 4.0, "two thirds of the manager's six seconds"
    assert ear.heard() == ["STATUS=stands still: lines.gate", "STATUS=running", "WATCHDOG=1"]


def test_a_part_that_starts_anew_has_moved_and_one_taken_away_is_not_missed(ear: Ear) -> None:
    parts = {"feeds.police": lambda: 7, "journal": lambda: 1}
    watchdog = Watchdog(parts, 1.0, HandClock(), ServiceManager(ear.environ))
    watchdog.look()
    del parts["journal"]
    parts["feeds.police"] = lambda: 0
    watchdog.look()
    assert ear.heard() == ["WATCHDOG=1"]


async def test_it_runs_until_it_is_cancelled(ear: Ear) -> None:
    turns = iter(range(1000))
    fed = asyncio.Event()
    asyncio.get_running_loop().add_reader(ear.socket, fed.set)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(
            Watchdog({"rules": lambda: next(turns)}, 0.001, HandClock(), ServiceManager(ear.environ)).run()
        )
        await asyncio.wait_for(fed.wait(), 5)
        task.cancel()
    asyncio.get_running_loop().remove_reader(ear.socket)
    assert set(ear.heard()) == {"WATCHDOG=1"}
