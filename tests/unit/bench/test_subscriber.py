"""What a subscriber that is not ours got."""

from pathlib import Path

import pytest

from bench.subscriber import Verdict, in_order, newest, verdict


def line(number: int, more: str = "") -> bytes:
    return f'{{"id":"x-{number}","sequence":"{number:020d}"{more},"data":{{}}}}'.encode()


def test_what_goes_ahead_of_its_order_and_what_has_no_number_does_not_count():
    lines = [line(1), line(9, ',"ahead":true'), b'{"status":"online"}', line(2)]
    assert in_order(lines) == [1, 2]


@pytest.mark.parametrize(
    ("came", "found"),
    [
        ([2, 3, 5], Verdict(0, 0, 0, 0)),
        ([2, 5], Verdict(1, 0, 0, 0)),
        ([2, 3, 3, 5], Verdict(0, 1, 0, 0)),
        ([3, 2, 5], Verdict(0, 0, 1, 0)),
        ([2, 3, 4, 5], Verdict(0, 0, 0, 1)),
    ],
)
def test_each_fault_is_told_by_its_name(came: list[int], found: Verdict):
    assert verdict(came, [2, 3, 5]) == found
    assert found.sound == (came == [2, 3, 5])


def test_the_newest_is_the_last_whole_line_in_order(tmp_path: Path):
    output = tmp_path / "came"
    output.write_bytes(b"")
    assert newest(output) == 0
    lines = [line(number) for number in range(1, 500)]
    output.write_bytes(b"\n".join([*lines, line(9000, ',"ahead":true'), line(500)[:30]]))
    assert newest(output) == 499
