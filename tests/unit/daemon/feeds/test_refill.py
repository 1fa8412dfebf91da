"""Asking again: who may, how often, in what order, and that nothing live waits for it."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.feeds.carrier import Inquiry
from tests.unit.daemon.bus import until
from tests.unit.daemon.feeds.test_ahead import Book, Weather, feeding, told


def asked(first: int, last: int, identity: str = "r", **more: Any) -> Inquiry:
    return Inquiry(json.dumps({"id": identity, "from": first, "to": last} | more).encode())


def again(weather: Weather) -> list[int]:
    return [int(body["sequence"]) for body in weather.told("refill/events")]


def replies(weather: Weather) -> list[tuple[str, str]]:
    return [(body["id"], body.get("why", body["state"])) for body in weather.told("refill/reply")]


def with_events(count: int, story: Callable[[Book, Weather], Coroutine[Any, Any, None]], **more: Any) -> None:
    async def run(book: Book, weather: Weather) -> None:
        for number in range(count):
            book.append("alarm.raised" if number % 2 else "device.offline", 0)
        async with feeding(book, weather, **more):
            await until(lambda: book.cursor("police") == count)
            await story(book, weather)

    told(run)


def test_a_range_comes_in_order_by_its_filter_and_the_number_says_how_many() -> None:
    async def story(book: Book, weather: Weather) -> None:
        weather.hear(asked(11, 60))
        weather.hear(asked(5, 10**9, "to-the-end"))
        await until(lambda: len(replies(weather)) == 4)
        assert again(weather) == [*range(12, 61, 2), *range(6, 101, 2)]
        assert weather.told("refill/reply")[2] == {"id": "r", "state": "done", "from": 11, "to": 60, "events": 25}
        assert weather.told("refill/reply")[3]["to"] == 100

    with_events(100, story, kinds=["alarm.*"])


def test_nothing_live_waits_for_it() -> None:
    """Six hundred old numbers on a link that takes a hundred a second: a new event is there within a second."""

    async def story(book: Book, weather: Weather) -> None:
        weather.latency, weather.window = 0.1, 10
        weather.hear(asked(1, 600))
        await until(lambda: len(again(weather)) > 200)
        for _ in range(5):
            before = asyncio.get_running_loop().time()
            book.append("device.offline", 0)
            await until(lambda: book.cursor("police") == book.head, 1.0)
            assert asyncio.get_running_loop().time() - before < 1.0
        await until(lambda: ("r", "done") in replies(weather))
        assert again(weather) == list(range(1, 601))

    with_events(600, story)


def test_a_lost_connection_and_a_restart_go_on_where_it_was() -> None:
    async def story(book: Book, weather: Weather) -> None:
        weather.latency = 1.0
        weather.hear(asked(1, 400))
        await until(lambda: len(again(weather)) > 100)
        weather.up.drop("cut")
        await until(lambda: len(again(weather)) > 250)
        state = dict(book.states)

        async def restarted(_: Book, other: Weather) -> None:
            await until(lambda: ("r", "done") in replies(other))
            numbers = again(other)
            assert numbers == list(range(numbers[0], 401))
            assert 1 < numbers[0] <= 251
            other.hear(asked(1, 2))
            await until(lambda: replies(other)[-1] == ("r", "repeated"))

        other = Weather()
        book.states = state
        async with feeding(book, other):
            await restarted(book, other)

    with_events(400, story)


def test_what_is_refused_and_why() -> None:
    async def story(book: Book, weather: Weather) -> None:
        cases = [
            (Inquiry(b"{", ""), "form"), (asked(0, 5), "form"), (asked(5, 4), "form"), (asked(1, 2, "ö"), "form"),
            (asked(1, 2, colour="red"), "form"), (asked(11, 12), "beyond"),
            (asked(1, 2)._replace(stale="retained"), "retained"),
            (asked(1, 2, expires="2026-11-20T23:59:59Z"), "expired"),
            (asked(1, 2, expires="2026-11-22T00:00:00"), "expired"),
            (asked(1, 2, "ok", expires="2026-11-22T00:00:00+08:00"), "accepted"), (asked(1, 2, "ok"), "repeated"),
        ]  # fmt: skip
        for inquiry, expected in cases:
            await asyncio.sleep(10)
            count = len(replies(weather))
            weather.hear(inquiry)
            await until(lambda: len(replies(weather)) > count)  # noqa: B023
            assert replies(weather)[count][1] == expected, inquiry

    with_events(10, story)


def test_too_many_and_too_often() -> None:
    """Four unfinished ones, a dozen a minute, and who asks a thousand times is answered some dozen times."""

    async def story(book: Book, weather: Weather) -> None:
        weather.latency = 5.0
        for number in range(1000):
            weather.hear(asked(1, 300, f"r{number}"))
        await asyncio.sleep(300)
        verdicts = [why for _, why in replies(weather)]
        assert verdicts.count("accepted") == 4
        assert verdicts.count("too_many") == 8
        assert verdicts.count("too_often") >= 1
        assert len(verdicts) <= 40

    with_events(300, story)


def test_numbers_that_are_cut_and_a_journal_that_began_anew_are_told() -> None:
    async def story(book: Book, weather: Weather) -> None:
        real = book.read

        async def shortened(after: int, limit: int = 256) -> list[Any]:
            return await real(max(after, 40), limit)

        book.read = shortened  # type: ignore[method-assign]
        weather.hear(asked(11, 50))
        weather.hear(asked(1, 20, "gone"))
        await until(lambda: len(replies(weather)) == 4)
        assert weather.told("refill/reply")[2] == {
            "id": "r", "state": "done", "from": 11, "to": 50, "events": 10, "cut": 30,
        }  # fmt: skip
        assert (weather.told("refill/reply")[3]["events"], weather.told("refill/reply")[3]["cut"]) == (0, 20)
        weather.latency = 3.0
        weather.hear(asked(41, 60, "new"))
        await until(lambda: ("new", "accepted") in replies(weather))
        book.epoch = "second"
        await until(lambda: replies(weather)[-1] == ("new", "began_anew"))

    with_events(60, story)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=20))
@example([b"[" * 5000])
@example([b'{"id":"a","from":1,"to":' + b"9" * 400 + b"}"])
def test_whatever_is_asked_nothing_falls(bodies: list[bytes]) -> None:
    async def story(book: Book, weather: Weather) -> None:
        for body in bodies:
            weather.hear(Inquiry(body))
        await asyncio.sleep(5)
        assert len(replies(weather)) == len(bodies)
        assert {why for _, why in replies(weather)} <= {"form"}

    with_events(1, story)
