"""A technician reads what a reload will touch, in his words and once each."""

import pytest

from daemon.config import load as config
from daemon.reload.difference import difference
from daemon.reload.proposal import proposed
from daemon.reload.words import told
from tests.unit.daemon.escalation.estate import WHOLE
from tests.unit.daemon.reload.house import Reloaded
from tests.unit.daemon.small import write


@pytest.fixture
def house(tmp_path) -> Reloaded:
    house = Reloaded(tmp_path)
    house.quiet()
    return house


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("title: 门岗总线", "title: 总线"), ["~ lines.gate: title 门岗总线 → 总线"]),
        (("name: 小站", "name: 大站"), ["~ site.name: name 小站 → 大站"]),
        (("usb-absent, title", "usb-absent, baud: 19200, title"), ["~ lines.gate: opened anew: baud 9600 → 19200"]),
        (("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9"), ["~ devices.io1: unit 1 → 9"]),
        (("unlock: 5s", "unlock: 7s"), ["~ doors.north: unlock 5.0 → 7.0"]),
        (("fire: [io1.input8]", "fire: [io1.input6]"), ["~ zones.b12: fire io1.input8 → io1.input6"]),
        (("tier: 1", "tier: 2"), ["~ subscribers.police: tier 1 → 2"]),
        (("subscribers:", "alarms: {shelve: 2h}\nsubscribers:"), ["~ alarms: shelve 28800.0 → 7200.0"]),
        (("subscribers:", "journal: {keep: {access: 200d}, size: {all: 8 GB}, full: 90 %}\nsubscribers:"),
         ["~ journal: keep.access 180d → 200d, full 95 % → 90 %, size.all — → 8 GB"]),
        (("title: 派出所", "title: 街道"), ["~ feeds.police: title 派出所 → 街道"]),
        (("  east:  {", "  west:  {title: 西门, lock: io1.relay6}\n  east:  {"), ["+ doors.west: added"]),
        (("  b13: {title: 13栋, fire: [io1.input3, io1.input4], release: [doors.east]}\n", ""),
         ["- zones.b13: removed"]),
    ],
)  # fmt: skip
def test_each_edit_is_one_line(house, edit, said):
    assert [str(each) for each in told(house.planned(edit))] == said


def test_people_rotas_and_ladders_are_told_without_anybodys_address(tmp_path):
    before = config.load(write(tmp_path / "a", WHOLE))
    edits = (("live: li-1", "live: '13800000000'"), ('"08:00-20:00"', '"07:30-20:00"'), ("unread: 15s", "unread: 20s"))
    text = WHOLE + "escalation: {tested_within: 30d}\n"
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    change = difference(before, config.load(write(tmp_path / "b", text)))
    assert change
    lines = [str(each) for each in told(change)]
    assert lines == [
        "~ people.li: changed",
        "~ rotas.gate: shifts.day 08:00-20:00 wang → 07:30-20:00 wang",
        "~ ladders.life: steps[1] ring gate, by text, live, unread 15.0 → ring gate, by text, live, unread 20.0",
        "~ escalation: tested_within 90d → 30d",
    ]
    assert "1380" not in "".join(lines)


def test_rules_by_name_are_told_with_their_thresholds(house):
    rule = "rules:\n  lamp: {kind: schedule, output: doors.east, value: open, hours: 07:00-09:00}\nsubscribers:"
    added = house.planned(("subscribers:", rule))
    assert [str(each) for each in told(added)] == ["+ rules.lamp: added"]


def test_cards_are_counted_never_named(house):
    (house.folder / "site").mkdir(exist_ok=True)
    change = house.planned(("unlock: 5s", "unlock: 5s"))
    assert told(change) == []
    book = change.new.cards.by_number
    book["1"] = next(iter(book.values()))
    (line,) = told(
        type(change)(**{f: getattr(change, f) for f in change.__slots__} | {"cards": type(change.lines)(added=("1",))})
    )
    assert line.text.zh == "卡：新增 1，删除 0，更改 0"
    assert line.text.en == "cards: 1 added, 0 removed, 0 changed"


def test_how_long_points_will_be_unread_is_reckoned_from_the_wire(house):
    arbiter = house.engine.arbiter
    assert proposed(1, house.planned(("title: 东门", "title: 新东门")), [], arbiter).unread == {}
    board = proposed(1, house.planned(("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9")), [], arbiter).unread
    opened = proposed(1, house.planned(("usb-absent, title", "usb-absent, baud: 19200, title")), [], arbiter).unread
    assert board.keys() == opened.keys() == {"io1"}
    assert 0.05 <= board["io1"] <= 0.5 < opened["io1"] < 1
    reader = proposed(1, house.planned(("usb-absent-too", "usb-another")), [], arbiter).unread
    assert reader == {"north": 0.5}


def test_a_rule_that_cannot_say_what_it_looks_at_is_refused_before_anything_is_touched(house):
    change = house.planned(("unlock: 5s", "unlock: 7s"))
    rule = next(rule for rule in change.new.rules if rule.name == "doors.north.way_out")
    rule.exit = "io9.input1"
    assert "io9.input1" in proposed(1, change, [], house.engine.arbiter).refusal.en
    rule.__class__ = type("Broken", (type(rule),), {"inputs": property(lambda self: 1 / 0)})
    assert "ZeroDivisionError" in proposed(1, change, [], house.engine.arbiter).refusal.en
