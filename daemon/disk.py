"""The alarms about room: a disk that is nearly full, and classes of the record that do not fit into their size."""

from collections.abc import Callable, Sequence

from daemon.alarms.annunciator import own
from daemon.journal.retention import Retention
from daemon.journal.room import Room
from gatehouse.alarms import Condition, Severity

_BACK = 1.0
"""Percent below its limit at which the disk is well again."""
_GB = 10**9


class DiskWatch:
    """Turns what the journal sees of the disk into conditions; tells only what changed."""

    def __init__(self, tell: Callable[[Condition], None], retention: Callable[[], Retention]) -> None:
        """`retention` has the limits that hold now."""
        self._tell, self._retention = tell, retention
        self._full = False
        self._said: tuple[object, ...] = ()

    def hear(self, room: Room, short: Sequence[str]) -> None:
        """Take the newest look."""
        limits = self._retention()
        self._full = room.fullest >= limits.alarm_at - (_BACK if self._full else 0.0)
        said = (self._full and (int(room.fullest), room.fullest >= limits.thin_at), tuple(short))
        if said == self._said:
            return
        self._said = said
        self._tell(self._disk(room, limits))
        self._tell(_size(short))

    def _disk(self, room: Room, limits: Retention) -> Condition:
        left = f"{room.free / _GB:.1f} GB"
        if room.inodes > room.used:
            why = (
                f"{room.inodes:.0f} % of the disk's inodes are in use, {room.free_inodes} are left; delete small files "
                f"that are not gatehouse's; at {limits.thin_at:g} % records other than alarms make room"
            )
        else:
            why = (
                f"the disk is {room.used:.0f} % full, {left} are left; move away what is not gatehouse's, or take a "
                f"larger disk; at {limits.thin_at:g} % records other than alarms make room"
            )
        return own(
            "journal.disk",
            "disk_full",
            "journal",
            self._full,
            Severity.P2,
            why=why,
            used=round(room.fullest, 1),
            free=room.free,
            free_inodes=room.free_inodes,
        )


def _size(short: Sequence[str]) -> Condition:
    names = ", ".join(short)
    why = f"{names}: more than its size, although all that may go is gone; allow more under journal.size"
    return own("journal.size", "journal_size", "journal", bool(short), Severity.P4, why=why, classes=list(short))
