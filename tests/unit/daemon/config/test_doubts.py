"""What runs and is mostly not meant is said; what was mistyped is answered with what was perhaps meant."""

from pathlib import Path

import pytest

from daemon.config import load as config

SITE = """
site: {{id: small, name: 小区}}
lines:
  gate: {{serial: /dev/serial/by-id/usb-A-port0, baud: {baud}}}
devices:
  a: {{line: gate, driver: {driver}, profile: own/board, unit: {unit}}}
"""
PROFILE = """
maker: Own
model: board
title: {{zh: 板, en: board}}
{source}
hardware: false
grade: B
points:
  input: {{title: {title}, table: {table}, address: {address}, count: 2, {more}kind: measure, period: 5s}}
"""
GOOD = {
    "baud": "9600", "driver": "modbus", "unit": "2", "source": "source: [{text: manual}]",
    "title": "{zh: 输入, en: input}", "table": "discrete", "address": "0", "more": "",
}  # fmt: skip


def said(folder: Path, **changed: str) -> str:
    """All that is said of such a site in Chinese: faults, or else warnings."""
    words = GOOD | changed
    (folder / "profiles/own").mkdir(parents=True)
    (folder / "profiles/own/board.yaml").write_text(PROFILE.format_map(words))
    (folder / "site.yaml").write_text(SITE.format_map(words))
    try:
        faults = config.load(folder / "site.yaml").warnings
    except config.ConfigError as error:
        faults = tuple(error.faults)
    return "\n".join(fault.text("zh") for fault in faults)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"baud": "9601"}, "波特率 9601 不常见；设备多用 9600 或 19200，请看说明书；是不是 9600？"),
        ({"address": "10001"}, "10001 多半应写 0"),
        ({"table": "holding", "address": "40108"}, "40108 多半应写 107"),
        ({"address": "1F"}, "写的是 '1F'；这里应为整数；是不是 0x1F？"),
        ({"baud": "9600bps"}, "是不是 9600？"),
        ({"unit": "２"}, "是不是 2？"),
        ({"unit": "二"}, "写的是 '二'；这里应为整数"),
        ({"title": "输入"}, "写的是 '输入'；请写成 `title: {zh: …, en: …}`"),
        ({"source": ""}, "缺少 'source'；请加上 `source: [{text: …}]`"),
        ({"more": "scale: 0.1, "}, "这些设置互相矛盾；discrete 只有通断，不能有 scale"),
    ],
)
def test_what_is_perhaps_meant_is_said(tmp_path: Path, changed: dict[str, str], expected: str) -> None:
    assert expected in said(tmp_path, **changed)


@pytest.mark.parametrize("changed", [{}, {"table": "holding", "address": "30001"}, {"baud": "115200"}])
def test_what_is_usual_is_not_doubted(tmp_path: Path, changed: dict[str, str]) -> None:
    text = said(tmp_path, **changed)
    assert "多半" not in text
    assert "不常见" not in text


def test_a_driver_that_lies_beside_the_site_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers/acme.py").touch()
    assert "没有驱动 'acme'" in (text := said(tmp_path, driver="acme"))
    assert "是不是 drivers/acme.py？" in text


def test_of_many_profiles_those_of_the_same_maker_are_named(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE.format_map(GOOD))
    (tmp_path / "profiles/own").mkdir(parents=True)
    (tmp_path / "profiles/own/boards.yaml").touch()
    with pytest.raises(config.ConfigError, match=r"profiles: own/boards; did you mean own/boards\?"):
        config.load(tmp_path / "site.yaml")
