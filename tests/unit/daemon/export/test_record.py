"""No line goes out before it is written down that it does."""

from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.export.record import KIND, durable, tell, without_a_daemon
from daemon.journal.chain import verify
from daemon.journal.file import JournalError
from daemon.journal.query import query
from daemon.recorder import Recorder
from tests.unit.daemon.export.desk import PERSONAL, journal
from tests.unit.daemon.journal.desk import running


async def test_without_a_daemon_the_command_writes_it_down_itself(tmp_path: Path) -> None:
    path = journal(tmp_path / "journal.db")
    number = await without_a_daemon(path, PERSONAL, "out.xlsx")
    assert number == 13
    (event,) = query(path, 12)
    assert (event.kind, event.actor) == (KIND, "person:王敏")
    assert event.content == {"by": "王敏", "reason": "派出所调取", "tier": 2, "format": "jsonl", "file": "out.xlsx"}
    assert verify(path).clean


async def test_while_somebody_else_writes_the_journal_it_is_refused(tmp_path: Path) -> None:
    path = journal(tmp_path / "journal.db")
    async with running(path) as held:
        await held.standing()
        with pytest.raises(JournalError, match="another gatehouse writes"):
            await without_a_daemon(path, PERSONAL, "out.xlsx")


async def test_the_number_is_given_once_it_is_durable(tmp_path: Path) -> None:
    async with running(tmp_path / "journal.db") as it:
        await it.standing()
        told = tell(Recorder(it.append, SystemClock()), PERSONAL, "x")
        assert await durable(it, told, 0) == it.head == 1
