"""`gatehouse lines`: every line with its load and its worst ages, and what a technician should make of it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from console import offline
from console.show_lines import ShowLines
from console.words_lines import WORDS
from tests.unit.daemon import small

SMALL = Path(__file__).parents[3] / "config" / "small"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small.write(tmp_path / "site")


def lines(capsys: pytest.CaptureFixture[str], site: Path, language: str = "zh", detail: str = "") -> str:
    assert offline.lines(site, None, language, detail, as_json=False) == 0
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], site: Path) -> dict[str, Any]:
    assert offline.lines(site, None, "zh", "", as_json=True) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def drawn(line: dict[str, Any], language: str = "zh", width: int = 100) -> str:
    """What stands on a screen so many columns wide."""
    show, file = ShowLines(language), io.StringIO()
    show.console = Console(width=width, file=file, highlight=False)
    show.lines({"gate": line})
    return file.getvalue()


def test_each_line_has_a_bar_of_its_classes_and_a_row_for_each(capsys, site):
    told, text = document(capsys, site)["gate"], lines(capsys, site)
    assert "gate  门岗总线  /dev/serial/by-id/usb-absent  9600 波特 8N1  1 台设备" in text
    share = f"{told['shares']['safety']:.0%}"
    assert f"█ 安全 {share}" in text
    assert text.count("█") == round(50 * told["shares"]["safety"]) + 1
    row = re.search(r"安全 +(\d+) +(\S+ ms) +(\S+) +(\S+ ms) +(\S+ m?s) +(\S+ m?s) +(\S+)", text)
    assert row.groups() == ("1", "29.4 ms", share, "80 ms", row[5], row[5], "io1.input1")


def test_a_line_whose_device_speaks_unasked_has_no_load(capsys, site):
    text = lines(capsys, site)
    assert re.search(r"reader .* 1 台设备\n设备自己发送数据，不占读取时间。", text)
    assert document(capsys, site)["reader"]["load"] == 0


def test_the_detail_shows_each_scan_and_the_sum(capsys, site):
    told, text = document(capsys, site)["gate"], lines(capsys, site, "en", "gate")
    for scan in told["scans"]:
        assert re.search(rf"io1 +{re.escape(scan['scan'])} +{scan['kind']} +8\+6 +29\.4 ms", text)
    assert re.search(rf"in all +{1000 * sum(scan['seconds'] for scan in told['scans']):.3g} ms", text)
    assert "reader" not in text


def test_json_of_one_line_is_that_line(capsys, site):
    assert offline.lines(site, None, "zh", "gate", as_json=True) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["gate"]


def test_a_line_that_is_not_there_is_told_with_those_that_are(capsys, site):
    assert offline.lines(site, None, "zh", "gaet", as_json=False) == 2
    assert capsys.readouterr().err == "没有线路 gaet。现有：gate, reader\n"


def test_a_faulty_site_is_explained_instead(capsys, tmp_path):
    slow = small.SITE.replace("usb-absent, title", "usb-absent, baud: 1200, title")
    assert offline.lines(small.write(tmp_path, slow), None, "en", "", as_json=False) == 2
    assert "site.yaml:3:3 lines.gate: io1.relay1 may be" in capsys.readouterr().err


def test_it_ends_with_how_to_read_it(capsys, site):
    assert "gatehouse lines SITE --detail LINE" in lines(capsys, site, "en").splitlines()[-1]


LINE: dict[str, Any] = {
    "title": "街", "endpoint": "/dev/x", "baud": 9600, "format": "8N1", "devices": 32, "reserve": 0.1, "own": 0.0012,
    "limits": {"safety": 2.0, "aim": 1.0}, "load": 1.64,
    "worst": {"safety": {"point": "u1.a", "age": 1.87, "dying": 3.8}, "access": None, "measure": None, "slow": None},
    "shares": {"safety": 1.3, "access": 0.0, "measure": 0.0, "slow": 0.0},
    "scans": [{"device": "u1", "scan": "a", "kind": "safety", "points": 1, "sent": 8, "expected": 7, "seconds": 0.0405,
               "period": 1.0, "cycle": 1.68, "age": 1.87, "dying": 3.8}],
}  # fmt: skip


def changed(**scan: float) -> dict[str, Any]:
    return LINE | {"load": scan.pop("load", 0.3), "scans": [LINE["scans"][0] | scan]}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_matters_of_a_line_is_said(language: str) -> None:
    chinese = language == "zh"
    full = drawn(LINE, language, 200)
    assert ("轮流读取：每 1.68 s 一次而不是 1 s" if chinese else "each comes every 1.68 s instead of 1 s") in full
    assert ("可能有 3.8 s 读不到" if chinese else "may go unread for 3.8 s") in full
    assert "▶" in full, "more than all of the time"
    calm = drawn(changed(cycle=1.0, age=0.9, dying=1.5), language, 200)
    assert ("大约还能再接 74 台" if chinese else "for about 74 more") in calm
    assert calm.count("•") == 1
    busy = drawn(changed(cycle=0.5, period=0.5, age=1.2, dying=1.5, load=0.9), language, 200)
    assert ("负载超过 80%" if chinese else "Above 80%") in busy
    assert ("最旧超过 1 s" if chinese else "may be older than 1 s") in busy


def test_nothing_of_a_table_is_lost_on_eighty_columns() -> None:
    rows = [row for row in drawn(LINE, "zh", 80).splitlines() if "40.5 ms" in row]
    assert rows[0].split()[-1] == "u1.a"


def test_the_small_estate_can_be_shown(capsys):
    text = lines(capsys, SMALL, "zh")
    for name in ("gate", "power", "building12", "reader-n"):
        assert f"\n{name}  " in f"\n{text}"


def test_the_page_shows_what_the_command_prints(capsys, monkeypatch):
    """When it does not: run the command and paste."""
    page = (SMALL.parents[1] / "docs" / "line-load.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n\$ gatehouse lines config/small --lang en --detail gate\n(.*?)```", page, re.DOTALL)[1]
    monkeypatch.setenv("COLUMNS", "110")
    printed = lines(capsys, SMALL, "en", "gate")
    assert [row.rstrip() for row in printed.splitlines()] == shown.splitlines()


def test_every_word_is_there_in_both_languages():
    for key, (zh, en) in WORDS.items():
        assert en.isascii(), key
        assert re.search(r"[\u4e00-\u9fff]", zh), key
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), key
