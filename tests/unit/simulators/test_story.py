"""A story's line is printed only when it is true; otherwise it says what was seen and ends."""

import asyncio
import io
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from simulators.ear import Ear, Heard
from simulators.screen import Screen, Words
from simulators.story import Story, UntoldError
from simulators.story_end import choose

ROOT = "gatehouse/v1/x/property"


class World:
    """Stands in for the simulators: a diary that is written by hand."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.open = False

    async def state(self) -> dict[str, Any]:
        door = {"open": self.open, "unlocked": self.open}
        return {"number": len(self.lines), "doors": {"north": door}, "lanes": {}}

    async def do(self, verb: str, **keys: object) -> dict[str, Any]:
        return {"at": asyncio.get_running_loop().time()}

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        return self.lines[after:]

    async def happened(self, subject: str, what: str, after: int, limit: float) -> dict[str, Any]:
        for line in self.lines[after:]:
            if (line["subject"], line["what"]) == (subject, what):
                return line
        await asyncio.sleep(limit)
        raise TimeoutError

    async def until(self, wanted, limit: float) -> dict[str, Any]:
        if wanted(state := await self.state()):
            return state
        raise TimeoutError

    def note(self, subject: str, what: str, at: float) -> None:
        self.lines.append({"number": len(self.lines) + 1, "subject": subject, "what": what, "at": at})


class Copy:
    zone = ZoneInfo("Asia/Shanghai")

    def section(self, name: str) -> dict[str, Any]:
        return {"north": {"title": "北门"}} if name == "doors" else {}


class FakeStage:
    def __init__(self) -> None:
        self.copy, self.control = Copy(), World()
        self.ears = {"property": Ear("property", ROOT)}
        self.answer = (0, "")

    async def command(self, *words: str) -> tuple[int, str]:
        return self.answer


@pytest.fixture
def stage() -> FakeStage:
    return FakeStage()


@pytest.fixture
def screen() -> Screen:
    return Screen("both", Console(file=io.StringIO(), width=100))


def printed(screen: Screen) -> str:
    return screen.console.file.getvalue()


def send(ear: Ear, kind: str, number: int = 1, **data: object) -> None:
    text = {"zh": f"北门：{kind} 的话", "en": f"北门: words of {kind}"}
    event = {"id": f"boot-{number}", "type": f"gatehouse.{kind}", "time": "2026-11-21T06:00:00Z",
             "subject": "doors.north", "data": {"place": "北门", "text": text, **data}}  # fmt: skip
    ear._take(f"{ROOT}/events/{kind.replace('.', '/')}", json.dumps(event).encode(), asyncio.get_running_loop().time())


async def test_an_event_is_printed_in_its_own_words_and_the_estates_time(stage: FakeStage, screen: Screen) -> None:
    story = Story(stage, screen)
    await story.act("doors.north", Words("刷卡", "a card"), "swipe")
    send(stage.ears["property"], "access.granted", person="李")
    await story.hears("access.granted", "doors.north", person="李")
    assert "14:00:00 ✔ 北门" in printed(screen)
    assert "access.granted 的话" in printed(screen)
    assert screen.checked == 1


async def test_an_event_that_does_not_come_is_a_cross_with_what_came_instead(stage: FakeStage, screen: Screen) -> None:
    story = Story(stage, screen)
    await story.act("doors.north", Words("刷卡", "a card"), "swipe")
    send(stage.ears["property"], "access.denied")
    stage.control.note("doors.north", "pushed in vain", 1.0)
    with pytest.raises(UntoldError):
        await story.hears("access.granted", "doors.north", within=0.01)
    assert "✘" in printed(screen)
    assert "access.denied doors.north" in printed(screen)
    assert "pushed in vain" in printed(screen)
    assert screen.checked == 0


async def test_what_came_before_the_act_does_not_count(stage: FakeStage, screen: Screen) -> None:
    story = Story(stage, screen)
    send(stage.ears["property"], "access.granted")
    stage.control.note("doors.north", "unlocked", 1.0)
    await story.act("doors.north", Words("刷卡", "a card"), "swipe")
    with pytest.raises(UntoldError):
        await story.hears("access.granted", "doors.north", within=0.01)
    with pytest.raises(UntoldError):
        await story.happens("doors.north", "unlocked", Words("开", "opens"), within=0.01)


async def test_a_body_is_timed_by_its_own_diary(stage: FakeStage, screen: Screen) -> None:
    story = Story(stage, screen)
    await story.act("doors.north", Words("火", "fire"), "fire")
    stage.control.note("doors.north", "unlocked", story._at + 0.123)
    assert await story.happens("doors.north", "unlocked", Words("开", "opens")) == pytest.approx(0.123)
    assert "+123 ms" in printed(screen)


async def test_something_that_does_not_stay_is_a_cross(stage: FakeStage, screen: Screen) -> None:
    story = Story(stage, screen)
    with pytest.raises(UntoldError):
        await story.stays("doors.north", Words("开着", "open"), lambda state: state["doors"]["north"]["open"], 5)
    assert "✘" in printed(screen)


OUTCOMES = [
    (0, False, True),
    (1, True, True),
    (1, False, False),
    (0, True, False),
    (2, True, False),
    (3, True, False),
]


@pytest.mark.parametrize(("status", "refused", "right"), OUTCOMES)
async def test_a_command_must_be_obeyed_or_refused_as_the_story_says(
    stage: FakeStage, screen: Screen, status: int, refused: bool, right: bool
) -> None:
    """A usage error (2) or a daemon that is away (3) is no refusal."""
    stage.answer = (status, "said this")
    story = Story(stage, screen)
    if right:
        await story.types("李四", "alarm", "ack", "x", refused=refused)
    else:
        with pytest.raises(UntoldError):
            await story.types("李四", "alarm", "ack", "x", refused=refused)
        assert "said this" in printed(screen)
    assert "李四" in story.named


async def test_a_repeat_is_counted_and_not_heard_twice() -> None:
    ear = Ear("property", ROOT)
    send(ear, "access.granted")
    send(ear, "access.granted")
    assert (len(ear.heard), len(ear.repeats)) == (1, 1)


def heard(kind: str, number: int) -> Heard:
    return Heard({"id": f"a-{number}", "type": f"gatehouse.{kind}", "data": {}}, b"", "", 0.0, 0)


def test_the_most_telling_shared_event_is_compared() -> None:
    police = [heard("alarm.raised", 1), heard("access.denied", 3)]
    property_ = [heard("alarm.raised", 1), heard("access.granted", 2), heard("access.denied", 3)]
    left, right = choose(police, property_)
    assert left.event["id"] == right.event["id"] == "a-3"
    assert choose(police, []) is None


@pytest.mark.parametrize(("language", "shows", "hides"), [("zh", "门开了", "the door"), ("en", "the door", "门开了")])
def test_one_language_may_be_enough(language, shows: str, hides: str) -> None:
    screen = Screen(language, Console(file=io.StringIO(), width=100))
    screen.note(Words("门开了", "the door opens"))
    assert shows in printed(screen)
    assert hides not in printed(screen)


@pytest.mark.parametrize("columns", [40, 80, 90, 300])
def test_the_screen_is_used_between_80_and_100_columns(columns: int) -> None:
    screen = Screen("both", Console(file=io.StringIO(), width=columns))
    screen.bars(Words("时间", "times"), {"门 doors.north": 0.05, "车道 lanes.in": 0.4}, 0.3)
    screen.heading(1, Words("一二三" * 20, "one two three " * 20))
    widest = max(map(_cells, printed(screen).splitlines()))
    assert widest <= max(80, min(100, columns))
    assert "✘" in printed(screen)


def _cells(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)
