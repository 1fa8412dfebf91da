"""A technician's questions on a line at work: answered in between, never at the cost of an order or an alarm."""

import asyncio
import itertools

import pytest

from daemon.field.matter import NoAnswerError
from gatehouse.driver import Question, ScanClass
from tests.unit.daemon.bus import Talker, scan, until
from tests.unit.daemon.field.conftest import Stage, io


def knock(name: str) -> Question:
    return Talker(name, ()).question(f"?{name}:who.".encode(), f"!{name}:who=".encode(), 8)


def longest(on: Stage, point: str, since: float) -> float:
    instants = [at for at in on.sink.renewals(point) if at >= since]
    return max(b - a for a, b in itertools.pairwise(instants))


def test_a_visit_is_answered_and_seen_in_the_trace(stage) -> None:
    async def story(on: Stage) -> None:
        on.bus.values["stranger.who"] = "7"
        await asyncio.sleep(1)
        assert await on.line.visit(knock("stranger")) == b"!stranger:who=7."
        seen = [(e.kind, e.data) for e in on.line.ring.entries() if e.scan == "visit"]
        assert seen == [("sent", b"?stranger:who."), ("answer", b"!stranger:who=7.")]
        assert on.sink.values("stranger.who") == []

    stage(story, io())


def test_a_line_without_devices_can_be_visited(stage) -> None:
    async def story(on: Stage) -> None:
        assert await on.line.visit(knock("stranger")) == b"!stranger:who=0."
        on.bus.dead.add("stranger")
        began = asyncio.get_running_loop().time()
        for _ in range(10):
            with pytest.raises(NoAnswerError, match="no answer"):
                await on.line.visit(knock("stranger"))
        assert asyncio.get_running_loop().time() - began < 10 * 0.4, "nobody else lives: nobody is spared for"

    stage(story)


def test_unanswered_visits_take_a_tenth_of_a_line_on_which_others_live(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(5)
        on.bus.dead.add("nobody")
        began = asyncio.get_running_loop().time()
        for _ in range(10):
            with pytest.raises(NoAnswerError):
                await on.line.visit(knock("nobody"))
        took = asyncio.get_running_loop().time() - began
        assert took >= 9 * 0.3 / 0.1
        assert longest(on, "io1.in", began) < 0.1 + 0.4, "late by one exchange and its quarantine at most"

    stage(story, io())


def test_its_own_patience_is_kept_and_the_quarantine_after_it(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.delays["slow"] = [0.7]
        assert await on.line.visit(knock("slow"), patience=1.0) == b"!slow:who=0."
        on.bus.delays["slow"] = [0.25]
        with pytest.raises(NoAnswerError):
            await on.line.visit(knock("slow"), patience=0.05)
        left = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        assert min(at for at, _ in on.bus.asked if at > left) - left > 0.24, "somebody spoke before it was over"
        assert on.line.status()["late_bytes"] > 0

    stage(story, io())


def test_an_order_is_never_delayed_by_a_queue_of_visits(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        async with asyncio.TaskGroup() as tasks:
            visits = [tasks.create_task(on.line.visit(knock(f"s{n}"))) for n in range(12)]
            await asyncio.sleep(0.005)
            began = asyncio.get_running_loop().time()
            answers = on.tell("io1")
            await until(lambda: answers)
            assert on.bus.told[-1][0] - began < 0.04, "one exchange of waiting at most"
            assert not all(visit.done() for visit in visits)

    stage(story, io())


def test_contacts_are_read_in_time_while_visits_queue(stage) -> None:
    """Four boards on a line that is three quarters full."""
    boards = [Talker(f"u{n}", (scan("in", period=0.1),)) for n in range(4)]

    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        began = asyncio.get_running_loop().time()
        for number in range(60):
            await on.line.visit(knock(f"s{number}"))
        await asyncio.sleep(0.1)
        for board in boards:
            assert longest(on, f"{board.name}.in", began) < 0.1 + 4 * 0.02 + 0.02

    stage(story, *boards)


def test_measures_have_their_turn_between_visits(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        began = asyncio.get_running_loop().time()
        for number in range(200):
            await on.line.visit(knock(f"s{number}"))
        assert longest(on, "m.x", began) < 0.2

    stage(story, Talker("m", (scan("x", ScanClass.MEASURE, 0.1),)))


def test_a_line_full_of_contacts_lets_a_visit_in_once_a_second_or_says_that_it_cannot(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(2)
        began = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswerError, match="no time"):
            await on.line.visit(knock("s"))
        assert asyncio.get_running_loop().time() - began == pytest.approx(30, abs=0.1)

    stage(story, *(Talker(f"u{n}", (scan("in", period=0.02),)) for n in range(4)))


def test_too_many_visits_are_refused_and_who_left_is_forgotten(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("nobody")
        async with asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(on.line.visit(knock("nobody"))) for _ in range(16)]
            await asyncio.sleep(0)
            with pytest.raises(ConnectionError, match="16 questions wait"):
                await on.line.visit(knock("nobody"))
            for task in waiting:
                task.cancel()
        await asyncio.sleep(1)
        assert len([1 for _, what in on.bus.asked if what == "nobody.who"]) <= 1
        assert await on.line.visit(knock("somebody")) == b"!somebody:who=0."

    stage(story, io())


def test_visits_end_with_the_line(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.dead.add("nobody")
        async with asyncio.TaskGroup() as tasks:
            ends = [tasks.create_task(_ends(on)) for _ in range(3)]
            await asyncio.sleep(0.05)
            on.bus.unplug()
        assert all("unplugged" in end.result() or "not there" in end.result() for end in ends)
        with pytest.raises(ConnectionError, match="line gate is down"):
            await on.line.visit(knock("nobody"))

    stage(story, io())


async def _ends(on: Stage) -> str:
    try:
        await on.line.visit(knock("nobody"))
    except ConnectionError as error:
        return str(error)
    return "answered"
