"""Real ptys and sockets; on the other end libmodbus (C), whose registers hold their own addresses: a mix-up shows."""

import asyncio
import ctypes
import ctypes.util
import os
import socket
import threading
import time
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config import site
from daemon.field.lines import LineOwner
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from tests.unit.daemon.bus import Ledger

SIZE = 500
"""Coils, inputs and registers that the unit has."""


class Libmodbus:
    """A unit on libmodbus, in a thread of its own."""

    def __init__(self, unit: int, path: str = "", port: int = 0) -> None:
        name = ctypes.util.find_library("modbus")
        if name is None:
            pytest.skip("libmodbus is not installed: apt-get install libmodbus5")
        self.c = ctypes.CDLL(name, use_errno=True)
        for function in ("modbus_new_rtu", "modbus_new_tcp", "modbus_mapping_new"):
            getattr(self.c, function).restype = ctypes.c_void_p
        if path:
            self.context = ctypes.c_void_p(self.c.modbus_new_rtu(path.encode(), 115200, ctypes.c_char(b"N"), 8, 1))
        else:
            self.context = ctypes.c_void_p(self.c.modbus_new_tcp(b"127.0.0.1", port))
        self.c.modbus_set_slave(self.context, unit)
        self.mapping = ctypes.c_void_p(self.c.modbus_mapping_new(SIZE, SIZE, 10 * SIZE, SIZE))
        self.requests: list[bytes] = []
        self._stop = threading.Event()
        self._listening = -1 if path else self.c.modbus_tcp_listen(self.context, 1)
        if path:
            assert self.c.modbus_connect(self.context) == 0, os.strerror(ctypes.get_errno())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._tables()
        self._thread.start()

    def _tables(self) -> None:
        """struct modbus_mapping_t of libmodbus 3.1: eight ints, then four pointers."""
        fields = (ctypes.c_int * 8).from_address(self.mapping.value or 0)
        assert list(fields[::2]) == [SIZE, SIZE, SIZE, 10 * SIZE] or SIZE in fields
        pointers = (ctypes.c_void_p * 4).from_address((self.mapping.value or 0) + 32)
        self.coils = (ctypes.c_uint8 * SIZE).from_address(pointers[0])
        self.inputs = (ctypes.c_uint8 * SIZE).from_address(pointers[1])
        self.registers = (ctypes.c_uint16 * SIZE).from_address(pointers[2])
        self.holding = (ctypes.c_uint16 * (10 * SIZE)).from_address(pointers[3])
        for address in range(SIZE):
            self.registers[address] = address
        for address in range(10 * SIZE):
            self.holding[address] = address

    def _serve(self) -> None:
        self.c.modbus_set_indication_timeout(self.context, 0, 50_000)
        query = (ctypes.c_uint8 * 260)()
        while not self._stop.is_set():
            if self._listening >= 0 and not self._accept():
                continue
            size = self.c.modbus_receive(self.context, query)
            if size > 0:
                self.requests.append(bytes(query[:size]))
                self.c.modbus_reply(self.context, query, size, self.mapping)
            elif size < 0 and ctypes.get_errno() in {104, 9, 32}:
                self._connected = False

    _connected = False

    def _accept(self) -> bool:
        if self._connected:
            return True
        waiting = socket.socket(fileno=os.dup(self._listening))
        waiting.settimeout(0.05)
        try:
            connection, _ = waiting.accept()
        except TimeoutError:
            return False
        finally:
            waiting.close()
        self.c.modbus_set_socket(self.context, connection.detach())
        self._connected = True
        return True

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        self.c.modbus_close(self.context)
        if self._listening >= 0:
            os.close(self._listening)


class Cable:
    """Two ptys and what lies between them: `faults` decides what becomes of each answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.echo = False
        self.faults: list[Callable[[bytes], list[tuple[float, bytes]]]] = []
        """For each next answer: when, in seconds, which bytes arrive."""
        self._open()

    def _open(self) -> None:
        self._near, near = os.openpty()
        self._far, far = os.openpty()
        for terminal in (near, far):
            tty.setraw(terminal)
        self.far = os.ttyname(far)
        self.near = str(self.folder / "port")
        Path(self.near).unlink(missing_ok=True)
        Path(self.near).symlink_to(os.ttyname(near))
        os.close(near)
        self._kept = [far]
        os.set_blocking(self._near, False)
        os.set_blocking(self._far, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._near, self._request)
        loop.add_reader(self._far, self._answer)

    def _request(self) -> None:
        try:
            data = os.read(self._near, 4096)
        except BlockingIOError:
            return
        except OSError:  # nobody has the port open
            asyncio.get_running_loop().remove_reader(self._near)
            asyncio.get_running_loop().call_later(0.02, self._resume)
            return
        if self.echo:
            os.write(self._near, data)
        os.write(self._far, data)

    def _resume(self) -> None:
        if self._near >= 0:
            asyncio.get_running_loop().add_reader(self._near, self._request)

    def _answer(self) -> None:
        data = os.read(self._far, 4096)
        shape = self.faults.pop(0) if self.faults else None
        for delay, piece in shape(data) if shape else [(0.0, data)]:
            asyncio.get_running_loop().call_later(delay, self.bring, piece)

    def bring(self, data: bytes) -> None:
        if self._near >= 0:
            os.write(self._near, data)

    def unplug(self) -> None:
        """The adapter is gone: its end of the pty is closed, its name vanishes."""
        asyncio.get_running_loop().remove_reader(self._near)
        os.close(self._near)
        self._near = -1
        Path(self.near).unlink()

    def plug(self) -> None:
        """It is back, as a new device under the old name."""
        self._near, near = os.openpty()
        os.set_blocking(self._near, False)
        tty.setraw(near)
        Path(self.near).symlink_to(os.ttyname(near))
        os.close(near)
        asyncio.get_running_loop().add_reader(self._near, self._request)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for end in (self._near, self._far, *self._kept):
            if end >= 0:
                loop.remove_reader(end)
                os.close(end)
        self._near = -1


@pytest.fixture
async def cable(tmp_path: Path) -> AsyncIterator[Cable]:
    """A cable without a unit on it."""
    one = Cable(tmp_path)
    yield one
    one.close()


@pytest.fixture
def unit(cable: Cable) -> Iterator[Libmodbus]:
    """Unit 1 at the far end of the cable."""
    one = Libmodbus(1, path=cable.far)
    yield one
    one.close()


@pytest.fixture
def tcp_unit() -> Iterator[tuple[Libmodbus, int]]:
    """Unit 1 on TCP, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = Libmodbus(1, port=port)
    yield one, port
    one.close()


Owner = Callable[..., Any]


@pytest.fixture
def running() -> Owner:
    """A line at work, and its sink."""

    @asynccontextmanager
    async def run(settings: site.Line, **devices: Device) -> AsyncIterator[tuple[LineOwner, Ledger]]:
        sink = Ledger()
        line = LineOwner("line", settings, devices, sink, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(line.run())
            yield line, sink
            task.cancel()

    return run


async def until(condition: Callable[[], object], limit: float = 5.0) -> None:
    """Wait for a condition, with a limit."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "never came to be"
        await asyncio.sleep(0.002)


def profile(points: dict[str, dict[str, Any]], **limits: Any) -> Profile:
    """A made-up product."""
    title = {"zh": "点", "en": "point"}
    entries = {
        name: {"title": title, "table": "holding", "kind": "safety", "period": "50ms", **entry}
        for name, entry in points.items()
    }
    return Profile.model_validate(
        {
            "maker": "m",
            "model": "thing",
            "title": title,
            "source": [{"text": "made up"}],
            "hardware": False,
            "grade": "B",
            "points": entries,
            "limits": {"patience": "100ms", "worst": "300ms", **limits},
        }
    )
