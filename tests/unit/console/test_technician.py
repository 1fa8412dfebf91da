"""Whom the technician's commands ask: the daemon that works the line, else the line itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from console import direct
from tests.unit.console.test_cli import gatehouse
from tests.unit.daemon import small
from tests.unit.daemon.desk import Desk, serving


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(tmp_path) as made:
        yield made


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is done on the line itself."""
    done: list[Any] = []

    def noted(name: str) -> Any:
        def note(*given: Any) -> Iterator[dict[str, Any]]:
            done.append((name, *given))
            return iter([{"event": "end", "why": None, "answered": 1, "unread": []}])

        return note

    monkeypatch.setattr(direct, "scan", noted("scan"))
    monkeypatch.setattr(direct, "probe_device", noted("probe"))
    return done


def test_without_a_daemon_the_site_file_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in (("scan", "gate"), ("probe", "io1")):
        assert gatehouse(monkeypatch, *words, "--state", tmp_path) == 3
        assert "Or name the site file" in capsys.readouterr().err


def test_with_it_the_line_itself_is_asked(
    monkeypatch: pytest.MonkeyPatch, alone: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = small.write(tmp_path)
    words = ("--units", "1-9", "--bauds", "9600", "--all", "--ascii", "--no-meters", "--patience", "200", "--json")
    assert gatehouse(monkeypatch, "scan", "gate", site, *words, "--state", tmp_path) == 0
    assert gatehouse(monkeypatch, "probe", "io1", site, "--json", "--state", tmp_path) == 0
    wish = direct.Wish(units="1-9", bauds="9600", everything=True, ascii=True, meters=False, patience=0.2)
    assert alone == [("scan", site, None, "gate", wish), ("probe", site, None, "io1")]
    assert json.loads(capsys.readouterr().out.splitlines()[0])["event"] == "end"


async def test_a_daemon_at_work_on_it_is_asked_even_where_the_site_file_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, alone: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    site = small.write(tmp_path / "again")

    async def typed(*words: object) -> int:
        return await asyncio.to_thread(gatehouse, monkeypatch, *words, "--socket", desk.path)

    assert await typed("scan", "reader", site) == 1
    assert "主动上报" in capsys.readouterr().err
    assert await typed("probe", "north", site) == 1
    assert await typed("scan", "elsewhere", site, "--json") == 0
    assert [name for name, *_ in alone] == ["scan"], "a line that this daemon does not have"


async def test_the_trace_of_a_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ring, clock = desk.house.daemon.lines["gate"].ring, desk.house.daemon.clock
    ring.note("sent", "io1", bytes.fromhex("01020000000879CC"), clock.monotonic(), "inputs")

    async def typed(*words: object) -> int:
        return await asyncio.to_thread(gatehouse, monkeypatch, *words, "--socket", desk.path)

    assert await typed("trace", "gate", "--last") == 0
    assert "→ 问 io1 inputs  1 号：读 8 个离散输入，自 0 (0x0000)  01 02" in capsys.readouterr().out
    assert await typed("trace", "gate", "--last", "--json") == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == "01020000000879cc"
    assert await typed("trace", "reader", "--last") == 1, "nothing was said yet"


def test_a_trace_wants_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert gatehouse(monkeypatch, "trace") == 2


def test_saved_traces_need_no_daemon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert gatehouse(monkeypatch, "trace", "--saved", "--state", tmp_path) == 0
    assert "traces 里没有保存的跟踪" in capsys.readouterr().out
    assert gatehouse(monkeypatch, "trace", "x.jsonl", "--saved", "--state", tmp_path) == 1
    assert "没有 x.jsonl" in capsys.readouterr().err


async def test_what_the_daemon_cannot_grant_is_refused_by_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("scan", "gate", "--bauds", "9600", "--patience", "3", "--socket", desk.path)
    assert await asyncio.to_thread(gatehouse, monkeypatch, *words) == 1
    assert "--bauds, --patience" in capsys.readouterr().err
