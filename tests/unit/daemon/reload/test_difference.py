"""What differs between two sites is found by what was written, and all else keeps its very object."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import load as config
from daemon.config.load import Plan
from daemon.reload.difference import Difference, Turn, difference
from tests.unit.daemon import small

EDITS = {
    "a door's title": ("title: 东门", "title: 新东门"),
    "a door's time": ("unlock: 5s", "unlock: 7s"),
    "a relay": ("lock: io1.relay2", "lock: io1.relay5"),
    "a board's unit": ("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9"),
    "a contact": ("fire: [io1.input8]", "fire: [io1.input6]"),
    "a subscriber": ("tier: 1", "tier: 2"),
    "a line's words": ("title: 门岗总线", "title: 总线"),
    "a line's speed": ("usb-absent, title", "usb-absent, baud: 19200, title"),
    "a line's port": ("usb-absent-too", "usb-another"),
    "a new door": ("  east:  {", "  west:  {title: 西门, lock: io1.relay6}\n  east:  {"),
    "a boom's time": ("travel: 6s", "travel: 8s"),
    "a boom's pulse": ("presence: io1.input5", "pulse: 0.8s, presence: io1.input5"),
    "the way to a house": ("title: 12栋", "title: 12栋, way: 从北门进"),
    "a drill": ("release: [doors.east]", "release: [doors.east], drill: [doors.east]"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sites")


def plan(folder: Path, *edits: str, cards: str = small.CARDS) -> Plan:
    text = small.SITE
    for name in edits:
        before, after = EDITS[name]
        assert before in text, name
        text = text.replace(before, after)
    file = small.write(folder, text)
    (folder / "cards.csv").write_text(cards, encoding="utf-8")
    return config.load(file)


def turned(change: Difference) -> dict[str, Turn]:
    names = ("lines", "devices", "outputs", "actuators", "rules", "subscribers", "cards")
    return {name: turn for name in names if (turn := getattr(change, name))}


@given(edits=st.lists(st.sampled_from(sorted(EDITS)), unique=True))
@settings(max_examples=12, deadline=None)
def test_the_same_words_are_no_difference_and_the_way_there_and_back_is_none_either(folder, edits) -> None:
    old, new = plan(folder), plan(folder, *edits)
    assert not difference(new, plan(folder, *edits))
    there = difference(old, new)
    assert bool(there) is bool(edits)
    back = difference(there.new, old)
    assert not difference(back.new, plan(folder))
    for name, device in back.new.devices.items():
        assert (device is old.devices[name]) is (old.devices[name] is back.new.devices[name])
        assert name in there.devices.fresh or device is old.devices[name]
    before = {rule.name: rule for rule in old.rules}
    for rule in there.new.rules:
        assert (before.get(rule.name) is rule) is (rule.name not in there.rules.fresh)


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        ("a door's title", {}),
        ("a line's words", {}),
        ("a boom's pulse", {}),
        ("the way to a house", {}),
        ("a drill", {}),
        ("a door's time", {"rules": Turn(changed=("doors.north.access", "doors.north.way_out"))}),
        ("a relay", {"actuators": Turn(changed=("doors.east",))}),
        ("a board's unit", {"devices": Turn(changed=("io1",))}),
        ("a contact", {"rules": Turn(changed=("zones.b12.fire_release",))}),
        ("a subscriber", {"subscribers": Turn(changed=("police",))}),
        ("a line's speed", {"lines": Turn(changed=("gate",))}),
        ("a line's port", {"lines": Turn(changed=("reader",))}),
        ("a new door", {"outputs": Turn(added=("doors.west",)), "actuators": Turn(added=("doors.west",))}),
        ("a boom's time", {"rules": Turn(changed=("lanes.in.barrier",))}),
    ],
)
def test_an_edit_touches_this_and_nothing_else(folder, edit, wanted) -> None:
    change = difference(plan(folder), plan(folder, edit))
    assert turned(change) == wanted
    assert change


def test_a_device_that_moves_to_another_line_is_another_one(folder) -> None:
    old = plan(folder)
    text = small.SITE.replace("devices:\n", "  spare: {tcp: '10.0.0.1:502'}\ndevices:\n").replace(
        "line: gate,", "line: spare,"
    )
    change = difference(old, config.load(small.write(folder, text)))
    assert change.devices.changed == ("io1",)
    assert change.lines == Turn(added=("spare",))
    assert change.relined == ("gate",), "it has lost a device"
    assert "io1.input8" in change.anew
    assert "north.card" not in change.anew


def test_a_line_that_changes_from_listening_to_asking_is_opened_anew(folder) -> None:
    old = plan(folder)
    text = small.SITE.replace("line: reader, driver: rdm6300", "line: spare, driver: rdm6300").replace(
        "devices:\n", "  spare: {serial: /dev/serial/by-id/usb-spare}\ndevices:\n"
    )
    io2 = "  io2: {line: reader, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}"
    text = text.replace("  north: {line", f"{io2}\n  north: {{line", 1)
    change = difference(old, config.load(small.write(folder, text)))
    assert change.lines == Turn(added=("spare",), changed=("reader",))


def test_another_word_in_a_profile_makes_another_device(folder) -> None:
    shipped = Path("config/profiles/waveshare/rtu-relay-d.yaml").read_text(encoding="utf-8")
    own = folder / "profiles" / "waveshare" / "rtu-relay-d.yaml"
    own.parent.mkdir(parents=True)
    try:
        own.write_text(shipped, encoding="utf-8")
        old = plan(folder)
        own.write_text(shipped + "# a comment\n", encoding="utf-8")
        assert not difference(old, plan(folder))
        own.write_text(shipped.replace("period: 80ms", "period: 90ms"), encoding="utf-8")
        assert difference(old, plan(folder)).devices == Turn(changed=("io1",))
        old, second = plan(folder), own.stat().st_mtime_ns
        own.write_text(shipped.replace("period: 80ms", "period: 85ms"), encoding="utf-8")
        os.utime(own, ns=(second, second))  # as tools that copy or unpack it set it
        assert difference(old, plan(folder)).devices == Turn(changed=("io1",))
    finally:
        own.unlink()


def test_cards_are_told_by_number_and_leave_the_rules_their_memory(folder) -> None:
    old = plan(folder)
    more = small.CARDS.replace("李秀英,north in", "李秀英,north") + "0004712346,王敏,north,,,\n"
    change = difference(old, plan(folder, cards=more))
    assert turned(change) == {"cards": Turn(added=("4712346",), changed=("4712345",))}
    assert change.new.cards is not old.cards


@pytest.mark.parametrize(("before", "after", "key"), [("id: small", "id: big", "site.id"),
                                                      ("Asia/Shanghai", "Asia/Urumqi", "site.timezone")])  # fmt: skip
def test_what_only_a_restart_can_change_is_named(folder, before, after, key) -> None:
    change = difference(plan(folder), config.load(small.write(folder, small.SITE.replace(before, after))))
    assert change.fixed == (key,)
