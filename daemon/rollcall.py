"""Roll call (查岗): a fire monitoring centre asks whether anybody is awake, and a named person answers in time.

What else a centre says that concerns people is told here, too: how far its clock is from ours, and what it wanted and
did not get.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.alarms.annunciator import own
from daemon.clock import Clock
from daemon.config.faults import listed
from daemon.engine import Engine
from daemon.operator import RefusedError, UnknownError
from daemon.wishes import Wish, answered, granting
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

PREFIX = "rollcall/"
_LOOK = 0.5
_APART = 60.0
"""Seconds between two events of one kind about one centre: it fills no journal."""
_MOST = 64
"""Calls that may stand: one for each centre, and there are few."""


class Call(msgspec.Struct, kw_only=True):
    """Somebody is to answer."""

    subscriber: str
    asked: str
    """ISO 8601."""
    minutes: int
    left: float
    """Seconds, when it was kept."""


class RollCalls:
    """What centres ask of the guard's seat: `daemon.feeds.gb26875.answers.Seat`."""

    def __init__(
        self, engine: Engine, keep: Callable[[str, bytes | None], None], titles: Mapping[str, str], clock: Clock
    ) -> None:
        """Nobody asks yet; `keep` makes a call survive a restart."""
        self.progress = 0
        self._engine, self._keep, self._titles, self._clock = engine, keep, titles, clock
        self._standing: dict[str, tuple[Call, float]] = {}
        self._told: dict[tuple[str, str], float] = {}

    # The centre

    def asked(self, subscriber: str, minutes: int) -> None:
        """A call begins, or begins anew."""
        if len(self._standing) >= _MOST and subscriber not in self._standing:
            log.error("too many roll calls stand", subscriber=subscriber)
            return
        call = Call(subscriber=subscriber, asked=self._clock.utc().isoformat(), minutes=minutes, left=minutes * 60.0)
        self._stand(call)
        self._emit("rollcall.asked", subscriber, {"minutes": minutes})
        self._engine.raise_own(missed(subscriber, False))

    def clock(self, subscriber: str, ahead: float, limit: float) -> None:
        """Ours is set by nobody but the system."""
        off = abs(ahead) >= limit
        self._engine.raise_own(clock_differs(subscriber, off, ahead))
        self._emit_apart("centre.clock", subscriber, "clock", {"seconds": round(ahead)})

    def denied(self, subscriber: str, what: str) -> None:
        """It wanted something that nobody gets from outside."""
        self._emit_apart("centre.denied", subscriber, f"denied {what}", {"what": what})

    # The guard

    def answer(self, name: str, by: str) -> str:
        """Answer one call, or all with the name `all`. UnknownError when nobody calls."""
        names = list(self._standing) if name == "all" else [name.removeprefix("feeds.")]
        if not names or names[0] not in self._standing:
            known = listed(sorted(self._standing)) if self._standing else "没有 none"
            raise UnknownError(
                f"没有待应答的查岗（{name}）。 No roll call waits for an answer. 待应答 waiting: {known}"
            )
        if not by:
            raise RefusedError("查岗须由本人署名应答。 A roll call is answered by a named person.")
        for each in names:
            call, until = self._standing[each]
            seconds = round(call.minutes * 60.0 - (until - self._clock.monotonic()))
            if waiting(each, False).alarm in self._engine.annunciator.standing:
                self._engine.annunciator.acknowledge(waiting(each, False).alarm, by)
            self._end(each)
            self._emit("rollcall.answered", each, {"by": by, "seconds": seconds}, f"person:{by}")
        title = "、".join(self._titles.get(f"feeds.{each}", each) for each in names)
        return f"{title}：查岗已由 {by} 应答。 Roll call of {', '.join(names)} answered by {by}."

    def standing(self) -> list[dict[str, Any]]:
        """Calls that wait, the most urgent first."""
        now = self._clock.monotonic()
        calls = sorted(self._standing.values(), key=lambda each: each[1])
        return [
            {
                "subscriber": call.subscriber,
                "title": self._titles.get(f"feeds.{call.subscriber}", call.subscriber),
                "asked": call.asked,
                "minutes": call.minutes,
                "left": round(max(0.0, until - now)),
            }
            for call, until in calls
        ]

    # Time

    async def run(self) -> None:
        """See that nobody is waited for too long."""
        while True:
            self.look()
            self.progress += 1
            await asyncio.sleep(_LOOK)

    def look(self) -> None:
        """What nobody has answered in time is an alarm."""
        now = self._clock.monotonic()
        for name, (call, until) in list(self._standing.items()):
            if now >= until:
                self._end(name)
                self._emit("rollcall.missed", name, {"minutes": call.minutes})
                self._engine.raise_own(missed(name, True, minutes=call.minutes))

    def restore(self, kept: Iterable[bytes]) -> None:
        """Go on waiting after a restart; how long it took nobody knows, so the whole rest counts again."""
        for raw in kept:
            try:
                call = msgspec.msgpack.decode(raw, type=Call)
            except msgspec.DecodeError as error:
                log.error("a kept roll call cannot be read", why=str(error))
                continue
            if call.subscriber not in self._standing:
                self._stand(call)

    def _stand(self, call: Call) -> None:
        self._standing[call.subscriber] = call, self._clock.monotonic() + call.left
        self._keep(PREFIX + call.subscriber, msgspec.msgpack.encode(call))
        self._engine.raise_own(waiting(call.subscriber, True, minutes=call.minutes))

    def _end(self, name: str) -> None:
        del self._standing[name]
        self._keep(PREFIX + name, None)
        self._engine.raise_own(waiting(name, False))

    def _emit(self, kind: str, name: str, content: Mapping[str, object], actor: str = "") -> None:
        self._engine.recorder.emit(kind, f"feeds.{name}", actor=actor, content={"subscriber": name, **content})

    def _emit_apart(self, kind: str, name: str, what: str, content: Mapping[str, object]) -> None:
        now = self._clock.monotonic()
        if now - self._told.get((name, what), float("-inf")) >= _APART:
            if len(self._told) >= _MOST:
                self._told.clear()
            self._told[name, what] = now
            self._emit(kind, name, content)


def waiting(name: str, active: bool, **seen: object) -> Condition:
    """The alarm of a roll call that waits for an answer."""
    return own(f"feeds.{name}.rollcall", "roll_call", f"feeds.{name}", active, Severity.P3, **seen)


def missed(name: str, active: bool, **seen: object) -> Condition:
    """The alarm of a roll call that nobody has answered; it stands until the next one."""
    return own(f"feeds.{name}.rollcall_missed", "roll_call_missed", f"feeds.{name}", active, Severity.P2, **seen)


def clock_differs(name: str, active: bool, seconds: float) -> Condition:
    """The alarm of a centre's clock that is not ours."""
    why = f"the centre's clock is {seconds:+.0f} s from ours"
    return own(f"feeds.{name}.clock", "centre_clock", f"feeds.{name}", active, Severity.P4, why=why)


def routes(calls: RollCalls) -> list[Route]:
    """`GET /v1/rollcall`, and `POST /v1/rollcall/NAME/answer`."""

    async def get(_: Request) -> Response:
        return answered({"rollcalls": calls.standing()})

    def act(name: str, wish: Wish) -> str:
        return calls.answer(name, wish.by)

    return [Route("/v1/rollcall", get), Route("/v1/rollcall/{name}/answer", granting(Wish, act), methods=["POST"])]
