"""Feeds: for each subscriber a cursor over the journal, a filter, a mask, and a connection of its own.

What is sent is the business of the streams (`in_order.py`, `ahead.py`, `refill.py`); how, that of a carrier
(`carriers/`); when, and whether it goes well, that of the feed.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from daemon.clock import Clock
from daemon.config.secrets import SecretError
from daemon.config.subscribers import Subscriber
from daemon.feeds.ahead import Ahead
from daemon.feeds.carrier import Answer, Carrier, Connection, Standing, UnreachableError
from daemon.feeds.dispatch import Dispatch
from daemon.feeds.envelope import state_view
from daemon.feeds.in_order import InOrder
from daemon.feeds.refill import Refill
from daemon.feeds.source import USUAL, Pace, Source
from daemon.feeds.tidings import Tidings, untold

__all__ = ["Feed", "Pace", "Source"]


class Feed:
    """One subscriber's feed."""

    def __init__(  # noqa: PLR0917 - all that a feed is made of
        self,
        name: str,
        settings: Subscriber,
        carrier: Carrier,
        journal: Source,
        site_id: str,
        titles: Mapping[str, str],
        state: Callable[[], Mapping[str, object]],
        on_trouble: Callable[[str], None],
        clock: Clock,
        pace: Pace = USUAL,
        tell: Callable[[str, str], None] = untold,
    ) -> None:
        """`state` is asked once a second for what `envelope.state_view` lists, and gives the same object again while
        nothing has changed; `on_trouble("")` says well again; `tell(kind, why)` writes an event about the feed."""
        self.progress = 0
        """Grows at least every two seconds while the feed does its work, connected or not."""
        self._name, self._settings, self._carrier, self._journal = name, settings, carrier, journal
        self._titles, self._state, self._clock, self._pace = titles, state, clock, pace
        self._on_trouble, self._tidings = on_trouble, Tidings(tell)
        self._connection: Connection | None = None
        self._connected_at = self._well_at = 0.0
        self._error = "no answer yet"
        self._troubles = {"ahead": "", "event": "", "state": "", "away": ""}
        self._told_trouble = ""
        self._connections = 0
        self._dispatch = Dispatch(name, settings, carrier, journal, site_id, titles, pace, self._beat, self._note)
        self._in_order = InOrder(self._dispatch)
        self._ahead = Ahead(self._dispatch, self._in_order)
        self._refill = Refill(self._dispatch, self._in_order, clock)

    def status(self) -> dict[str, Any]:
        """For people and programs on the box."""
        cursor = self._journal.cursor(self._name)
        return {
            "kind": getattr(self._settings, "kind", ""),
            "address": self._carrier.address,
            **self._carrier.status(),
            "tier": self._settings.tier,
            "connected": self._connection is not None,
            "version": self._connection.version if self._connection else "",
            "connections": self._connections,
            "delivered": self._dispatch.delivered,
            "cursor": cursor,
            "behind": self._journal.head - cursor,
            **self._refill.status(),
            "trouble": self._trouble(),
            "last_error": self._error if self._connection is None else "",
        }

    async def run(self) -> None:
        """Deliver for ever; when cancelled, say goodbye."""
        self._well_at = asyncio.get_running_loop().time()
        pause = self._pace.first_pause
        while True:
            try:
                connection = await self._carrier.dial(self._beat, self._refill.hear)
            except (UnreachableError, SecretError) as error:
                self._error = str(error)
            else:
                if await self._serve(connection) >= self._pace.lasting:
                    pause = self._pace.first_pause
            await self._dispatch.rest(pause * random.uniform(0.8, 1.0))  # noqa: S311 - spreads the load, keeps no secret
            pause = min(pause * 2, self._pace.longest_pause)

    async def _serve(self, connection: Connection) -> float:
        """Use a connection until it ends; answers how many seconds it lasted."""
        loop = asyncio.get_running_loop()
        self._connection, self._connected_at = connection, loop.time()
        self._connections += 1
        self._dispatch.begin()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(connection.run())
            try:
                await self._work(connection, running)
                self._error = running.result()
            except asyncio.CancelledError:
                await connection.close(self._pace.farewell)
                raise
            finally:
                connection.drop("")
                running.cancel()
                self._connection = None
        return loop.time() - self._connected_at

    async def _work(self, connection: Connection, running: "asyncio.Task[str]") -> None:
        """No task of these raises: a TaskGroup that is cancelled while one falls forgets the cancellation."""
        async with asyncio.TaskGroup() as tasks:
            streams = (self._in_order, self._ahead, self._refill)
            begun = [tasks.create_task(stream.run(connection)) for stream in streams]
            begun.append(tasks.create_task(self._show_state(connection)))
            await asyncio.wait([running])
            for task in begun:
                task.cancel()

    # State

    async def _show_state(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        state: Mapping[str, Any] | None = None
        view: dict[str, Any] = {}
        shown: dict[str, Any] | None = None
        due = 0.0
        await self._told(connection, "status", await connection.greet())
        while True:
            before, state = state, self._state()
            if state is not before:  # of thousands of devices this takes milliseconds
                view = state_view(state, self._titles, self._settings.tier, outsider=self._settings.outsider)
            if view != shown or loop.time() >= due:
                head, digest = self._journal.head, self._journal.head_hash
                standing = Standing(view=view, at=self._clock.utc(), newest=head, hash=digest)
                await self._told(connection, "state", await connection.show(standing))
                shown, due = view, loop.time() + self._pace.heartbeat
            self._judge_connection()
            await asyncio.sleep(self._pace.look)

    async def _told(self, connection: Connection, channel: str, answer: Answer) -> None:
        receipt = await self._dispatch.receipt(connection, answer)
        refused = receipt.verdict == "refused"
        self._note("state", self._dispatch.complain(channel, receipt.why) if refused else "")

    # How it goes

    def _beat(self) -> None:
        self.progress += 1
        self._judge_connection()

    def _judge_connection(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._connection is not None and now - self._connected_at >= self._pace.lasting:
            self._well_at = now
            self._note("away", "")
            self._tidings.connection(True, "", now)
            return
        self._tidings.connection(None if self._connection else False, self._error, now)
        if now - self._well_at >= self._pace.away and not self._troubles["away"]:
            self._note("away", f"no lasting connection for {self._pace.away:g} s: {self._error}")

    def _note(self, what: str, why: str) -> None:
        self._troubles[what] = why
        if what != "away":
            refused = next((each for kind, each in self._troubles.items() if each and kind != "away"), "")
            self._tidings.refusal(refused, asyncio.get_running_loop().time())
        if (trouble := self._trouble()) != self._told_trouble:
            self._told_trouble = trouble
            self._on_trouble(trouble)

    def _trouble(self) -> str:
        return next((why for why in self._troubles.values() if why), "")
