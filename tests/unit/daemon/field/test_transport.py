"""Trouble of the system is told in words for a technician."""

import asyncio
import errno
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import serialx

from daemon.config import site
from daemon.field.transport import connect, endpoint, explained


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "plugged in"),
        (errno.EACCES, "dialout"),
        (errno.EBUSY, "one master"),
        (errno.ECONNREFUSED, "nothing listens"),
        (errno.EIO, "adapter"),
        (errno.EINVAL, "refuses this baud rate or format"),
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


async def test_a_box_may_be_called_by_its_ipv6_address_or_its_name() -> None:
    for bound, host in (("::1", "[::1]"), ("127.0.0.1", "localhost")):
        server = await asyncio.start_server(lambda _, writer: writer.close(), bound, 0)
        port = server.sockets[0].getsockname()[1]
        wire = await connect(site.Line(tcp=f"{host}:{port}"), lambda _: None, lambda _: None)
        await wire.close()
        server.close()


async def test_a_name_that_nobody_knows_is_said_with_what_to_do() -> None:
    with pytest.raises(OSError, match=r"no-such-box.invalid:502: .*(knows that name|name server)"):
        await connect(site.Line(tcp="no-such-box.invalid:502"), lambda _: None, lambda _: None)


async def test_nothing_that_the_network_holds_back_is_delivered_after_the_line_was_given_up() -> None:
    """The order to let a boom fall, say: the other side gets a reset, not the rest of what was written."""
    ends: list[BaseException | None] = []

    class Far(asyncio.Protocol):
        def connection_lost(self, exc: BaseException | None) -> None:
            ends.append(exc)

    server = await asyncio.get_running_loop().create_server(Far, "127.0.0.1", 0)
    async with server:
        wire = await connect(
            site.Line(tcp=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"), lambda _: None, lambda _: None
        )
        assert wire._transport is not None
        ours = wire._transport.get_extra_info("socket")
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2000
        await wire.close()
        async with asyncio.timeout(5):
            while not ends:  # noqa: ASYNC110 - the other side rings no bell
                await asyncio.sleep(0.005)
    assert isinstance(ends[0], ConnectionResetError)


@pytest.mark.parametrize(
    ("form", "wanted", "bits"),
    [("8N1", (8, "N", 1), 10), ("7E1", (7, "E", 1), 10), ("8O2", (8, "O", 2), 12), ("7N2", (7, "N", 2), 10)],
)
async def test_the_port_is_opened_in_the_format_that_the_site_names(
    form: Any, wanted: tuple[int, str, int], bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pty knows only eight bits without parity; what is asked of a real port is seen here."""
    asked: dict[str, Any] = {}
    transport = SimpleNamespace(max_size=1 << 18)

    async def create(*_: object, **settings: object) -> tuple[object, None]:
        asked.update(settings)
        return transport, None

    monkeypatch.setattr(serialx, "create_serial_connection", create)
    line = site.Line(serial="/dev/ttyS0", baud=300, format=form)
    await connect(line, print, print)
    assert (asked["byte_size"], asked["parity"].value, int(asked["stopbits"].value)) == wanted
    assert (asked["baudrate"], line.bits) == (300, bits)
    assert transport.max_size == 4096, "so much room there is even where memory has run out"
