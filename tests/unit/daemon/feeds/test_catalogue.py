"""What may be told to whom, and in which words."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.feeds.catalogue import EVENTS, PERSONAL, describe, published, see, title
from daemon.feeds.texts import ALARMS, KINDS, REFUSALS
from gatehouse.events import Event

ROOT = Path(__file__).parents[4]
TITLES = {"doors.north": "北门", "zones.b12": "12栋", "lanes.in": "车道A", "devices.io1": "板1"}
SEEN = {"b12.rms1": {"value": 512.5, "quality": "good", "age": 0.2}, "threshold": 0.5}


def event(kind: str, subject: str, content: dict[str, Any] | None = None, **more: Any) -> Event:
    at = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    return Event(id="0123456789ab-7", at=at, kind=kind, subject=subject, content=content or {}, **more)


def alarm(kind: str, **more: Any) -> dict[str, Any]:
    return {"alarm": "zones.b12.fire", "alarm_kind": kind, "state": "unacknowledged", "count": 1} | more


@pytest.mark.parametrize(
    ("told", "tier", "zh", "en"),
    [
        (event("daemon.armed", "daemon"), 0, "系统就绪，开始联动", "gatehouse armed"),
        (event("alarm.raised", "zones.b12", alarm("fire")), 1, "12栋：火警", "12栋: fire"),
        (event("alarm.raised", "zones.b12", alarm("fire", count=3)), 1, "12栋：火警（第3次）", "12栋: fire (time 3)"),
        (
            event("alarm.raised", "zones.b12", alarm("leakage_alarm", evidence=SEEN)), 2,
            "12栋：剩余电流报警（b12.rms1 512.5）", "12栋: residual current alarm (b12.rms1 512.5)",
        ),
        (
            event("alarm.raised", "zones.b12", alarm("sos", evidence={"where": "1单元电梯"})), 2,
            "12栋：求助（1单元电梯）", "12栋: call for help (1单元电梯)",
        ),
        (
            event("alarm.raised", "zones.b12", alarm("sos", evidence={"where": "301 王奶奶"})), 1,
            "12栋：求助", "12栋: call for help",
        ),
        (
            event("alarm.raised", "zones.b12", alarm("trend_rising", evidence={
                "b12.rms1": {"value": 0.21}, "forecast": "reaches 0.3 A in about 5 days"})), 2,
            "12栋：趋势预警（b12.rms1 0.21, 约 5 天后达到 0.3 A）",
            "12栋: rising trend (b12.rms1 0.21, reaches 0.3 A in about 5 days)",
        ),
        (
            event("alarm.reset", "zones.b12", alarm("fire", by="李四")), 2,
            "12栋：火警 已由 李四 复位", "12栋: fire reset by 李四",
        ),
        (event("alarm.reset", "zones.b12", alarm("fire", by="李四")), 1, "12栋：火警 已复位", "12栋: fire reset"),
        (
            event("access.denied", "doors.north", {"card": "0012", "person": "", "reason": "unknown"}), 2,
            "北门：卡 0012 被拒，未登记的卡", "北门: card 0012 refused, unknown card",
        ),
        (
            event("access.denied", "doors.north", {"card": "0012", "person": "李四", "reason": "expired"}), 1,
            "北门：刷卡被拒，已过期", "北门: card refused, expired",
        ),
        (
            event("output.told", "lanes.in", {"value": "open", "priority": 2, "reason": "fire", "issuer": "x"}), 3,
            "车道A：抬杆（生命安全联动，火警）", "车道A: boom up (life safety, fire)",
        ),
        (
            event("operator.command", "doors.north", {"command": "open", "reason": "送奶", "by": "王五"}), 2,
            "北门：王五 操作“开锁”，送奶", "北门: 王五 ordered unlocked, 送奶",
        ),
        (event("device.offline", "devices.io1", {"why": "x"}), 0, "板1：设备失联", "板1: device offline"),
        (event("alarm.raised", "zones.b12", alarm("of_a_plug_in")), 1, "12栋：报警", "12栋: alarm"),
        (event("output.told", "outputs.siren", {"value": True}), 3, "siren：打开", "siren: on"),
    ],
)  # fmt: skip
def test_sentences_say_what_the_tier_may_know(told: Event, tier: int, zh: str, en: str) -> None:
    """Plain words, in both languages, out of the fields that this reader sees."""
    assert (describe(told, TITLES, tier), describe(told, TITLES, tier, "en")) == (zh, en)


def test_every_kind_has_words_and_every_sentence_a_kind() -> None:
    """The table of kinds and the table of sentences name the same kinds; the last sentence needs no word."""
    assert EVENTS.keys() == KINDS.keys()
    assert not [kind for kind, texts in KINDS.items() if "{" in texts[-1].zh + texts[-1].en]
    for texts in KINDS.values():
        for text in texts:
            assert set(re.findall(r"{\w+}", text.zh)) == set(re.findall(r"{\w+}", text.en))


def test_every_kind_that_rules_write_is_in_the_table() -> None:
    """`kind="…"` in a rule is a kind of alarm or event that has words."""
    written = set()
    for file in (ROOT / "rules").glob("[a-z]*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "kind":
                written |= {leaf.value for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant)}
    written = {word for word in written if re.fullmatch(r"[a-z]+([_.][a-z]+)+|fire", str(word))}
    assert len(written) >= 5, "the search finds nothing any more"
    assert written <= ALARMS.keys() | EVENTS.keys()


@pytest.mark.parametrize("kind", ["patrol.late", "alarm.raised.secret", "Alarm.Raised", "alarm raised", "", "a/+/#"])
def test_an_unlisted_kind_stays_below_no_tier_and_has_no_content(kind: str) -> None:
    """Not below tier 3, and there without content; never where it makes no topic."""
    assert not any(published(kind, tier) for tier in range(3))
    assert published(kind, 3) == bool(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", kind))
    assert see(event(kind, "doors.north", {"person": "李四"}), TITLES, 3).content == {}


@pytest.mark.parametrize(
    ("kind", "tiers"),
    [("daemon.started", "0123"), ("device.offline", "0123"), ("alarm.raised", "123"), ("access.denied", "123"),
     ("access.granted", "23"), ("output.told", "23"), ("operator.command", "23")],
)  # fmt: skip
def test_the_least_tier_of_a_kind(kind: str, tiers: str) -> None:
    """Health for all, the life of alarms from 1, who goes where from 2."""
    assert [tier for tier in range(4) if published(kind, tier)] == [int(tier) for tier in tiers]


def test_a_field_that_is_not_listed_is_seen_by_nobody() -> None:
    """The whole alarm travels in the event for the journal's own use; no subscriber sees it."""
    told = event("alarm.raised", "zones.b12", alarm("fire") | {"alarm_state": {"by": "李四"}, "flat": "1701"})
    assert [sorted(see(told, TITLES, tier).content) for tier in (1, 3)] == [
        ["alarm", "alarm_kind", "count", "state"]
    ] * 2


@pytest.mark.parametrize(
    ("actor", "below", "above"),
    [
        ("person:李四", "person", "person:李四"),
        ("rule:doors.north.access", "rule:doors.north.access", "rule:doors.north.access"),
        ("rule:李四", "rule", "rule:李四"),
        ("rule:b12-2-leakage", "rule:b12-2-leakage", "rule:b12-2-leakage"),
        ("rule:sos-12-1-1701", "rule", "rule:sos-12-1-1701"),
        ("rule:c0012345678", "rule", "rule:c0012345678"),
        ("李四", "", "李四"),
        ("", "", ""),
    ],
)
def test_actors_lose_their_names_below_the_personal_tier(actor: str, below: str, above: str) -> None:
    """A person is `person`; a rule keeps a name that can come from a site file."""
    told = event("alarm.raised", "zones.b12", actor=actor)
    assert [see(told, TITLES, tier).actor for tier in range(4)] == [below, below, above, above]


@pytest.mark.parametrize(
    ("subject", "named"),
    [("doors.north", True), ("feeds.police", True), ("journal", True), ("doors.unlisted", False),
     ("flats.r1701", False), ("persons.lisi", False), ("doors.12-1-1701", False), ("", False)],
)  # fmt: skip
def test_below_the_personal_tier_only_places_of_the_site_file_are_named(subject: str, named: bool) -> None:
    """A subject that no title knows, a flat for one, is not told to tiers 0 and 1."""
    told = event("alarm.raised", subject)
    assert [see(told, TITLES, tier).subject for tier in (0, 1)] == [subject if named else ""] * 2
    assert see(told, TITLES, 2).subject == subject


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(sorted({name for kind in EVENTS.values() for name in kind.fields} | {"other"}))


@given(
    st.sampled_from([*EVENTS, "unheard.of"]), st.text(max_size=20), st.dictionaries(names, anything), st.integers(0, 3)
)
def test_whatever_an_event_holds_there_is_a_sentence(
    kind: str, subject: str, content: dict[str, Any], tier: int
) -> None:
    """Odd content is no reason to fall silent."""
    told = event(kind, subject, content)
    for language in ("zh", "en"):
        assert describe(told, TITLES, tier, language)


def test_titles_for_tables() -> None:
    """Kinds of events and alarms have names; an unknown word stands for itself."""
    assert [title("fire"), title("alarm.raised"), title("fire", "en"), title("strange")] == [
        "火警",
        "报警",
        "fire",
        "strange",
    ]
    assert PERSONAL == 2
    assert len(REFUSALS) >= 4
