"""Severity 1 passes whatever is held back, and the ordered stream keeps its promises in any weather."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.config.subscribers import Subscriber
from daemon.feeds.carrier import Receipt
from daemon.feeds.feed import Feed
from gatehouse.events import Event
from tests.unit.daemon.bus import LoopClock, play, until
from tests.unit.daemon.feeds.wire import ROOT, Link, Paper, Way, Wire

KINDS = ("device.offline", "alarm.raised", "alarm.returned")


class Book(Paper):
    """A journal that can fail: what comes meanwhile waits, and is written in order later."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self.at: dict[str, float] = {}
        """Event -> when it happened."""

    def append(self, kind: str, severity: int) -> None:
        self._count += 1
        event = Event(
            id=f"{0:012x}-{self._count}", at=datetime.now(UTC), kind=kind, subject="devices.io1", severity=severity
        )
        self.at[event.id] = asyncio.get_running_loop().time()
        self.undurable.append(event)
        self.settle()

    def settle(self) -> None:
        if not self.trouble:
            for event in self.undurable:
                fields = {name: getattr(event, name) for name in event.__struct_fields__}
                self.events.append(Event(**(fields | {"number": len(self.events) + 1})))
            self.undurable.clear()
        self.ring()


class Weather(Wire):
    """Refuses topics, with a word or by hanging up; loses connections, with or without what was on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.latency = 0.02
        self.window = 64
        self.mode: dict[str, str] = {}
        self.took: list[tuple[float, dict[str, Any]]] = []
        """What the other side has, by the time at which it got it."""
        self.keeps = True
        """What was on its way when the connection broke has arrived, only its receipt has not."""

    def link(self) -> Link:
        return Stormy(self)


class Stormy(Link):
    """Takes its time, in order."""

    def __init__(self, weather: Weather) -> None:
        super().__init__(weather)
        self._weather = weather
        self._permits = asyncio.Semaphore(weather.window)
        self._flying: deque[tuple[str, dict[str, Any], asyncio.Future[Receipt]]] = deque()

    async def publish(self, parcel: Any) -> asyncio.Future[Receipt]:
        await self._permits.acquire()
        return await super().publish(parcel)

    def _say(self, topic: str, body: dict[str, Any]) -> asyncio.Future[Receipt]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        self._open.append(answer)
        self._flying.append((topic, body, answer))
        loop.call_later(self._weather.latency, self._arrive)
        return answer

    def _arrive(self) -> None:
        topic, body, answer = self._flying.popleft()
        weather, mode = self._weather, self._weather.mode.get(topic, "")
        if "/events" in topic:
            self._permits.release()
        if self.ended.done():
            if weather.keeps and not mode and "/events/" in topic:
                weather.took.append((asyncio.get_running_loop().time(), body))
            if not answer.done():
                answer.set_result(Receipt("lost"))
        elif mode == "hangs up":
            self.drop("gone")
        elif mode:
            answer.set_result(Receipt("refused", mode))
        else:
            weather.sent.append((topic, body))
            if "/events/" in topic:
                weather.took.append((asyncio.get_running_loop().time(), body))
            answer.set_result(Receipt("accepted"))


@asynccontextmanager
async def feeding(book: Book, weather: Weather, **more: Any) -> Any:
    troubles: list[str] = []
    known = Subscriber.model_construct(tier=1, **more)
    feed = Feed(
        "police", known, Way(weather, lambda: b""), book, "lvdinan", {"devices.io1": "板1"}, dict, troubles.append,
        LoopClock(),
    )  # fmt: skip
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        yield troubles
        task.cancel()


def told(story: Callable[[Book, Weather], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        random.seed(0)
        await story(Book(), Weather())

    play(run)


def topic(kind: str) -> str:
    return f"{ROOT}/events/{kind.replace('.', '/')}"


def test_a_fire_passes_a_topic_that_is_refused() -> None:
    """It is marked; in its order it comes once more, without the mark and with the same id."""

    async def story(book: Book, weather: Weather) -> None:
        weather.mode[topic("device.offline")] = "Not authorized"
        async with feeding(book, weather) as troubles:
            book.append("device.offline", 3)
            await until(lambda: troubles)
            book.append("alarm.raised", 3)
            book.append("alarm.raised", 1)
            await until(lambda: weather.took, 1.0)
            assert [(body["id"][-2:], body.get("ahead")) for _, body in weather.took] == [("-3", True)]
            assert book.cursor("police") == 0
            await asyncio.sleep(60)
            assert len(weather.took) == 1, "once is enough"
            weather.mode.clear()
            await until(lambda: book.cursor("police") == 3)
            assert [body["id"][-2:] for _, body in weather.took] == ["-3", "-1", "-2", "-3"]
            assert "ahead" not in weather.took[-1][1]
            assert troubles[-1] == ""

    told(story)


def test_a_fire_passes_a_broker_that_hangs_up_on_what_is_before_it() -> None:
    """Some say no word to a message that they refuse: after two such ends the topic is left alone for a while."""

    async def story(book: Book, weather: Weather) -> None:
        weather.mode[topic("device.offline")] = "hangs up"
        async with feeding(book, weather) as troubles:
            book.append("device.offline", 3)
            book.append("alarm.raised", 1)
            await until(lambda: weather.took, 10.0)
            assert weather.took[0][1]["ahead"]
            await until(lambda: "hangs up on it" in "".join(troubles), 30.0)
            weather.mode.clear()
            await until(lambda: book.cursor("police") == 2)

    told(story)


def test_a_fire_does_not_wait_for_a_day_of_backlog() -> None:
    """On a slow link: first all that is of severity 1, oldest first, then the rest in order."""

    async def story(book: Book, weather: Weather) -> None:
        weather.reachable, weather.latency, weather.window = False, 0.5, 4
        async with feeding(book, weather):
            await asyncio.sleep(100)
            for number in range(3000):
                book.append("device.offline", 1 if number in {1000, 2000} else 0)
            weather.reachable = True
            await until(lambda: weather.took)
            await asyncio.sleep(5)
            book.append("alarm.raised", 1)
            raised = asyncio.get_running_loop().time()
            await until(lambda: any(body["id"].endswith("-3001") for _, body in weather.took), 3.0)
            assert asyncio.get_running_loop().time() - raised < 2.0
            ahead = [body["id"].rpartition("-")[2] for _, body in weather.took if body.get("ahead")]
            assert ahead == ["1001", "2001", "3001"]
            assert book.cursor("police") < 100

    told(story)


def test_a_fire_passes_while_the_journal_is_broken_and_the_stream_is_held_up() -> None:
    """Unjournaled and ahead at once; when the stream is free it is not said ahead again."""

    async def story(book: Book, weather: Weather) -> None:
        weather.mode[topic("device.offline")] = "Not authorized"
        async with feeding(book, weather) as troubles:
            book.append("device.offline", 3)
            await until(lambda: troubles)
            book.trouble = "disk full"
            book.append("alarm.returned", 4)
            book.append("alarm.raised", 1)
            await until(lambda: weather.took, 2.0)
            assert [(b["id"][-2:], b["ahead"], b["unjournaled"]) for _, b in weather.took] == [("-3", True, True)]
            book.trouble = ""
            book.settle()
            await asyncio.sleep(30)
            weather.mode.clear()
            await until(lambda: book.cursor("police") == 3)
            assert [body["sequence"][-1] for _, body in weather.took[1:] if not body.get("ahead")] == ["1", "2", "3"]

    told(story)


def test_in_good_weather_nothing_goes_ahead() -> None:
    """Every event once; also while the journal is broken."""

    async def story(book: Book, weather: Weather) -> None:
        async with feeding(book, weather):
            for turn in range(20):
                book.trouble = "disk full" if turn == 10 else ""
                book.append(KINDS[turn % 3], 1)
                await asyncio.sleep(0.5)
            book.settle()
            await until(lambda: book.cursor("police") == 20)
        assert not [body for _, body in weather.took if body.get("ahead")]
        assert len(weather.took) == 21

    told(story)


OBSTACLES = (
    st.tuples(st.just("write"), st.sampled_from(KINDS), st.sampled_from([0, 1, 1, 3])),
    st.tuples(st.just("refuse"), st.sampled_from(KINDS), st.sampled_from(["Not authorized", "hangs up"])),
    st.tuples(st.just("permit"), st.sampled_from(KINDS), st.just(0)),
    st.tuples(st.just("trouble"), st.booleans(), st.just(0)),
)
ACTIONS = st.one_of(
    *OBSTACLES,
    st.tuples(st.just("cut"), st.booleans(), st.just(0)),
    st.tuples(st.just("away"), st.booleans(), st.just(0)),
    st.tuples(st.just("latency"), st.sampled_from([0.001, 0.2, 2.0]), st.just(0)),
)


def act(action: Any, book: Book, weather: Weather) -> None:
    what, value, more = action
    if what == "write":
        book.append(value, more)
    elif what == "refuse":
        weather.mode[topic(value)] = more
    elif what == "permit":
        weather.mode.pop(topic(value), None)
    elif what == "cut":
        weather.keeps = value
        if weather.up is not None:
            weather.up.drop("cut")
    elif what == "away":
        weather.reachable = not value
        if value and weather.up is not None:
            weather.up.drop("away")
    elif what == "latency":
        weather.latency = value
    else:
        book.trouble = "disk full" if value else ""
        book.settle()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.5, 3.0, 11.0]), ACTIONS), min_size=5, max_size=40))
@example([(0.0, ("refuse", KINDS[0], "hangs up")), (0.0, ("write", KINDS[0], 0)), (0.5, ("write", KINDS[1], 1))])
def test_whatever_happens_all_arrives_in_order_and_the_cursor_says_what_is_so(actions: Any) -> None:
    """Refusals, hang-ups, losses with and without what was on its way, a slow link, a journal in trouble."""

    async def story(book: Book, weather: Weather) -> None:
        has: set[str] = set()
        moves = book.move

        def move(subscriber: str, number: int) -> None:
            has.update(body["id"] for _, body in weather.took if "sequence" in body and not body.get("ahead"))
            assert {event.id for event in book.events[:number]} <= has, "confirmed, and not there"
            assert number >= book.cursor(subscriber)
            moves(subscriber, number)

        book.move = move  # type: ignore[method-assign]
        async with feeding(book, weather):
            for gap, action in actions:
                await asyncio.sleep(gap)
                act(action, book, weather)
            weather.mode.clear()
            weather.reachable, weather.latency, book.trouble = True, 0.001, ""
            book.settle()
            await until(lambda: book.cursor("police") == book.head, 120.0)
        ordered = [body for _, body in weather.took if "sequence" in body and not body.get("ahead")]
        firsts = list(dict.fromkeys(int(body["sequence"]) for body in ordered))
        assert sorted(firsts) == list(range(1, book.head + 1))
        late = [number for number, before in zip(firsts[1:], firsts, strict=False) if number < before]
        assert not late or any(action[0] == "refuse" for _, action in actions), "out of order without a refusal"

    told(story)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.05, 1.0, 4.0]), st.one_of(*OBSTACLES)), min_size=5, max_size=30))
def test_a_fire_whose_own_topic_is_open_is_never_held_up(actions: Any) -> None:
    """Whatever is refused beside it: a second, or what two hang-ups and the pauses after them take."""

    async def story(book: Book, weather: Weather) -> None:
        fires: list[str] = []
        async with feeding(book, weather):
            await asyncio.sleep(10)
            for gap, (what, kind, more) in actions:
                await asyncio.sleep(gap)
                if (what, kind) == ("refuse", "alarm.raised"):
                    continue
                act((what, kind, more), book, weather)
                if (what, kind, more) == ("write", "alarm.raised", 1):
                    fires.append(list(book.at)[-1])
            rude = any(action[0] == "refuse" and action[2] == "hangs up" for _, action in actions)
            await asyncio.sleep(60 if rude else 2)
            first = {body["id"]: at for at, body in reversed(weather.took)}
            for fire in fires:
                assert first[fire] - book.at[fire] <= (45 if rude else 1.5)

    told(story)
