"""What the last run left on the list and this site knows nothing of can be taken off it by a person."""

import re
from pathlib import Path

import msgspec
import pytest

from daemon import leftovers
from daemon.alarms.annunciator import Annunciator
from daemon.leftovers import GONE, TURNS, WAIT, Leftovers, let_go, let_go_unjudged
from gatehouse.alarms import AlarmState, Condition, Severity
from tests.unit.daemon.bus import LoopClock, play, until
from tests.unit.daemon.small import House


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


def stood(house, alarm: str, *, latch: bool = False) -> None:
    """It stood when the last run ended."""
    last_run = Annunciator(lambda *_, **__: None)
    subject = alarm.rpartition(".")[0]
    condition = Condition(alarm=alarm, active=True, severity=Severity.P2, kind="fire", subject=subject, latch=latch)
    last_run.judge(condition, "test", house.clock.utc())
    house.engine.annunciator.restore([msgspec.json.encode(last_run.standing[alarm])])


@pytest.mark.parametrize(
    "alarm",
    [
        "zones.b12.fire",
        "zones.b12.fire_input.2",
        "doors.north.access.wrong_cards",
        "rules.zones.b12.fire_release.failed",
        "devices.io1.silent",
        "lines.gate.down",
        "feeds.police.trouble",
        "journal.trouble",
        "config.faulty",
        "api.failed",
    ],
)
def test_what_this_site_still_judges_stays_as_it_stood(house, alarm):
    stood(house, alarm)
    before = dict(house.engine.annunciator.standing)
    let_go(house.engine.annunciator, house.daemon.plan, house.clock.utc())
    assert house.engine.annunciator.standing == before


@pytest.mark.parametrize(
    "alarm", ["doors.old.forced", "b12-leakage.alarm", "rules.old.failed", "lines.old.down", "feeds.old.trouble"]
)
def test_what_left_the_site_has_returned_and_waits_for_a_person(house, alarm):
    stood(house, alarm)
    let_go(house.engine.annunciator, house.daemon.plan, house.clock.utc())
    book = house.engine.annunciator
    assert book.standing[alarm].state is AlarmState.RETURNED
    (returned,) = house.events("alarm.returned")
    assert returned["evidence"] == {"why": GONE}
    book.acknowledge(alarm, "李四")
    assert alarm not in book.standing


def test_a_latched_one_is_reset_by_a_person_as_ever(house):
    stood(house, "zones.old.fire", latch=True)
    let_go(house.engine.annunciator, house.daemon.plan, house.clock.utc())
    book = house.engine.annunciator
    book.acknowledge("zones.old.fire", "李四")
    assert book.standing["zones.old.fire"].state is AlarmState.LATCHED
    book.reset("zones.old.fire", "李四")
    assert not book.standing


def test_the_daemons_own_alarms_are_of_known_kinds():
    """They are spoken of when they turn; only the one of actuators is spoken of again and again."""
    sources = [*Path("daemon").rglob("*.py"), *Path("rules").glob("*.py")]
    kinds = {kind for file in sources for kind in re.findall(r"(?<!\w)own\(\s*f?[^,]+,\s*\"(\w+)\"", file.read_text())}
    assert kinds == TURNS | {"unconfirmed"}


@pytest.mark.parametrize("alarm", ["zones.b12.fire_input.2", "b12-leakage.sensor.3"])
def test_of_what_nobody_has_spoken_for_a_minute_it_is_let_go(house, alarm):
    house.quiet()
    stood(house, alarm)
    stood(house, "zones.b12.fire", latch=True)
    house.engine.annunciator.judged.clear()
    house.passes(2)
    assert let_go_unjudged(house.engine.annunciator, house.clock.utc())
    book = house.engine.annunciator
    assert book.standing[alarm].state is AlarmState.RETURNED
    assert house.events("alarm.returned")[-1]["evidence"] == {"why": GONE}
    assert book.standing["zones.b12.fire"].state is AlarmState.RETURNED
    assert house.events("alarm.returned")[0]["evidence"]["tripped"] == [], "that one was judged by its rule"


def test_a_latched_one_of_which_nobody_speaks_can_be_reset_by_a_person_then(house):
    stood(house, "b12-leakage.alarm.2", latch=True)
    book = house.engine.annunciator
    with pytest.raises(ValueError, match="cannot be read"):
        book.reset("b12-leakage.alarm.2", "李四")
    let_go_unjudged(book, house.clock.utc())
    assert book.standing["b12-leakage.alarm.2"].state is AlarmState.RETURNED, "P1 never goes without a person"
    book.reset("b12-leakage.alarm.2", "李四")
    assert not book.standing


def test_while_a_rule_fails_nothing_is_let_go(house, monkeypatch):
    stood(house, "zones.b12.fire_input.2")
    house.engine.raise_own(leftovers.replace(house.engine.annunciator.standing["zones.b12.fire_input.2"].condition,
                                             alarm="rules.x.failed", kind="rule_failed"))  # fmt: skip
    assert not let_go_unjudged(house.engine.annunciator, house.clock.utc())
    assert house.engine.annunciator.standing["zones.b12.fire_input.2"].active


def test_the_minute_begins_anew_with_each_change(house):
    async def story():
        import asyncio

        looks = Leftovers(house.engine.annunciator, LoopClock())
        loop = asyncio.get_running_loop()
        stood(house, "zones.b12.fire_input.2")
        alarm = lambda: house.engine.annunciator.standing["zones.b12.fire_input.2"]  # noqa: E731
        async with asyncio.TaskGroup() as group:
            task = group.create_task(looks.run())
            begun = loop.time()
            looks.begin()
            await asyncio.sleep(WAIT / 2)
            looks.begin()
            await until(lambda: not alarm().active, 3 * WAIT)
            assert WAIT <= loop.time() - begun <= 2 * WAIT + 1
            task.cancel()

    play(story)
