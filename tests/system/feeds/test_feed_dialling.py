"""Whoever is cancelled while the other side is silent leaves no connection open."""

import asyncio
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config.document import Secret
from daemon.config.subscribers import KINDS
from daemon.feeds.carriers import carrier

SITE = {"serial": "SITE", "name": "门岗"}
SUBSCRIBERS: list[dict[str, Any]] = [
    {"kind": "webhook", "url": "http://{at}/in", "key": Secret("key")},
    {
        "kind": "gb45839",
        "status": "http://{at}/s",
        "install": "http://{at}/i",
        "company": "绿地",
        "site": SITE,
        "unit": "南社区",
    },
    {"kind": "sia_dc09", "receiver": "tcp://{at}", "account": "1234"},
    {"kind": "gb26875", "centre": "{at}", "address": 889, "centre_address": 88888},
]


@pytest.mark.parametrize("entry", SUBSCRIBERS, ids=lambda entry: entry["kind"])
async def test_nothing_is_left_open(entry: dict[str, Any]) -> None:
    """Stopped in the middle of the first message."""
    spoken, over = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read(1)
        spoken.set()
        await reader.read()
        over.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1")
    at = "{}:{}".format(*server.sockets[0].getsockname())
    written = {name: text.format(at=at) if isinstance(text, str) else text for name, text in entry.items()}
    settings = KINDS[entry["kind"]].model_validate({"tier": 1} | written)
    way = carrier("there", settings, "lvdinan", {"key": b"0123456789abcdef"}.__getitem__, SystemClock())
    async with server, asyncio.TaskGroup() as tasks:
        dialling = tasks.create_task(way.dial(lambda: None, lambda _: None))
        async with asyncio.timeout(5):
            await spoken.wait()
            dialling.cancel()
            await over.wait()
