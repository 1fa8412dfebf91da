"""Every shipped timetable is as expected, every kind of rule has one; a wrong expectation is found, with its why."""

from pathlib import Path

import pytest

from daemon.config import plugins
from daemon.rehearsal import play, timetable
from daemon.rehearsal.play import Result

ROOT = Path(__file__).parents[4]
FILES = sorted((ROOT / "config/timetables").glob("*.yaml"))
SITE = """\
site:
  site: {id: small, name: 小站}
  lines: {gate: {tcp: "192.0.2.1:502"}}
  devices: {io1: {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}}
  doors: {north: {title: 北门, lock: io1.relay1, contact: io1.input1, exit: io1.input2, held: 20s}}
  outputs: {siren: {title: 声光, relay: io1.relay5}}
  zones: {b12: {title: 12栋, fire: [io1.input8], release: [north], sirens: [siren]}}
timetable:
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_timetable_is_as_expected(file: Path) -> None:
    result = play.run(file)
    assert not result.failures
    assert result.expectations >= 5, "a timetable that expects next to nothing proves nothing"


def test_every_kind_of_rule_has_a_timetable() -> None:
    """Named as its kind, or `<kind>-<something>.yaml`."""
    told = {file.stem.partition("-")[0] for file in FILES}
    assert not [kind for kind in plugins.names("rules") if kind not in told], "these kinds have no timetable"


@pytest.fixture
def played(tmp_path: Path):
    def run(*entries: str, head: str = "") -> Result:
        file = tmp_path / "table.yaml"
        file.write_text(head + SITE + "".join(f"  - {entry}\n" for entry in entries))
        return play.run(file)

    return run


def found(result: Result) -> list[tuple[int, float, str, str, str]]:
    """Line below `timetable:`, second, what, expected, found."""
    return [
        (each.line - SITE.count("\n"), each.second, " ".join(each.difference.what), each.difference.expected,
         each.difference.found)
        for each in result.failures
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "difference"),
    [
        ("expect: {outputs: {doors.north: closed}}", ("outputs doors.north", "closed", "open")),
        ("expect: {outputs: {outputs.siren: off}}", ("outputs outputs.siren", "off", "on")),
        ("expect: {by: {doors.north: doors.north.way_out}}",
         ("by doors.north", "doors.north.way_out", "zones.b12.fire_release")),
        ("expect: {alarms: {zones.b12.fire: normal}}", ("alarms zones.b12.fire", "normal", "unacknowledged")),
        ("expect: {alarms: {zones.b12.fire: {count: 2}}}", ("alarms zones.b12.fire count", "2", "1")),
        ("expect: {alarms: {zones.b12.fire: {severity: P3}}}", ("alarms zones.b12.fire severity", "P3", "P1")),
        ("expect: {alarms: {zones.b12.fire: {evidence: {input: io1.input7}}}}",
         ("alarms zones.b12.fire evidence input", "io1.input7", "io1.input8")),
        ("expect: {alarms: {zones.b12.fir: normal}}",
         ("alarms zones.b12.fir", "normal", "no rule speaks of it; did you mean zones.b12.fire?")),
        ('expect: {alarms: {"*": normal}}', ("alarms zones.b12.fire", "normal", "unacknowledged")),
        ("expect: {events: [access.granted]}", ("events access.granted", "1 ×", "0 ×")),
        ("expect: {events: [{kind: alarm.raised, count: 2}]}", ("events alarm.raised", "2 ×", "1 ×")),
        ("expect: {absent: [alarm.raised zones.b12]}", ("absent alarm.raised zones.b12", "0 ×", "1 ×")),
        ("expect: {points: {io1.relay1: off}}", ("points io1.relay1", "off", "on")),
        ("expect: {points: {io1.relay1: {quality: bad}}}", ("points io1.relay1 quality", "bad", "good")),
        ("do: {reset_zone: b12}, refused: false", ("do reset_zone b12", "done", None)),
        ("do: {acknowledge: zones.b12.fire}, refused: true", ("do acknowledge zones.b12.fire", "refused", "done")),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_found(played, entry: str, difference: tuple[str, str, str]) -> None:
    """No expectation can be met by chance: each kind of them fails on a world in which a fire contact has tripped."""
    result = played("{at: 1s, set: {io1.input8: on}}", f"{{at: 2s, {entry}}}")
    (line, second, *told) = found(result)[0]
    assert (line, second) == (2, 2.0)
    assert (told[0], told[1]) == difference[:2]
    assert difference[2] is None or told[2] == difference[2]
    assert len(result.failures) == 1


def test_a_difference_is_told_with_what_the_rule_saw(played) -> None:
    result = played("{at: 1s, set: {io1.input8: on}}", "{at: 2s, expect: {alarms: {zones.b12.fire: normal}}}")
    evidence = result.failures[0].difference.evidence
    assert evidence["rule"] == "zones.b12.fire_release"
    assert evidence["active"] is True
    assert evidence["io1.input8"] == {"value": True, "quality": "good", "age": 0.0, "limit": 1.0}


def test_what_was_so_already_did_not_become_so(played) -> None:
    result = played("{after: 2s, before: 5s, expect: {outputs: {doors.north: closed}}}")
    assert found(result) == [(1, 2.0, "outputs doors.north", "closed, > 2s", "<= 2s")]


def test_what_becomes_so_too_late_is_found_at_the_end_of_its_time(played) -> None:
    result = played(
        "{at: 1s, set: {io1.input1: on}}",
        "{after: 2s, before: 20.5s, expect: {alarms: {doors.north.held: unacknowledged}}}",
        "{before: 21.1s, expect: {alarms: {doors.north.held: unacknowledged}}}",
    )  # fmt: skip
    assert found(result) == [(2, 20.5, "alarms doors.north.held", "unacknowledged", "normal")]


def test_what_does_not_stay_so_is_found_when_it_ends(played) -> None:
    result = played("{at: 1s, until: 9s, expect: {outputs: {doors.north: closed}}}", "{at: 4s, set: {io1.input2: on}}")
    assert found(result) == [(1, 4.0, "outputs doors.north", "closed", "open")]


def test_a_delay_is_over_at_the_very_instant(played) -> None:
    result = played(
        "{at: 1s, set: {io1.input1: on}}",
        "{after: 20.99s, before: 21.01s, expect: {alarms: {doors.north.held: unacknowledged}}}"
    )  # fmt: skip
    assert result.good


def test_a_rule_that_breaks_fails_a_timetable_that_does_not_ask_for_it(played, monkeypatch) -> None:
    from rules.door_held import Rule

    monkeypatch.setattr(Rule, "judge", lambda self, scene: 1 / 0)
    result = played("{at: 1s, expect: {outputs: {doors.north: closed}}}")
    assert ("alarms rules.doors.north.door_held.failed", "normal") in [each[2:4] for each in found(result)]


def test_an_hour_costs_next_to_nothing(played) -> None:
    result = played("{at: 1h, expect: {outputs: {doors.north: closed}}}")
    assert result.good
    assert result.seconds == pytest.approx(3600)


def test_entries_have_their_turns_in_the_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "table.yaml"
    file.write_text(SITE + "  - {at: 1s, wall: 2026-01-01 10:00}\n  - {at: +2s, wall: 2026-01-01 10:00}\n")
    table, _ = timetable.read(file)
    assert timetable.instants(table) == [1.0, 3.0]
