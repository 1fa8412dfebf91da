"""What rules learnt comes back, is kept in turns and at the end, and never overwritten before it was read."""

import asyncio
from collections.abc import Mapping

import pytest

from daemon.lessons import PREFIX, Lessons
from tests.unit.daemon.bus import play, until


class Pupil:
    inputs = outputs = ()

    def __init__(self, name: str) -> None:
        self.name, self.knows = name, dict[str, bytes]()

    def judge(self, scene):
        return iter(())

    def remember(self) -> Mapping[str, bytes]:
        return self.knows

    def recall(self, kept: Mapping[str, bytes]) -> None:
        if b"wrong" in kept.values():
            raise ValueError("nothing of the sort")
        self.knows = dict(kept)


class Plain:
    name, inputs, outputs = "plain", (), ()

    def judge(self, scene):
        return iter(())


class Shelf:
    """A journal that keeps; its disk may fail."""

    def __init__(self, **kept: bytes) -> None:
        self.states = {f"{PREFIX}{key.replace('_', ':')}": state for key, state in kept.items()}
        self.broken, self.writes = False, 0

    def keep(self, key: str, state: bytes | None) -> None:
        self.writes += 1
        if state is None:
            self.states.pop(key, None)
        else:
            self.states[key] = state

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        if self.broken:
            raise OSError("the disk does not answer")
        return {key: state for key, state in self.states.items() if key.startswith(prefix)}


async def stopped(lessons: Lessons, seconds: float) -> None:
    """Let it run for so long, then end it as the daemon does: by cancelling it."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await lessons.run()


def test_what_was_learnt_comes_back_and_is_kept_at_the_end():
    async def story() -> None:
        shelf, pupil = Shelf(leak_p1=b"old", leak_p2=b"older"), Pupil("leak")
        lessons = Lessons(lambda: [pupil, Plain()], shelf)
        await lessons.look()
        assert pupil.knows == {"p1": b"old", "p2": b"older"}
        pupil.knows = {"p1": b"new"}
        await stopped(lessons, 1)
        assert shelf.states[f"{PREFIX}leak:p1"] == b"new"

    play(story)


def test_nothing_is_kept_over_what_could_not_be_read_yet():
    async def story() -> None:
        shelf, pupil = Shelf(leak_p=b"weeks"), Pupil("leak")
        shelf.broken, pupil.knows = True, {"p": b"minutes"}
        await stopped(Lessons(lambda: [pupil], shelf), 600)
        assert shelf.states == {f"{PREFIX}leak:p": b"weeks"}
        shelf.broken = False
        await stopped(Lessons(lambda: [pupil], shelf), 120)
        assert pupil.knows == {"p": b"weeks"}

    play(story)


def test_each_rule_is_kept_once_in_six_hours_and_no_two_at_once():
    async def story() -> None:
        shelf, pupils = Shelf(), [Pupil(f"r{number}") for number in range(300)]
        for pupil in pupils:
            pupil.knows = {"p": b"x"}
        lessons = Lessons(lambda: pupils, shelf)
        for pupil in pupils:
            pupil.recall = lambda kept: None  # type: ignore[method-assign]
        busiest = 0
        for _ in range(360):
            before = shelf.writes
            await lessons.look()
            busiest = max(busiest, shelf.writes - before)
        assert busiest == 1
        assert len(shelf.states) == 300

    play(story)


def test_a_rule_that_a_reload_made_anew_knows_what_the_one_before_it_knew():
    async def story() -> None:
        rules = [Pupil("leak")]
        lessons = Lessons(lambda: rules, Shelf())
        await lessons.look()
        rules[0].knows = {"p": b"of this very hour"}
        rules[0] = Pupil("leak")
        await lessons.look()
        assert rules[0].knows == {"p": b"of this very hour"}

    play(story)


def test_what_is_of_a_rule_that_is_gone_is_forgotten_and_what_is_wrong_is_learnt_anew():
    async def story() -> None:
        shelf, pupil = Shelf(gone_p=b"x", leak_p=b"wrong"), Pupil("leak")
        lessons = Lessons(lambda: [pupil], shelf)
        await lessons.look()
        assert pupil.knows == {}
        assert list(shelf.states) == [f"{PREFIX}leak:p"]

    play(story)


def test_a_rule_that_fails_to_tell_hinders_no_other():
    async def story() -> None:
        shelf, bad, good = Shelf(), Pupil("bad"), Pupil("good")
        lessons = Lessons(lambda: [bad, good], shelf)
        await lessons.look()
        bad.knows, good.knows = None, {"p": b"x"}  # type: ignore[assignment]
        await lessons.look()
        await lessons.look()
        await until(lambda: f"{PREFIX}good:p" in shelf.states)

    play(story)
