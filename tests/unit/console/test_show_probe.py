"""What a technician sees of a probe."""

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from console.show_probe import ShowProbe


def both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def point(channel: str, value: object, **more: Any) -> dict[str, Any]:
    its = {
        "channel": channel, "title": "温度", "value": value, "unit": "°C", "raw": "0x0001: 00F6", "quality": "good",
        "implausible": False, "limits": [-40.0, None], "note": both(""),
    }  # fmt: skip
    return its | more


def read(*points: dict[str, Any], **more: Any) -> dict[str, Any]:
    its = {
        "event": "read", "scan": "input 1-2", "kind": "measure", "period": 5.0, "milliseconds": 23.4,
        "request": "03", "answer": "040400f6", "explained": both("unit 3: read"), "why": both(""), "settling": False,
        "points": list(points), "hints": [],
    }  # fmt: skip
    return its | more


def screen(*events: dict[str, Any], language: str = "zh", width: int = 120) -> tuple[int, str]:
    show, file = ShowProbe("climate", language), io.StringIO()
    show.console = Console(width=width, file=file, highlight=False)
    return show.run(events), file.getvalue()


def end(answered: int = 1, **more: Any) -> dict[str, Any]:
    return {"event": "end", "answered": answered, "unread": []} | more


def test_value_and_registers_stand_side_by_side() -> None:
    status, text = screen(read(point("temperature", 24.6)), end())
    row = next(line for line in text.splitlines() if "temperature" in line)
    assert row.split() == ["temperature", "温度", "24.6", "°C", "0x0001:", "00F6"]
    assert "23 ms" in text
    assert "1 次读取成功，0 次失败，0 个点不合常理" in text
    assert status == 0


def test_what_cannot_be_is_marked_and_is_no_success() -> None:
    status, text = screen(read(point("temperature", -500.0, implausible=True)), end())
    assert "▲ 不合常理，应在 -40 到 …" in text
    assert status == 1


def test_what_was_not_read_says_why() -> None:
    bad = point("temperature", None, quality="bad", raw="", note=both("没有应答"))
    status, text = screen(read(bad, why=both("没有应答"), answer=""), end(0, unread=["humidity"]))
    assert "✘ 没有应答" in text
    assert "没有读到：humidity" in text
    assert "0 次读取成功，1 次失败" in text
    assert status == 1


def test_without_registers_the_whole_answer_is_shown() -> None:
    _, text = screen(read(point("volts", 231.0, raw="")), end())
    assert "04 04 00 F6" in text


def test_what_was_settled_and_hints() -> None:
    settled = read(settling=True)
    refused = read(settling=True, why=both("another map"))
    hinted = read(point("volts", True), hints=[both("all are 0")])
    _, text = screen(settled, refused, hinted, end(2))
    assert "核对" in text
    assert "相符" in text
    assert "another map" in text
    assert "提示: all are 0" in text
    assert " 是 " in text


def test_a_line_that_is_lost_is_said() -> None:
    status, text = screen({"event": "end", "error": both("the adapter is gone")})
    assert "the adapter is gone" in text
    assert status == 1


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_screen(language: str, width: int) -> None:
    long = point("temperature_of_the_neutral", 1.0, note=both("a long remark " * 8), quality="uncertain")
    _, text = screen(read(long), end(), language=language, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_read_that_came_in_parts_after_all_is_no_failure() -> None:
    why = both("非法地址")
    whole = read(*(point(f"volts{at}", None, quality="bad", note=why) for at in range(3)), why=why)
    parts = read(*(point(f"volts{at}", 231.0) for at in range(3)), scan="holding 0-5")
    more = read(settling=True, scan="holding 0-9 every 5 s, whole once more")
    status, text = screen(whole, parts, more, end(2))
    assert text.count("非法地址") == 1
    assert "3 个点" in text
    assert "已分段读到" in text
    assert "相符" not in text
    assert "1 次读取成功，0 次失败" in text
    assert status == 0


def test_one_channel_that_never_came_is_a_failure() -> None:
    bad = point("amps", None, quality="bad", note=both("非法地址"))
    status, text = screen(
        read(point("volts", None, quality="bad"), bad, why=both("x")), read(point("volts", 1.0)), end()
    )
    assert "1 次失败" in text
    assert status == 1
