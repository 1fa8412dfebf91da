"""Who goes first on a connection that knows one message at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from daemon.feeds.carrier import Lane, Parcel, Receipt
from daemon.feeds.carriers.one_by_one import OneByOne
from gatehouse.events import Event

AT = datetime(2026, 11, 22, tzinfo=UTC)


def parcel(number: int, severity: int = 2, lane: Lane = Lane.IN_ORDER) -> Parcel:
    event = Event(id=f"x-{number}", at=AT, kind="alarm.raised", subject="zones.b12", severity=severity, number=number)
    return Parcel(event, {}, 1, "/gatehouse/v1/x", lane)


class Link(OneByOne):
    """Says "accepted" to all, but to what is in `verdicts`; to nothing while `hold` is set."""

    room = 8

    def __init__(self, *, beside: bool) -> None:
        super().__init__()
        self.beside = beside
        self.begun: list[str] = []
        self.verdicts: dict[str, Receipt] = {}
        self.hold: asyncio.Event | None = None
        self.pause: asyncio.Event | None = None
        self.gone = False

    async def send(self, parcel: Parcel) -> Receipt:
        self.begun.append(f"{parcel.id} {parcel.lane}")
        if self.hold is not None and parcel.lane is not Lane.AHEAD:
            await self.hold.wait()
        return self.verdicts.get(parcel.id, Receipt("accepted"))

    async def say(self) -> Receipt:
        self.begun.append("own")
        return Receipt("accepted")

    async def idle(self) -> None:
        if self.pause is not None:
            self.begun.append("heartbeat")
            await self.pause.wait()

    async def farewell(self) -> None:
        self.gone = True


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(link.run())
        yield
        link.drop("enough")
        await task
    assert link.gone


async def reached(link: Link, what: str) -> None:
    async with asyncio.timeout(2):
        while what not in link.begun:  # noqa: ASYNC110 - the link knows nothing of us
            await asyncio.sleep(0)


async def test_first_what_hurries_then_our_own_then_the_order_then_what_was_asked_for_again() -> None:
    """All of it waits when the work begins."""
    link = Link(beside=False)
    answers = [
        await link.publish(parcel(1, lane=Lane.REFILL)),
        await link.publish(parcel(2)),
        await link.publish(parcel(3)),
        await link.tell(link.say),
        await link.publish(parcel(4, lane=Lane.AHEAD)),
    ]
    async with running(link):
        await asyncio.gather(*answers)
    assert link.begun == ["x-4 ahead", "own", "x-2 in order", "x-3 in order", "x-1 refill"]


@pytest.mark.parametrize("waits_for", ["x-1 in order", "heartbeat"])
async def test_severity_1_waits_for_no_answer_to_another_message(waits_for: str) -> None:
    """Neither to an event nor to a heartbeat; it comes again in its order."""
    link = Link(beside=True)
    never = asyncio.Event()
    if waits_for == "heartbeat":
        link.pause = never
    else:
        link.hold = never
        await link.publish(parcel(1))
    async with running(link):
        await reached(link, waits_for)
        answer = await link.publish(parcel(2, severity=1))
        await reached(link, "x-2 ahead")
        assert not answer.done()
        never.set()
        assert (await answer).verdict == "accepted"
    assert "x-2 in order" in link.begun


async def test_what_stands_behind_a_refusal_is_not_sent() -> None:
    """In the order; what was asked for again goes on."""
    link = Link(beside=False)
    link.verdicts = {"x-1": Receipt("refused", "no"), "x-4": Receipt("refused", "no")}
    answers = [await link.publish(parcel(number)) for number in (1, 2, 3)]
    again = [await link.publish(parcel(number, lane=Lane.REFILL)) for number in (4, 5)]
    async with running(link):
        assert [each.verdict for each in await asyncio.gather(*answers)] == ["refused"] * 3
        assert [each.verdict for each in await asyncio.gather(*again)] == ["refused", "accepted"]
    assert link.begun == ["x-1 in order", "x-4 refill", "x-5 refill"]


async def test_the_end_answers_all_that_is_open_and_all_that_comes_after() -> None:
    """Lost, with the reason of the first that was."""
    link = Link(beside=True)
    link.verdicts = {"x-1": Receipt("lost", "it hung up")}
    answers = [await link.publish(parcel(number)) for number in (1, 2)]
    answers.append(await link.publish(parcel(3, lane=Lane.REFILL)))
    assert await link.run() == "it hung up"
    answers.append(await link.tell(link.say))
    assert {await each for each in answers} == {Receipt("lost", "it hung up")}
    assert link.gone
