"""In which order phones are told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from daemon.feeds.carrier import Receipt
from daemon.patrol.link import Link
from gatehouse.alarms import Severity
from tests.unit.daemon.drills.ground import Ground


class Wire:
    """A connection that takes everything at once and remembers it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    async def publish(self, topic: str, body: bytes, *, retain: bool = False) -> asyncio.Future[Receipt]:
        self.said.append((topic.partition("/patrol/")[2], json.loads(body)))
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        answer.set_result(Receipt("accepted"))
        return answer


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def linked(ground: Ground) -> Link:
    link = Link(lambda: None, "small", ("li", "wang"), 3, ground.daemon.patrol, lambda *_: None, ground.clock)  # type: ignore[arg-type,return-value]
    ground.daemon.patrol.listen("phones", link.changed)
    return link


async def told(link: Link) -> list[tuple[str, Any]]:
    wire = Wire()
    while await link._tell(wire):  # type: ignore[arg-type]
        pass
    return wire.said


async def test_p1_then_answers_then_the_rest_then_what_is_played_then_states(ground: Ground) -> None:
    ground.exercises.drill("b12", 600, "演练", "李四")
    link = linked(ground)
    ground.desk.on_site("drills.b12", "王班长")
    ground.alarm("doors.east.forced", Severity.P2)
    link._replies.append(("li", b'{"id": "x"}'))
    ground.alarm("zones.b12.fire", Severity.P1)
    said = await told(link)
    assert [topic for topic, _ in said] == [
        "li/cards", "wang/cards", "li/replies", *["li/cards", "wang/cards"] * 2, "li/state", "wang/state",
    ]  # fmt: skip
    cards = [body["card"]["place"] for topic, body in said if topic == "wang/cards"]
    assert cards == ["12栋", "东门", "12栋"]
    events = [body["event"] for topic, body in said if topic == "wang/cards"]
    assert events == ["alarm.raised", "alarm.raised", "drill.alarm_closed"]


async def test_of_too_many_changes_the_least_are_left_to_the_state(ground: Ground) -> None:
    link = linked(ground)
    for number in range(600):
        ground.alarm(f"doors.d{number}.forced", Severity.P3)
    ground.alarm("zones.b12.fire", Severity.P1)
    assert len(link._changes) == 512
    said = await told(link)
    assert (said[0][1]["card"]["kind"], len(said)) == ("fire", 2 * 512 + 2)
    state = said[-1][1]
    assert (len(state["cards"]), state["cards"][0]["kind"]) == (40, "fire")
    assert state["more"] == len(ground.daemon.patrol.cards.open(3)) - 40
