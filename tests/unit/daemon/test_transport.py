"""Trouble of the system is told in words for a technician."""

import errno

import pytest

from daemon import site
from daemon.transport import connect, endpoint, explained


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "plugged in"),
        (errno.EACCES, "dialout"),
        (errno.EBUSY, "one master"),
        (errno.ECONNREFUSED, "nothing listens"),
        (errno.EIO, "adapter"),
    ],
)
def test_an_error_says_what_to_look_at(number: int, words: str) -> None:
    assert words in explained(OSError(number, "x"))


def test_an_unknown_error_keeps_its_own_words() -> None:
    assert explained(OSError("gone with the wind")) == "gone with the wind"
    assert explained(ValueError()) == "ValueError"


def test_a_line_is_called_by_its_end() -> None:
    assert endpoint(site.Line(serial="/dev/serial/by-id/x")) == "/dev/serial/by-id/x"
    assert endpoint(site.Line(rtu_over_tcp="10.0.0.1:4196")) == "tcp 10.0.0.1:4196"


async def test_a_missing_port_says_so() -> None:
    with pytest.raises(OSError, match="/dev/serial/by-id/none: the port is not there; is the adapter plugged in"):
        await connect(site.Line(serial="/dev/serial/by-id/none"), lambda _: None, lambda _: None)


async def test_a_closed_tcp_port_says_so() -> None:
    with pytest.raises(OSError, match="connection refused; nothing listens there"):
        await connect(site.Line(tcp="127.0.0.1:1"), lambda _: None, lambda _: None)
