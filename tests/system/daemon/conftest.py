"""The daemon as a process of its own, on simulated devices that live in the test."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from console.client import Client, RefusedError, UnreachableError
from simulators.child import Child, environment, module
from simulators.client import Control
from simulators.control import facing
from simulators.estate import standing
from tests.unit.daemon import small


class Guarded:
    """One site, its simulated world, and the daemons started on it."""

    def __init__(self, folder: Path, site: Path, world: Control, stack: AsyncExitStack) -> None:
        self.folder, self.site, self.world = folder, site, world
        self.state = folder / "state"
        self.socket = self.state / "api.sock"
        self._stack = stack
        self._started = 0

    @property
    def wires(self) -> Path:
        return self.folder / "wires" / "wires.yaml"

    async def start(self, *, state: Path | None = None) -> Child:
        """A daemon; what it says goes to a log of its own."""
        self._started += 1
        command = module("console.cli", "run", self.site, "--state", state or self.state, "--wires", self.wires)
        daemon = Child("daemon", command, self.folder / f"daemon{self._started}.log")
        self._stack.push_async_callback(daemon.stop)
        await daemon.start()
        return daemon

    async def armed(self, daemon: Child, limit: float = 20) -> dict[str, Any]:
        """Its status once every input was read."""
        return await self.status(lambda status: status["armed"], daemon, limit)

    async def status(
        self, wanted: Callable[[dict[str, Any]], object], daemon: Child | None = None, limit: float = 10
    ) -> dict[str, Any]:
        """The first status that is as wanted."""
        document: dict[str, Any] = {}
        try:
            async with asyncio.timeout(limit):
                while not (document and wanted(document)):
                    if daemon is not None and not daemon.running:
                        pytest.fail(f"the daemon ended: {daemon.tail()}")
                    await asyncio.sleep(0.02)
                    document = await self.ask(lambda client: client.get("/v1/status"))
        except TimeoutError:
            pytest.fail(f"not within {limit} s; alarms {[each['id'] for each in document.get('alarms', ())]}")
        return document

    async def ask(self, question: Callable[[Client], Any]) -> Any:
        """What the console gets; nothing when nobody is there yet."""

        def asked() -> Any:
            client = Client(self.socket)
            try:
                return question(client)
            except UnreachableError:
                return None
            finally:
                client.close()

        return await asyncio.to_thread(asked)

    async def refused(self, question: Callable[[Client], Any]) -> str:
        with pytest.raises(RefusedError) as refusal:
            await self.ask(question)
        return str(refusal.value)

    async def open(self, name: str) -> bool:
        """Whether a door opens when the guard says so: the whole way to the relay and back."""
        await self.ask(lambda client: client.post("doors", name, "open", by="李四", reason="试"))
        relay = {"north": "io1.relay1", "east": "io1.relay2"}[name]
        return bool(await self.status(lambda status: status["points"][relay]["value"] is True))

    async def followed(self) -> None:
        """Wait until somebody hangs on our socket: besides the listener it has an end of its own in the daemon."""
        async with asyncio.timeout(10):
            while connections(self.socket) < 1:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)

    async def command(self, *words: object) -> tuple[int, str]:
        """What a person types: exit status and what it says."""
        process = await asyncio.create_subprocess_exec(
            *module("console.cli", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(),
        )
        said, _ = await asyncio.wait_for(process.communicate(), 20)
        return process.returncode or 0, said.decode()

    async def journal(self) -> list[dict[str, Any]]:
        """Every line of the journal's file, which is whole."""
        status, said = await self.command("journal", "verify", "--state", self.state)
        assert status == 0, said
        status, said = await self.command("events", "--offline", "--json", "--limit", 5000, "--state", self.state)
        assert status == 0, said
        return [json.loads(line) for line in said.splitlines()]


def connections(path: Path) -> int:
    """Connections at the daemon's end of its socket, as the kernel has them (proc(5); 03 is connected)."""
    lines = (line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:])
    return sum(len(line) == 8 and line[5] == "03" and line[7] == str(path) for line in lines)


async def ends(daemon: Child, number: signal.Signals) -> tuple[int, float]:
    """End it by a signal: exit status, and the seconds it took."""
    began = time.monotonic()
    os.kill(daemon.pid, number)
    async with asyncio.timeout(10):
        while daemon.running:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.002)
    return await daemon.stop(), time.monotonic() - began


async def says(daemon: Child, text: str, limit: float = 10) -> None:
    """Wait until its log says so."""
    try:
        async with asyncio.timeout(limit):
            while not any(text in line for line in daemon.tail(1000)):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"never said {text!r}: {daemon.tail(20)}")


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """A very small site with its world; no daemon runs yet. Its one subscriber's broker is not there."""
    site = small.write(tmp_path / "site")
    async with AsyncExitStack() as stack:
        estate = await stack.enter_async_context(standing(site, tmp_path / "wires", pace=False))
        world = await stack.enter_async_context(Control(await stack.enter_async_context(facing(estate, tmp_path))))
        yield Guarded(tmp_path, site, world, stack)
