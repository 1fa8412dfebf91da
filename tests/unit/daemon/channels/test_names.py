"""Names of hosts: a name server that hangs stops nobody but who asks, and what it said an hour ago still counts."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from daemon.channels import names
from daemon.channels.names import Names, aside
from daemon.channels.sender import Fate, SendError
from tests.unit.daemon.doubles import HandClock

V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))
V6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", 0, 0, 0))


class NameServer:
    def __init__(self) -> None:
        self.asked = 0
        self.hangs = threading.Event()
        self.answer: list[tuple] | Exception = [V6, V4]

    def getaddrinfo(self, host: str, *_: object, **__: object) -> list[tuple]:
        self.asked += 1
        if self.answer == "hang":
            self.hangs.wait(5)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    made = NameServer()
    monkeypatch.setattr(names.socket, "getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(names, "_PATIENCE", 0.05)
    yield made
    made.hangs.set()


async def test_ipv4_is_tried_first_and_an_address_is_never_looked_up(server: NameServer) -> None:
    its = Names(HandClock())
    assert await its.find("qyapi.example") == ("192.0.2.7", "2001:db8::7")
    assert await its.find("10.0.0.8") == ("10.0.0.8",)
    assert await its.find("qyapi.example") == ("192.0.2.7", "2001:db8::7")
    assert server.asked == 1


async def test_while_the_name_server_is_dead_old_addresses_count_for_a_day(server: NameServer) -> None:
    clock = HandClock()
    its = Names(clock)
    await its.find("qyapi.example")
    for answer in (socket.gaierror(-2, "Name or service not known"), "hang"):
        clock.now += 3600
        server.answer = answer
        assert (await its.find("qyapi.example"))[0] == "192.0.2.7"
    clock.now += 86_400
    server.hangs.set()
    server.answer = socket.gaierror(-2, "Name or service not known")
    with pytest.raises(SendError, match="its name cannot be looked up") as caught:
        await its.find("qyapi.example")
    assert caught.value.fate is Fate.UNREACHED


async def test_however_many_wait_one_question_is_asked_and_who_goes_leaves_no_thread_behind(
    server: NameServer,
) -> None:
    server.answer = "hang"
    its, before = Names(HandClock()), threading.active_count()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await its.find("qyapi.example")
    assert server.asked == 1
    assert threading.active_count() == before + 1
    waits = asyncio.gather(*(its.find("qyapi.example") for _ in range(3)), return_exceptions=True)
    await asyncio.sleep(0)
    server.hangs.set()
    assert all(isinstance(error, SendError) for error in await waits)


async def test_what_is_done_aside_never_uses_the_loops_own_threads() -> None:
    assert await aside(lambda: threading.current_thread().daemon) is True
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)
    assert asyncio.get_running_loop()._default_executor is None
