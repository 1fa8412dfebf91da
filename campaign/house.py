"""A house for the campaign: the stage of the demo, witnesses that ask again for what they miss, and the truth."""

import asyncio
import csv
import json
import os
import random
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import apsw
import httpx2
import msgspec

from campaign.proxy import Proxy
from campaign.record import Promises, Record, Span, Told
from console.offline import events
from daemon.feeds.catalogue import published
from daemon.journal.file import JournalError
from daemon.journal.query import query
from simulators.broker import HOST
from simulators.child import Child, module
from simulators.ear import Ear
from simulators.stage import Pace, SiteCopy, Stage, shipped

CARDS = 5000
"""People with a card, each of whom comes once."""
GAS = {"kind": "gas", "heads": ["io1.input7"], "zone": "zones.b12"}
_LOOK = 0.03
_SAY_SO = frozenset({"journal.damaged", "journal.replaced"})


class Witness(Ear):
    """A subscriber as docs/asyncapi.yaml wants it: tells repeats by their id, and asks again for what it lacks."""

    def __init__(self, name: str, root: str) -> None:
        super().__init__(name, root, lasting=True)
        self.told: list[Told] = []
        self.refilled: set[str] = set()

    def ask_again(self, first: int, last: int) -> None:
        """Publish a request for a range of numbers."""
        body = {"id": f"again-{first}-{last}-{len(self.told)}", "from": first, "to": last}
        self._client.publish(f"{self.root}/refill", json.dumps(body), qos=1)

    def _take(self, topic: str, payload: bytes, at: float) -> None:
        rest = topic.removeprefix(f"{self.root}/")
        if rest.startswith(("events/", "refill/events")):
            event = json.loads(payload)
            if rest.startswith("refill/") and event["id"] not in self._ids:
                self.refilled.add(event["id"])
                self._ids.add(event["id"])
            self.told.append(Told(event, at))
        super()._take(topic, payload, at)


class House(Stage):
    """A whole estate of processes, and what is known of it."""

    def __init__(
        self, folder: Path, seed: str, *, state: Path | None = None, costume: Sequence[object] = (), paced: bool = False
    ) -> None:
        """Nothing runs yet. `costume`: words for campaign/costume.py, which then wears the daemon."""
        self.seed = seed
        copy = SiteCopy(shipped(), folder / "site")
        promises = Promises()
        copy.quicken(Pace(unlock=promises.unlock, stay=6, delay=promises.delay))
        copy.add("rules", "b12-gas", GAS)
        self.residents = _residents(copy.folder / "cards.csv", random.Random(f"{seed}-cards"))
        super().__init__(folder, copy, paced=paced, lasting=True, state=state)
        if costume:
            command = module(
                "campaign.costume", *costume, "--", "run", copy.path, "--state", self.state, "--socket", self.socket,
                "--wires", self.wires / "wires.yaml",
            )  # fmt: skip
            self.daemon = Child("daemon", command, self.daemon.log)
        self.record = Record()
        self.proxy = Proxy()
        self._down_since: float | None = None
        self.saved: list[dict[str, Any]] = []
        """Lines of a journal that was then destroyed."""
        self._before: set[str] = set()
        self._diary_read = 0

    async def raise_curtain(self, stack: AsyncExitStack) -> None:
        """As on every stage, with a proxy of ours before the broker and witnesses that remember every message."""
        await super().raise_curtain(stack)
        for name, ear in list(self.ears.items()):
            await ear.close()
            witness = self.ears[name] = Witness(name, self.root(name))
            stack.push_async_callback(witness.close)
            await witness.open(HOST, self.broker.port, name, self.passwords[name])
        await self.proxy.open(self.broker)
        stack.push_async_callback(self.proxy.close)
        self.copy.serve(self.proxy.port)
        self.copy.save()

    # the daemon

    async def start(self) -> None:
        """Start the daemon; until it is armed nobody guards."""
        if self._down_since is None:
            self._down_since = time.monotonic()
        await self.daemon.start()

    async def armed(self, limit: float = 30.0) -> float:
        """Wait until the daemon has armed; the seconds that it took. TimeoutError with what it said last."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(limit):
                while not (await self.status()).get("armed"):
                    if not self.daemon.running:
                        raise TimeoutError("the daemon has ended")
                    await asyncio.sleep(_LOOK)
        except TimeoutError as error:
            raise TimeoutError(f"not armed within {limit:g} s; it said last: {self.daemon.tail(6)}") from error
        if self._down_since is not None:
            self.record.down.append(Span(self._down_since, time.monotonic()))
            self._down_since = None
        return time.monotonic() - began

    async def kill(self) -> None:
        """End it by SIGKILL, and wait until it is gone."""
        self.note_down(time.monotonic())
        self.daemon.kill()
        await self.daemon.stop()

    def note_down(self, since: float) -> None:
        """Nobody guards from this instant on."""
        if self._down_since is None:
            self._down_since = since

    async def status(self) -> dict[str, Any]:
        """What `gatehouse status` shows; empty while nobody answers."""
        try:
            return dict(await self.ask("GET", "/v1/status"))
        except (OSError, httpx2.HTTPError, ValueError):
            return {}

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """One request to the local API. OSError or HTTPError when nobody is there; ValueError when it is refused."""
        transport = httpx2.AsyncHTTPTransport(uds=str(self.socket), verify=False)  # reading authorities takes 40 ms
        async with httpx2.AsyncClient(transport=transport, base_url="http://gatehouse", timeout=5) as client:
            answer = await client.request(method, path, **more)
        if answer.is_error:
            raise ValueError(answer.text)
        return answer.json()

    async def settled(self, limit: float = 60.0) -> None:
        """All is written, and acknowledged by the broker. TimeoutError with what is still owed."""
        status: dict[str, Any] = {}
        try:
            async with asyncio.timeout(limit):
                while not _settled(status := await self.status()):  # noqa: ASYNC110 - another process settles
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            raise TimeoutError(
                f"not settled within {limit:g} s: {status.get('journal')} {status.get('feeds')}"
            ) from error

    # the truth

    async def read_diary(self) -> None:
        """Take over what the bodies did since; the simulators keep only their last ten thousand lines."""
        lines = await self.control.log(self._diary_read)
        if lines:
            if lines[0]["number"] != self._diary_read + 1:
                raise LookupError("the simulators' diary was read too seldom: lines are gone")
            self._diary_read = lines[-1]["number"]
            self.record.diary.extend(lines)

    async def keep_diary(self) -> None:
        """Read it on and on."""
        while True:
            await self.read_diary()
            await asyncio.sleep(1.0)

    async def ask_again(self) -> None:
        """Let each witness that lacks something ask for all of it, and wait a little for the answer."""
        self.take_over()
        lacking = [name for name, owed in self.record.owed.items() if owed - self._ids(name)]
        for name in lacking:
            witness = self.ears[name]
            if isinstance(witness, Witness):
                witness.ask_again(1, max(line["number"] for line in self.record.journal))
        for _ in range(100):
            if not any(self.record.owed[name] - self._ids(name) for name in lacking):
                break
            await asyncio.sleep(0.1)

    def _ids(self, name: str) -> set[str]:
        witness = self.ears[name]
        return {each.event["id"] for each in witness.told} if isinstance(witness, Witness) else set()

    def take_over(self) -> None:
        """Read journal and witnesses into the record."""
        now = list(events(self.state, {}, 0, 10_000_000))
        self.record.changed |= set(changed([*self.saved, *now]))
        found = {line["id"]: line for line in [*self.saved, *aside(self.state), *now]}
        lines = self.record.journal = list(found.values())
        tiers = {name: int(entry["tier"]) for name, entry in self.copy.section("subscribers").items()}
        for name, witness in self.ears.items():
            if isinstance(witness, Witness):
                self.record.heard[name], self.record.refilled[name] = list(witness.told), set(witness.refilled)
                self.record.owed[name] = {line["id"] for line in lines if published(line["kind"], tiers[name])}

    def save_told(self, before: Collection[str]) -> None:
        """Remember the lines of a journal that is about to be destroyed: those of before, and what was told since.

        What was neither dies with it, as an event of the last moment before a kill.
        """
        self.take_over()
        told = {each.event["id"] for heard in self.record.heard.values() for each in heard}
        self.saved = [line for line in self.record.journal if line["id"] in before or line["id"] in told]
        self._before = {line["id"] for line in events(self.state, {}, 0, 10_000_000)}

    def gone(self) -> tuple[int, bool]:
        """How many lines of then the journal has no more, and whether it says that it was damaged since."""
        now = {line["id"]: line["kind"] for line in events(self.state, {}, 0, 10_000_000)}
        says = any(kind in _SAY_SO for id_, kind in now.items() if id_ not in self._before)
        return len(self._before - now.keys()), says

    def memory(self) -> float:
        """Megabytes that the daemon holds, at their highest; 0 when it is not there."""
        try:
            text = Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM")), 0.0)


def changed(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Ids that lines of different content bear; what differs is more than the number."""
    first: dict[str, dict[str, Any]] = {}
    for line in lines:
        whole = {key: value for key, value in line.items() if key != "number"}
        if line["kind"] != "journal.damaged" and first.setdefault(line["id"], whole) != whole:
            yield str(line["id"])


def aside(state: Path) -> list[dict[str, Any]]:
    """What can still be read of journals that were set aside, line by line."""
    found: list[dict[str, Any]] = []
    for file in sorted(state.glob("journal.db.bad-*")):
        if file.name.endswith(("-wal", "-shm")):
            continue
        with suppress(apsw.Error, JournalError, OSError, ValueError):
            found.extend(msgspec.to_builtins(event) for event in query(file, limit=10_000_000))
    return found


def _settled(status: dict[str, Any]) -> bool:
    if not status:
        return False
    journal, feeds = status["journal"], status["feeds"].values()
    return not journal["waiting"] and not journal["trouble"] and all(not feed["behind"] for feed in feeds)


def _residents(file: Path, dice: random.Random) -> list[str]:
    """Write a list of people with a card each; their numbers."""
    numbers = [f"00{number:08d}" for number in dice.sample(range(10_000_000, 90_000_000), CARDS)]
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["number", "name", "doors", "from", "until", "hours"])
        for place, number in enumerate(numbers):
            writer.writerow([number, f"住户{place}", "north lanes.in", "2015-01-01", "2099-12-31", ""])
    os.chmod(file, 0o600)  # noqa: PTH101 - as Path.chmod, and the list is of people
    return numbers
