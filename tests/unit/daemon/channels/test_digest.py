"""Many messages told as one."""

import pytest

from daemon.channels.digest import digest, named
from daemon.channels.message import Message
from gatehouse.alarms import Severity


def messages(count: int, title: str = "12栋 漏电预警") -> list[Message]:
    return [Message(f"k{number}", f"{title} {number}", "", Severity.P3) for number in range(count)]


def test_the_gravest_come_first_and_the_rest_is_counted() -> None:
    made = digest([Message("a", "围墙报警", "", Severity.P2), *messages(56)], "zh", 700)
    lines = made.text.splitlines()
    assert made.title == "57 条消息合并"
    assert lines[0] == "P2 围墙报警"
    assert lines[-1] == f"还有 {57 - len(lines) + 1} 条"
    assert made.severity is Severity.P2


def test_it_speaks_english_where_it_should() -> None:
    made = digest(messages(40), "en", 300)
    assert made.title == "40 messages in one"
    assert made.text.splitlines()[-1].startswith("and ")


@pytest.mark.parametrize("room", [0, 90, 210, 2048, 20_000])
def test_it_fits_and_names_one_at_least(room: int) -> None:
    many = messages(300, "长" * 200)
    made = digest(many, "zh", room)
    assert 1 <= named(many, room) <= 300
    if room > 400:
        assert len(f"【演练】{made.title}\n{made.text}".encode()) <= room


def test_the_same_ones_again_have_the_same_key() -> None:
    some = messages(5)
    assert digest(some, "zh", 900).key == digest(some[::-1], "zh", 900).key != digest(some[1:], "zh", 900).key
