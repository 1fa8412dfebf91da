"""A zero of the campaign means something only if the audit finds what is wrong: each test spoils a sound record."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from campaign.audit import audit
from campaign.house import changed
from campaign.record import Deed, Episode, Promises, Record, Span, Told

DOORS = ("doors.north", "doors.east", "doors.unit12")


def line(number: int, kind: str, subject: str = "", **content: Any) -> dict[str, Any]:
    return {"id": f"a-{number}", "number": number, "kind": kind, "subject": subject, "content": content}


def told(journal: list[dict[str, Any]], at: float) -> list[Told]:
    return [
        Told({"id": each["id"], "sequence": f"{each['number']:020d}", "data": dict(each["content"])}, at)
        for each in journal
    ]


def diary(subject: str, *lines: tuple[float, str], **more: Any) -> list[dict[str, Any]]:
    return [{"subject": subject, "at": at, "what": what, **more} for at, what in lines]


@pytest.fixture
def sound() -> Record:
    """A minute: a card at 10, a fire from 20, kill -9 from 30 to 33, reset at 40, a car from 50 on."""
    journal = [
        line(1, "access.granted", "doors.north", card="0012345678"),
        line(2, "access.denied", "doors.north", card="0090000001"),
        line(3, "alarm.raised", "zones.b12", alarm="zones.b12.fire"),
        line(4, "alarm.reset", "zones.b12", alarm="zones.b12.fire", by="fire-1-王 (root)"),
        line(5, "daemon.stopped", "daemon"),
    ]
    ids = {each["id"] for each in journal}
    bodies = [
        *diary("doors.north", (10.1, "unlocked"), (13.1, "locked"), (20.2, "unlocked"), (40.2, "locked")),
        *diary("doors.east", (20.2, "unlocked"), (40.2, "locked")),
        *diary("doors.unit12", (20.2, "unlocked"), (40.2, "locked")),
        *diary("lanes.in", (20.2, "rises"), (24.2, "up"), (41, "falls"), (44, "down")),
        *diary("lanes.out", (20.2, "rises"), (24.2, "up"), (41, "falls"), (44, "down")),
        *diary("lanes.in", (50.0, "car arrived"), cars=1),
        *diary("lanes.in", (51.0, "rises"), (55.0, "up")),
        *diary("lanes.in", (57.0, "car through"), cars=0),
        *diary("lanes.in", (58.0, "falls"), (61.0, "down")),
        *diary("outputs.siren", (20.3, "on"), (40.2, "off")),
    ]
    return Record(
        deeds=[
            Deed(at=10.0, what="swipe", where="north", key="0012345678", opens="doors.north"),
            Deed(at=12.0, what="swipe", where="north", key="0090000001"),
            Deed(at=31.0, what="swipe", where="north", key="0090000002"),
        ],
        episodes=[Episode(what="fire", alarm="zones.b12.fire", by="fire-1-王", start=20.0, stop=38.0, ended=[40.0])],
        diary=sorted(bodies, key=lambda each: each["at"]),
        down=[Span(0.0, 5.0), Span(30.0, 33.0)],
        heard={"police": told(journal[:4], 20.4), "property": told(journal[:4], 20.4)},
        journal=journal,
        owed={"police": set(ids), "property": set(ids)},
        settled=ids - {"a-5"},
    )


def test_nothing_is_found_in_a_sound_record_and_all_of_it_was_looked_at(sound: Record) -> None:
    verdict = audit(sound, Promises())
    assert verdict.findings == []
    looked = {"cards": 2, "cards before nobody": 1, "hazards": 1, "alarms heard": 2, "events told": 8}
    looked |= {"doors in a fire": 3, "booms in a fire": 2, "ways asked for": 1, "times a door was free": 4, "cars": 1}
    assert looked.items() <= verdict.looked.items()
    assert verdict.seconds["siren"] == [pytest.approx(0.3)]
    assert verdict.seconds["heard"] == [pytest.approx(0.4)] * 2


def drop_line(record: Record) -> None:
    del record.journal[1]


def drop_alarm(record: Record) -> None:
    del record.journal[2]


def drop_message(record: Record) -> None:
    del record.heard["police"][2]


def only_by_refill(record: Record) -> None:
    record.refilled["police"] = {"a-3"}


def rewrite(record: Record) -> None:
    """The journal's line bears another id than what was told."""
    record.journal[0]["id"] = "b-1"
    for owed in record.owed.values():
        owed.remove("a-1")


def card_twice(record: Record) -> None:
    record.journal.append({**record.journal[1], "id": "a-9", "number": 9})


def alarm_twice(record: Record) -> None:
    record.journal.insert(3, {**record.journal[2], "id": "a-9"})


def two_contents(record: Record) -> None:
    again = copy.deepcopy(record.heard["police"][2])
    again.event["data"]["alarm"] = "another"  # type: ignore[index]
    record.heard["police"].append(again)


def raised_anew_in_a_new_journal(record: Record) -> None:
    """What latches is one thing, though the journal was destroyed and begun anew meanwhile."""
    anew = [line(1, "journal.replaced", "journal", after=0), {**record.journal[2], "number": 2}]
    anew[0]["id"], anew[1]["id"] = "z-1", "z-2"
    record.journal[3:3] = anew


def line_in_two_ways(record: Record) -> None:
    record.changed.add("a-3")


def out_of_order(record: Record) -> None:
    record.heard["police"][0:2] = reversed(record.heard["police"][0:2])


def heard_late(record: Record) -> None:
    record.heard["property"][2] = Told(record.heard["property"][2].event, 21.1)


def siren_late(record: Record) -> None:
    next(each for each in record.diary if each["what"] == "on")["at"] = 20.6


def no_siren(record: Record) -> None:
    record.diary = [each for each in record.diary if each["subject"] != "outputs.siren"]


def door_stays_shut(record: Record) -> None:
    record.diary = [each for each in record.diary if each["subject"] != "doors.east"]


def door_shuts_for_a_moment(record: Record) -> None:
    record.diary += diary("doors.east", (33.1, "locked"), (33.2, "unlocked"))
    record.diary.sort(key=lambda each: each["at"])


def door_frees_late(record: Record) -> None:
    next(each for each in record.diary if each["subject"] == "doors.unit12")["at"] = 20.6


def door_opens_by_itself(record: Record) -> None:
    record.diary = [*diary("doors.east", (15.0, "unlocked"), (15.2, "locked")), *record.diary]


def door_stays_open(record: Record) -> None:
    next(each for each in record.diary if each["what"] == "locked")["at"] = 14.6


def door_never_locks_again(record: Record) -> None:
    record.diary = [each for each in record.diary if (each["subject"], each["what"]) != ("doors.east", "locked")]


def card_does_not_open(record: Record) -> None:
    record.diary = [each for each in record.diary if each["at"] > 14]


def boom_stays_down(record: Record) -> None:
    record.diary = [each for each in record.diary if each["subject"] != "lanes.out"]


def boom_falls_in_a_fire(record: Record) -> None:
    record.diary += diary("lanes.out", (35.0, "falls"), (35.1, "rises"), (36.0, "up"))
    record.diary.sort(key=lambda each: each["at"])


def boom_told_to_fall_on_a_car(record: Record) -> None:
    next(each for each in record.diary if each["at"] == 58.0)["at"] = 56.5
    record.diary.sort(key=lambda each: each["at"])


def boom_hits(record: Record) -> None:
    record.diary += diary("lanes.in", (56.0, "HIT A CAR"), cars=1)
    record.diary.sort(key=lambda each: each["at"])


def chain(record: Record) -> None:
    record.broken.append("journal verify: line 3 was changed")


@pytest.mark.parametrize(
    ("column", "spoil"),
    [
        *(("lost", each) for each in (drop_line, drop_alarm, drop_message, rewrite)),
        ("again", only_by_refill),
        *(("doubled", each) for each in (card_twice, alarm_twice, two_contents, out_of_order)),
        *(("doubled", each) for each in (raised_anew_in_a_new_journal, line_in_two_ways)),
        *(("late", each) for each in (heard_late, siren_late, no_siren)),
        *(("wrong", each) for each in (door_stays_shut, door_shuts_for_a_moment, door_frees_late)),
        *(("wrong", each) for each in (door_opens_by_itself, door_stays_open, door_never_locks_again)),
        *(("wrong", each) for each in (card_does_not_open, boom_stays_down, boom_falls_in_a_fire)),
        *(("wrong", each) for each in (boom_told_to_fall_on_a_car, boom_hits)),
        ("broken", chain),
    ],
)
def test_each_thing_that_is_wrong_is_found(sound: Record, column: str, spoil: Callable[[Record], None]) -> None:
    spoil(sound)
    verdict = audit(sound, Promises())
    assert verdict.count(column) > 0, verdict.findings


def test_what_nobody_could_see_is_not_owed(sound: Record) -> None:
    sound.deeds.append(Deed(at=32.0, what="exit", where="east", opens="doors.east"))
    sound.episodes.append(Episode(what="gas", alarm="gas", by="gas-1-王", start=30.5, stop=32.5))
    verdict = audit(sound, Promises())
    assert verdict.findings == []
    assert verdict.looked["hazards before nobody"] == 1


def test_a_hazard_that_outlasts_the_outage_is_owed_after_it(sound: Record) -> None:
    sound.episodes.append(Episode(what="gas", alarm="gas", by="gas-1-王", start=30.5, stop=34.5))
    assert [column for column, _ in audit(sound, Promises()).findings] == ["lost"]


@pytest.mark.parametrize(("changed", "doubled"), [("text", 0), ("place", 0), ("alarm", 1)])
def test_a_refill_may_be_told_in_new_titles_and_nothing_else_of_it_may_differ(
    sound: Record, changed: str, doubled: int
) -> None:
    again = copy.deepcopy(sound.heard["police"][2])
    again.event["refill"] = "again-1"  # type: ignore[index]
    again.event["data"][changed] = "another"  # type: ignore[index]
    sound.heard["police"].append(again)
    assert audit(sound, Promises()).count("doubled") == doubled


def test_a_disturbed_way_excuses_what_is_late_and_nothing_that_is_lost(sound: Record) -> None:
    heard_late(sound)
    sound.away = [Span(19.0, 20.5)]
    assert audit(sound, Promises()).findings == []
    drop_message(sound)
    assert audit(sound, Promises()).count("lost") == 1


def test_a_boom_over_a_car_that_came_while_nobody_watched_is_named_apart(sound: Record) -> None:
    boom_hits(sound)
    sound.down.append(Span(49.9, 56.5))
    verdict = audit(sound, Promises())
    assert verdict.count("wrong") == 0
    assert verdict.looked["cars hit with nobody there"] == 1


@pytest.mark.parametrize(("stood", "wrong"), [(0.1, 0), (0.4, 1)])
def test_a_car_that_drives_into_a_falling_boom_is_not_one_that_it_fell_on(
    sound: Record, stood: float, wrong: int
) -> None:
    sound.diary += diary("lanes.out", (70.0, "car arrived"), (70.0 + stood, "HIT A CAR"), cars=1)
    verdict = audit(sound, Promises())
    assert (verdict.count("wrong"), verdict.looked["cars driven into a falling boom"]) == (wrong, 1 - wrong)


def test_a_journal_that_had_to_begin_anew_counts_from_one(sound: Record) -> None:
    anew = line(1, "journal.replaced", "journal", after=0)
    anew["id"] = "z-1"
    sound.journal.append(anew)
    for name in sound.heard:
        sound.heard[name] += told([anew], 59.0)
        sound.owed[name].add("z-1")
    assert audit(sound, Promises()).findings == []


def test_an_alarm_told_again_by_a_new_journal_under_its_own_id_is_a_repeat(sound: Record) -> None:
    again = {**sound.journal[2], "number": 2}
    for name in sound.heard:
        sound.heard[name] += told([again], 34.0)
    verdict = audit(sound, Promises())
    assert verdict.findings == []
    assert verdict.looked["repeats"] == 2


def test_lines_of_one_id_differ_in_their_number_at_most() -> None:
    one = line(7, "alarm.raised", "zones.b12", alarm="zones.b12.fire")
    assert list(changed([one, {**one, "number": 2}])) == []
    assert list(changed([one, {**one, "number": 2, "content": {}}])) == ["a-7"]
