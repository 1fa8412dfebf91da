"""Timers that are set anew for every exchange and hardly ever go off: setting one later costs nothing."""

import asyncio
import ctypes
import os
import struct
import time
from collections.abc import Callable

from daemon.clock import Clock, SystemClock

_NEVER = float("inf")
_EARLY = 1e-6
"""Seconds: rounding of the loop's own."""
_COARSE = 0.001
"""Seconds: the loop's own steps. What need not be exact is rather late than asked twice."""


class Timer:
    """Calls back once at an instant, to a millisecond. Set again before that, only the last instant counts."""

    def __init__(self, clock: Clock, call: Callable[[float], None], failed: Callable[[Exception], None]) -> None:
        """`call` is given the present instant, `failed` what it raises. Not set yet."""
        self._now, self._call, self._failed = clock.monotonic, call, failed
        self._at = self._rings = _NEVER
        self._handle: asyncio.Handle | None = None

    def set(self, at: float) -> None:
        """Call then, and not before."""
        self._at = at
        if at < self._rings:
            self._rings = at
            self._arm(at - self._now())

    def close(self) -> None:
        """Call no more, until it is set again."""
        self._at = self._rings = _NEVER
        if self._handle is not None:
            self._handle.cancel()

    def _arm(self, wait: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        loop = asyncio.get_running_loop()
        if wait <= 0.0:
            self._handle = loop.call_soon(self._ring)
        else:
            self._handle = loop.call_later(max(wait, self._least), self._ring)

    _least = _COARSE

    def _ring(self) -> None:
        self._rings = _NEVER
        now, at = self._now(), self._at
        if now < at - _EARLY:
            if at < _NEVER:
                self.set(at)
            return
        self._at = _NEVER
        try:
            self._call(max(now, at))
        except Exception as mistake:  # noqa: BLE001 - handed on to whoever owns the line
            self._failed(mistake)


class ExactTimer(Timer):
    """The same, to a tenth of a millisecond: by a timer of the kernel. The loops' own are half a millisecond late."""

    _least = 0.0
    _fd = -1

    def __init__(self, clock: Clock, call: Callable[[float], None], failed: Callable[[Exception], None]) -> None:
        """Only the machine's own time has timers in the kernel; for any other clock the loop must do."""
        super().__init__(clock, call, failed)
        self._kernel = isinstance(clock, SystemClock)

    def close(self) -> None:
        """Call no more, until it is set again."""
        super().close()
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _arm(self, wait: float) -> None:
        if self._fd < 0 and self._kernel:
            self._open()
        if self._fd < 0:
            super()._arm(wait)
            return
        _LIBC.timerfd_settime(self._fd, 0, _SPAN.pack(0, 0, *divmod(max(1, int(wait * 1e9)), 10**9)), None)

    def _open(self) -> None:
        fd = _LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if fd < 0:  # no more files may be open: a little late is better than not at all
            self._kernel = False
            return
        asyncio.get_running_loop().add_reader(fd, self._expired)
        self._fd = fd

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # set anew in the meantime
            return
        self._ring()


_LIBC = ctypes.CDLL(None, use_errno=True)
_SPAN = struct.Struct("qqqq")
"""`struct itimerspec` of Linux: interval and value, each in seconds and nanoseconds."""
