"""A climb as it is kept beside the journal, and how much time has passed for it when it is taken up again.

On the same boot of the machine the monotonic clock went on while the daemon was dead, and tells exactly. After a boot
only the wall clock is left; it may be wrong by years, so what it says is believed up to an hour, and never backwards.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from daemon.escalation.climb import Climb

log = structlog.get_logger()

PREFIX = "escalation/"
_LARGEST = 60 * 1024
_BELIEVED = 3600.0
"""Seconds of the wall clock that are believed after a boot: longer than any ladder waits."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclasses.dataclass(frozen=True, slots=True)
class Now:
    """One instant by both clocks."""

    monotonic: float
    utc: datetime
    boot: str


class Saved(msgspec.Struct, kw_only=True):
    """A climb, and when it was so."""

    climb: Climb
    occurrence: str
    raised: datetime
    drill: bool
    elapsed: float
    monotonic: float
    utc: datetime
    boot: str

    def elapsed_by(self, now: Now) -> float:
        """Seconds since the alarm began to climb."""
        if self.boot and self.boot == now.boot and now.monotonic >= self.monotonic:
            return self.elapsed + now.monotonic - self.monotonic
        return self.elapsed + believed((now.utc - self.utc).total_seconds())


def believed(seconds: float) -> float:
    """How much of a difference between two readings of the wall clock counts."""
    return min(max(0.0, seconds), _BELIEVED)


def boot() -> str:
    """Tells one boot of the machine from another; empty where the system does not say."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def encoded(saved: Saved) -> bytes:
    """Small enough to be kept: of thousands of messages it is forgotten which were sent, never that it climbs."""
    state = msgspec.msgpack.encode(saved)
    if len(state) > _LARGEST:
        small = msgspec.msgpack.decode(state, type=Saved)
        for stage in small.climb.stages:
            stage.chains = []
        state = msgspec.msgpack.encode(small)
    return state


def decoded(kept: Mapping[str, bytes]) -> tuple[list[Saved], list[str]]:
    """Climbs that were kept, and the keys of those that cannot be read: their alarms begin anew."""
    found, lost = [], []
    for key, state in kept.items():
        try:
            found.append(msgspec.msgpack.decode(state, type=Saved))
        except msgspec.DecodeError as error:
            log.error("an escalation of the last run cannot be read", why=str(error), key=key)
            lost.append(key)
    return found, lost
