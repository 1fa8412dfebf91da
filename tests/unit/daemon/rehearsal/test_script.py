"""A timetable's slips are told where they stand, all at once; its words do what they say."""

from pathlib import Path

import pytest

from daemon.config.faults import ConfigError
from daemon.rehearsal import play

SITE = """\
site:
  site: {id: small, name: 小站}
  lines: {gate: {tcp: "192.0.2.1:502"}, power: {tcp: "192.0.2.2:502"}, reader: {serial: /dev/ttyS1}}
  devices:
    io1: {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1, inverted: [input3]}
    b12: {line: power, driver: modbus, profile: bender/rcms410, unit: 3}
  doors: {north: {title: 北门, lock: io1.relay1, contact: io1.input1, exit: io1.input2, held: 20s}}
  lanes:
    in: {title: 车道, open: io1.relay3, close: io1.relay4, presence: io1.input5, up: io1.input6, down: io1.input7}
  zones: {b12: {title: 12栋, fire: [io1.input8], release: [north]}}
"""


@pytest.fixture
def run(tmp_path: Path):
    def played(*entries: str, head: str = "", site: str = SITE) -> play.Result:
        file = tmp_path / "table.yaml"
        file.write_text(site + head + "timetable:\n" + "".join(f"  - {entry}\n" for entry in entries))
        return play.run(file)

    return played


@pytest.fixture
def faults(run):
    def told(*entries: str, **more: str) -> list[str]:
        with pytest.raises(ConfigError) as error:
            run(*entries, **more)
        return [f"{fault.path}: {fault.code} {fault.nearest}".strip() for fault in error.value.faults]

    return told


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{at: soon, wall: 2026-01-01 10:00}", "timetable[0].at: instant"),
        ("{at: 1s, wall: tomorrow}", "timetable[0].wall: moment"),
        ("{at: 1s, set: {io1.input9: on}}", "timetable[0].set.io1.input9: no_such_point io1.input8"),
        ("{at: 1s, set: {b12.rms1: on}}", "timetable[0].set.b12.rms1: not_a_value"),
        ("{at: 1s, set: {io1.input1: }}", "timetable[0].set.io1.input1: not_a_value"),
        ("{at: 1s, set: {io1: away}}", "timetable[0].set.io1: device_word"),
        ("{at: 1s, set: {b12.rms1: {value: 1, qualty: bad}}}", "timetable[0].set.b12.rms1.qualty: unknown_key quality"),
        ("{at: 1s, set: {b12.rms1: {from: 1, every: 1s, until: 9s}}}", "timetable[0].set.b12.rms1: bad_course"),
        ("{at: 1s, set: {b12.rms1: {from: 1, to: 2, every: 1ms, until: 9d}}}", "timetable[0].set.b12.rms1: bad_course"),
        ("{at: 1s, do: {acknowlege: x}}", "timetable[0].do.acknowlege: one_of acknowledge"),
        ("{at: 1s, do: {open: doors.nort}}", "timetable[0].do.open: no_such_output doors.north"),
        ("{at: 1s, do: {shelve: {alarm: x, for: 1h}}}", "timetable[0].do.shelve: deed_unsaid"),
        ("{at: 1s, expect: {outputs: {doors.nort: open}}}",
         "timetable[0].expect.outputs.doors.nort: no_such_output doors.north"),
        ("{at: 1s, expect: {by: {doors.north: fire}}}", "timetable[0].expect.by.doors.north: no_such_rule"),
        ("{at: 1s, expect: {events: [acess.granted]}}", "timetable[0].expect.events[0]: no_such_kind access.granted"),
        ("{at: 1s, expect: {alarms: {x: raised}}}", "timetable[0].expect.alarms.x: one_of"),
        ("{at: 1s}", "timetable[0]: says_nothing"),
        ("{set: {io1.input1: on}}", "timetable[0].at: missing"),
        ("{at: 1s, after: 2s, expect: {}}", "timetable[0].after: one_instant"),
        ("{at: 5s, until: 4s, expect: {}}", "timetable[0].until: goes_back"),
    ],
)  # fmt: skip
def test_each_slip_is_told_where_it_stands(faults, entry: str, fault: str) -> None:
    found = faults(entry)
    assert any(each.startswith(fault) for each in found), found


def test_entries_that_go_back_in_time_are_told(faults) -> None:
    assert faults("{at: 5s, wall: 2026-01-01 10:00}", "{at: 4s, wall: 2026-01-01 10:00}") == [
        "timetable[1].at: goes_back"
    ]


def test_faults_of_rules_that_are_added_name_the_timetables_own_lines(run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        run("{at: 1s, expect: {}}", head="rules:\n  heat: {kind: electrical_fire, current: b12.rms9, alarm: 1 A}\n")
    (fault,) = error.value.faults
    assert (fault.file, fault.line, fault.code) == (tmp_path / "table.yaml", 12, "unknown_point")


def test_a_site_that_is_not_there_is_told(run) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        run("{at: 1s, expect: {}}", site="site: ../nowhere/site.yaml\n")


STORIES = {
    part.partition(":\n")[0]: part.partition(":\n")[2].rstrip().splitlines()
    for part in (Path(__file__).parent / "words.yaml").read_text().split("\n\n")[1:]
}


@pytest.mark.parametrize("what", STORIES)
def test_words_do_what_they_say(run, what: str) -> None:
    assert STORIES[what]
    assert not run(*(entry.removeprefix("  - ") for entry in STORIES[what])).failures


def test_what_was_never_set_was_never_read_where_that_is_wished(run) -> None:
    assert not run(
        "{at: 1s, expect: {points: {io1.input1: {quality: bad}}, outputs: {doors.north: held}}}", head="quiet: false\n"
    ).failures


def test_the_clock_on_the_wall_is_the_sites(run) -> None:
    rule = "{kind: schedule, output: doors.north, value: open, hours: Sat 07:00-08:00}"
    head = f"start: 2026-11-21 06:59:50\nrules: {{day: {rule}}}\n"
    assert not run("{after: 9s, before: 11s, expect: {outputs: {doors.north: open}}}", head=head).failures


def test_the_examples_of_the_document_run(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    text = (root / "docs/rule-tests.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "example.yaml"
    file.write_text(example.replace("../small/site.yaml", str(root / "config/small/site.yaml")))
    result = play.run(file)
    assert not result.failures
    assert result.expectations >= 5
