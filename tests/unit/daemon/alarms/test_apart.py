"""Rules see which alarms are set apart, as it is now."""

from dataclasses import replace
from datetime import UTC, datetime

from daemon.alarms.annunciator import Annunciator
from daemon.alarms.apart import SetApart
from gatehouse.alarms import AlarmState, Condition, Severity


def test_it_follows_the_book_of_alarms() -> None:
    book = Annunciator(lambda *_, **__: None)
    apart = SetApart(book)
    condition = Condition(
        alarm="zones.b12.f3.io-in1", active=True, severity=Severity.P1, kind="smoke", subject="zones.b12"
    )
    book.judge(condition, "f3", datetime(2026, 11, 21, tzinfo=UTC))
    assert condition.alarm not in apart
    assert (len(apart), list(apart)) == (0, [])
    standing = book.standing[condition.alarm]
    book.standing[condition.alarm] = replace(standing, suspended=AlarmState.OUT_OF_SERVICE)
    assert condition.alarm in apart
    assert (len(apart), list(apart)) == (1, [condition.alarm])
    assert "zones.b12.f3.io-in2" not in apart
