"""What a recording costs: a change in the engine's thread, a day of a large estate on the disk.

    python -m bench.recording [--points 4800] [--minutes 10]

Measures are read once a second and wander as residual currents do: a level of their own, a slow drift of a tenth of it
over the day, a noise of `--noise` of it. One contact in a hundred turns once a minute. Time is the bench's own, so ten
minutes pass in some seconds; what is written is what a real clock would have had written.
"""

import argparse
import math
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.config.recording import Recording
from daemon.image import LiveImage
from daemon.recording.segment import files, size
from daemon.recording.tape import EVERY, Tape
from gatehouse.points import Point, Quality

_DAY = 86400.0
_START = datetime(2026, 11, 22, tzinfo=UTC)


class Clock:
    """Moved by the bench."""

    now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def utc(self) -> datetime:
        """The wall clock."""
        return _START + timedelta(seconds=self.now)


def run(points: int, minutes: float, noise: float) -> None:
    """Measure, and print."""
    chance, clock = random.Random(4), Clock()
    measures = [Point(name=f"u{number}.alarm", unit="mA", low=0, high=5000, max_age=4) for number in range(points)]
    contacts = [Point(name=f"u{number}.contact", max_age=4) for number in range(points // 10)]
    image = LiveImage([*measures, *contacts])
    levels = [chance.uniform(5, 80) for _ in measures]
    with tempfile.TemporaryDirectory() as folder:
        tape = Tape(Path(folder), image, clock, "bench")
        tape.settle(Recording(), image.points.keys())
        heard, inside, writing = 0, 0.0, 0.0
        last = clock.now
        for second in range(round(minutes * 60)):
            drift = 1 + 0.1 * math.sin(2 * math.pi * second / _DAY)
            clock.now += 0.9
            moved = [
                {point.name}
                for point, level in zip(measures, levels, strict=True)
                if image.put(
                    point.name, round(level * drift * (1 + chance.gauss(0, noise)), 1), Quality.GOOD, clock.now
                )
            ]
            began = time.thread_time()
            for each in moved:
                tape.hear(each, clock.now)
            inside += time.thread_time() - began
            heard += len(moved)
            for contact in chance.sample(contacts, max(1, len(contacts) // 100 // 60)):
                image.put(contact.name, not image.read(contact.name, clock.now).value, Quality.GOOD, clock.now)
                tape.hear({contact.name}, clock.now)
            clock.now += 0.1
            if clock.now - last >= EVERY:
                last, began = clock.now, time.thread_time()
                tape.write()
                writing += time.thread_time() - began
        used = size(files(Path(folder)))
    seconds = minutes * 60
    print(f"{points} measures read once a second, noise {noise:.1%}: {heard / seconds:.0f} changes/s heard")
    print(f"  {1e6 * inside / heard:.2f} us each in the engine's thread; {writing / seconds:.2%} of a core writes")
    print(f"  {used / seconds:.0f} bytes/s, {used / seconds * _DAY / 1e6:.0f} MB a day; {tape.lost} lost")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=4800)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--noise", type=float, default=0.02)
    options = parser.parse_args()
    run(options.points, options.minutes, options.noise)
