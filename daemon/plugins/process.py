"""A third-party driver's process, seen from the daemon: started, asked within a time limit, ended, started again.

The daemon never waits longer than `Patience.call` for an answer. A driver that takes longer, talks out of turn, uses up
its share of the daemon's time or dies is killed, and started again after a pause while its devices count as silent. The
device in whose call that happened three times within an hour is out of service; so are all, when it was nobody's call.
"""

import math
import os
import socket
import struct
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from daemon.clock import Clock, SystemClock
from daemon.plugins import wire
from daemon.plugins.rights import Right
from daemon.plugins.wire import Description, Outcome
from gatehouse.driver import DriverError

_LOAD = 10.0
"""Seconds for Python to start and the driver to be loaded."""
_FREE = 0.001
"""Seconds of a call that count for nothing: what any call costs on a busy machine."""
_SHARE = 0.1
"""Share of the daemon's time that calls may use beyond that."""
_HOUR = 3600.0
_LONGEST_PAUSE = 60.0
_GARBAGE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises; the last over lists in lists in lists."""
_ROOT = str(Path(__file__).parents[2])
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from daemon.plugins.host import main; main()"
_ENVIRONMENT = {
    "PATH": "/nonexistent",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long it is waited for."""

    call: float = 0.1
    """Seconds for one answer. The slowest honest ones take a few milliseconds."""
    credit: float = 0.5
    """Seconds of slow calls before their share of the daemon's time is looked at."""
    strikes: int = 3
    """Times within an hour that a device may end the process before it is out of service."""
    pause: float = 1.0
    """Seconds before it is started for the third time within an hour; twice as many before each later time. The second
    time it is started at once."""


class DriverFaultError(Exception):
    """What a third-party driver did that no driver may; its device is out of service."""


class ForbiddenError(DriverFaultError):
    """It reached for something that it did not declare."""


class NotAllowedError(DriverFaultError):
    """It declares rights that it was not given."""

    def __init__(self, missing: Sequence[Right]) -> None:
        """These."""
        super().__init__(f"it wants rights that it was not given: {', '.join(missing)}")
        self.missing = tuple(missing)


class _DeadError(Exception):
    """The process cannot be spoken to any more; the text says why."""


class _FoundDeadError(_DeadError):
    """It ended while it was asked nothing: no device is to blame."""


class _Starved:
    """Seconds for which a process wanted a processor and had none; 0 where the kernel does not count them."""

    def __init__(self, process: int | str) -> None:
        """Of this process."""
        try:
            self._file = os.open(f"/proc/{process}/schedstat", os.O_RDONLY)
        except OSError:
            self._file = -1

    def seconds(self) -> float:
        """Until now."""
        try:
            return int(os.pread(self._file, 64, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def close(self) -> None:
        """Look no more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


_OURSELVES = _Starved("self")


class DriverProcess:
    """One third-party driver. Calls may come from any one thread at a time."""

    def __init__(
        self,
        source: Path | None,
        module: str,
        allowed: Sequence[Right],
        clock: Clock | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Load it and wait for that. DriverFaultError when it cannot be, or wants more than it may have.

        `source` is its file; without one, `module` names an installed one: `acme.gate:Device`.
        """
        self._load = (str(source) if source else "", module, list(allowed))
        self._clock, self._patience = clock or SystemClock(), patience or Patience()
        self._buffer = bytearray(wire.MOST)
        self._end: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._limit, self._calls = 0.0, 0
        self._loading_until = 0.0
        self._strikes: dict[int, deque[float]] = {}
        self._pause, self._again_at, self._ended_at, self._why = 0.0, 0.0, -math.inf, ""
        self._used, self._used_at, self._waited = 0.0, 0.0, 0.0
        self._closed = False
        self._last_device, self._devices = 0, set[int]()
        self.generation = 0
        """Grows with each start: devices of an older one are to be made again."""
        self.released: list[int] = []
        """Questions that nobody holds any more."""
        self._start()
        try:
            self.description: Description = self._receive("load", _LOAD)
        except _DeadError as error:
            self.close()
            raise DriverFaultError(str(error)) from error
        except DriverError as error:
            self.close()
            raise DriverFaultError(f"it refused to be loaded: {error}") from error
        except DriverFaultError:
            self.close()
            raise
        if self.description.missing:
            self.close()
            raise NotAllowedError(self.description.missing)
        self._loaded()

    @property
    def pid(self) -> int:
        """Its process; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def number(self) -> int:
        """A number for a new device."""
        self._last_device += 1
        self._devices.add(self._last_device)
        return self._last_device

    def drop(self, device: int) -> None:
        """Forget this device; without any, the process ends."""
        self._devices.discard(device)
        if not self._devices:
            self.close()

    def awake(self, device: int) -> int:
        """The process's generation, once it can be called; starts it again when it is time, and never waits for it.

        DriverError while it is not; DriverFaultError when this device has ended it too often."""
        now = self._clock.monotonic()
        self._check_strikes(device, now)
        if not self._ready(now):
            raise DriverError(f"the driver is started again: {self._why}")
        return self.generation

    def call(self, verb: str, device: int, *given: object, seconds: float = 0.0) -> Any:  # noqa: ANN401 - `wire.ANSWERS`
        """The answer. DriverError when the driver raised it or had to be stopped, else DriverFaultError."""
        if self._end is None or self._loading_until:
            raise DriverError(f"the driver is started again: {self._why}")
        began, starved = self._clock.monotonic(), _OURSELVES.seconds()
        released, self.released = self.released, []
        try:
            self._send(verb, device, released, *given)
            return self._receive(verb, max(seconds, self._patience.call))
        except _DeadError as error:
            self._died(f"{error} in {verb}", 0 if isinstance(error, _FoundDeadError) else device)
            raise DriverError(f"the driver was stopped: {self._why}") from error
        finally:
            self._account(device, began, starved)

    def close(self) -> None:
        """End it for good. Done by itself when nobody holds this any more."""
        self._closed = True
        self._stop()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * wire.MOST)
            command = [sys.executable, "-I", "-B", "-X", "utf8", "-c", _BOOT, _ROOT, str(theirs.fileno())]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], cwd="/", env=_ENVIRONMENT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise DriverFaultError(f"its process cannot be started: {error}") from error
        finally:
            theirs.close()
        self._end, self._process, self._limit = ours, process, 0.0
        self._starved, self._waited = _Starved(process.pid), 0.0
        self._finalizer = weakref.finalize(self, _end, process, ours, self._starved)
        self._loading_until = self._clock.monotonic() + _LOAD
        self._send("load", 0, [], *self._load)

    def _ready(self, now: float) -> bool:
        if self._end is not None and not self._loading_until:
            return True
        if self._closed:
            self._why = "it was closed"
            return False
        try:
            if self._end is None:
                if now >= self._again_at:
                    self._start()
                return False
            described = self._receive("load", None)
            if described is None and now > self._loading_until:
                raise _DeadError(f"not loaded within {_LOAD:g} s")
            if described is None:
                return False
            if described.digest != self.description.digest:
                raise _DeadError("its file was changed meanwhile; reload the site")
        except (_DeadError, DriverError, DriverFaultError) as error:
            self._died(str(error), 0)
            return False
        self._loaded()
        return True

    def _loaded(self) -> None:
        self._loading_until = 0.0
        self.generation += 1
        self.released.clear()
        self._used, self._used_at = 0.0, self._clock.monotonic()

    def _send(self, *call: object) -> None:
        if self._end is None:
            raise _DeadError("it is not running")
        self._calls += 1
        try:
            self._end.send(wire.ENCODER.encode((self._calls, *call)), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError as error:
            raise _FoundDeadError(f"its process has ended ({error.strerror})") from error

    def _receive(self, verb: str, seconds: float | None) -> Any:  # noqa: ANN401 - `wire.ANSWERS`
        """The answer within so many seconds; without a limit, None when it is not there yet."""
        if self._end is None:
            raise _DeadError("it is not running")
        try:
            if seconds is not None and seconds != self._limit:
                limit = struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
                self._end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
                self._limit = seconds
            size = self._end.recv_into(self._buffer, flags=socket.MSG_DONTWAIT if seconds is None else 0)
        except BlockingIOError as error:
            if seconds is None:
                return None
            raise _DeadError(f"no answer within {seconds * 1000:g} ms") from error
        except OSError as error:
            raise _DeadError(f"its process has ended ({error.strerror})") from error
        if not size:
            raise _DeadError("its process has ended")
        return self._understand(verb, memoryview(self._buffer)[:size])

    def _understand(self, verb: str, packet: memoryview) -> Any:  # noqa: ANN401 - `wire.ANSWERS`
        try:
            outcome, number, said = wire.HEAD.decode(packet)
            text = wire.plain(wire.TEXT.decode(said)) if outcome else ""
        except _GARBAGE as error:
            raise _DeadError(wire.plain(f"its answer is garbage: {error}")) from error
        if number != self._calls:
            raise _DeadError("it spoke unasked")
        if outcome is Outcome.DONE:
            try:
                return wire.DECODERS[verb].decode(said)
            except _GARBAGE as error:
                raise DriverFaultError(wire.plain(f"its answer to {verb} cannot be: {error}")) from error
        if outcome is Outcome.REFUSED:
            raise DriverError(text)
        raise ForbiddenError(text) if outcome is Outcome.FORBIDDEN else DriverFaultError(text)

    def _account(self, device: int, began: float, starved: float) -> None:
        """Slow calls add up; many of them would starve the other lines. What the machine was busy with does not."""
        now = self._clock.monotonic()
        spent = now - began - _FREE
        if spent <= 0 or self._process is None:
            return
        before, self._waited = self._waited, self._starved.seconds()
        spent -= _OURSELVES.seconds() - starved + self._waited - before
        self._used = max(0.0, self._used - _SHARE * (now - self._used_at)) + max(0.0, spent)
        self._used_at = now
        if self._used > self._patience.credit:
            self._died(f"its calls take more than {_SHARE:.0%} of the daemon's time", device)

    def _died(self, why: str, device: int) -> None:
        self._stop()
        self._why, now = why, self._clock.monotonic()
        self._strikes.setdefault(device, deque(maxlen=self._patience.strikes)).append(now)
        again = now - self._ended_at < _HOUR
        self._pause = min(max(self._patience.pause, 2 * self._pause), _LONGEST_PAUSE) if again else 0.0
        self._again_at, self._ended_at = now + self._pause, now
        if not again and not self._closed:
            with suppress(DriverFaultError):  # then it is tried when its devices are asked the next time
                self._start()

    def _check_strikes(self, device: int, now: float) -> None:
        for who in (device, 0):
            strikes = self._strikes.get(who)
            if strikes and len(strikes) == self._patience.strikes and now - strikes[0] < _HOUR:
                raise DriverFaultError(f"stopped {len(strikes)} times within an hour, the last time: {self._why}")

    def _stop(self) -> None:
        self._end = self._process = None
        self._finalizer()


def _end(process: "subprocess.Popen[bytes]", end: socket.socket, starved: _Starved) -> None:
    end.close()
    starved.close()
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
