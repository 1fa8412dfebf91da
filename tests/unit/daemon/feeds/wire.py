"""A journal on paper, and a subscriber at the end of a wire that does what a test wants: without a network."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from daemon.feeds.carrier import Inquiry, Lane, Parcel, Receipt, Standing, UnreachableError
from daemon.journal.query import Filter
from gatehouse.events import Event

ROOT = "gatehouse/v1/lvdinan/police"


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the condition is another task's
            await asyncio.sleep(0.001)


class Paper:
    """A journal on paper: what the feed needs of the real one, and an epoch that a test can change."""

    def __init__(self) -> None:
        self.epoch, self.trouble = "first", ""
        self.events: list[Event] = []
        self.undurable: list[Event] = []
        self.cursors: dict[str, int] = {}
        self.states: dict[str, bytes] = {}
        self.moves: list[int] = []
        self._bell = asyncio.Event()

    head_hash = "00"

    @property
    def head(self) -> int:
        return len(self.events) if self.epoch else 0

    def write(self, kind: str = "device.offline", subject: str = "devices.io1", **more: Any) -> Event:
        number = len(self.events) + 1
        event = Event(id=f"{0:012x}-{number}", at=datetime.now(UTC), kind=kind, subject=subject, number=number, **more)
        self.events.append(event)
        self.ring()
        return event

    def ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        await asyncio.sleep(0)
        return self.events[after : after + limit] if self.epoch else []

    async def query(self, after: int = 0, limit: int = 256, wanted: Filter | None = None) -> list[Event]:
        await asyncio.sleep(0)
        return [event for event in self.events[after:] if (wanted or Filter()).admits(event)][:limit]

    def waiting(self, after: str = "") -> Sequence[Event]:
        return list(takewhile(lambda event: event.id != after, reversed(self.undurable)))[::-1]

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - the journal's contract
        if self.head <= number:
            bell = self._bell
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await bell.wait()

    def keep(self, key: str, state: bytes | None) -> None:
        if state is not None:
            self.states[key] = state

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        return {key: state for key, state in self.states.items() if key.startswith(prefix)}

    def cursor(self, subscriber: str) -> int:
        return self.cursors.get(subscriber, 0) if self.epoch else 0

    def move(self, subscriber: str, number: int) -> None:
        self.moves.append(number)
        self.cursors[subscriber] = number


class Wire:
    """A broker and the connections to it: answers by itself, or holds its answers back until it is told."""

    def __init__(self) -> None:
        self.reachable = True
        self.silent = False
        self.refused: set[str] = set()
        self.hangs_up_after: int | None = None
        """Turns of the loop between a refusal and the end of the connection."""
        self.dials = 0
        self.unspeakable: set[str] = set()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.held: list[asyncio.Future[Receipt]] = []
        self.up: Link | None = None
        self.hear: Callable[[Inquiry], None] = lambda _: None

    def link(self) -> "Link":
        return Link(self)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [body for topic, body in self.sent if "/events/" in topic]

    @property
    def numbers(self) -> list[int]:
        return [int(event["sequence"]) for event in self.events]

    def told(self, topic: str) -> list[dict[str, Any]]:
        return [body for name, body in self.sent if name == f"{ROOT}/{topic}"]

    def answer_all(self) -> None:
        self.silent = False
        for answer in self.held:
            if not answer.done():
                answer.set_result(Receipt("accepted"))


class Link:
    """One connection."""

    version = "fake"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open: list[asyncio.Future[Receipt]] = []

    async def run(self) -> str:
        await asyncio.wait([self.ended])
        return self.ended.result()

    def channel(self, parcel: Parcel) -> str:
        return (
            f"{ROOT}/refill/events" if parcel.lane is Lane.REFILL else f"{ROOT}/events/{parcel.kind.replace('.', '/')}"
        )

    async def publish(self, parcel: Parcel) -> asyncio.Future[Receipt]:
        return self._say(self.channel(parcel), json.loads(parcel.cloudevent()))

    async def greet(self) -> asyncio.Future[Receipt]:
        return self._say(f"{ROOT}/status", {"status": "online"})

    async def show(self, standing: Standing) -> asyncio.Future[Receipt]:
        return self._say(f"{ROOT}/state", {**standing.view, "newest": standing.newest, "hash": standing.hash})

    async def reply(self, reply: Mapping[str, Any]) -> asyncio.Future[Receipt]:
        return self._say(f"{ROOT}/refill/reply", dict(reply))

    def _say(self, topic: str, body: dict[str, Any]) -> asyncio.Future[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._wire.sent.append((topic, body))
        if self.ended.done():
            answer.set_result(Receipt("lost"))
        elif topic in self._wire.refused:
            answer.set_result(Receipt("refused", "Not authorized"))
            if self._wire.hangs_up_after is not None:
                self._hang_up(self._wire.hangs_up_after)
        elif self._wire.silent and "/events/" in topic:
            self._wire.held.append(answer)
            self._open.append(answer)
        else:
            answer.set_result(Receipt("accepted"))
        return answer

    def _hang_up(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._hang_up, turns - 1)
        else:
            self.drop("gone")

    def drop(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_result(why)
            for answer in self._open:
                if not answer.done():
                    answer.set_result(Receipt("lost", why))

    async def close(self, _limit: float) -> None:
        self._say(f"{ROOT}/status", {"status": "offline"})
        self.drop("closed")


class Way:
    """A carrier."""

    address = "nowhere:1"

    def __init__(self, wire: Wire, secret: Callable[[], object]) -> None:
        self._wire, self._secret = wire, secret

    def carries(self, kind: str) -> bool:
        return kind not in self._wire.unspeakable

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> Link:
        self._wire.dials += 1
        beat()
        await asyncio.sleep(0)
        self._secret()
        if not self._wire.reachable:
            raise UnreachableError("nobody there")
        self._wire.up, self._wire.hear = self._wire.link(), hear
        return self._wire.up

    def complain(self, channel: str, why: str) -> str:
        return f"nowhere refused {channel if '/' in channel else f'{ROOT}/{channel}'}: {why}"

    def status(self) -> Mapping[str, Any]:
        return {}
