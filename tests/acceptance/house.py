"""Real processes: a broker, simulated devices, the daemon, subscribers that miss nothing; and questions to them."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from daemon.feeds.catalogue import published
from simulators.ear import Heard
from simulators.stage import Stage

ROOT = Path(__file__).parents[2]
LONG = bool(os.environ.get("GATEHOUSE_LONG"))
"""Set it to let troubles last as long as the acceptance list says, instead of some seconds."""
RESIDENT, DRIVER, STRANGER = "0004712345", "0004712346", "0009999999"


class House(Stage):
    """A whole estate of processes, and the questions that tests ask of it."""

    async def guard(self, limit: float = 20) -> None:
        """Start the daemon and wait until it has armed."""
        ear = self.ears["property"]
        mark = ear.mark()
        await self.daemon.start()
        armed = lambda: any(heard.kind == "daemon.armed" for heard in ear.after(mark))  # noqa: E731
        try:
            await until(lambda: armed() or not self.daemon.running, limit)
        except TimeoutError:
            pytest.fail(f"not armed within {limit} s: {[heard.kind for heard in ear.after(mark)]}")
        assert self.daemon.running, self.daemon.tail(12)

    async def end(self, number: signal.Signals) -> tuple[int, float]:
        """End the daemon by a signal: its exit status, and the seconds it took."""
        began = time.monotonic()
        os.kill(self.daemon.pid, number)
        await until(lambda: not self.daemon.running, 10)
        return await self.daemon.stop(), time.monotonic() - began

    async def hears(self, name: str, wanted: Callable[[Heard], bool], mark: int = 0, limit: float = 10) -> Heard:
        """What a subscriber gets; on a failure, what it got instead."""
        ear = self.ears[name]
        try:
            return await ear.until(wanted, mark, limit)
        except TimeoutError:
            got = [f"{each.kind} {each.subject} {each.data.get('alarm', '')}" for each in ear.after(mark)]
            pytest.fail(f"{name} did not get it within {limit} s, but: {got}; daemon: {self.daemon.tail(5)}")

    async def alarm(self, alarm: str, kind: str = "alarm.raised", mark: int = 0, limit: float = 10) -> Heard:
        """An alarm's event, as property gets it."""
        return await self.hears(
            "property", lambda heard: heard.kind == kind and heard.data.get("alarm") == alarm, mark, limit
        )

    async def status(self) -> dict[str, Any]:
        """What `gatehouse status` shows."""
        document: dict[str, Any] = await self.get("/v1/status")
        return document

    async def get(self, path: str) -> Any:
        """A document of the local API."""
        return await self._ask("GET", path)

    async def order(self, *steps: str, **body: str) -> str:
        """What a console orders, `order("alarms", "fire", "ack", by=…)`; the daemon's answer in words."""
        return str((await self._ask("POST", "/v1/" + "/".join(steps), json=body))["done"])

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        transport = httpx2.AsyncHTTPTransport(uds=str(self.socket), verify=False)  # saves 40 ms of reading authorities
        async with httpx2.AsyncClient(transport=transport, base_url="http://gatehouse", timeout=10) as client:
            answer = await client.request(method, path, **more)
        assert not answer.is_error, answer.text
        return answer.json()

    async def settled(self, limit: float = 20) -> None:
        """Nothing waits to be in the journal, and brokers have acknowledged all that is in it."""
        async with asyncio.timeout(limit):
            while not _settled(await self.status()):  # noqa: ASYNC110 - another process settles
                await asyncio.sleep(0.05)

    def journal(self) -> list[dict[str, Any]]:
        """Every line of the journal's file."""
        from console.offline import events

        return list(events(self.state, {}, 0, 1_000_000))

    async def verified(self) -> str:
        """The journal is whole; what `gatehouse journal verify` says."""
        status, said = await self.command("journal", "verify")
        assert status == 0, said
        return said

    async def compare(self, name: str, limit: float = 15) -> None:
        """A subscriber gets all that it may see of the journal, in order, and nothing else; repeats are repeats."""
        ear, owed = self.ears[name], self._may_see(name)

        def missing() -> set[str]:
            return owed - {each.event["id"] for each in ear.heard}

        try:
            await until(lambda: not missing(), limit)
        except TimeoutError:
            lines = [f"{each['number']} {each['kind']}" for each in self.journal() if each["id"] in missing()]
            pytest.fail(f"{name} lacks {lines}")
        heard = list(ear.heard)
        unknown = {each.event["id"] for each in heard} - self._may_see(name)
        assert not unknown, [each.event for each in heard if each.event["id"] in unknown]
        in_order = [number(each) for each in heard if number(each)]
        assert in_order == sorted(in_order)
        first = {each.event["id"]: each for each in heard}
        for again in ear.repeats:
            before = first[again.event["id"]]
            assert _bare(again.event) == _bare(before.event), "a repeat is the same event under the same id"

    def _may_see(self, name: str) -> set[str]:
        """Ids of journal lines that a subscriber's tier gets."""
        tier = int(self.copy.section("subscribers")[name]["tier"])
        return {each["id"] for each in self.journal() if published(each["kind"], tier)}


def number(heard: Heard) -> int:
    """Its place in the journal; 0 when it came before it was in there."""
    return int(heard.event.get("sequence", 0))


def _bare(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in {"sequence", "unjournaled"}}


def _settled(status: Mapping[str, Any]) -> bool:
    feeds, journal = status["feeds"].values(), status["journal"]
    return not journal["waiting"] and not journal["trouble"] and all(feed["behind"] == 0 for feed in feeds)


def alive(mark: str) -> list[str]:
    """Command lines of processes that name something."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in words and int(process.name) != os.getpid():
            found.append(f"{process.name} {words}")
    return found


async def nothing_left(mark: str, limit: float = 5) -> None:
    """No process names it any more."""
    try:
        await until(lambda: not alive(mark), limit)
    except TimeoutError:
        pytest.fail(f"left behind: {alive(mark)}")


def empty(folder: Path) -> bool:
    """Nothing is in it."""
    return not any(folder.iterdir())


async def until(wanted: Callable[[], object], limit: float) -> None:
    """It comes true. TimeoutError when it does not within the limit."""
    async with asyncio.timeout(limit):
        while not wanted():  # noqa: ASYNC110 - other processes make it true
            await asyncio.sleep(0.01)
