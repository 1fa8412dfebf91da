"""What the last run left is known before anything rests, however long the disk takes to say it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from daemon import main
from daemon.config import load as config
from daemon.config.secrets import Secrets
from gatehouse.demands import Passage
from tests.unit.daemon import small
from tests.unit.daemon.doubles import HandClock
from tests.unit.daemon.small import House

FIRE = "zones.b12.fire"


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path / "now")


@pytest.fixture
def left(tmp_path) -> list[bytes]:
    """A fire alarm stood when the last run ended."""
    before = House(tmp_path / "before")
    before.quiet(input8=True)
    return [msgspec.json.encode(before.engine.annunciator.standing[FIRE])]


async def nothing_kept(prefix: str) -> dict[str, bytes]:
    return {}


@pytest.fixture
def asks(house: House, monkeypatch) -> Callable[[Callable[[], Awaitable[list[bytes]]]], Iterator[asyncio.Event]]:
    @contextmanager
    def restoring(standing: Callable[[], Awaitable[list[bytes]]]) -> Iterator[asyncio.Event]:
        monkeypatch.setattr(house.daemon.journal, "standing", standing)
        monkeypatch.setattr(house.daemon.journal, "kept", nothing_kept)
        monkeypatch.setattr(main, "_RESTORE", 0.01)
        asked = asyncio.Event()
        task = asyncio.ensure_future(main._restore(house.daemon, (), asked))
        try:
            yield asked
        finally:
            task.cancel()

    return restoring


async def test_nothing_locks_while_a_slow_disk_looks_for_what_stood(house, left, asks):
    answer: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
    with asks(lambda: answer) as asked:
        await asyncio.sleep(0)
        house.quiet()
        house.passes(3)
        assert house.engine.arbiter.told["doors.north"] is None
        assert "alarms of the last run" in house.engine.waiting
        answer.set_result(left)
        await asyncio.wait_for(asked.wait(), 5)
        assert house.engine.arbiter.told["doors.north"] is Passage.OPEN
        assert not house.engine.waiting


async def test_a_disk_that_fails_keeps_nothing_waiting_and_is_believed_once_it_is_mended(house, left, asks):
    answers: list[Exception | list[bytes]] = [OSError("no room")]

    async def standing() -> list[bytes]:
        if isinstance(answer := answers[-1], Exception):
            raise answer
        return answer

    with asks(standing) as asked:
        await asyncio.wait_for(asked.wait(), 5)
        house.quiet()
        assert house.engine.arbiter.told["doors.north"] is Passage.CLOSED
        answers.append(left)
        async with asyncio.timeout(5):
            while house.engine.arbiter.told["doors.north"] is not Passage.OPEN:  # noqa: ASYNC110 - the engine rings no bell
                await asyncio.sleep(0.005)


async def test_what_a_person_has_reset_in_this_run_does_not_come_back_with_the_disk(house, left, asks):
    answer: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
    with asks(lambda: answer) as asked:
        await asyncio.sleep(0)
        house.quiet(input8=True)
        house.quiet()
        house.engine.annunciator.reset(FIRE, "王敏")
        answer.set_result(left)
        await asyncio.wait_for(asked.wait(), 5)
        assert FIRE not in house.engine.annunciator.standing
        assert house.engine.arbiter.told["doors.north"] is Passage.CLOSED


def test_a_door_is_unlocked_for_longer_than_its_board_can_time(tmp_path):
    """3276.7 s is the longest pulse of this board; an unlocking it cannot time is told on, and later off."""
    plan = config.load(small.write(tmp_path / "long", small.SITE.replace("unlock: 5s", "unlock: 1h")))
    daemon = main.build(plan, tmp_path, Secrets([]), HandClock())
    assert not daemon.engine.actuators["doors.north"].pulses
    assert daemon.engine.actuators["doors.east"].pulses
