"""An event becomes bytes, once and for good."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.journal.line import columns, from_microseconds, microseconds, read, write
from gatehouse.events import Event

AT = datetime(2026, 5, 1, 8, 30, 0, 250_001, tzinfo=UTC)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def event(**fields: Any) -> Event:
    return Event(**({"id": "a-1", "at": AT, "kind": "k.k", "subject": "doors.n"} | fields))


@given(st.dictionaries(st.text(), json, max_size=5))
def test_what_is_written_is_read(content: dict[str, Any]) -> None:
    one = event(content=content, severity=2, actor="person:李四", cause="a-0")
    found = read(7, write(one).body)
    assert found == msgspec.structs.replace(one, number=7, content=msgspec.json.decode(msgspec.json.encode(content)))


def test_the_keys_are_sorted_at_every_level() -> None:
    one = write(event(content={"b": {"z": 1, "a": 2}, "a": 1})).body
    two = write(event(content={"a": 1, "b": {"a": 2, "z": 1}})).body
    assert one == two
    assert one.startswith(b'{"actor":"","at":"2026-05-01T08:30:00.250001Z","cause":"","content":{"a":1,')


def test_a_change_after_writing_changes_nothing() -> None:
    content = {"a": 1}
    line = write(event(content=content))
    content["a"] = 2
    assert read(1, line.body).content == {"a": 1}


@pytest.mark.parametrize(
    "content",
    [{1: 2, "a": 3}, {"a": "\ud800"}, {"a": {(1, 2): 3}}],
    ids=["mixed keys", "half a character", "tuple as key"],
)
def test_what_json_cannot_hold_is_written_as_text(content: dict[Any, Any]) -> None:
    found = read(1, write(event(content=content, kind="alarm.raised", severity=1)).body)
    assert "unwritable" in found.content
    assert (found.kind, found.severity) == ("alarm.raised", 1)


def test_objects_are_written_as_their_text_and_a_wild_one_as_its_type() -> None:
    class Wild:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert read(1, write(event(content={"a": UTC})).body).content == {"a": "UTC"}
    assert "Wild" in str(read(1, write(event(subject="\ud800", content={"a": Wild()})).body).content)


def test_a_severity_there_is_not_counts_as_the_gravest() -> None:
    assert read(1, write(event(severity=9)).body).severity == 1


def test_instants_are_kept_to_the_microsecond_in_any_zone() -> None:
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    assert write(event(at=beijing)).body == write(event()).body
    assert write(event(at=AT.replace(tzinfo=None))).body == write(event()).body
    assert from_microseconds(microseconds(AT)) == AT
    assert from_microseconds(2**62).year == 9999
    assert from_microseconds(-(2**62)).year == 1


def test_a_standing_alarm_is_its_whole_state_and_normal_ends_it() -> None:
    content = {"alarm": "a", "state": "unacknowledged", "alarm_state": {"b": 1, "a": 2}}
    assert write(event(kind="alarm.raised", content=content)).standing == ("a", b'{"a":2,"b":1}')
    assert write(event(kind="alarm.reset", content=content | {"state": "normal"})).standing == ("a", None)
    assert write(event(kind="alarm.acknowledged", content=content | {"state": "normal", "open": True})).standing == (
        "a",
        b'{"a":2,"b":1}',
    ), "a case is kept until it is closed"
    once = content | {"alarm_state": {"occurrence": "0123456789ab-7"}}
    assert write(event(kind="alarm.raised", content=once)).standing[0] == "0123456789ab-7"
    assert write(event(kind="output.told", content=content)).standing is None
    assert write(event(kind="alarm.raised", content={"alarm": "a"})).standing is None


@given(st.binary(max_size=60))
def test_any_bytes_can_be_read(body: bytes) -> None:
    found = read(5, body)
    assert found.kind == "journal.damaged"
    assert found.number == 5
    columns(found)
