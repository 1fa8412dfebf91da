"""The very small site with smoke heads, people, ladders and a drill; moved by hand, killed by hand."""

from pathlib import Path
from typing import Any

import msgspec

from daemon.config.subscribers import Mqtt
from daemon.feeds.dispatch import Dispatch
from gatehouse.demands import Passage
from gatehouse.events import Event
from tests.unit.daemon.escalation.estate import LADDERS, OUTPUTS, PEOPLE, Estate
from tests.unit.daemon.small import SITE

DRILLED = SITE.replace("release: [north, in]}", "release: [north, in], drill: [doors.north, lanes.in, siren]}")
DEVICES = "\n  io2:   {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 2}\n  north: "
RULES = """
rules:
  b12-smoke: {kind: smoke, zone: b12, heads: [io2.input1, io2.input2], call_points: [io2.input3], places: [一, 二, 门]}
  b12-sos:   {kind: sos, zone: b12, buttons: [io2.input4]}
"""
WHOLE = DRILLED.replace("\n  north: {line: reader", f"{DEVICES}{{line: reader", 1) + RULES + OUTPUTS + PEOPLE + LADDERS


class Ground(Estate):
    """All parts of a daemon, with its rules."""

    def __init__(self, folder: Path, before: "Ground | None" = None) -> None:
        super().__init__(folder, WHOLE, None, rules=True)
        if before is not None:
            self.clock.now = before.clock.now
        self.exercises, self.desk = self.daemon.exercises, self.daemon.desk
        self.tripped: dict[str, bool] = {} if before is None else before.tripped
        self.all: list[Event] = []
        emit = self.engine.recorder._append

        def write(event: Event) -> None:
            self.all.append(event)
            emit(event)

        self.engine.recorder._append = write
        if before is not None:
            self.kept = dict(before.kept)
            book = before.engine.annunciator
            states = [msgspec.json.encode(alarm) for alarm in (*book.standing.values(), *book.cases.values())]
            self.engine.annunciator.restore(states)
            self.take_up()
        self.rest()

    def take_up(self) -> None:
        """What `main._restore` does, with what is durable."""
        ex = self.exercises
        ex.drills.restore(self.find("drills/"), dict(ex.proofs()))
        ex.walks.restore(self.find("walks/"), ex.grounds())
        book = self.engine.annunciator
        self.office.escalations.restore(self.find("escalation/"), [*book.cases.values(), *book.standing.values()])
        self.engine.judge_all()

    def find(self, prefix: str) -> dict[str, bytes]:
        return {key: state for key, state in self.kept.items() if key.startswith(prefix)}

    def rest(self) -> None:
        """Everything is read, as it is."""
        self.engine.device("io2", True, "answers", self.clock.now)
        self.quiet(**self._of("io1"))
        numbers = range(1, 9)
        values: dict[str, Any] = {f"input{n}": False for n in numbers} | {f"relay{n}": False for n in numbers}
        self.land("io2", **values | self._of("io2"))

    def _of(self, device: str) -> dict[str, bool]:
        return {point.partition(".")[2]: on for point, on in self.tripped.items() if point.startswith(f"{device}.")}

    def trip(self, point: str, on: bool = True) -> None:
        """A contact, a head, a button."""
        self.tripped[point] = on
        device, _, channel = point.partition(".")
        self.land(device, **{channel: on})
        self.exercises.step(self.clock.now)
        self.wait()

    def later(self, seconds: float) -> None:
        """Time passes; everything is read again and again."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + 1)
            for device in ("io1", "io2"):
                image, now = self.engine.image, self.clock.now
                names = [name for name in image.points if name.startswith(f"{device}.")]
                fresh = tuple(name.partition(".")[2] for name in names if image.latest(name).good)
                self.engine.same(device, fresh, now)
            self.follow()
            self.engine.tick(self.clock.now)
            self.exercises.step(self.clock.now)
            self.wait()

    def follow(self) -> None:
        """Relays and boom do as they are told."""
        up = self.told("lanes.in") is Passage.OPEN
        relays = {"relay1": "doors.north", "relay2": "doors.east", "relay5": "outputs.siren", "relay6": "outputs.lamp"}
        on = {relay: self.told(output) in (Passage.OPEN, True) for relay, output in relays.items()}
        self.land("io1", **on | {"input6": up, "input7": not up})

    def told(self, output: str) -> Any:
        return self.engine.arbiter.decisions[output].value

    def outside(self, tier: int = 1, **more: Any) -> list[Event]:
        """What a subscriber like the police is sent, of all that was written."""
        settings = Mqtt(broker="mqtt://localhost:1", tier=tier, **more)

        class Carries:
            def carries(self, kind: str) -> bool:
                return True

        dispatch = Dispatch("police", settings, Carries(), None, "x", {}, None, lambda: None, lambda *_: None)  # type: ignore[arg-type]
        return [event for event in self.all if dispatch.wants(event)]

    def messages(self) -> list[Any]:
        return [message for box in self.boxes.values() for message, _, _ in box.put_in]
