"""What the daemon says of causes is read in Chinese, whole or in its parts; everything else passes unchanged."""

import re
from functools import cache
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.feeds import phrases
from daemon.feeds.phrases import PHRASES, phrase
from daemon.feeds.texts import REASONS
from gatehouse.points import NEVER

ROOT = Path(__file__).parents[4]
FOREIGN = (
    "[Errno", "Connection refused", "No route", "Network is", "Name or", "Temporary failure", "timed out", "Not auth",
    "No such file", "Not a directory", "Permission denied", "Read-only file system", "No space",
    "DriverFaultError in", "ForbiddenError in", "its process has ended in", "it spoke unasked in",
)  # fmt: skip
"""What libraries and the system say; what is put together of a class or of another phrase, and `in`."""


def gaps(template: str) -> set[str]:
    return {gap for _, gap, _, _ in Formatter().parse(template) if gap is not None}


def test_both_sides_of_a_phrase_have_the_same_gaps() -> None:
    assert not [english for english, chinese in PHRASES.items() if gaps(english) != gaps(chinese)]
    assert not [
        chinese for chinese in PHRASES.values() if not re.search(r"[\u4e00-\u9fff]", chinese.format_map(Filled()))
    ]


class Filled(dict):
    def __missing__(self, gap: str) -> str:
        return "文"


@pytest.mark.parametrize("english", [phrase for phrase in PHRASES if not phrase.startswith(FOREIGN)])
def test_the_daemon_still_says_it(english: str) -> None:
    """Each fixed piece stands in a source file: a phrase that was reworded must be reworded here."""
    for text, _, _, _ in Formatter().parse(english):
        for piece in re.split(r"[,;] ", text):
            assert piece.strip(" :;,()") in source(), f"nobody says {piece!r} any more"


@cache
def source() -> str:
    files = [file for folder in ("gatehouse", "drivers", "daemon", "rules") for file in (ROOT / folder).rglob("*.py")]
    texts = (file.read_text() for file in files if not file.name.startswith("phrases"))
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(texts))  # a text broken over lines is one text


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("no answer", "没有应答"),
        ("no walktest runs there", "那里没有在进行的逐点测试"),
        ("no drill runs there", "那里没有在进行的演练"),
        ("from 1 to 240 minutes", "时长须为 1 至 240 分钟"),
        ("a real alarm stands: zones.b12.fire", "有真实报警未处理：zones.b12.fire"),
        ("'flood' cannot be played; say one of: fire, gas, sos", "不能演练 'flood'，可写：fire, gas, sos"),
        (NEVER.note, "从未读到"),
        ("stale: 3.1 s old, limit 2 s", "过期：3.1 秒前读到，限 2 秒"),
        ("lanes.in.barrier: presence", "lanes.in.barrier：杆下有车"),
        ("tcp 10.0.0.8:502: connection refused; nothing listens there", "tcp 10.0.0.8:502：连接被拒绝，对方没有服务"),
        ("line gate is down: /dev/ttyS0: the adapter is gone", "总线 gate 中断：/dev/ttyS0：转换器已拔出"),
        (
            "no lasting connection for 30 s: [Errno 111] Connection refused",
            "30 秒没有稳定连接：连接被拒绝（errno 111）",
        ),
        ("zones.b12.fire_release: fire", "zones.b12.fire_release：火警"),
        ("rubbish: of a library", "rubbish: of a library"),
        ("no answer, only crc, noise", "没有应答，只收到 校验错、杂波"),
        ("no answer, only foreign, half an answer (01 4f)", "没有应答，只收到 他机的应答、半截应答（01 4f）"),
        (
            "DriverFaultError in ask: stopped 3 times within an hour, the last time: it spoke unasked in read",
            "ask 出错：一小时内被停止 3 次，最近一次：read 时未经询问就发送",
        ),
        ("送水", "送水"),
        ("", ""),
    ],
)
def test_a_guard_reads_it_in_chinese(said: str, chinese: str) -> None:
    assert phrase(said, "zh") == chinese


def test_in_english_only_words_of_the_program_are_spelt_out() -> None:
    assert phrase("lanes.in.barrier: presence", "en") == "lanes.in.barrier: car under the boom"
    assert phrase("no answer", "en") == "no answer"
    assert phrase("exit", "en") == REASONS["exit"].en


@given(st.text() | st.lists(st.sampled_from([*PHRASES, ": ", " s", "presence", "{why}"]), max_size=30).map("".join))
def test_any_text_at_all_is_told_somehow(text: str) -> None:
    for language in ("zh", "en"):
        assert bool(phrase(text, language)) == bool(text)


def test_a_stranger_s_hundreds_of_colons_are_not_looked_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    patterns = [(SimpleNamespace(fullmatch=looks.append), "")]
    monkeypatch.setattr(phrases, "_GAPPED", patterns)
    text = "a: " * 130
    assert phrases.phrase(text, "zh") == text
    assert len(looks) < 10
