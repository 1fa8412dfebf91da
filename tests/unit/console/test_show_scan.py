"""What a technician sees of a scan: who answers, which product it is and why, and YAML that a site file takes."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from ruamel.yaml import YAML

from console.show_scan import ShowScan
from console.words_field import WORDS, said
from daemon.config import load as config

PLAN = {
    "event": "plan", "addresses": 247, "settings": ["9600 8N1", "19200 8E1"], "seconds": 190, "seconds_all": 2000,
    "share": 1.0,
}  # fmt: skip


def found(unit: object, **more: Any) -> dict[str, Any]:
    event = {
        "event": "found", "unit": unit, "device": "", "setting": "9600 8N1", "tongue": "rtu", "table": "holding",
        "answer": {"zh": "", "en": ""}, "refused": False, "milliseconds": 21.4, "steady": 4, "asked": 4,
    }  # fmt: skip
    return event | more


def likely(profile: str, fit: float = 1.0, **more: Any) -> dict[str, Any]:
    its = {
        "profile": profile, "title": {"zh": "温湿度变送器", "en": "sensor"}, "maker": "XY", "model": "XY",
        "hardware": False,
        "fit": fit, "marked": False, "at_home": True, "channels": 2, "answered": 2, "plausible": 2,
        "examples": [{"title": "温度", "value": 24.6, "unit": "°C"}],
    }  # fmt: skip
    return its | more


def identified(unit: object, *its: dict[str, Any], sure: bool = False, **proposal: Any) -> dict[str, Any]:
    profile = its[0]["profile"] if its else ""
    entry = {"line": "power", "driver": "modbus", "profile": profile, "unit": unit}
    return {
        "event": "identified", "unit": unit, "driver": "modbus", "settings": {}, "sure": sure, "likely": list(its),
        "proposal": {"known": "", "name": f"new-{unit}", "entry": entry} | proposal,
    }  # fmt: skip


END = {"event": "end", "why": None}


def screen(
    events: Iterator[dict[str, Any]] | list[dict[str, Any]], language: str = "zh", width: int = 120
) -> tuple[int, str]:
    show, file = ShowScan("power", language), io.StringIO()
    show.console = Console(width=width, file=file, highlight=False)
    return show.run(events), file.getvalue()


def test_a_scan_from_plan_to_paste(tmp_path: Path) -> None:
    events = [
        PLAN,
        found(3),
        identified(3, likely("xy-md02"), sure=True),
        found(7, device="meter"),
        identified(7, likely("eastron/sdm230"), known="meter", differs=False, written="eastron/sdm230"),
        END,
    ]
    status, text = screen(events)
    assert status == 0
    assert "247 个地址，9600 8N1，约 3 分钟" in text
    assert "✔ 3 号 有应答  9600 8N1  21 ms" in text
    assert "已有 meter" in text
    entry = next(line for line in text.splitlines() if line.startswith("  new-3: "))
    pasted = text[text.index("devices:") :]
    assert "new-7" not in pasted
    yaml = YAML(typ="safe").load(f"devices:\n{entry}\n")
    assert yaml["devices"]["new-3"] == {
        "line": "power", "driver": "modbus", "profile": "xy-md02", "unit": 3, "title": "温湿度变送器",
    }  # fmt: skip
    site = f"site: {{id: a, name: b}}\nlines:\n  power: {{serial: /dev/ttyS0}}\n{pasted}"
    (tmp_path / "site.yaml").write_text(site)
    assert set(config.load(tmp_path / "site.yaml").devices) == {"new-3"}


def test_unsure_is_said_with_the_others() -> None:
    twins = [likely("eastron/sdm230", 1.0), likely("eastron/sdm220", 0.97)]
    events = [PLAN, found(2), identified(2, *twins), END]
    status, text = screen(events)
    assert "不确定" in text
    assert "eastron/sdm220 97%" in screen(events, width=250)[1]
    assert "# 不确定, 也可能是 eastron/sdm220; 档案未在实物上验证过" in text
    assert status == 0


def test_a_unit_that_fits_nothing_is_proposed_as_a_remark() -> None:
    _, text = screen([PLAN, found(9), identified(9), END])
    assert "没有吻合的档案" in text
    assert "  # new-9: {line: power, driver: modbus, unit: 9, profile: ?}" in text


def test_a_meters_address_stays_a_text() -> None:
    meter = identified("000012345678")
    meter |= {
        "driver": "dlt645",
        "examples": [{"title": "电压", "value": 231.4, "unit": "V"}],
        "channels": 5,
        "answered": 5,
    }
    meter["proposal"]["entry"] = {"line": "power", "driver": "dlt645", "address": "000012345678"}
    _, text = screen([PLAN, found("000012345678", tongue="dlt645"), meter, END])
    line = next(line for line in text.splitlines() if line.startswith("  new-"))
    (entry,) = YAML(typ="safe").load(f"devices:\n{line}\n")["devices"].values()
    assert entry["address"] == "000012345678"
    assert "电压 231.4 V" in text


def test_another_setting_than_the_lines_own_is_told() -> None:
    event = found(5, setting="19200 8E1")
    _, text = screen([PLAN, event, identified(5, likely("xy-md02")), END])
    assert '总线 power 须设为 baud: 19200, format: "8E1"' in text
    _, text = screen([PLAN, event, found(6), END])
    assert "一条总线只能用一种" in text


def test_troubles_are_said_in_words() -> None:
    events = [
        PLAN,
        found(3, steady=2),
        {"event": "garbled", "unit": 5, "setting": "9600 8N1", "bytes": "01 83"},
        {"event": "garbled", "unit": "dlt645", "setting": "9600 8N1", "bytes": "68"},
        {"event": "noisy", "setting": "9600 8N1", "addresses": 8},
        {"event": "everywhere", "units": [1, 2]},
        {"event": "end", "why": {"zh": "转换器已拔出", "en": "the adapter is gone"}},
    ]
    _, text = screen(events)
    for part in (
        "时好时坏（2/4）",
        "5 号 有回答但听不清（01 83）",
        "多块表同时回答",
        "8 个地址只听到杂波",
        "unit: 1",
        "转换器已拔出",
    ):
        assert part in text, part


def test_nobody_is_no_success() -> None:
    status, text = screen([PLAN, END])
    assert status == 1
    assert "A/B" in text


def test_stopped_by_hand_it_shows_what_it_has() -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield from (PLAN, found(3, device="climate"))
        raise KeyboardInterrupt

    status, text = screen(events())
    assert status == 0
    assert "已停止" in text
    assert "已有 climate" in text

    def none() -> Iterator[dict[str, Any]]:
        yield PLAN
        raise KeyboardInterrupt

    assert screen(none())[0] == 1


def test_at_work_with_the_daemon_the_known_are_told() -> None:
    known = {"event": "known", "unit": 1, "device": "mains"}
    status, text = screen([PLAN | {"share": 0.1}, known, END])
    assert status == 0
    assert "1 mains" in text
    assert "守护进程正在使用此总线" in text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_screen_in_both_languages(language: str, width: int) -> None:
    events = [PLAN, found(3), identified(3, likely("xy-md02"), likely("x/y")), END]
    _, text = screen(events, language, width)
    lines = text.splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(said("scan_title", language)))
    table = lines[begin : lines.index("devices:") - 1]
    assert len(table) > 3
    assert max(cell_len(line) for line in table) <= width
    if language == "en":
        assert "unit 3 answers" in text


def test_every_word_has_both_languages_with_the_same_gaps() -> None:
    import string

    for key, (zh, en) in WORDS.items():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (zh, en)]
        assert gaps[0] == gaps[1], key
    assert said("value", "zh") == "值", "words of the other screens are known as well"


def test_beside_the_known_nobody_else_is_told() -> None:
    known = {"event": "known", "unit": 1, "device": "mains"}
    assert "没有找到其他设备" in screen([PLAN | {"share": 0.1}, known, END])[1]
    text = screen([PLAN | {"share": 0.1}, END])[1]
    assert "请先停守护进程" in text
    assert "--all" not in text


def test_a_port_that_cannot_be_opened_is_not_taken_for_silence() -> None:
    _, text = screen([PLAN, {"event": "end", "why": {"zh": "9600 8E1：端口不存在", "en": "gone"}}])
    assert "9600 8E1：端口不存在" in text
    assert "没有任何应答" not in text


def test_a_profile_that_fits_badly_is_no_proposal() -> None:
    _, text = screen([PLAN, found(42), identified(42, likely("chint/ddsu666", 0.29)), END], width=200)
    assert "没有吻合的档案" in text
    assert "最接近的 chint/ddsu666 只有 29%" in text
    assert "  # unit-42: {line: power, driver: modbus, unit: 42, profile: ?}" in text
    assert "docs/writing-a-profile.md" in text


def test_addresses_that_all_answer_alike_are_one_row() -> None:
    events = [PLAN, *(found(unit) for unit in (5, 6, 7, 8)), {"event": "everywhere", "units": [5, 6, 7, 8]}]
    events += [identified(unit) for unit in (5, 6, 8)] + [identified(7, likely("xy-md02")), END]
    _, text = screen(events)
    assert "不再列出：6, 8" in text
    assert "# new-5: " in text
    assert "  new-7: " in text
    assert "new-6" not in text
