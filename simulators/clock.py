"""Time for simulated things: now, and something to do at a later instant, finer than a loop's milliseconds."""

import asyncio
import ctypes
import heapq
import math
import os
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

_MONOTONIC = 1
_ABSOLUTE = 1
_NON_BLOCKING = os.O_NONBLOCK | os.O_CLOEXEC


class Appointment:
    """Something that will be done at an instant, unless it is called off."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Call it off; harmless when it has been kept already."""
        self.callback = None

    def keep(self) -> None:
        """Do it now, once."""
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


class Clock(Protocol):
    """Where simulated things get their time."""

    def now(self) -> float:
        """Monotonic seconds."""

    def at(self, when: float, callback: Callable[[], None]) -> Appointment:
        """Do something at that instant, or as soon as possible when it is past."""


class HandClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._order = count()
        self._ahead: list[tuple[float, int, Appointment]] = []

    def now(self) -> float:
        """Where the hands stand."""
        return self._now

    def at(self, when: float, callback: Callable[[], None]) -> Appointment:
        """Remember it until the hands are moved there."""
        appointment = Appointment(callback)
        heapq.heappush(self._ahead, (when, next(self._order), appointment))
        return appointment

    def advance(self, seconds: float) -> None:
        """Move the hands, keeping on the way every appointment in its order."""
        end = self._now + seconds
        while self._ahead and self._ahead[0][0] <= end:
            when, _, appointment = heapq.heappop(self._ahead)
            self._now = max(self._now, when)
            appointment.keep()
        self._now = end


class _Moment(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Alarm(ctypes.Structure):
    _fields_ = [("interval", _Moment), ("value", _Moment)]


class FineClock:
    """The machine's monotonic clock with a Linux timerfd: a loop's own timers are rounded up to whole milliseconds,
    which is longer than a character takes on a fast line."""

    def __init__(self) -> None:
        """To be made inside a running loop."""
        self._loop = asyncio.get_running_loop()
        self._order = count()
        self._ahead: list[tuple[float, int, Appointment]] = []
        self._armed = math.inf
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(_MONOTONIC, _NON_BLOCKING)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "no timerfd: the simulators need Linux")
        self._loop.add_reader(self._fd, self._ring)

    def now(self) -> float:
        """Monotonic seconds, the same in all processes of this machine."""
        return time.monotonic()

    def at(self, when: float, callback: Callable[[], None]) -> Appointment:
        """Do something at that instant; late by some tens of microseconds."""
        appointment = Appointment(callback)
        heapq.heappush(self._ahead, (when, next(self._order), appointment))
        if when < self._armed:
            self._arm(when)
        return appointment

    def close(self) -> None:
        """Forget all appointments."""
        self._ahead.clear()
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _arm(self, when: float) -> None:
        self._armed = when
        whole = int(when)
        alarm = _Alarm(_Moment(0, 0), _Moment(whole, max(1, math.ceil((when - whole) * 1e9))))
        if self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(alarm), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime refused")

    def _ring(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # armed anew since it rang
        self._armed = math.inf
        now = time.monotonic()
        while self._ahead and self._ahead[0][0] <= now:
            self._loop.call_soon(heapq.heappop(self._ahead)[2].keep)
        while self._ahead and self._ahead[0][2].callback is None:
            heapq.heappop(self._ahead)
        if self._ahead:
            self._arm(self._ahead[0][0])
