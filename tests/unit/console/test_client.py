"""The client against whatever may be at the other end of a socket: nothing, a stranger, something that dies."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.client import Client, RefusedError, UnreachableError


@asynccontextmanager
async def other(path: Path, answer: bytes) -> AsyncIterator[list[bytes]]:
    """Somebody who gives this answer to every request and hangs up."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(65536)
        if head:  # a mere knock at the door says nothing
            heard.append(head)
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield heard
    finally:
        server.close()
        await server.wait_closed()


async def ask(path: Path, question: Callable[[Client], Any]) -> Any:
    def asked() -> Any:
        client = Client(path)
        try:
            return question(client)
        finally:
            client.close()

    return await asyncio.wait_for(asyncio.to_thread(asked), 5)


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}".encode()


async def test_names_of_any_kind_reach_the_daemon_as_one_step(tmp_path: Path) -> None:
    async with other(tmp_path / "s", http("200 OK", '{"done": "好"}')) as heard:
        said = await ask(tmp_path / "s", lambda client: client.post("doors", "a/北 门?", "open", by="李四"))
    assert said == "好"
    assert heard[0].startswith(b"POST /v1/doors/a%2F%E5%8C%97%20%E9%97%A8%3F/open HTTP/1.1\r\n")


async def test_only_what_is_asked_for_is_in_the_query(tmp_path: Path) -> None:
    async with other(tmp_path / "s", http("200 OK", "[]")) as heard:
        question = {"after": 0, "kinds": "", "since": None, "follow": False, "newest": True, "text": "北门 & co"}
        await ask(tmp_path / "s", lambda client: client.get("/v1/events", **question))
    target = heard[0].split()[1]
    assert target.replace(b"%20", b"+") == b"/v1/events?after=0&newest=True&text=%E5%8C%97%E9%97%A8+%26+co"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http("409 Conflict", '{"error": "门禁封锁"}'), "门禁封锁"),
        (http("503 Service Unavailable", "Service Unavailable"), "HTTP 503: Service Unavailable"),
        (http("500 Internal Server Error", "[1]"), "HTTP 500: [1]"),
        (http("404 Not Found", '{"detail": "x"}'), 'HTTP 404: {"detail": "x"}'),
    ],
)
async def test_a_refusal_is_told_whatever_form_it_has(tmp_path: Path, answer: bytes, says: str) -> None:
    for question in (
        lambda client: client.get("/v1/status"),
        lambda client: client.post("doors", "north", "open", by="x"),
        lambda client: list(client.follow("/v1/events")),
    ):
        async with other(tmp_path / "s", answer):
            with pytest.raises(RefusedError) as refused:
                await ask(tmp_path / "s", question)
        assert str(refused.value) == says
        (tmp_path / "s").unlink(missing_ok=True)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
async def test_somebody_who_hangs_up_or_speaks_another_language_is_not_our_daemon(
    tmp_path: Path, answer: bytes
) -> None:
    async with other(tmp_path / "s", answer):
        with pytest.raises(UnreachableError) as gone:
            await ask(tmp_path / "s", lambda client: client.get("/v1/status"))
    assert "没有守护进程应答" in str(gone.value)
    assert "No daemon answers there" in str(gone.value)


async def test_where_nobody_is_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError) as gone:
        await ask(tmp_path / "none", lambda client: client.get("/v1/status"))
    assert str(tmp_path / "none") in str(gone.value)
    assert "gatehouse run" in str(gone.value)
    assert "--state" in str(gone.value)


async def test_who_may_not_is_told_of_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "connect", forbidden)  # root, who may run this, always may
    with pytest.raises(UnreachableError, match="gatehouse 组"):
        await ask(tmp_path / "s", lambda client: client.get("/v1/status"))


def gather(seen: list[str]) -> Callable[[Client], None]:
    """Follow, and keep what came before the end."""

    def follow(client: Client) -> None:
        for line in client.follow("/v1/events"):
            seen.append(line)  # noqa: PERF402 - the end is an exception

    return follow


async def test_lines_are_handed_on_without_the_empty_ones_and_the_end_is_told(tmp_path: Path) -> None:
    seen: list[str] = []
    async with other(tmp_path / "s", http("200 OK", '{"a": 1}\n\n{"b": "二"}\n')):
        with pytest.raises(UnreachableError, match="守护进程已停止"):
            await ask(tmp_path / "s", gather(seen))
    assert seen == ['{"a": 1}', '{"b": "二"}']


async def test_a_follower_of_a_daemon_that_is_killed_is_told(tmp_path: Path) -> None:
    answer = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a": 1}\n\r\n9\r\n{"b"'
    seen: list[str] = []
    async with other(tmp_path / "s", answer):
        with pytest.raises(UnreachableError, match="没有守护进程应答"):
            await ask(tmp_path / "s", gather(seen))
    assert seen == ['{"a": 1}'], "half a line is no line"
