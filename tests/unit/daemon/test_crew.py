"""Parts are sent home one by one; what they held is free when `stop` returns, and the others never notice."""

import asyncio

from structlog.testing import capture_logs

from daemon import crew as crewing
from daemon.crew import Crew
from daemon.supervisor import Supervisor
from tests.unit.daemon.bus import LoopClock, play, until


def aboard(story):
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            crew = Crew(Supervisor(lambda _: None, LoopClock()), group)
            await story(crew)
            for task in crew.tasks:
                task.cancel()

    play(run)


class Part:
    """Holds a port while it runs; closing it takes a while."""

    def __init__(self, closing: float = 0.1) -> None:
        self.holds, self.closing, self.progress = False, closing, 0

    async def run(self) -> None:
        self.holds = True
        try:
            while True:
                self.progress += 1
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(self.closing)
            self.holds = False


def test_what_a_part_held_is_free_when_it_was_stopped_and_the_others_go_on():
    async def story(crew):
        first, second = Part(), Part()
        crew.start("lines.a", first.run, lambda: first.progress)
        crew.start("lines.b", second.run)
        await until(lambda: first.holds and second.holds)
        assert crew.watched.keys() == {"lines.a"}
        await crew.stop("lines.a", "lines.nobody")
        assert not first.holds
        assert second.holds
        assert not crew.watched
        assert len(crew.tasks) == 1

    aboard(story)


def test_a_part_that_does_not_end_is_told_and_not_waited_for(monkeypatch):
    monkeypatch.setattr(crewing, "_GRACE", 0.5)

    async def story(crew):
        slow = Part(closing=5.0)
        crew.start("feeds.slow", slow.run)
        await until(lambda: slow.holds)
        with capture_logs() as logs:
            await crew.stop("feeds.slow")
        assert [(entry["event"], entry["part"]) for entry in logs] == [("a part does not end", "feeds.slow")]
        await until(lambda: not slow.holds)

    aboard(story)
