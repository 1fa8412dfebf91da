"""How the story ends: what each subscriber got to know, whether it may know it, and whether the journal is whole."""

import json
from collections.abc import Mapping
from typing import Any

from simulators.ear import Ear, Heard
from simulators.screen import Screen, Words, clock
from simulators.stage import Stage
from simulators.story import TELLER, Story

OUTSIDER = "police"
"""The subscriber that may not know of people."""
_SETTLED = 3.0
"""Seconds until both subscribers have the last event of the story."""
_PREFERRED = ("access.denied", "alarm.acknowledged", "alarm.raised")
_FIELDS = (
    ("id", Words("编号", "id")),
    ("subject", Words("对象", "subject")),
    ("text", Words("内容", "text")),
    ("reason", Words("原因", "reason")),
    ("state", Words("状态", "state")),
    ("card", Words("卡号", "card")),
    ("by", Words("何人", "by")),
    ("evidence", Words("依据", "evidence")),
)


async def tell_end(stage: Stage, story: Story, screen: Screen) -> None:
    """Print and check it all. UntoldError when something is not as it should be."""
    ears = stage.ears
    if OUTSIDER in ears:
        await _settle(ears[TELLER], ears[OUTSIDER])
        _compare(ears[OUTSIDER], ears[TELLER], stage, screen)
        _check_privacy(ears[OUTSIDER], stage, story, screen)
    for ear in ears.values():
        _check_order(ear, stage, story, screen)
    await _verify(stage, story, screen)


async def _settle(teller: Ear, outsider: Ear) -> None:
    """Let the slower one of the two catch up with the last alarm."""
    alarms = [each.event["id"] for each in teller.heard if each.kind.startswith("alarm.")]
    if alarms:
        await outsider.until(lambda heard: heard.event["id"] == alarms[-1], 0, _SETTLED)


def choose(outsider: list[Heard], teller: list[Heard]) -> tuple[Heard, Heard] | None:
    """The same event as two subscribers have it, the more telling kind first; None when they share none."""
    by_id = {each.event["id"]: each for each in outsider}
    shared = [(by_id[each.event["id"]], each) for each in teller if each.event["id"] in by_id]
    for kind in _PREFERRED:
        for pair in shared:
            if pair[1].kind == kind:
                return pair
    return None


def _compare(outsider: Ear, teller: Ear, stage: Stage, screen: Screen) -> None:
    pair = choose(outsider.heard, teller.heard)
    heads = [_head(ear, stage.copy.section("subscribers")[ear.name]) for ear in (outsider, teller)]
    if pair is not None:
        words = Words("同一事件，两个订阅者所见", "the same event, as two subscribers see it")
        screen.compare(words, heads, _rows(*pair, "en" if screen.language == "en" else "zh"))


def _head(ear: Ear, subscriber: Mapping[str, Any]) -> Words:
    title, tier, many = subscriber.get("title", ear.name), subscriber["tier"], len(ear.heard)
    return Words(f"{title}（{tier} 级）共 {many} 条", f"{ear.name} (tier {tier}), {many} events")


def _rows(left: Heard, right: Heard, language: str) -> list[tuple[Words, str, str]]:
    def shown(heard: Heard, key: str) -> str:
        flat: Mapping[str, Any] = {**heard.event, **heard.data, "text": heard.data["text"][language]}
        value = flat.get(key, "")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    rows = [(words, shown(left, key), shown(right, key)) for key, words in _FIELDS]
    return [(words, one or "—", other or "—") for words, one, other in rows if one or other]


def _check_privacy(ear: Ear, stage: Stage, story: Story, screen: Screen) -> None:
    """No name and no card number in any byte that this subscriber got."""
    people = stage.copy.people()
    secret = {person["name"] for person in people} | {person["number"] for person in people} | story.named
    secret |= {str(heard.data["card"]) for heard in story.ear.heard if heard.data.get("card")}
    leaks = [word for word in sorted(secret) if any(word in heard.raw.decode() for heard in ear.heard)]
    title = story.place(f"subscribers.{ear.name}")
    if leaks:
        story.fail(title, Words("含有姓名或卡号", "names or card numbers got out"), leaks)
    screen.saw(
        clock(stage.copy.zone),
        title,
        Words(f"收到 {len(ear.heard)} 条，其中没有姓名、没有卡号", f"{len(ear.heard)} events, no name, no card number"),
    )


def _check_order(ear: Ear, stage: Stage, story: Story, screen: Screen) -> None:
    numbers = [int(heard.event["sequence"]) for heard in ear.heard if "sequence" in heard.event]
    title = story.place(f"subscribers.{ear.name}")
    if numbers != sorted(set(numbers)) or len(numbers) != len(ear.heard):
        story.fail(title, Words("事件次序不对", "events out of order"), [str(numbers)])
    words = Words(f"{len(numbers)} 条事件按日志编号依次送达", f"{len(numbers)} events, in the journal's order")
    screen.saw(clock(stage.copy.zone), title, words)


async def _verify(stage: Stage, story: Story, screen: Screen) -> None:
    """The journal's chain, checked by the same command that an auditor types."""
    screen.command(clock(stage.copy.zone), "", "gatehouse journal verify")
    status, said = await stage.command("journal", "verify")
    if status != 0:
        story.fail("", Words("日志不完整", "the journal is not whole"), [said])
    screen.saw(
        clock(stage.copy.zone),
        "",
        Words("日志完整，一行不缺、一字未改", "the journal is whole: nothing missing or changed"),
    )
    for line in said.splitlines():
        screen.lines(f"           {line}")
