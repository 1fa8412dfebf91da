"""What a technician sees of the frames of a line."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from console.show_trace import ShowTrace

LOCAL = "2026-11-21T14:00:01.250+08:00"


def entry(kind: str, data: str = "", **more: Any) -> dict[str, Any]:
    its = {"at": 1.25, "local": LOCAL, "kind": kind, "device": "io1", "scan": "inputs", "bytes": data}
    return its | {"text": {"zh": "读 8 个", "en": "read 8"}} | more


def screen(entries: Any, language: str = "zh", **more: bool) -> tuple[int, str]:
    show, file = ShowTrace(language, **more), io.StringIO()
    show.console = Console(width=100, file=file, highlight=False)
    return show.run(entries), file.getvalue()


def test_when_which_way_whose_and_what() -> None:
    status, text = screen([entry("sent", "0102"), entry("answer", "0103"), entry("miss")])
    assert text.splitlines() == [
        "14:00:01.250 → 问 io1 inputs  读 8 个  01 02",
        "14:00:01.250 ← 答 io1 inputs  读 8 个  01 03",
        "14:00:01.250 ✘ 漏答 io1 inputs  读 8 个  ",
    ]
    assert status == 0


def test_in_english_and_bytes_only() -> None:
    assert "← answer io1 inputs  read 8  01" in screen([entry("answer", "01")], "en")[1]
    assert screen([entry("answer", "01")], raw=True)[1].rstrip().endswith("io1 inputs  01")


def test_every_kind_has_its_word() -> None:
    kinds = ["noise", "foreign", "echo", "crc", "half", "late", "stray", "learnt"]
    _, text = screen([entry(kind, "01") for kind in kinds])
    for word in ("杂波", "他机", "回声", "校验错", "半截", "迟到", "多余", "学到"):
        assert word in text


def test_a_visit_is_called_by_its_name_and_the_line_by_its_words() -> None:
    _, text = screen(
        [
            entry("sent", "01", device="", scan="visit"),
            entry("lost", b"the adapter is gone".hex(), device="", scan="", text={"zh": "转换器已拔出", "en": ""}),
            entry("skipped", device="", scan="17"),
        ]
    )
    assert "→ 问 技术员" in text
    assert "○ 中断" in text
    assert "转换器已拔出" in text
    assert "略过 17 条" in text


def test_a_long_frame_is_cut_unless_bytes_are_wanted() -> None:
    assert "… +52" in screen([entry("answer", "00" * 100)])[1]
    assert "…" not in screen([entry("answer", "00" * 100)], raw=True)[1]


def test_nothing_at_all_is_no_success_and_ctrl_c_is_no_fault() -> None:
    assert screen([])[0] == 1

    def stopped() -> Iterator[dict[str, Any]]:
        raise KeyboardInterrupt
        yield {}

    assert screen(stopped())[0] == 0


def test_what_was_kept_at_faults() -> None:
    show, file = ShowTrace("zh"), io.StringIO()
    show.console = Console(width=120, file=file, highlight=False)
    show.saved([], Path("state/traces"))
    head = {
        "local": LOCAL,
        "line": "gate",
        "why": "line.down",
        "subject": "lines.gate",
        "size": 2048,
        "file": "a.jsonl",
    }
    show.saved([head, head | {"why": "damaged", "local": ""}], Path("state/traces"))
    text = file.getvalue()
    for part in ("state/traces 里没有", "2026-11-21 14:00:01", "总线中断 lines.gate", "2 kB", "a.jsonl", "damaged"):
        assert part in text
