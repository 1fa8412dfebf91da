"""The technician's tools without a daemon: what is tried on a line, and traces that were saved."""

import json
from pathlib import Path
from typing import Any

import pytest

from console import direct
from console.client import RefusedError
from console.direct import Wish
from daemon.field.blackbox import FOLDER, put
from daemon.field.survey import USUAL, Setting
from tests.unit.daemon import small

OWN = Setting(4800, "8E1")


def tried(fixed: bool = False, **wish: Any) -> list[str]:
    return [str(setting) for setting in direct._settings(OWN, Wish(**wish), fixed=fixed)]


def test_the_lines_own_setting_is_tried_first_and_never_twice() -> None:
    every = tried()
    assert every[0] == "4800 8E1"
    assert len(every) == len(set(every)) == len(USUAL)


def test_named_ones_are_tried_and_no_others() -> None:
    assert tried(bauds="9600,19200", formats="8n1, 8E1") == ["9600 8N1", "9600 8E1", "19200 8N1", "19200 8E1"]
    assert tried(bauds="2400") == ["2400 8E1"]
    assert tried(formats="8O1") == ["4800 8O1"]


def test_a_gateways_baud_is_its_own_business() -> None:
    assert tried(fixed=True, bauds="9600") == ["4800 8E1"]


@pytest.mark.parametrize("wish", [{"bauds": "fast"}, {"bauds": "1"}, {"formats": "9N1"}])
def test_what_cannot_be_tried(wish: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="有误"):
        tried(**wish)


@pytest.mark.parametrize(
    ("line", "wish", "words"),
    [
        ("nope", {}, "there are: gate, reader"),
        ("reader", {}, "主动上报"),
        ("gate", {"units": "0-3"}, "1-32,100"),
        ("gate", {"patience": 9.0}, "20 到 5000"),
    ],
)
def test_what_is_refused(tmp_path: Path, line: str, wish: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        direct.scan(small.write(tmp_path), None, line, Wish(**wish))


def test_a_faulty_site_is_told_with_its_faults(tmp_path: Path) -> None:
    site = small.write(tmp_path, small.SITE.replace("profile: waveshare/rtu-relay-d", "profile: waveshare/rtu-relay-x"))
    with pytest.raises(RefusedError, match=r"(?s)现有型号：.*profiles: .*waveshare/rtu-relay-d"):
        direct.probe_device(site, None, "io1")


def test_a_port_that_is_not_there_ends_it_with_the_reason(tmp_path: Path) -> None:
    events = list(direct.scan(small.write(tmp_path), None, "gate", Wish(units="1", meters=False)))
    assert "端口不存在" in events[-1]["why"]["zh"]
    (end,) = direct.probe_device(small.write(tmp_path), None, "io1")
    assert "the port is not there" in end["error"]["en"]


HEAD = {"trace": 1, "line": "gate", "why": "line.down", "subject": "lines.gate", "at": "2026-11-21T06:00:00+00:00",
        "timezone": "Asia/Shanghai", "drivers": {"io1": "modbus", "m": "dlt645", "x": "no_such_driver"}}  # fmt: skip


def entry(kind: str, data: bytes, device: str = "io1") -> dict[str, Any]:
    return {"at": 1795240800.25, "kind": kind, "device": device, "scan": "inputs", "bytes": data.hex()}


def test_a_saved_trace_is_explained_as_a_living_one(tmp_path: Path) -> None:
    lines = [
        HEAD,
        entry("sent", bytes.fromhex("01020000000879CC")),
        entry("foreign", bytes.fromhex("68AAAAAAAAAAAA681300DF16"), device=""),
        entry("lost", b"the adapter is gone", device=""),
        entry("sent", b"\1", device="x"),
    ]
    put(tmp_path / FOLDER, "20261121T060000Z-gate-down.jsonl", lines)
    (head,) = direct.saved(tmp_path)
    assert (head["line"], head["local"], head["file"]) == (
        "gate", "2026-11-21T14:00:00.000+08:00", "20261121T060000Z-gate-down.jsonl",
    )  # fmt: skip
    sent, foreign, lost, strange = direct.read_saved(tmp_path, head["file"])
    assert sent["text"]["zh"] == "1 号：读 8 个离散输入，自 0 (0x0000)"
    assert sent["local"].endswith("+08:00")
    assert foreign["text"]["zh"].startswith("表 AAAAAAAAAAAA")
    assert lost["text"]["zh"] == "转换器已拔出"
    assert strange["text"]["zh"] == ""


def test_a_damaged_file_hides_no_other(tmp_path: Path) -> None:
    put(tmp_path / FOLDER, "a.jsonl", [HEAD])
    (tmp_path / FOLDER / "b.jsonl").write_text("half a li", encoding="utf-8")
    (tmp_path / FOLDER / "c.jsonl").write_text(json.dumps({"line": "x"}), encoding="utf-8")
    assert [head["line"] for head in direct.saved(tmp_path)] == ["gate", "?", "?"]


@pytest.mark.parametrize(
    "second",
    [b"half a li", b"7", b"{}", b"\xff", b'{"at": 1e300, "kind": "sent", "device": "", "scan": "", "bytes": ""}',
     b'{"at": 1, "kind": "sent", "device": [], "scan": "", "bytes": ""}'],
)  # fmt: skip
def test_a_damaged_trace_says_where(tmp_path: Path, second: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(json.dumps(HEAD).encode() + b"\n" + second + b"\n")
    with pytest.raises(RefusedError, match=r"is damaged"):
        list(direct.read_saved(tmp_path, str(tmp_path / "a.jsonl")))


def test_a_trace_of_that_name_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="lists them"):
        list(direct.read_saved(tmp_path, "x.jsonl"))
