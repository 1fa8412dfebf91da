"""A Unix socket for people of this machine: made for owner and group only, and taken away at the end."""

import asyncio
import contextlib
import pwd
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

_CLIENTS = 64
"""Callers at one time."""
_FAREWELL = 0.5
"""Seconds granted to answers on their way at the end."""


async def serve(app: Starlette, path: Path, leave: Callable[[], None]) -> None:
    """Serve for ever; `leave` is called when the end has come. OSError when the socket cannot be made."""
    listener = _listen(path)
    config = uvicorn.Config(
        app, http=_PeerProtocol, log_config=None, access_log=False, lifespan="off", limit_concurrency=_CLIENTS
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment] # main's business
    try:
        await server.serve(sockets=[listener])
    finally:
        leave()
        await _end(server)
        listener.close()
        with contextlib.suppress(OSError):  # somebody else's by now
            _clear(path)


async def _end(server: uvicorn.Server) -> None:
    """Take no more callers, let answers on their way be finished, hang up."""
    state = server.server_state
    for each in getattr(server, "servers", ()):
        each.close()
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=_FAREWELL)
    for connection in list(state.connections):
        connection.transport.abort()


class _PeerProtocol(H11Protocol):
    """Notes which user of the machine is at the other end of the socket."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own type
        """Read the peer's credentials from the kernel: nobody can lie about them."""
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.client = (_user(struct.unpack("3i", raw)[1]), 0)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _listen(path: Path) -> socket.socket:
    """A socket at this path, for owner and group only. OSError with what to do when that cannot be."""
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
    except OSError as error:
        listener.close()
        long = "too long" in str(error)  # the standard library's own words: it has no number for this one
        why = "its name is too long; a socket's path may have 107 characters" if long else str(error)
        raise OSError(f"cannot listen at {path}: {why}") from error
    return listener


def _clear(path: Path) -> None:
    """Take away what a killed daemon left behind, and nothing else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(f"{path} is there and is no socket; move it away, or name another with --socket")
    if _lives(path):
        raise OSError(f"another daemon listens at {path}; stop it, or name another with --socket")
    path.unlink(missing_ok=True)


def _lives(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:  # it has more callers than it can take
            return True
        except OSError:
            return False
    return True
