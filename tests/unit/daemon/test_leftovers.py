"""What the last run left on the list and this site knows nothing of can be taken off it by a person."""

import msgspec
import pytest

from daemon.annunciator import Annunciator
from daemon.leftovers import GONE, let_go
from gatehouse.alarms import AlarmState, Condition, Severity
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
