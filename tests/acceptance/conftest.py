"""An estate of real processes for each test."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from simulators.stage import Pace, SiteCopy, shipped
from tests.acceptance.house import House

HouseMaker = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HouseMaker]:
    """Makes an estate with everything but the daemon running; unpaced and with subscribers that miss nothing."""
    numbers = itertools.count()
    async with AsyncExitStack() as stack:

        async def make(
            *, pace: Pace | None = None, paced: bool = False, state: Path | None = None, **changes: Mapping[str, object]
        ) -> House:
            """`changes`: entries to add to a section, `doors={"north": {...}}`."""
            folder = tmp_path / f"house{next(numbers)}"
            copy = SiteCopy(shipped(), folder / "site")
            copy.quicken(pace or Pace())
            for section, entries in changes.items():
                for name, entry in entries.items():
                    copy.add(section, name, entry)
            made = House(folder, copy, paced=paced, lasting=True, state=state)
            await made.raise_curtain(stack)
            return made

        yield make
