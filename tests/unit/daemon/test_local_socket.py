"""The socket is for owner and group, replaces only what is dead, and goes with whoever made it."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from daemon.local_socket import _user, serve


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.client.host}")


APP = Starlette(routes=[Route("/", hello)])


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator["asyncio.Task[None]"]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(APP, path, lambda: None))
        while not task.done() and not await answers(path):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
        try:
            yield task
        finally:
            task.cancel()


async def answers(path: Path) -> str:
    async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path), verify=False)) as client:
        try:
            return (await client.get("http://x/")).text
        except httpx2.TransportError:
            return ""


async def refusal(path: Path) -> str:
    """Why it cannot listen there."""
    with pytest.raises(OSError, match=r"\S") as error:
        await asyncio.wait_for(serve(APP, path, lambda: None), 5)
    return str(error.value)


async def test_owner_and_group_may_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serving(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert (await answers(path)).startswith("hello ")
    assert not path.exists(), "it goes with whoever made it"


async def test_what_a_killed_daemon_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    assert path.is_socket()
    async with serving(path):
        assert await answers(path)


async def test_a_living_daemon_keeps_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serving(path):
        assert await refusal(path) == f"another daemon listens at {path}; stop it, or name another with --socket"
        assert await answers(path)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
async def test_what_is_no_socket_is_not_touched(tmp_path: Path, kind: str) -> None:
    path, content = tmp_path / "api.sock", tmp_path / "accounts"
    content.write_text("precious")
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(content)
    else:
        path.write_text("precious")
    assert "is no socket; move it away" in await refusal(path)
    assert path.is_dir() or path.read_text() == "precious"


async def test_a_name_that_is_too_long_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 100)
    assert await refusal(path) == (
        f"cannot listen at {path}: its name is too long; a socket's path may have 107 characters"
    )


async def test_a_folder_that_is_missing_is_named_and_may_come_later(tmp_path: Path) -> None:
    path = tmp_path / "state" / "api.sock"
    said = await refusal(path)
    assert str(path) in said
    assert "No such file or directory" in said
    assert "107" not in said
    path.parent.mkdir()
    async with serving(path):
        assert await answers(path)


async def test_at_the_end_somebody_elses_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serving(path):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


def test_a_user_without_a_name_is_a_number() -> None:
    assert _user(0) == "root"
    assert _user(3_999_999_999) == "uid 3999999999"
