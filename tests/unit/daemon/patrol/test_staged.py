"""A drill on patrol phones: 演练 first, as in earnest otherwise, and no answer to it touches what is real."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.patrol.card import Card
from daemon.patrol.receipts import Receipts
from daemon.patrol.wordings import REHEARSED
from gatehouse.alarms import Alarm
from gatehouse.events import Event
from tests.unit.daemon.drills.ground import Ground
from tests.unit.daemon.patrol.pens import Pen, order

PEN = Pen()
REAL = "zones.b12.fire"
VERBS = ("take", "acknowledge", "on_site", "true", "false", "help")


class Post:
    """A guard and his phone, at the daemon's side."""

    def __init__(self, folder: Path) -> None:
        self.ground = Ground(folder)
        self.patrol = self.ground.daemon.patrol
        self.patrol.once.remember({})
        self.book = self.ground.engine.annunciator
        self.heard: list[tuple[str, Alarm]] = []
        self.patrol.listen("phones", lambda kind, alarm: self.heard.append((kind, alarm)))
        self._count = 0

    def drill(self, **more: str) -> str:
        self.ground.exercises.drill("b12", 1800, "演练", "李四", **more)
        self.ground.wait()
        return self.book.standing["drills.b12"].occurrence

    def fire(self) -> str:
        self.ground.trip("io1.input8")
        return self.book.standing[REAL].occurrence

    def cards(self) -> list[Card]:
        now = self.ground.clock.utc()
        return [self.patrol.cards.card(alarm, now) for alarm in self.patrol.cards.open(4)]

    def say(self, do: str, occurrence: str = "", ago: float = 0.0, **more: Any) -> Any:
        self._count += 1
        at = self.ground.clock.utc() - timedelta(seconds=ago)
        content = order(do, at=at, id=f"phone-{self._count:08}", guard="wang", occurrence=occurrence, **more)
        receipts = Receipts(15.0, self.ground.clock)
        reply = self.patrol.judge("wang", PEN.sign(content), (PEN.public,), receipts, "channels.phones")
        self.ground.wait()
        return reply

    def real(self) -> dict[str, Alarm]:
        everything = (*self.book.standing.values(), *self.book.cases.values())
        return {alarm.occurrence: alarm for alarm in everything if not alarm.drill}

    def written(self, mark: int = 0) -> list[Event]:
        return self.ground.all[mark:]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path)


def test_a_card_of_a_drill_says_so_first_and_is_otherwise_as_in_earnest(post: Post) -> None:
    post.drill()
    (played,) = post.cards()
    assert played["drill"] is True
    assert (played["text"]["zh"], played["text"]["en"]) == ("【演练】火警", "[DRILL] fire")
    assert (played["do"]["zh"][0], played["do"]["en"][0]) == (REHEARSED.zh, REHEARSED.en)
    post.fire()
    (earnest,) = [card for card in post.cards() if "drill" not in card]
    assert earnest["text"]["zh"] == "火警"
    assert played["do"]["zh"][1:] == earnest["do"]["zh"]
    assert (played["place"], played.get("way"), played.get("never"), played["calls"]) == (
        earnest["place"], earnest.get("way"), earnest.get("never"), earnest["calls"],
    )  # fmt: skip


def test_a_played_gas_alarm_forbids_what_a_real_one_forbids(post: Post) -> None:
    post.drill(kind="gas")
    (card,) = post.cards()
    assert card["calls"] is False
    assert "不按门铃" in card["never"]["zh"]


def test_answers_are_written_as_the_drills_own_and_no_other(post: Post) -> None:
    occurrence, mark = post.drill(), len(post.ground.all)
    for do in ("take", "on_site", "true", "help"):
        assert post.say(do, occurrence)["state"] == "done"
    assert post.say("false", occurrence, cause="boredom")["why"] == "not_now"
    assert {event.kind.partition(".")[0] for event in post.written(mark)} == {"drill"}
    said = [(event.kind, event.content["command"]) for event in post.written(mark) if ".patrol_" in event.kind]
    assert said == [
        *(("drill.patrol_obeyed", do) for do in ("take", "on_site", "true", "help")),
        ("drill.patrol_refused", "false"),
    ]
    assert not [event for event in post.written(mark) if event.severity]
    assert not [event for event in post.ground.outside() if event.kind.startswith("drill.patrol")]


def test_a_call_for_help_on_its_card_is_played_and_one_without_a_card_is_real(post: Post) -> None:
    occurrence = post.drill()
    reply = post.say("help", occurrence)
    assert reply["said"].startswith("【演练】")
    assert "不选卡片" in reply["said"]
    assert not post.real()
    assert post.ground.exercises.drills.running
    assert post.say("help")["state"] == "done"
    assert [alarm.condition.kind for alarm in post.real().values()] == ["guard_help"]
    assert not post.ground.exercises.drills.running, "somebody really needs help"


def test_a_call_for_help_says_whose_it_is(post: Post) -> None:
    assert post.say("help")["state"] == "done"
    (card,) = post.cards()
    assert (card["text"]["zh"], card["where"]) == (
        "巡逻员求援",
        post.patrol.cards._plan().directory.people["wang"].name,
    )


def test_what_is_real_comes_first_and_takes_the_drill_away(post: Post) -> None:
    post.drill()
    post.ground.alarm("doors.east.forced", 2)  # type: ignore[arg-type]
    assert [card.get("drill", False) for card in post.cards()] == [False, True], "a real P2 before a played P1"
    post.fire()
    assert [card["kind"] for card in post.cards()] == ["fire", "forced"]
    assert ("alarm.closed", "drills.b12") in {(kind, alarm.condition.alarm) for kind, alarm in post.heard}


def test_an_answer_that_comes_late_is_of_the_drill_and_says_so(post: Post) -> None:
    occurrence = post.drill()
    post.fire()
    before, mark = post.real(), len(post.ground.all)
    post.ground.clock.now += 5
    for do in ("take", "acknowledge", "on_site", "true", "false"):
        assert post.say(do, occurrence, cause="cooking" if do == "false" else "")["why"] == "drill_over"
    assert post.say("help", occurrence, ago=60)["why"] == "drill_over", "he asked while it was played"
    assert post.real() == before
    assert {event.kind for event in post.written(mark)} == {"drill.patrol_refused"}
    assert post.say("help", occurrence)["state"] == "done", "he asks now: whatever card he looks at, it is real"
    assert {alarm.condition.kind for alarm in post.real().values()} == {"fire", "guard_help"}


def test_drills_that_are_over_are_not_remembered_without_end(post: Post) -> None:
    for _ in range(70):
        post.drill()
        post.ground.exercises.stop("drill", "b12", "李四")
    assert len(post.patrol._staged._over) == 64


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["drill", "stop", "fire", "say", "say", "real"]), st.sampled_from(VERBS)),
                min_size=8, max_size=40))  # fmt: skip
def test_no_answer_to_a_drill_ever_touches_what_is_real(steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory(prefix="gatehouse-") as folder:
        post, played = Post(Path(folder)), []
        for what, verb in steps:
            before, mark = post.real(), len(post.ground.all)
            cause = "cooking" if verb == "false" else ""
            if what == "drill" and not post.ground.exercises.drills.running and not before:
                played.append(post.drill())
            elif what == "stop" and post.ground.exercises.drills.running:
                post.ground.exercises.stop("drill", "b12", "李四")
            elif what == "fire":
                post.ground.trip("io1.input8")
            elif what == "real" and before:
                post.say(verb, next(iter(before)), cause=cause)
            elif what == "say" and played:
                post.say(verb, played[-1], ago=60.5, cause=cause)
                assert post.real() == before
                assert {event.kind.partition(".")[0] for event in post.written(mark)} <= {"drill"}
