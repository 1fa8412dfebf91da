"""From a checked site to what runs: points, outputs, titles, rules."""

import math
import shutil
from pathlib import Path

import pytest

from daemon.config.load import ConfigError, Plan, load
from gatehouse.alarms import Severity
from gatehouse.demands import Output, Passage
from gatehouse.driver import Listener
from rules._settings import Amount

GOOD = Path(__file__).parents[4] / "config" / "small"
SITE = (GOOD / "site.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The small estate; nobody changes it."""
    return load(GOOD)


def changed(folder: Path, *changes: tuple[str, str]) -> Plan:
    """The small estate with these changes."""
    text = SITE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    shutil.copy(GOOD / "cards.csv", folder)
    return load(folder)


def rule(plan: Plan, name: str) -> dict[str, object]:
    found = next(rule for rule in plan.rules if rule.name == name)
    return {key: value for key, value in vars(found).items() if not key.startswith("_")}


def test_points_have_names_titles_units_and_ages_of_the_site(plan: Plan) -> None:
    points = {point.name: point for point in plan.points}
    assert len(points) == len(plan.points)
    assert points["io1.relay1"].writable
    assert points["io1.input1"].title.startswith("门岗输入输出板1 ")
    assert points["b12.rms1"].unit == "A"
    assert points["north.card"].momentary
    assert points["north.card"].max_age == math.inf
    assert {f"{name}.online" for name in plan.devices} <= points.keys()
    assert points["io1.online"].max_age == math.inf


def test_a_reading_is_trusted_as_long_as_its_scan_allows(plan: Plan) -> None:
    """Several periods; or longer where the line needs that while a device of it dies."""
    points = {point.name: point for point in plan.points}
    for name, device in plan.devices.items():
        load = plan.loads[plan.site.devices[name].line]
        for scan in () if isinstance(device, Listener) else device.scans():
            for channel in scan.points:
                limit = points[f"{name}.{channel}"].max_age
                expected = max(4 * scan.period, 1) if scan.kind == 0 else max(3 * scan.period, scan.period + 2)
                assert limit == pytest.approx(max(expected, load.promised(name)[scan.name].dying))
    assert points["io1.input1"].max_age == 1.0  # 80 ms, safety: the line needs less than a second if a board dies
    assert points["io1.relay1"].max_age == 3.0  # 1 s, access


def test_outputs_rest_closed_and_are_safe_open(plan: Plan) -> None:
    outputs = {output.name: output for output in plan.outputs}
    assert outputs["doors.north"] == Output(
        name="doors.north", kind="door", title="北门", rest=Passage.CLOSED, safe=Passage.OPEN
    )
    assert outputs["lanes.in"].kind == "lane"
    assert (outputs["lanes.in"].rest, outputs["lanes.in"].safe) == (Passage.CLOSED, Passage.OPEN)
    assert (outputs["outputs.siren"].rest, outputs["outputs.siren"].safe) == (False, None)
    assert set(outputs) == {f"doors.{n}" for n in ("north", "east", "unit12")} | {
        "lanes.in", "lanes.out", "outputs.siren", "outputs.lamps",
    }  # fmt: skip


def test_everything_has_a_title(plan: Plan) -> None:
    wanted = {"doors.north": "北门", "lanes.in": "车道A", "devices.io1": "门岗输入输出板1", "zones.b12": "12栋",
              "lines.gate": "门岗总线", "outputs.lamps": "路灯", "feeds.police": "派出所"}  # fmt: skip
    assert wanted.items() <= plan.titles.items()


def test_rules_follow_from_doors_lanes_zones_and_devices(plan: Plan) -> None:
    doors = {
        "doors.north": ("access", "way_out", "door_forced", "door_held"),
        "doors.east": ("way_out", "door_forced", "door_held"),
        "doors.unit12": ("way_out", "door_forced", "door_held"),
        "lanes.in": ("access", "barrier"),
        "lanes.out": ("barrier",),
        "zones.b12": ("fire_release",),
        **{f"devices.{name}": ("device_silent",) for name in plan.devices},
    }
    implied = [f"{subject}.{kind}" for subject, kinds in doors.items() for kind in kinds]
    assert [rule.name for rule in plan.rules] == [*implied, "b12-leakage", "mains-heat", "lamps-dusk"]


def test_implied_rules_have_the_settings_of_their_entry(plan: Plan) -> None:
    access = rule(plan, "doors.north.access")
    assert (access["subject"], access["card"], access["unlock"], access["passed"]) == (
        "doors.north", "north.card", 5.0, None,
    )  # fmt: skip
    lane = rule(plan, "lanes.in.access")
    assert (lane["card"], lane["unlock"], lane["passed"]) == ("lane-in.card", 15.0, "io2.input1")
    assert access["cards"] is lane["cards"]
    assert len(access["cards"]) == 4  # type: ignore[arg-type]
    held = rule(plan, "doors.north.door_held")
    assert (held["contact"], held["held"]) == ("io1.input1", 20.0)
    barrier = rule(plan, "lanes.out.barrier")
    assert (barrier["presence"], barrier["up"], barrier["down"], barrier["travel"], barrier["presence_limit"]) == (
        "io2.input4", "io2.input5", "io2.input6", 6.0, 1.0,
    )  # fmt: skip
    release = rule(plan, "zones.b12.fire_release")
    assert release["fire"] == ("io1.input8",)
    assert release["release"] == ("doors.north", "doors.east", "doors.unit12", "lanes.in", "lanes.out")
    assert (release["sirens"], release["stale"]) == (("outputs.siren",), "alarm")


def test_a_silent_device_matters_more_when_a_life_hangs_on_it(plan: Plan) -> None:
    severities = {name: rule(plan, f"devices.{name}.device_silent")["severity"] for name in plan.devices}
    assert {name for name, severity in severities.items() if severity is Severity.P2} == {"io1", "io2"}
    assert severities["meter"] is Severity.P3


def test_explicit_rules_get_full_names_and_their_own(plan: Plan) -> None:
    leakage = rule(plan, "b12-leakage")
    assert (leakage["current"], leakage["alarm"], leakage["for_"], leakage["zone"]) == (
        "b12.rms1", Amount(500, "mA"), 10.0, "zones.b12",
    )  # fmt: skip
    assert rule(plan, "mains-heat")["temperatures"] == ("mains.temperature_a", "mains.temperature_n")
    lamps = rule(plan, "lamps-dusk")
    assert (lamps["output"], lamps["value"]) == ("outputs.lamps", True)


def test_every_alarm_of_a_rule_speaks_of_something_that_has_a_title(plan: Plan) -> None:
    subjects = [subject for rule in plan.rules if (subject := getattr(rule, "subject", None)) is not None]
    assert "zones.b12" in subjects
    assert [subject for subject in subjects if subject not in plan.titles] == []


def test_every_input_and_output_of_every_rule_exists(plan: Plan) -> None:
    points, outputs = {point.name for point in plan.points}, {output.name for output in plan.outputs}
    for made in plan.rules:
        assert set(made.inputs) <= points, made.name
        assert set(made.outputs) <= outputs, made.name


def test_short_names_and_full_names_mean_the_same(plan: Plan, tmp_path: Path) -> None:
    release = "[doors.north, doors.east, doors.unit12, lanes.in, lanes.out]"
    short = changed(tmp_path, (release, "[north, east, unit12, in, out]"),
                    ("zone: b12", "zone: zones.b12"), ("output: outputs.lamps", "output: lamps"),
                    ("[siren]", "[outputs.siren]"))  # fmt: skip
    for name in ("zones.b12.fire_release", "b12-leakage", "lamps-dusk"):
        assert rule(short, name) == rule(plan, name)


def test_inverted_channels_are_told_to_the_engine(tmp_path: Path) -> None:
    plan = changed(tmp_path, ("title: 门岗输入输出板2", "inverted: [input1, input4], title: 门岗输入输出板2"))
    assert plan.inverted == {"io2.input1", "io2.input4"}


def test_a_device_on_tcp_speaks_tcp_and_behind_a_serial_server_serial(tmp_path: Path) -> None:
    (tmp_path / "wires.yaml").write_text("building12: {rtu_over_tcp: '127.0.0.1:5020'}\n")
    through = load(GOOD, wires=tmp_path / "wires.yaml")
    cases = ((load(GOOD), "b12"), (through, "b12"), (through, "io1"))
    wires = [vars(its.devices[name])["wire"] for its, name in cases]
    assert wires == ["tcp", "serial", "serial"]


def test_an_interlock_knows_the_contacts_of_its_doors(tmp_path: Path) -> None:
    plan = changed(tmp_path, ("  lamps-dusk:", "  trap: {kind: interlock, doors: [north, doors.east]}\n  lamps-dusk:"))
    trap = rule(plan, "trap")
    assert trap["doors"] == ("doors.north", "doors.east")
    assert trap["contacts"] == ("io1.input1", "io1.input3")


def test_a_zone_without_fire_is_only_a_place(tmp_path: Path) -> None:
    plan = changed(tmp_path, ("zones:\n", "zones:\n  yard: {title: 院子}\n"))
    assert plan.titles["zones.yard"] == "院子"
    assert not [made for made in plan.rules if made.name.startswith("zones.yard")]


def test_a_boom_on_a_relay_without_a_pulse_of_its_own_would_never_move(tmp_path: Path) -> None:
    profile = (GOOD.parent / "profiles" / "waveshare" / "rtu-relay-d.yaml").read_text(encoding="utf-8")
    (tmp_path / "profiles" / "acme").mkdir(parents=True)
    without = "\n".join(line for line in profile.splitlines() if "flash_" not in line)
    (tmp_path / "profiles" / "acme" / "relays.yaml").write_text(without, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        changed(tmp_path, ("io2:     {line: gate, driver: modbus, profile: waveshare/rtu-relay-d",
                           "io2:     {line: gate, driver: modbus, profile: acme/relays"))  # fmt: skip
    assert [fault.path for fault in caught.value.faults] == [
        f"lanes.{lane}.{relay}" for lane in ("in", "out") for relay in ("open", "close")
    ]
    assert "cannot time a pulse" in caught.value.faults[0].text("en")
