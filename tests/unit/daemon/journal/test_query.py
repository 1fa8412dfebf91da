"""A search finds exactly what a person would tick on paper."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.journal import query as journal_query
from daemon.journal.file import reader
from daemon.journal.line import write
from daemon.journal.query import Filter, query
from daemon.journal.store import Store
from gatehouse.events import Event

START = datetime(2026, 5, 1, tzinfo=UTC)
KINDS = ("alarm.raised", "alarm.reset", "access.granted", "access.denied", "output.told")
SUBJECTS = ("doors.north", "doors.east", "zones.b12")
WORDS = ("李四", 'quo"te', "100%", "under_score", "back\\slash")


def event(i: int) -> Event:
    """The clock is set back by an hour in the middle, as clocks are."""
    return Event(
        id=f"a-{i}",
        at=START + timedelta(minutes=i if i < 100 else i - 60),
        kind=KINDS[i % 5],
        subject=SUBJECTS[i % 3],
        severity=i % 5,
        content={"word": WORDS[i % 5], "i": i},
        number=i,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / "journal.db"
    store = Store(path, lambda: START)
    store.open()
    store.commit([write(event(i)) for i in range(1, 201)], {}, {})
    store.close()
    return path


filters = st.builds(
    Filter,
    kinds=st.lists(st.sampled_from(["alarm.*", "access.denied", "*", "none.*", "*.reset"]), max_size=2).map(tuple),
    subject=st.sampled_from(["", "doors.north", "doors.*", "lanes.*"]),
    since=st.none() | st.integers(-5, 210).map(lambda m: START + timedelta(minutes=m)),
    until=st.none() | st.integers(-5, 210).map(lambda m: START + timedelta(minutes=m)),
    severity=st.integers(0, 4),
    text=st.sampled_from(["", *WORDS, "LI", 'i":1']),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=filters,
    after=st.integers(0, 210),
    limit=st.integers(1, 250),
    newest=st.booleans(),
    window=st.sampled_from([7, 50, 10_000]),
)
def test_a_search_is_a_plain_filter(
    path: Path, monkeypatch: pytest.MonkeyPatch, wanted: Filter, after: int, limit: int, newest: bool, window: int
) -> None:
    monkeypatch.setattr(journal_query, "WINDOW", window)
    ticked = [
        event(i)
        for i in range(after + 1, 201)
        if wanted.admits(event(i)) and (not wanted.text or wanted.text.lower() in _line(i).lower())
    ]
    expected = ticked[-limit:] if newest else ticked[:limit]
    assert query(path, after, limit, wanted, newest=newest) == expected


def _line(i: int) -> str:
    """All that is text in an event, as a person reads it."""
    one = event(i)
    return " ".join(
        (one.id, one.kind, one.subject, WORDS[i % 5], "actor at cause content id kind severity subject i word")
    )


def test_a_search_for_a_kind_uses_the_index(path: Path) -> None:
    with closing(reader(path)) as database:
        plan = database.execute(
            "EXPLAIN QUERY PLAN SELECT number, CAST(body AS BLOB) FROM events"
            " WHERE number > 5 AND number <= 9 AND kind IN ('a', 'b') ORDER BY number DESC LIMIT 4"
        ).fetchall()
        assert "USING INDEX events_kind (kind=? AND rowid>? AND rowid<?)" in str(plan)


def test_words_become_a_filter() -> None:
    wanted = Filter.parse(
        {"kinds": "alarm.*, access.denied", "since": "2026-05-01T08:00+08:00", "severity": "2", "text": "李"}
    )
    assert wanted == Filter(kinds=("alarm.*", "access.denied"), since=START, severity=2, text="李")
    assert Filter.parse({}) == Filter()
    assert Filter.parse({"until": "2026-05-01"}).until == datetime(2026, 5, 1).astimezone()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"kind": "x"}, "unknown filter 'kind'; known are drill, kinds, severity"),
        ({"severity": "5"}, "severity '5' must be 1"),
        (
            {"since": "yesterday"},
            "since 'yesterday' 不是时刻.*since 'yesterday' is no instant; one is written 2026-05-01",
        ),
    ],
)
def test_wrong_words_are_told(words: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Filter.parse(words)
