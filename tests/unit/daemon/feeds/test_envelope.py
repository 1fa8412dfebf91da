"""Every message as the subscriber gets it: held to the AsyncAPI document, and searched for what must not be in it."""

import json
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from ruamel.yaml import YAML

from daemon.feeds.catalogue import EVENTS, published
from daemon.feeds.envelope import LARGEST, Topics, event_message, state_message, state_view, status_message
from daemon.feeds.refill_words import WHY
from daemon.feeds.texts import ALARMS, REFUSALS
from daemon.patrol.wordings import WHY as PATROL
from gatehouse.alarms import AlarmState
from gatehouse.events import Event

DOCUMENT = YAML(typ="safe").load(Path(__file__).parents[4] / "docs" / "asyncapi.yaml")
REGISTRY = Registry().with_resource("urn:asyncapi", Resource(contents=DOCUMENT, specification=DRAFT7))
AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
SOURCE = "/gatehouse/v1/lvdinan"
TITLES = {
    "doors.north": "北门",
    "zones.b12": "12栋",
    "lanes.in": "车道A",
    "devices.io1": "输入输出板1",
    "lines.gate": "门岗",
}

CONTENTS: dict[str, dict[str, Any]] = {
    "access": {"card": "0012345678", "person": "李四", "reason": "expired", "door": "doors.north"},
    "output": {"value": "open", "priority": 2, "issuer": "doors.north.access", "reason": "card", "by": "王五"},
    "demand": {"command": "relay1 True", "reason": "its time was over before the line was free"},
    "operator": {"command": "open", "reason": "送奶", "by": "王五"},
    "command": {"command": "open", "reason": "送奶", "by": "王五"},
    "alarm": {
        "alarm": "zones.b12.fire", "alarm_kind": "fire", "state": "unacknowledged", "count": 2, "by": "王五",
        "occurrence": "0123456789ab-7", "incident": "0123456789ab-3", "open": True, "chattering": True,
        "verdict": "false", "false_cause": "cooking", "assigned_to": "李四", "note": "锅烧干", "reason": "cooking",
        "until": "2026-11-21T07:30:00+00:00",
        "evidence": {"io1.input8": {"value": True, "quality": "good", "age": 0.1}, "tripped": ["io1.input8"]},
        "alarm_state": {"condition": {"alarm": "zones.b12.fire"}},
    },
    "device": {"why": "no answer for 3 s"},
    "line": {"why": "the port is gone"},
    "feed": {"subscriber": "police", "why": "connection refused"},
    "rollcall": {"subscriber": "centre", "minutes": 10, "seconds": 42, "by": "王五 (root)", "what": ""},
    "centre": {"subscriber": "centre", "minutes": 0, "seconds": 42, "by": "", "what": "initialise"},
    "journal": {"number": 7, "why": "line 7 was changed", "faults": 1, "count": 3, "first": "a", "last": "b",
                "severities": {"1": 0}, "file": "journal.db.damaged", "after": 6, "kept": 2,
                "day": "2026-11-21", "hash": "0" * 64, "rule": "days", "days": 180, "bytes": 8, "used": 98.2, "free": 9,
                "classes": {"access": 3}, "first_line": 1, "last_line": 5, "oldest": "2026-05-01T00:00:00Z",
                "newest": "2026-05-02T00:00:00Z", "runs": 2, "proof": "1" * 64, "unsent": {"police": 1},
                "by": "王五", "reason": "派出所调取", "since": "2026-11-01", "until": "", "kinds": "alarm.*", "tier": 2,
                "format": "xlsx", "lines": 12},
    "daemon": {"boot": "0123456789ab", "seconds": 1.2, "missing": ["io1.input8"]},
    "schedule": {"value": True, "reason": "schedule"},
    "ladder": {"alarm": "zones.b12.fire", "alarm_kind": "fire", "occurrence": "0123456789ab-7", "ladder": "火警",
               "step": 2, "early": True, "late": 12.5, "by": "王五 (root)", "why": "answered", "answered": ["王五"]},
    "message": {"alarm": "zones.b12.fire", "alarm_kind": "fire", "occurrence": "0123456789ab-7", "step": 1,
                "ring": 1, "person": "李四", "channel": "sms", "key": "0123456789ab-7.1/0/1/li/sms",
                "why": "no signal", "late": 12.5,
                "instead": "failed", "test": True, "by": "王五 (root)"},
    "patrol": {"person": "李四", "guard": "li", "command": "take", "id": "12345678",
               "alarm": "zones.b12.fire", "alarm_kind": "fire", "occurrence": "0123456789ab-7",
               "off_shift": True, "why": "no", "unwritten": 3},
    "walk": {"test": "0123456789ab-1", "by": "王五", "reason": "季度测试", "until": "2026-11-21T07:30:00+00:00",
             "minutes": 30, "why": "time", "heads": {"io1.input8": "一楼"}, "head": "io1.input8",
             "where": "一楼", "count": 2, "missing": 1,
             "walked": 1, "tripped": ["io1.input8"]},
    "config": {"by": "王五 (root)", "changes": ["~ devices.io1: unit 1 → 2"], "why": "io1.input8: no answer"},
}  # fmt: skip
CONTENTS["drill"] = {
    **CONTENTS["command"], **CONTENTS["message"], **CONTENTS["ladder"], **CONTENTS["output"], **CONTENTS["alarm"],
    "drill": "0123456789ab-1", "minutes": 30, "why": "real", "outputs": ["doors.north"], "output": "doors.north",
    "proof": "relay", "point": "io1.relay1", "played": "fire",
}  # fmt: skip
SUBJECTS = {"access": "doors.north", "output": "lanes.in", "device": "devices.io1", "line": "lines.gate",
            "feed": "feeds.police", "rollcall": "feeds.police", "centre": "feeds.police", "journal": "journal",
            "daemon": "daemon", "config": "config"}  # fmt: skip


def example(kind: str) -> Event:
    """An event of this kind with every field that one can have."""
    family = kind.partition(".")[0]
    return Event(
        id="0123456789ab-42", at=AT, kind=kind, subject=SUBJECTS.get(family, "zones.b12"), actor="person:王五",
        cause="0123456789ab-41", severity=1 if family == "alarm" else 0, content=CONTENTS[family], number=42,
    )  # fmt: skip


def message_named(name: str) -> Draft7Validator:
    where = f"urn:asyncapi#/components/messages/{name}/payload"
    return Draft7Validator({"$ref": where}, registry=REGISTRY)


def of_kind(kind: str) -> str:
    first, _, second = kind.partition(".")
    return first + second.title()


def send(event: Event, tier: int, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(event_message(event, TITLES, tier, SOURCE, **more))
    return body


published_kinds = [(kind, tier) for kind in EVENTS for tier in range(4) if published(kind, tier)]


@pytest.mark.parametrize(("kind", "tier"), published_kinds)
def test_every_event_is_as_the_document_says(kind: str, tier: int) -> None:
    """Each kind at each tier, journaled or not: the channel is there, the payload fits."""
    channel = DOCUMENT["channels"][of_kind(kind)]["address"]
    assert channel.format(site="lvdinan", subscriber="police") == Topics("lvdinan", "police").event(kind)
    for more in ({}, {"unjournaled": True}, {"largest": 10}, {"ahead": True}, {"refill": "r-1"}):
        message_named(of_kind(kind)).validate(send(example(kind), tier, **more))


@pytest.mark.parametrize(("kind", "tier"), published_kinds)
def test_the_cloudevents_sdk_reads_every_event(kind: str, tier: int) -> None:
    """Its own reader finds a valid CloudEvent 1.0 with our id, kind, time and number."""
    event = example(kind)
    read = JSONFormat().read(None, event_message(event, TITLES, tier, SOURCE))
    assert (read.get_id(), read.get_type(), read.get_source()) == (event.id, f"gatehouse.{kind}", SOURCE)
    assert (read.get_time(), read.get_specversion()) == (AT, "1.0")
    assert int(read.get_extension("sequence")) == 42
    data = read.get_data()
    assert isinstance(data, dict)
    assert data["text"]["zh"]


@pytest.mark.parametrize("kind", EVENTS)
def test_the_document_and_the_table_agree_on_tiers(kind: str) -> None:
    """`x-least-tier` of every message and field is the table's; no field is in one of them only."""
    message = DOCUMENT["components"]["messages"][of_kind(kind)]
    assert message["x-least-tier"] == EVENTS[kind].tier
    family = message["payload"]["allOf"][1]["properties"]["data"]["$ref"].rpartition("/")[2]
    documented = DOCUMENT["components"]["schemas"][family]["properties"]
    tiers = {name: schema["x-least-tier"] for name, schema in documented.items() if "x-least-tier" in schema}
    listed = {name: field.tier for name, field in EVENTS[kind].fields.items()}
    assert listed == tiers
    assert send(example(kind), 3)["data"].keys() <= documented.keys()


def test_the_document_has_no_channel_that_is_never_used() -> None:
    """Kinds, state, status and refill; and the closed lists of words are those of the program."""
    others = {"state", "status", "refill", "refillReply", "refillEvents"}
    others |= {f"phone{name}" for name in ("Cards", "State", "Commands", "Replies", "Status")}
    assert DOCUMENT["channels"].keys() == {of_kind(kind) for kind in EVENTS} | others
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["AlarmKind"]["enum"] == list(ALARMS)
    assert schemas["AlarmState"]["enum"] == list(AlarmState)
    assert schemas["Access"]["properties"]["reason"]["enum"] == ["", *REFUSALS]
    assert schemas["RefillReply"]["properties"]["why"]["enum"] == list(WHY)
    assert schemas["PhoneReply"]["properties"]["why"]["enum"] == list(PATROL)


def test_an_unjournaled_event_says_so_and_has_no_number() -> None:
    """It comes again later, with the same id and a number."""
    first, again = send(example("alarm.raised"), 1, unjournaled=True), send(example("alarm.raised"), 1)
    assert (first["unjournaled"], "sequence" in first) == (True, False)
    assert ("unjournaled" in again, again["sequence"]) == (False, "00000000000000000042")
    assert first["id"] == again["id"]


@pytest.mark.parametrize("evidence", [{"x": "y" * LARGEST}, {"\ud800": 1}])
def test_what_is_too_large_or_no_json_goes_out_without_its_free_content(evidence: dict[str, Any]) -> None:
    """An alarm with evidence that cannot be sent is still an alarm; the feed does not stop before it."""
    content = CONTENTS["alarm"] | {"evidence": evidence}
    event = Event(id="0123456789ab-1", at=AT, kind="alarm.raised", subject="zones.b12", content=content, number=1)
    body = send(event, 2)
    message_named("alarmRaised").validate(body)
    assert body["data"]["abridged"]
    assert body["data"]["alarm_kind"] == "fire"
    assert "evidence" not in body["data"]


def test_a_deep_content_does_not_stop_the_feed() -> None:
    """Nesting beyond all reason is cut off as well."""
    evidence: dict[str, Any] = {}
    for _ in range(100_000):
        evidence = {"x": evidence}
    event = Event(id="0123456789ab-1", at=AT, kind="alarm.raised", subject="zones.b12", content={"evidence": evidence})
    assert send(event, 3)["data"]["abridged"]
    while evidence:  # taken apart by hand: so deep a thing overflows the stack when it is freed at once
        evidence = evidence["x"]


# Nothing of a person below tier 2

SENTINELS = ["张三丰", "李四", "粤B12345", "0012345678", "12栋1701室", "12-1-1701", "Zhang San", "440301199001011234"]
sentinel = st.sampled_from(SENTINELS)
tainted = st.builds(str.__add__, st.text(string.ascii_letters + string.punctuation, max_size=3), sentinel) | sentinel
nested = st.recursive(
    tainted | sentinel.filter(str.isdigit).map(int),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(tainted | st.just("value"), inner, min_size=1)
    ),
    max_leaves=6,
)
all_fields = sorted(
    {name for kind in EVENTS.values() for name in kind.fields} | {"alarm_state", "flat", "plate", "note"}
)
contents = st.dictionaries(st.sampled_from(all_fields) | tainted, nested, max_size=8)


def assert_clean(message: bytes, topic: str) -> None:
    everything = message.decode() + json.dumps(json.loads(message), ensure_ascii=False) + topic
    assert not [word for word in SENTINELS if word in everything]


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(list(EVENTS)),
    subject=st.sampled_from([*TITLES, "journal"]) | tainted | st.builds("{}.{}".format, st.just("doors"), tainted),
    actor=tainted | st.builds("{}:{}".format, st.sampled_from(["person", "rule", "daemon", "card"]), tainted),
    cause=tainted | st.just("0123456789ab-41"),
    severity=st.integers(0, 4) | st.just(440301199001011234),
    content=contents,
    tier=st.integers(0, 1),
)
def test_no_name_card_plate_or_flat_below_tier_2(
    kind: str, subject: str, actor: str, cause: str, severity: int, content: dict[str, Any], tier: int
) -> None:
    """Whatever stands in whichever field, at whatever depth: messages and topics of tiers 0 and 1 do not hold it."""
    event = Event(
        id="0123456789ab-42", at=AT, kind=kind, subject=subject, actor=actor, cause=cause, severity=severity,
        content=content, number=42,
    )  # fmt: skip
    for more in ({}, {"unjournaled": True}, {"largest": 10}, {"ahead": True}, {"refill": "r-1"}):
        message = event_message(event, TITLES, tier, SOURCE, **more)
        assert_clean(message, Topics("lvdinan", "police").event(kind))


def test_the_search_would_find_them() -> None:
    """The same events at tier 2 do hold them, so the test above looks in the right place."""
    message = event_message(example("access.granted"), TITLES, 2, SOURCE)
    with pytest.raises(AssertionError):
        assert_clean(message, "")


said_of_an_alarm = ["id", "kind", "subject", "place", "state", "raised", "count", "acknowledged_by", "severity", "note"]
alarm_states = st.fixed_dictionaries({}, optional=dict.fromkeys(said_of_an_alarm, nested))
states = st.fixed_dictionaries(
    {},
    optional={
        "armed": nested | st.booleans(),
        "journal": nested,
        "devices": st.dictionaries(tainted | st.just("io1"), st.booleans() | nested) | nested,
        "lines": nested,
        "alarms": st.lists(alarm_states | nested, max_size=3) | nested,
        "outputs": st.dictionaries(tainted, nested),
        "person": nested,
    },
)


@settings(max_examples=100, deadline=None)
@given(state=states, tier=st.integers(0, 1))
def test_the_retained_state_holds_no_person_below_tier_2(state: Mapping[str, object], tier: int) -> None:
    """And it is as the document says, whatever the daemon gave us."""
    view = state_view(state, TITLES, tier)
    message = state_message(view, AT, 42, "ab" * 32)
    assert_clean(message, Topics("lvdinan", "police").state)
    message_named("state").validate(json.loads(message))


STATE = {
    "armed": True,
    "journal": True,
    "devices": {"io1": True, "unlisted": False},
    "lines": {"gate": False},
    "alarms": [
        {
            "id": "zones.b12.fire", "severity": 1, "kind": "fire", "subject": "zones.b12", "place": "12栋",
            "state": "acknowledged", "raised": "2026-11-21T06:30:00+00:00", "count": 2, "acknowledged_by": "李四",
        },
        {"id": "devices.io1.silent", "severity": 4, "kind": "device_silent", "subject": "devices.io1",
         "state": "unacknowledged", "raised": "2026-11-21T06:30:00.123456+00:00"},
    ],
    "outputs": {"doors.north": "open", "outputs.siren": True, "lanes.in": None},
}  # fmt: skip


@pytest.mark.parametrize("tier", range(4))
def test_the_retained_state_by_tier(tier: int) -> None:
    """0: health and how many alarms stand; 1: which; 2: who has acknowledged them and what the outputs are told."""
    view = state_view(STATE, TITLES, tier)
    message_named("state").validate(json.loads(state_message(view, AT, 42, "ab" * 32)))
    assert view["armed"]
    assert view["lines"] == {"gate": False}
    assert view["devices"] == {"io1": True} | ({"unlisted": False} if tier >= 2 else {})
    assert view["standing"] == {"1": 1, "2": 0, "3": 0, "4": 1}
    assert ("alarms" in view, "outputs" in view) == (tier >= 1, tier >= 2)
    if tier >= 1:
        assert view["alarms"][0]["place"] == "12栋"
        assert ("by" in view["alarms"][0]) == (tier >= 2)


def test_status_and_last_will() -> None:
    """The will has no time, since the broker says it in our place."""
    for message in (status_message(True, AT), status_message(False, AT), status_message(False)):
        message_named("status").validate(json.loads(message))
    assert json.loads(status_message(False)) == {"status": "offline", "will": True}
