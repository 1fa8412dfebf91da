"""A served API with its journal, in a very small house, and questions asked of it as another process would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from console.client import Client, RefusedError
from tests.unit.daemon.small import House


class Desk:
    """A served API, its house, and questions asked from another thread as another process would."""

    def __init__(self, house: House, path: Path) -> None:
        self.house, self.path = house, path
        self.journal = house.daemon.journal

    async def ask(self, question: Callable[[Client], Any]) -> Any:
        """What the console's client gets."""

        def asked() -> Any:
            client = Client(self.path)
            try:
                return question(client)
            finally:
                client.close()

        return await asyncio.wait_for(asyncio.to_thread(asked), 5)

    async def refused(self, question: Callable[[Client], Any]) -> str:
        with pytest.raises(RefusedError) as refusal:
            await self.ask(question)
        return str(refusal.value)

    async def raw(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Whatever any program may send."""
        async with httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(uds=str(self.path), verify=False), timeout=5
        ) as client:
            return await client.request(method, f"http://gatehouse{path}", **more)

    async def write(self, *kinds: str, **more: Any) -> int:
        """Events that are in the journal when this returns; the number of the last."""
        before = self.journal.head
        for kind in kinds:
            self.house.daemon.recorder.emit(kind, more.get("subject", "doors.north"), content=more.get("content"))
        async with asyncio.timeout(5):
            while self.journal.waiting() or self.journal.head == before:
                await self.journal.wait_beyond(self.journal.head, 0.01)
        return self.journal.head


@asynccontextmanager
async def serving(folder: Path, path: Path | None = None) -> AsyncIterator[Desk]:
    house = House(folder)
    house.quiet()
    path = path or folder / "api.sock"
    async with asyncio.TaskGroup() as group:
        writes = group.create_task(house.daemon.journal.run())
        serves = group.create_task(house.daemon.api.run(path))
        desk = Desk(house, path)
        async with asyncio.timeout(5):
            while not (path.is_socket() and house.daemon.journal.epoch and not house.daemon.journal.waiting()):
                if serves.done():
                    serves.result()
                await asyncio.sleep(0.001)
        yield desk
        serves.cancel()
        await asyncio.wait([serves], timeout=5)
        await house.daemon.journal.close()
        writes.cancel()
