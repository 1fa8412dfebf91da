"""Runs the real command line with two of the machine's own things replaced: its disk, by one that remembers what was
synced, and its calendar, by one that can be set. `python -m campaign.costume [--disk LOG] [--calendar FILE] -- run …`
"""

import mmap
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.clock import SystemClock


def set_calendar(file: Path, seconds: float) -> None:
    """Turn the wall clock of a daemon that wears this file; at once, as somebody with `date -s` would."""
    with file.open("r+b" if file.exists() else "wb") as handle:
        handle.write(struct.pack("d", seconds))


def _wear_calendar(file: Path) -> None:
    with file.open("rb") as handle:
        shown = mmap.mmap(handle.fileno(), 8, prot=mmap.PROT_READ)

    def utc(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", shown[:8])[0])

    setattr(SystemClock, "utc", utc)  # noqa: B010 - a costume


def main() -> None:
    """Dress, and be the daemon."""
    end = sys.argv.index("--")
    worn = dict(zip(sys.argv[1:end:2], sys.argv[2:end:2], strict=True))
    if "--calendar" in worn:
        _wear_calendar(Path(worn["--calendar"]))
    if "--disk" in worn:
        from campaign.disk import wear  # noqa: PLC0415 - replaces the disk of the whole process

        wear(Path(worn["--disk"]))
    sys.argv = ["gatehouse", *sys.argv[end + 1 :]]
    from console.cli import main as command  # noqa: PLC0415 - only now, in costume

    command()


if __name__ == "__main__":
    main()
