"""A third-party driver in one file, honest but for what is put into it."""

from pathlib import Path

HONEST = '''
"""Answers `!` to `?`: `{{line: cellar, driver: ./acme.py}}`."""

{head}
from dataclasses import dataclass

from gatehouse.driver import DriverError, Found, Question, Sample, Scan, ScanClass
from gatehouse.points import Point

SCAN = Scan(name="state", kind=ScanClass.MEASURE, period=1.0, points=("level",))


@dataclass
class Device:
    """One."""

    address: int = 1

    def points(self):
        {points}
        return [Point(name="level")]

    def scans(self):
        return [SCAN]

    def ask(self, scan):
        {ask}
        return Question(request=b"?%d." % self.address, find=find, expected=3)

    def read(self, scan, answer):
        {read}
        return {{"level": Sample(int(answer[1:-1]))}}


def find(received):
    {find}
    end = received.find(b".")
    return None if end < 0 else Found(end + 1, received[: end + 1])
'''


def driver(folder: Path, name: str = "acme", **deeds: str) -> Path:
    """The file of a driver that does these things in these places: head, points, ask, read, find."""
    file = folder / f"{name}.py"
    lines = {
        place: deeds.get(place, "pass" if place != "head" else "")
        for place in ("head", "points", "ask", "read", "find")
    }
    depth = {"head": 0, "find": 4}
    for place, deed in lines.items():
        lines[place] = deed.replace("\n", "\n" + " " * depth.get(place, 8))
    file.write_text(HONEST.format(**lines))
    return file
