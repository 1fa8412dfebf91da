"""A daemon of a very small site, all parts real, nothing connected: readings are landed by hand."""

from pathlib import Path

from daemon import main
from daemon.clock import Clock
from daemon.config import load as config
from daemon.config.secrets import Secrets
from gatehouse.driver import Sample
from gatehouse.points import Quality
from tests.unit.daemon.doubles import HandClock

SITE = """\
site: {id: small, name: 小站, timezone: Asia/Shanghai}
lines:
  gate:   {serial: /dev/serial/by-id/usb-absent, title: 门岗总线}
  reader: {serial: /dev/serial/by-id/usb-absent-too}
devices:
  io1:   {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1, title: 门岗板}
  north: {line: reader, driver: rdm6300, title: 北门读头}
access: {cards: cards.csv}
doors:
  north: {title: 北门, reader: north, lock: io1.relay1, contact: io1.input1, exit: io1.input2, unlock: 5s}
  east:  {title: 东门, lock: io1.relay2}
lanes:
  in: {title: 车道A, open: io1.relay3, close: io1.relay4, presence: io1.input5, up: io1.input6, down: io1.input7,
       stay: 15s, travel: 6s}
zones:
  b12: {title: 12栋, fire: [io1.input8], release: [north, in]}
  b13: {title: 13栋, fire: [io1.input3, io1.input4], release: [doors.east]}
subscribers:
  police: {broker: "mqtt://localhost:1", tier: 1, title: 派出所}
"""
CARDS = "number,name,doors,from,until,hours\n0004712345,李秀英,north in,,,\n"


def write(folder: Path, text: str = SITE) -> Path:
    """The site's file in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cards.csv").write_text(CARDS, encoding="utf-8")
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    return folder / "site.yaml"


def build(folder: Path, clock: Clock) -> main.Daemon:
    """All its parts; nothing runs."""
    return main.build(config.load(write(folder / "site")), folder, Secrets([]), clock)


class House:
    """The small site and its world, moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.daemon = build(folder, self.clock)
        self.engine = self.daemon.engine

    def land(self, device: str = "io1", quality: Quality = Quality.GOOD, **values: object) -> None:
        """Readings of one device."""
        samples = {channel: Sample(value, quality) for channel, value in values.items()}
        self.engine.land(device, samples, self.clock.now)

    def quiet(self, **values: object) -> None:
        """All inputs read: nobody there, booms down, no fire; then these instead."""
        inputs = {f"input{number}": number == 7 for number in range(1, 9)}
        relays = {f"relay{number}": False for number in range(1, 9)}
        for device in ("io1", "north"):
            if self.engine.image.read(f"{device}.online", self.clock.now).value is not True:
                self.engine.device(device, True, "answers", self.clock.now)
        self.land(**inputs | relays | values)
        self.passes(0)

    def passes(self, seconds: float, **values: object) -> None:
        """Time passes while the board says the same again and again, or what is given instead."""
        end = self.clock.now + seconds
        while self.clock.now <= end:
            image, now = self.engine.image, self.clock.now
            fresh = [
                name.partition(".")[2]
                for name in image.points
                if name.startswith("io1.") and image.read(name, now).good
            ]
            self.engine.same("io1", tuple(fresh), now)
            if values:
                self.land(**values)
            self.engine.tick(now)
            self.clock.now += 0.25

    def events(self, *kinds: str) -> list[dict[str, object]]:
        """What was recorded of these kinds, as kind, subject, actor and content."""
        waiting = self.daemon.journal.waiting()
        return [
            {"kind": event.kind, "subject": event.subject, "actor": event.actor, **event.content}
            for event in waiting
            if not kinds or event.kind in kinds
        ]
