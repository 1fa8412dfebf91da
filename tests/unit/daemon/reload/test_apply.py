"""What changed begins anew, what did not never notices; and no door is locked by a reload while a release stands."""

import pytest

from daemon.config import load as config
from daemon.leftovers import GONE, let_go_unjudged
from daemon.reload import apply as applying
from daemon.reload.difference import difference
from gatehouse.alarms import AlarmState
from gatehouse.demands import Passage, Pulse
from gatehouse.points import NEVER
from tests.unit.daemon.reload.house import Reloaded

OPEN, CLOSED = Passage.OPEN, Passage.CLOSED
UNIT = ("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9")
NO_EAST = ("  east:  {title: 东门, lock: io1.relay2}\n", "")
NO_B13 = ("  b13: {title: 13栋, fire: [io1.input3, io1.input4], release: [doors.east]}\n", "")


@pytest.fixture
def house(tmp_path) -> Reloaded:
    house = Reloaded(tmp_path)
    house.quiet()
    return house


def waiting(house: Reloaded, line: str) -> list[tuple[str, object]]:
    """Orders in the queue of a line."""
    orders = house.daemon.lines[line]._work._writes._orders
    return [(f"{order.command.device}.{order.command.channel}", order.command.value) for order in orders]


async def test_an_unchanged_board_keeps_its_readings_and_a_new_name_is_all_that_a_title_changes(house):
    before = dict(house.engine.image._readings)
    rules = dict(house.engine._rules)
    await house.edit(("title: 东门", "title: 新东门"), ("title: 门岗板", "title: 新门岗板"))
    assert house.engine.image._readings == before
    assert house.engine._rules == rules
    assert house.crew.told == []
    status = house.daemon.status.document()
    assert status["outputs"]["doors.east"]["title"] == "新东门"
    assert status["points"]["io1.input8"]["title"].startswith("新门岗板")
    assert "新东门" in house.daemon.operator.open_door("east", "试", "李四")


async def test_another_board_is_unread_and_its_doors_are_held_until_it_has_been_read(house):
    assert house.told() == {"doors.north": CLOSED, "doors.east": CLOSED, "lanes.in": CLOSED}
    await house.edit(UNIT)
    assert house.engine.image.read("io1.input8", house.clock.now) == NEVER
    assert house.engine.image.read("north.online", house.clock.now).good
    assert house.told() == dict.fromkeys(house.told()), "held as they are: nothing moves unlearned"
    assert "io1.input8" in house.engine.waiting
    house.quiet()
    assert house.told() == {"doors.north": CLOSED, "doors.east": CLOSED, "lanes.in": CLOSED}
    assert not house.engine.waiting


async def test_lines_are_closed_before_others_open_and_the_old_owner_brings_nothing_any_more(house):
    tap, sink = house.daemon.taps["gate"], house.engine
    await house.edit(("by-id/usb-absent, title", "by-id/usb-absent, baud: 19200, title"),
                     ("usb-absent-too", "usb-another"))  # fmt: skip
    assert house.crew.told == ["stop lines.gate", "stop lines.reader", "start lines.gate", "start lines.reader"]
    tap.land("io1", {"input8": None}, house.clock.now)  # would fail, if anybody looked at it
    assert house.daemon.taps["gate"].land == sink.land
    assert house.engine.image.read("io1.input1", house.clock.now).good, "the board is the same, so are its readings"


async def test_subscribers_are_let_go_before_they_are_taken_on_again(house):
    before = house.daemon.feeds["police"]
    await house.edit(("tier: 1", "tier: 2"))
    assert house.crew.told == ["stop feeds.police", "start feeds.police"]
    assert house.daemon.feeds["police"] is not before
    assert house.daemon.feeds["police"].status()["tier"] == 2


async def test_a_standing_release_survives_another_board_and_other_contacts(house):
    house.land(input8=True)
    assert house.told()["doors.north"] is OPEN
    await house.edit(UNIT, ("fire: [io1.input8]", "fire: [io1.input6]"))
    assert house.told()["doors.north"] is OPEN
    assert house.told()["lanes.in"] is OPEN
    house.quiet()
    assert house.told()["doors.north"] is OPEN, "it stands until a named person ends it"
    house.daemon.operator.reset_zone("b12", "李四")
    assert house.told()["doors.north"] is CLOSED


async def test_a_release_for_a_lost_contact_goes_on_under_a_new_rule_that_has_not_waited_yet(house):
    """`stale: release`: the patience of the new rule has only begun, but the door must not be locked meanwhile."""
    stale = ("fire: [io1.input8],", "fire: [io1.input8], stale: release,")
    await house.edit(stale)
    house.quiet()
    for _ in range(50):
        house.clock.now += 0.25
        house.engine.tick(house.clock.now)
    assert house.told()["doors.north"] is OPEN
    await house.edit(stale, ("release: [north, in]", "release: [in, north]"))
    assert house.told()["doors.north"] is OPEN
    house.passes(5)
    house.quiet()
    house.passes(0.5)
    assert house.told()["doors.north"] is CLOSED, "it can be read again"


async def test_a_card_that_was_let_in_stays_let_in_for_its_time(house):
    house.land("north", card="0004712345")
    assert house.told()["doors.north"] is OPEN
    await house.edit(("unlock: 5s", "unlock: 9s"))
    assert house.told()["doors.north"] is OPEN
    house.passes(6)
    assert house.told()["doors.north"] is CLOSED


async def test_a_boom_under_way_is_not_touched(house):
    house.daemon.operator.move_lane("in", OPEN, "试", "李四")
    boom, orders = house.engine.actuators["lanes.in"], waiting(house, "gate")
    assert ("io1.relay3", Pulse(True, 0.5)) in orders
    await house.edit(("travel: 6s", "travel: 8s"))
    assert house.engine.actuators["lanes.in"] is boom
    assert boom.lane.travel == 8
    assert waiting(house, "gate") == orders
    assert house.told()["lanes.in"] is OPEN


async def test_a_relay_that_nobody_commands_any_more_is_let_go(house):
    house.daemon.operator.open_door("east", "试", "李四")
    house.land(relay2=True)
    house.daemon.lines["gate"]._work._writes.give_up("sent", house.clock.now, 0)
    await house.edit(("lock: io1.relay2", "lock: io1.relay5"))
    assert ("io1.relay2", False) in waiting(house, "gate")
    assert ("io1.relay5", True) in [(point, getattr(v, "value", v)) for point, v in waiting(house, "gate")], (
        "the door is told what it was told before, through its new relay"
    )


async def test_a_relay_at_rest_is_left_alone_when_its_door_goes(house):
    await house.edit(NO_EAST, NO_B13)
    assert waiting(house, "gate") == []
    assert "doors.east" not in house.told()


async def test_a_freed_door_that_gets_another_relay_is_freed_through_it_and_the_old_one_is_not_locked(house):
    house.land(input3=True)
    house.land(relay2=True)
    house.daemon.lines["gate"]._work._writes.give_up("sent", house.clock.now, 0)
    await house.edit(("lock: io1.relay2", "lock: io1.relay5"))
    assert house.told()["doors.east"] is OPEN
    assert waiting(house, "gate") == [("io1.relay5", True)]


async def test_an_order_of_a_door_that_is_gone_is_not_sent_any_more(house):
    house.daemon.operator.open_door("east", "试", "李四")
    order = next(each for each in house.daemon.lines["gate"]._work._writes._orders if each.command.channel == "relay2")
    assert order.command.permit() == ""
    await house.edit(NO_EAST, NO_B13)
    assert order.command.permit() == "doors.east is told otherwise by now"


async def test_alarms_of_what_left_the_site_wait_for_a_person(house):
    book = house.engine.annunciator
    house.land(input3=True)
    house.land(input3=False)
    assert book.standing["zones.b13.fire"].state is AlarmState.RETURNED
    house.engine.arbiter.place("zones.b13.fire_release", [])  # or the reload would be refused
    await house.edit(NO_B13)
    house.daemon.desk.reset("zones.b13.fire", "李四")
    assert not book.standing


async def test_an_alarm_of_a_part_of_an_entry_that_stays_is_let_go_when_nobody_has_judged_it_for_a_minute(house):
    house.passes(5)
    house.land(input1=True)
    book = house.engine.annunciator
    assert book.standing["doors.north.forced"].active
    await house.edit(("contact: io1.input1, ", ""))
    house.passes(2)
    assert book.standing["doors.north.forced"].active
    assert let_go_unjudged(book, house.clock.utc())
    assert book.standing["doors.north.forced"].state is AlarmState.RETURNED
    assert house.events("alarm.returned")[-1]["evidence"] == {"why": GONE}


async def test_new_cards_are_good_at_once_and_the_rules_keep_their_memory(house):
    house.land("north", card="0004712399")
    assert house.told()["doors.north"] is CLOSED
    rule = house.engine._rules["doors.north.access"]
    (house.folder / "site" / "cards.csv").write_text("number,name,doors\n0004712399,王敏,north\n", encoding="utf-8")
    change = difference(house.daemon.plan, config.load(house.folder / "site" / "site.yaml"))
    await applying.apply(house.daemon, house.crew, change)
    assert house.engine._rules["doors.north.access"] is rule
    house.clock.now += 3
    house.land("north", card="0004712399")
    assert house.told()["doors.north"] is OPEN


async def test_there_and_back_everything_is_as_it_was(house):
    old = house.daemon.plan
    devices, rules = dict(old.devices), {rule.name: rule for rule in old.rules}
    there = await house.edit(("unlock: 5s", "unlock: 7s"), NO_EAST, NO_B13, ("tier: 1", "tier: 2"))
    await applying.apply(house.daemon, house.crew, difference(there.new, old))
    assert house.daemon.plan.devices == devices
    assert {rule.name for rule in house.daemon.plan.rules} == rules.keys()
    assert house.told() == {"doors.north": CLOSED, "doors.east": CLOSED, "lanes.in": CLOSED}
    assert house.daemon.feeds["police"].status()["tier"] == 1
