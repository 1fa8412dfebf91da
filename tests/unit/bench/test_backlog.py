"""What the field felt of a backlog."""

from pathlib import Path

import pytest

from bench.large.backlog import Phase, owed, prepared, report, times
from bench.subscriber import Verdict
from daemon.journal.query import query


def phase(name: str, oldest: float) -> Phase:
    safety = [0.5] * 997 + [oldest] * 3
    return Phase(name, 30.0, {"safety": safety, "measure": [4.0] * 1000}, 0.5, 300.0, 3500.0)


SOUND = Verdict(0, 0, 0, 0)


def test_one_in_a_thousand_is_compared():
    assert times(phase("away", 1.5), phase("draining", 3.0)) == {"safety": 2.0, "measure": 1.0}


@pytest.mark.parametrize(
    ("oldest", "took", "found", "code"),
    [
        (1.5, 200.0, SOUND, 0),
        (1.5, 301.0, SOUND, 1),
        (1.7, 200.0, SOUND, 1),
        (1.5, 200.0, Verdict(1, 0, 0, 0), 1),
    ],
)
def test_it_fails_when_slow_or_felt_or_not_whole(
    oldest: float, took: float, found: Verdict, code: int, capsys: pytest.CaptureFixture[str]
):
    phases = [phase("away", 1.5), phase("draining", oldest), phase("drained", 1.5)]
    assert report(phases, 5.0, took, 200_000, found, 200_000, 8) == code
    assert ("MISSED" in capsys.readouterr().out) == bool(code)


def test_a_shorter_backlog_is_judged_by_a_day(capsys: pytest.CaptureFixture[str]):
    phases = [phase("away", 1.5), phase("draining", 1.5), phase("drained", 1.5)]
    assert report(phases, 5.0, 34.0, 20_000, SOUND, 20_000, 0) == 0
    assert report(phases, 5.0, 36.0, 20_000, SOUND, 20_000, 0) == 1
    assert "a day in 315 s, less than 300 s: MISSED" in capsys.readouterr().out


async def test_the_day_is_owed_to_a_subscriber_as_far_as_its_tier_goes(tmp_path: Path):
    filled = await prepared(tmp_path / "state", 600)
    assert filled >= 600
    journal = tmp_path / "state" / "journal.db"
    assert owed(journal, 3, filled) == list(range(1, filled + 1))
    kinds = {event.number: event.kind for event in query(journal, 0, filled)}
    few = owed(journal, 1, filled)
    assert {kinds[number].partition(".")[0] for number in few} == {"alarm", "access", "device"}
    assert "access.granted" not in {kinds[number] for number in few}
