"""Telling a story that is true: a line is printed when it happened, and what should happen is awaited."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from simulators.ear import Heard
from simulators.screen import Screen, Words, clock
from simulators.stage import Stage, titles

TELLER = "property"
"""The subscriber whose feed tells the story: it may know of people."""
_SOON = 4.0
"""Seconds in which things happen that need no time of their own."""
_LOOK = 0.1

T = TypeVar("T")


class UntoldError(Exception):
    """Something did not happen as it should; the screen has said what."""


class Story:
    """Moves the world, and holds what comes of it against what should."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        """The stage must be set."""
        self.screen = screen
        self.control = stage.control
        self.ear = stage.ears[TELLER]
        self.named: set[str] = set()
        """People who have typed commands."""
        self._stage = stage
        self._titles = titles(stage.copy)
        self._zone = stage.copy.zone
        self._mark = self._line = 0
        self._at = asyncio.get_running_loop().time()

    async def act(self, subject: str, words: Words, verb: str, **keys: object) -> None:
        """Do something to the world; what comes afterwards is looked for from here on."""
        await self._begin()
        self.screen.act(clock(self._zone), self.place(subject), words)
        self._at = (await self.control.do(verb, **keys))["at"]

    async def types(self, by: str, *words: str, refused: bool = False) -> None:
        """Someone types a command of ours; it must be obeyed, or else refused."""
        await self._begin()
        self.named.add(by)
        self.screen.command(clock(self._zone), by, f"gatehouse {' '.join(words)} --by {by}")
        status, said = await self._stage.command(*words, "--by", by)
        if status != refused:
            should = Words("被拒绝", "refused") if refused else Words("被执行", "obeyed")
            self.fail(by, Words(f"这条命令应当{should.zh}", f"this command should be {should.en}"), [said])
        if refused:
            self.screen.saw(clock(self._zone), by, Words("命令被拒绝", "the command is refused"))

    async def hears(self, kind: str, subject: str, within: float = _SOON, **content: object) -> Heard:
        """The teller's subscriber gets this event; it is printed in its own words."""

        def wanted(heard: Heard) -> bool:
            same = heard.kind == kind and heard.subject == subject
            return same and all(heard.data.get(key) == value for key, value in content.items())

        place, what = self.place(subject), " ".join([kind, *(str(value) for value in content.values())])
        heard = await self._within(self.ear.until(wanted, self._mark, within), place, Words(what, what), within)
        self._print(heard)
        return heard

    async def happens(self, subject: str, what: str, words: Words, within: float = _SOON) -> float:
        """A body does something; the seconds from the last act to it."""
        place = self.place(subject)
        line = await self._within(self.control.happened(subject, what, self._line, within), place, words, within)
        after = float(line["at"]) - self._at
        self.screen.saw(clock(self._zone), place, words, after)
        return after

    async def stands(
        self, subject: str, words: Words, wanted: Callable[[Mapping[str, Any]], bool], within: float = _SOON
    ) -> None:
        """The world comes to stand like this."""
        place = self.place(subject)
        await self._within(self.control.until(wanted, within), place, words, within)
        self.screen.saw(clock(self._zone), place, words)

    async def stays(
        self, subject: str, words: Words, wanted: Callable[[Mapping[str, Any]], bool], seconds: float
    ) -> None:
        """The world goes on standing like this for so long."""
        place, loop = self.place(subject), asyncio.get_running_loop()
        end = loop.time() + seconds
        with self.screen.waiting(words, seconds):
            while loop.time() < end:
                if not wanted(await self.control.state()):
                    self.fail(place, words, await self._seen())
                await asyncio.sleep(_LOOK)
        self.screen.saw(clock(self._zone), place, words, seconds)

    async def quiet(self) -> None:
        """Wait, without a word, until all doors are locked, all leaves shut and all booms down."""
        words = Words("门锁好、杆落下", "doors locked, booms down")
        await self._within(self.control.until(_at_rest, 15), "", words, 15)

    def fail(self, place: str, words: Words, seen: Iterable[str]) -> None:
        """Say that it did not happen. UntoldError, always."""
        self.screen.fault(clock(self._zone), place, words, list(seen))
        raise UntoldError

    def place(self, subject: str) -> str:
        """What people call it."""
        return self._titles.get(subject, subject.rpartition(".")[2])

    def _print(self, heard: Heard) -> None:
        at = datetime.fromisoformat(heard.event["time"]).replace(tzinfo=UTC).astimezone(self._zone)
        text = heard.data["text"]
        raised = heard.kind in {"alarm.raised", "alarm.repeated"}
        severity = int(heard.data.get("severity", 0)) if raised else 0
        place = str(heard.data.get("place", ""))
        words = Words(*(str(text[language]).removeprefix(place).lstrip("：: ") for language in ("zh", "en")))
        self.screen.saw(at, place, words, heard.at - self._at, severity)

    async def _begin(self) -> None:
        self._mark = self.ear.mark()
        self._line = int((await self.control.state())["number"])
        self._at = asyncio.get_running_loop().time()

    async def _within(self, wait: Awaitable[T], place: str, words: Words, limit: float) -> T:
        try:
            with self.screen.waiting(words, limit):
                return await wait
        except TimeoutError:
            pass
        should = Words(f"{limit:g} 秒内没有：{words.zh}", f"not within {limit:g} s: {words.en}")
        self.fail(place, should, await self._seen())
        raise UntoldError  # never reached; for the type checker

    async def _seen(self) -> list[str]:
        """What came instead, since the last act."""
        heard = [f"{each.kind} {each.subject} {each.data['text']['zh']}" for each in self.ear.after(self._mark)]
        lines: list[dict[str, Any]] = []
        with suppress(OSError):
            lines = await self.control.log(self._line)
        return (heard + [f"{line['subject']} {line['what']}" for line in lines])[-12:]


def _at_rest(state: Mapping[str, Any]) -> bool:
    doors = all(not door["open"] and not door["unlocked"] for door in state["doors"].values())
    return doors and all(boom["position"] == 0 and not boom["moving"] for boom in state["lanes"].values())
