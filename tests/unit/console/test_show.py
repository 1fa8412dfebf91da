"""What a guard and a technician see: words of their language, no raw program talk, nothing wider than the screen."""

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from console.show import Show
from console.words import WORDS, word
from daemon.operator import Operator
from gatehouse.alarms import AlarmState, Condition, Severity
from gatehouse.demands import Passage
from gatehouse.points import Quality
from tests.unit.daemon.small import House


def screen(language: str, width: int, draw: Any) -> str:
    """What stands on a screen so many columns wide, without colours."""
    show, file = Show(language), io.StringIO()
    show.console = Console(width=width, file=file, highlight=False)
    draw(show)
    return file.getvalue()


@pytest.fixture
def house(tmp_path) -> House:
    made = House(tmp_path)
    made.quiet()
    made.passes(1)
    return made


def status(house: House, language: str = "zh", width: int = 120, *, points: bool = True) -> str:
    document = house.daemon.status.document()
    return screen(language, width, lambda show: show.status(document, points=points))


def row(text: str, start: str) -> list[str]:
    """The cells of the first row that begins so."""
    line = next(line for line in text.splitlines() if line.strip().startswith(start))
    return re.split(r" {2,}", line.strip())


def trouble(house: House) -> None:
    """A bad day: fire, a dead board, an unknown boom, a long reason."""
    house.land(input8=True)
    house.engine.device("north", False, "no answer, only crc", house.clock.now)
    house.engine.line("reader", False, "/dev/serial/by-id/usb-x: the adapter is gone", house.clock.now)
    for alarm, severity in (("zones.b12.smoke", 1), ("doors.north.forced", 2), ("devices.io1.silent", 3)):
        subject = alarm.rpartition(".")[0]
        condition = Condition(
            alarm=alarm, active=True, severity=Severity(severity), kind="device_silent", subject=subject
        )
        house.engine.raise_own(condition)
    house.clock.now += 60
    house.engine.tick(house.clock.now)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("bad", [False, True])
def test_nothing_is_wider_than_the_screen(house, language, width, bad):
    if bad:
        trouble(house)
    text = status(house, language, width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    assert "True" not in text
    assert "False" not in text
    assert "None" not in text


def test_the_head_says_where_when_armed_and_the_journals_head(house):
    house.daemon.journal.head, house.daemon.journal.head_hash = 31, "0f" * 32
    first, second, *_ = status(house).splitlines()
    assert first.startswith("小站 (small)  2026-11-21 14:00:01  已布防")
    assert second == f"日志 正常  31:{'0f' * 32}  未写入 {len(house.daemon.journal.waiting())}"
    assert len(f"日志 正常  31:{'0f' * 32}".encode("gbk")) <= 80, "it can be copied from one line"


def test_while_it_learns_a_few_of_the_inputs_it_waits_for_are_named(tmp_path):
    waits = status(House(tmp_path), width=80).splitlines()[1]
    assert waits.startswith("学习中，等待 io1.input")
    assert re.search(r"… \(\+\d+\)$", waits)


def test_a_journal_in_trouble_says_why(house):
    house.daemon.journal.trouble = "the disk of /var/x is full; make room"
    text = status(house)
    assert "日志 故障" in text
    assert "/var/x 所在磁盘已满，请腾出空间" in text


def test_a_switch_reads_yes_or_no_and_a_number_has_its_unit(house):
    house.engine.image.put("io1.input1", True, Quality.GOOD, house.clock.now)
    text = status(house)
    assert row(text, "input1")[1:4] == ["输入1", "是", "良好"]
    assert row(text, "input2")[1:4] == ["输入2", "否", "良好"]
    assert row(status(house, "en"), "input2")[2:4] == ["no", "good"]


def test_points_stand_under_their_device_with_short_names(house):
    lines = status(house).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("io1 ") and "门岗板" in line)
    assert lines[at + 1].startswith("  ")
    assert "门岗板 输入1" not in "\n".join(lines[at:])


def test_a_card_that_was_never_swiped_is_no_fault(house):
    assert row(status(house), "card") == ["card", "卡号", "暂无"]
    assert row(status(house, "en"), "card")[2:] == ["none yet"]
    house.land("north", card="0004712345")
    assert row(status(house), "card")[2:4] == ["0004712345", "良好"]


def test_what_a_device_calls_its_state_is_not_translated(house):
    house.engine.image.put("io1.input1", "closed", Quality.GOOD, house.clock.now)
    assert row(status(house), "input1")[2] == "closed"


def test_a_stale_point_says_so_in_words(house):
    house.clock.now += 60
    cells = row(status(house), "input1")
    assert cells[3] == "无效"
    assert cells[-1].startswith("过期：60.")


def test_an_output_says_by_whom_and_why(house):
    assert row(status(house), "doors.east") == ["doors.east", "东门", "关", "常态"]
    house.land(input2=True)
    assert row(status(house), "doors.north") == ["doors.north", "北门", "开", "doors.north.way_out 出门按钮"]


def test_an_order_by_hand_is_called_so(house):
    daemon = house.daemon
    operator = Operator(daemon.engine, daemon.plan.site, daemon.plan.titles, house.clock)
    operator.open_door("north", "送水", "李四")
    assert row(status(house), "doors.north") == ["doors.north", "北门", "开", "人工 送水"]


def test_alarms_say_what_where_and_how_they_stand(house):
    trouble(house)
    house.engine.annunciator.acknowledge("doors.north.forced", "李四 (root)")
    text = status(house)
    assert row(text, "P1")[:5] == ["P1", "火警", "12栋", "待确认 (输入读不到)", "11-21 14:00:01"]
    assert any("已确认 李四 (root)" in line for line in text.splitlines() if line.startswith("P2"))
    assert row(screen("en", 120, lambda show: show.alarms(house.daemon.status.alarms())), "P1")[1:3] == ["fire", "12栋"]


def test_an_alarm_that_cannot_be_judged_says_so(house):
    house.land(input8=True)
    document = house.daemon.status.document()
    for alarm in document["alarms"]:
        alarm["known"] = False
    assert "待确认 (输入读不到)" in screen("zh", 120, lambda show: show.status(document, points=False))


def test_at_peace_there_is_one_short_line(house):
    assert screen("zh", 80, lambda show: show.alarms([])) == "报警  无\n"


LINE = {
    "title": "门岗总线",
    "load": 0.384,
    "promised_load": 0.97,
    "up": True,
    "why": "open",
    "text": {"zh": "已打开", "en": "open"},
}
DEVICE = {
    "title": "门岗板", "online": True, "why": "answers", "text": {"zh": "有应答", "en": "answers"}, "last_answer": 0.1,
    "worst_lateness": 0.514, "round_trip_p50": 20.2, "round_trip_p99": 24.6, "polls": 1330, "misses": 3, "writes": 2,
    "refused": 0, "noise": 0, "foreign": 0, "echo": 5, "crc": 2, "half": 0,
    "scans": {
        "inputs": {"kind": "safety", "worst_age": 0.114, "promised": 0.2, "promised_dying": 1.1},
        "relays": {"kind": "access", "worst_age": 5.0, "promised": 1.3, "promised_dying": 2.3},
    },
}  # fmt: skip


def with_line(house: House, line: dict[str, Any], device: dict[str, Any], language: str = "zh") -> str:
    document = house.daemon.status.document()
    document["running"] = 100.0
    document["lines"] = {"gate": LINE | line | {"devices": {"io1": DEVICE | device}}}
    return screen(language, 120, lambda show: show.status(document, points=False))


def test_what_was_measured_of_a_device_stands_beside_it(house):
    text = with_line(house, {}, {})
    assert row(text, "gate") == ["gate", "门岗总线", "正常", "38%/97%"]
    assert row(text, "io1") == ["io1", "门岗板", "在线", "20/25 ms", "13.3", "0.11/0.20 s", "3", "校验错 2"]


def test_a_promise_that_was_not_kept_is_marked(house):
    inputs = DEVICE["scans"]["inputs"] | {"worst_age": 0.31}
    assert row(with_line(house, {}, {"scans": {"inputs": inputs}, "misses": 0}), "io1")[5] == "0.31/0.20 s !"
    assert row(with_line(house, {}, {"scans": {"inputs": inputs}}), "io1")[5] == "0.31/0.20 s", "an answer was missed"
    assert row(with_line(house, {}, {"scans": {"inputs": inputs | {"worst_age": None}}}), "io1")[5] == "3"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_lost_line_and_device_say_why(house, language):
    text = {"zh": "转换器已拔出", "en": "the adapter is gone"}
    shown = with_line(
        house, {"up": False, "text": text}, {"online": False, "text": text, "round_trip_p50": None}, language
    )
    state = {"zh": ("中断", "失联"), "en": ("DOWN", "OFFLINE")}[language]
    assert (row(shown, "gate")[2], row(shown, "gate")[-1]) == (state[0], text[language])
    assert row(shown, "io1")[2] == state[1]
    assert row(shown, "io1")[-1].startswith(text[language])


def test_what_was_never_tried_is_neither_up_nor_down(house):
    text = with_line(house, {"up": None}, {"online": None})
    assert (row(text, "gate")[2], row(text, "io1")[2]) == ("未知", "未知")


def test_a_feed_is_a_row_and_not_a_dump(house):
    document = house.daemon.status.document()
    document["feeds"] = {
        "police": {"title": "派出所", "kind": "mqtt", "address": "10.0.0.9:8883", "tls": True, "tier": 1,
                   "connected": True, "version": "MQTT 5", "connections": 1, "delivered": 22, "cursor": 29, "behind": 0,
                   "trouble": "", "last_error": "",
                   "text": {"zh": "", "en": ""}},
        "property": {"title": "物业", "kind": "mqtt", "address": "10.0.0.9:1883", "tls": False, "tier": 2,
                     "connected": False, "version": "", "connections": 0, "delivered": 0, "cursor": 0, "behind": 29,
                     "trouble": "",
                     "last_error": "x",
                     "text": {"zh": "连接被拒绝", "en": "Connection refused"}},
    }  # fmt: skip
    text = screen("zh", 120, lambda show: show.status(document, points=False))
    assert row(text, "police") == ["police", "派出所", "已连接", "1", "10.0.0.9:8883 MQTT 5 TLS", "22", "0"]
    assert row(text, "property") == ["property", "物业", "未连接", "2", "10.0.0.9:1883 mqtt", "0", "29", "连接被拒绝"]


@pytest.mark.parametrize(("severity", "sign"), [(1, "▲"), (2, "◆"), (3, "●"), (4, "○"), (0, " ")])
def test_an_event_is_one_line_with_a_sign_that_needs_no_colour(severity, sign):
    event = {
        "number": 7,
        "local": "2026-11-21T14:00:01.5+08:00",
        "severity": severity,
        "text": {"zh": "北门：" + "长" * 100, "en": "north"},
    }
    assert screen("zh", 80, lambda show: show.event(event)) == (
        f"     7 2026-11-21 14:00:01 {sign} 北门：{'长' * 100}\n"
    ), "a long one is not broken: it may be copied"
    assert screen("en", 80, lambda show: show.event(event)).endswith(f"{sign} north\n")


def test_every_word_is_there_in_both_languages():
    for key, (zh, en) in WORDS.items():
        assert en.isascii() or zh == en, key
        assert zh == en == "—" or re.search(r"[\u4e00-\u9fff]", zh), key
    states = [*AlarmState, *Passage, *(quality.name.lower() for quality in Quality)]
    assert {str(state) for state in states} - {"normal"} <= WORDS.keys()


def test_an_unknown_word_stands_for_itself():
    assert word("levitating", "zh") == "levitating"


def test_a_pipe_is_wide_unless_it_is_told_otherwise(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert Show("zh").console.width == 160
    monkeypatch.setenv("COLUMNS", "80")
    assert Show("zh").console.width == 80
