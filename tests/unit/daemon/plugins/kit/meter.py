"""An honest driver, and what can be wrong with it: each slip by the text that it replaces."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from daemon.config import plugins
from daemon.plugins.kit.golden import Golden
from daemon.plugins.kit.run import run
from daemon.plugins.kit.subject import Subject
from daemon.plugins.kit.verdict import Check, Result

HONEST = '''
"""A meter that is asked `A <address> ? <sum> \\n`, and says `B <address> <level> <on> <sum> \\n`: made up."""

from dataclasses import dataclass
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Found, Question, Sample, Scan, ScanClass
from gatehouse.points import Point

SCAN = Scan(name="state", kind=ScanClass.SAFETY, period=0.5, points=("level", "on"))


def summed(body):
    return body + bytes((sum(body) & 0xFF, 10))


@dataclass
class Device:
    address: int

    def points(self):
        level = Point(name="level", title="液位", unit="cm", low=0, high=100)
        return [level, Point(name="on", title="开", writable=True)]

    def scans(self):
        return [SCAN]

    def ask(self, scan):
        return self.question(b"?")

    def read(self, scan, answer):
        if answer[2] > 200:
            raise DriverError("no such level")
        return {"level": Sample(answer[2]), "on": Sample(bool(answer[3]))}

    def write(self, channel, value):
        if channel != "on" or not isinstance(value, bool):
            raise DriverError("only on can be told, true or false")
        return self.question(b"1" if value else b"0")

    def accept(self, question, answer):
        if answer[3] != (question.request[2] == 0x31):
            raise DriverError("it did not")

    def prepare(self):
        return []

    def question(self, what):
        request = summed(b"A" + bytes((self.address,)) + what)
        mine = self.address

        def find(received):
            start = received.find(b"B")
            if start:
                return Found(start if start > 0 else len(received), why="noise")
            if len(received) < 6:
                return None
            if received[1] != mine:
                return Found(1, why="foreign")
            if summed(received[:4]) != received[:6]:
                return Found(1, why="crc")
            return Found(6, received[:6])

        return Question(request=request, find=find, expected=6)
'''
GOLDEN = {
    "settings": {"address": 7},
    "frames": [
        {
            "scan": "state", "request": "41 07 3F 87 0A", "answer": "42 07 2A 01 74 0A",
            "samples": {"level": 42, "on": True},
        },
        {"scan": "state", "answer": "42 07 FF 00 48 0A", "refused": True},
        {"write": "on", "value": True, "request": "41 07 31 79 0A", "answer": "42 07 2A 01 74 0A"},
        {"write": "on", "value": True, "answer": "42 07 2A 00 73 0A", "refused": True},
    ],
}  # fmt: skip


def subject(source: str = HONEST, golden: dict[str, object] | None = None) -> Subject:
    """The driver in this text, in this process."""
    module = ModuleType("made_up_meter")
    sys.modules[module.__name__] = module
    module.__doc__ = None
    exec(compile(source, "made_up_meter.py", "exec"), module.__dict__)
    kind = plugins.described("drivers", "meter", module.Device)
    frames = Golden.model_validate(GOLDEN if golden is None else golden) if golden != {} else None
    return Subject(
        "driver", "meter", "0" * 64, Path("meter.golden.yaml"), frames, load=lambda: kind, apart=False,
        settings={"address": 7},
    )  # fmt: skip


def tried(source: str = HONEST, golden: dict[str, object] | None = None) -> Result:
    """What the kit says of it."""
    return run(subject(source, golden), datetime(2026, 11, 22, tzinfo=UTC))


def failed(result: Result) -> dict[str, Check]:
    """The checks that it failed, by name."""
    return {check.name: check for check in result.checks if check.verdict == "fail"}
