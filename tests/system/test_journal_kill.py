"""kill -9 at any instant: no gap, no break in the chain, nothing confirmed lost, no cursor ahead of what is there."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import apsw

from daemon.journal.chain import verify
from daemon.journal.query import query

ROUNDS = 16
CHILD = """
import asyncio, json, sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.clock import SystemClock
from daemon.journal.journal import Journal
from gatehouse.events import Event

async def main(path, start):
    journal = Journal(Path(path), SystemClock(), lambda why: None)
    count = 0
    async with asyncio.TaskGroup() as group:
        group.create_task(journal.run())
        await journal.standing()
        while True:
            for _ in range(1 + count % 17):
                count += 1
                state = "normal" if count % 3 == 0 else "unacknowledged"
                content = {"alarm": f"a{count % 5}", "state": state, "alarm_state": {"state": state, "count": count}}
                at = datetime.now(UTC)
                kind = "alarm.raised" if count % 4 == 0 else "access.granted"
                journal.append(Event(id=f"{start}-{count}", at=at, kind=kind, subject="doors.n", content=content))
            await journal.wait_beyond(journal.head, 1)
            journal.move("police", journal.head)
            line = {"head": journal.head, "hash": journal.head_hash, "cursor": journal.cursor("police")}
            sys.stdout.write(json.dumps(line) + "\\n")
            sys.stdout.flush()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def live_and_die(path: Path, name: str, seconds: float) -> dict[str, object]:
    """Run the child for so long after its first commit, kill it, and return the last thing it was sure of."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), name], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = next(line for line in child.stdout if line.startswith("{"))
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        said = [first, *child.stdout.read().splitlines(keepends=True)]
        assert child.wait(10) == -signal.SIGKILL
    whole = [line for line in said if line.endswith("\n") and line.startswith("{")]
    return json.loads(whole[-1])


def test_a_killed_journal_is_whole_each_time(tmp_path: Path) -> None:
    path, dice, before = tmp_path / "journal.db", random.Random(20260501), 0
    for i in range(ROUNDS):
        sure = live_and_die(path, f"start{i}", dice.uniform(0, 0.25))
        verdict = verify(path, known=(int(str(sure["head"])), str(sure["hash"])))
        assert verdict.clean, verdict.findings
        assert verdict.proved
        assert verdict.first == 1
        assert verdict.last > before
        before = verdict.last
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as database:
            cursor = database.execute("SELECT number FROM cursors WHERE subscriber = 'police'").get or 0
            standing = dict(database.execute("SELECT alarm, state FROM standing").fetchall())
        assert cursor <= verdict.last
        assert standing == told_by_events(path)
    assert every_start_is_in_order(path, ROUNDS)


def told_by_events(path: Path) -> dict[str, str]:
    """The alarms that stand, computed anew from all events."""
    standing: dict[str, str] = {}
    for event in query(path, limit=10**9):
        if event.kind.startswith("alarm."):
            if event.content["state"] == "normal":
                standing.pop(event.content["alarm"], None)
            else:
                whole = event.content["alarm_state"]
                standing[event.content["alarm"]] = json.dumps(whole, separators=(",", ":"), sort_keys=True)
    return standing


def every_start_is_in_order(path: Path, starts: int) -> bool:
    """Each life's events are 1, 2, 3 ... without a gap or a repeat, one life after the other."""
    ids = [event.id.split("-") for event in query(path, limit=10**9)]
    expected = [
        [f"start{i}", str(n + 1)] for i in range(starts) for n in range(sum(one == f"start{i}" for one, _ in ids))
    ]
    return ids == expected
