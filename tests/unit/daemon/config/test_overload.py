"""Lines that cannot keep their times are refused, and what is advised would do."""

import re
from pathlib import Path

import pytest

from daemon.config import profiles, site
from daemon.config.capacity import asked, orders, reckon
from daemon.config.load import ConfigError, Plan, load
from daemon.config.overload import SAFETY_LIMIT, told
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import ScanClass

PROFILES = Path(__file__).parents[4] / "config" / "profiles"
STREET = """\
maker: m
model: m
title: {{zh: 点, en: point}}
source: [{{text: test}}]
hardware: false
grade: B
limits: {{usual: 20ms, worst: {worst}}}
points:
  alarm: {{title: {{zh: 报警, en: alarm}}, table: input, address: 0, kind: safety, period: {alarm}}}
  value: {{title: {{zh: 值, en: value}}, table: input, address: 1, count: 9, kind: measure, period: {measure}}}
"""
STATE = "  state: {title: {zh: 状态, en: state}, table: discrete, address: 0, kind: access, period: 5s}\n"
LOCK = "  lock: {title: {zh: 锁, en: lock}, table: coil, address: 0, writable: true, kind: access, period: 1s}\n"


def street(
    folder: Path,
    units: int = 32,
    more: str = "",
    *,
    alarm: str = "1s",
    measure: str = "10s",
    baud: int = 9600,
    extra: str = "",
) -> Path:
    """A site whose one line has so many units of one kind."""
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    profile = STREET.format(alarm=alarm, measure=measure, worst="600ms") + extra
    (folder / "profiles" / "street.yaml").write_text(profile, encoding="utf-8")
    devices = [f"  u{n}: {{line: l, driver: modbus, profile: street, unit: {n}}}" for n in range(1, units + 1)]
    head = f"site: {{id: street, name: 街}}\nlines:\n  l: {{serial: /dev/serial/by-id/usb-x, baud: {baud}}}\n"
    (folder / "site.yaml").write_text(f"{head}devices:\n" + "\n".join(devices) + f"\n{more}", encoding="utf-8")
    return folder / "site.yaml"


def refusal(path: Path) -> tuple[str, str]:
    """The one fault, in English and in Chinese."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    (fault,) = caught.value.faults
    assert (fault.line, fault.path) == (3, "lines.l")
    return fault.text("en"), fault.text("zh")


def age(plan: Plan, kind: ScanClass = ScanClass.SAFETY) -> float:
    worst = plan.loads["l"].worst(kind)
    assert worst is not None
    return worst.age


@pytest.mark.parametrize("alarm", ["80ms", "250ms", "1s"])
def test_thirty_two_units_on_9600_baud_are_a_good_site_however_often_alarms_are_asked_for(
    tmp_path: Path, alarm: str
) -> None:
    plan = load(street(tmp_path, alarm=alarm))
    assert 1.6 < age(plan) < SAFETY_LIMIT
    measures = plan.loads["l"].worst(ScanClass.MEASURE)
    assert measures is not None
    assert measures.cycle == 10.0, "each measure comes in its time beside it"


def test_readings_of_a_full_line_are_trusted_for_as_long_as_they_may_need(tmp_path: Path) -> None:
    plan = load(street(tmp_path, alarm="80ms"))
    point = next(point for point in plan.points if point.name == "u1.alarm")
    assert point.max_age == max(each.dying for each in plan.loads["l"].promised("u1").values() if each.scan.kind == 0)
    assert point.max_age > 4 * 0.08


def test_too_many_units_are_refused_with_the_arithmetic_in_both_languages(tmp_path: Path) -> None:
    en, zh = refusal(street(tmp_path, 48))
    for text in (en, zh):
        assert re.search(r"48 \D*40\.5 ms = 1\.94 s", text)
    assert "may be 3.09 s old on this line, and 2 s is the most (safety inputs are seen within 2 s)" in en
    assert "u1.alarm 的读数最旧可达 3.09 s，上限为 2 s（安全输入须在 2 s 内看到）" in zh
    assert "set the line and its devices to 38400 baud (1.71 s), or move 15 of the 48 devices to another line" in en
    assert "请把线路和设备改为 38400 波特（1.71 s），或把 48 台设备中的 15 台移到另一条线路（u34…u48）" in zh
    assert not re.search("[\u4e00-\u9fff]", en)


def test_the_baud_that_is_advised_does_and_the_one_below_does_not(tmp_path: Path) -> None:
    assert age(load(street(tmp_path, 48, baud=38400))) == pytest.approx(1.71, abs=0.005)
    refusal(street(tmp_path, 48, baud=19200))


def test_so_many_devices_must_go_and_no_more(tmp_path: Path) -> None:
    assert age(load(street(tmp_path, 48 - 15))) < SAFETY_LIMIT
    refusal(street(tmp_path, 48 - 14))


def test_where_half_is_too_many_the_number_of_lines_is_told(tmp_path: Path) -> None:
    en, zh = refusal(street(tmp_path, 120))
    assert "divide the 120 devices over 4 lines" in en
    assert "把 120 台设备分到 4 条线路" in zh


def test_measures_that_are_asked_for_too_often_are_refused_with_how_fresh_they_can_be(tmp_path: Path) -> None:
    en, zh = refusal(street(tmp_path, 16, measure="1s"))
    assert "16 measure reads x 57.1 ms every 1 s: 91%" in en
    assert re.search(r"u\d+ \(input 1-9 every 1 s\) would come every 3.17 s instead of every 1 s", en)
    assert re.search(r"只能每 3.17 s 读一次，而不是每 1 s", zh)
    factor = float(re.search(r"ask for the measures ([\d.]+) times as rarely", en)[1])
    load(street(tmp_path, 16, measure=f"{1000 * factor:.0f}ms"))
    refusal(street(tmp_path, 16, measure=f"{1000 * (factor - 0.5):.0f}ms"))


def test_a_profile_that_asks_too_rarely_is_told_how_often(tmp_path: Path) -> None:
    en, zh = refusal(street(tmp_path, 2, alarm="5s"))
    assert en.endswith("write period: 1.8 s or shorter in its profile")
    assert zh.endswith("在设备档案中把 period 改为 1.8 s 或更短")
    load(street(tmp_path, 2, alarm="1800ms"))


def test_what_a_door_hangs_on_is_read_within_two_seconds_whatever_its_class(tmp_path: Path) -> None:
    more = "doors:\n  a: {title: 门, lock: u1.lock, contact: u1.state}\n"
    en, _ = refusal(street(tmp_path, 1, more, extra=STATE + LOCK))
    assert "u1.state may be 5." in en
    assert "the inputs of a door are seen within 2 s" in en


def test_an_access_point_that_nothing_hangs_on_may_be_as_old_as_it_is_trusted(tmp_path: Path) -> None:
    plan = load(street(tmp_path, 2, extra=STATE))
    assert age(plan, ScanClass.ACCESS) > SAFETY_LIMIT


def test_a_driver_that_cannot_be_asked_is_a_fault_of_its_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no idea")

    monkeypatch.setattr(Device, "ask", broken)
    with pytest.raises(ConfigError) as caught:
        load(street(tmp_path, 1))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [("devices.u1", "driver_refuses")]


def test_a_line_is_told_with_the_limits_it_is_held_to(tmp_path: Path) -> None:
    line = told(load(street(tmp_path)).loads["l"])
    assert (line["endpoint"], line["limits"]["safety"]) == ("/dev/serial/by-id/usb-x", 2.0)


@pytest.mark.parametrize("file", sorted(PROFILES.rglob("*.yaml")), ids=lambda file: str(file.relative_to(PROFILES)))
def test_every_product_alone_on_a_line_of_9600_baud_keeps_its_times(file: Path) -> None:
    profile, _ = profiles.load(file, Profile)
    if profile is None:
        pytest.skip("speaks no Modbus")
    device = Device(1, profile)
    line = site.Line(serial="/dev/serial/by-id/usb-x", baud=9600)
    found = reckon("l", line, asked("d", device), orders("d", device))
    safety = [each for each in found.promises if each.scan.kind is ScanClass.SAFETY and each.scan.points]
    assert all(each.age <= SAFETY_LIMIT for each in safety), "ask for it every second"
    assert found.total < 1


def test_a_staircase_of_meters_fits_as_they_are_delivered(tmp_path: Path) -> None:
    """32 single-phase meters at 2400 baud, with nothing written but their addresses."""
    meters = "".join(f'  m{number}: {{line: l, driver: dlt645, address: "{number:012}"}}\n' for number in range(1, 33))
    (tmp_path / "site.yaml").write_text(
        f'site: {{id: x, name: x}}\nlines:\n  l: {{serial: /dev/ttyS1, baud: 2400, format: "8E1"}}\ndevices:\n{meters}',
        encoding="utf-8",
    )
    assert load(tmp_path).loads["l"].total < 1
