"""Drills: an alarm is played in a zone. What the site file chose really moves, people are really called, 演练 first.

A drill begins by a person's command and by nothing else. Whatever a contact, a head or a button says while it lasts is
real, and goes its whole way for real: its rule knows nothing of drills. A real P1 anywhere ends every drill at once.
What a drill wants of an output stands at the level of an operator, or of a ladder's sirens, and ends by itself.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from math import inf
from secrets import token_hex
from typing import Any

import msgspec

from daemon.clock import Clock
from daemon.config.site import Site
from daemon.drills.record import DRILLS, Drill, decoded
from daemon.drills.walks import RISES, Keeper
from daemon.engine import Engine
from daemon.recorder import DRILL
from gatehouse.alarms import Alarm, Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.points import Value

EARNEST = 1800.0
"""Seconds after a drill in which a real alarm says of itself that it is none."""


Proofs = Mapping[str, tuple[str, str, Value]]
"""Point -> the output whose movement it proves, what it is (relay, open), and the value that proves it."""


class Playing:
    """One drill that runs."""

    def __init__(self, drill: Drill, end: float, watched: Proofs) -> None:
        """It ends at this monotonic second. `watched`: point -> output, what it proves, the value that proves it."""
        self.drill, self.end = drill, end
        self.begun = end - (drill.until - drill.since).total_seconds()
        self.watch(watched)

    def watch(self, watched: Proofs) -> None:
        """Of all points that prove anything those of its outputs."""
        self.watched = {point: its for point, its in watched.items() if its[0] in self.drill.outputs}

    @property
    def alarm(self) -> str:
        """The id of the alarm that is played."""
        return f"drills.{self.drill.zone.partition('.')[2]}"

    @property
    def issuer(self) -> str:
        """Of its demands."""
        return DRILL + self.drill.id


class Drills:
    """All drills. It lives in the loop's thread."""

    def __init__(self, engine: Engine, keeper: Keeper, clock: Clock) -> None:
        """None runs."""
        self.running: dict[str, Playing] = {}
        """By zone."""
        self._engine, self._keeper, self._clock = engine, keeper, clock
        self._ended = -inf
        self._moved = False
        engine.annunciator.watch(self._hear)

    @property
    def lately(self) -> bool:
        """A drill runs, or has ended not long ago: people may take an alarm for one."""
        return bool(self.running) or self._clock.monotonic() - self._ended < EARNEST

    @property
    def moves(self) -> set[str]:
        """Outputs that a drill has moved, and nobody else."""
        issuers = {playing.issuer for playing in self.running.values()}
        decisions = self._engine.arbiter.decisions
        return {name for name, its in decisions.items() if its.demand is not None and its.demand.issuer in issuers}

    # Beginning

    def begin(self, drill: Drill, watched: Proofs) -> Playing:
        """Play an alarm: outputs first, then people."""
        playing = Playing(drill, self._clock.monotonic() + drill.left, watched)
        self.running[drill.zone] = playing
        content = {"minutes": round(drill.left / 60), "until": drill.until.isoformat(), "reason": drill.reason,
                   "by": drill.by, "outputs": list(drill.outputs), "played": drill.kind}  # fmt: skip
        self._tell("drill.started", drill, content, actor=f"person:{drill.by}")
        self._want(playing)
        self._call(playing)
        self._keep(playing)
        self.settle()
        return playing

    def _call(self, playing: Playing) -> None:
        drill = playing.drill
        played = Condition(alarm=playing.alarm, active=True, severity=Severity(drill.severity), kind=drill.kind,
                           subject=drill.zone, evidence={"drill": drill.id, "why": drill.reason})  # fmt: skip
        drill.occurrence = self._engine.annunciator.stage(played, drill.id, drill.by).occurrence

    def _want(self, playing: Playing) -> None:
        """Nothing of it is stronger than an operator, and nothing lasts longer than the drill."""
        known, arbiter = self._engine.arbiter.outputs, self._engine.arbiter
        demands = []
        for name in playing.drill.outputs:
            passage = name in known and known[name].kind != "switch"
            if name not in known or (playing.drill.silent and not passage):
                continue
            value, priority = (Passage.OPEN, Priority.OPERATOR) if passage else (True, Priority.ANNUNCIATION)
            demands.append(Demand(output=name, value=value, priority=priority, issuer=playing.issuer, reason="drill",
                                  until=playing.end))  # fmt: skip
        arbiter.place(playing.issuer, demands)
        self._moved = True

    # While it lasts

    def _hear(self, kind: str, alarm: Alarm) -> None:
        """An alarm has changed. Nothing here waits or raises."""
        if alarm.drill:
            self._answered(kind, alarm)
        elif kind in RISES and alarm.active and alarm.condition.severity is Severity.P1:
            for zone in list(self.running):
                self.end(zone, "real", "")

    def _answered(self, kind: str, alarm: Alarm) -> None:
        playing = self.running.get(alarm.condition.subject)
        if playing is None or playing.drill.id != alarm.drill:
            return
        if kind == "alarm.silenced" and not playing.drill.silent:
            playing.drill.silent = True
            self._want(playing)
            self._keep(playing)

    def hear(self, points: Collection[str], now: float) -> None:
        """These points have changed: a relay has switched, a leaf or a boom has moved."""
        for playing in list(self.running.values()):
            self._look(playing, [point for point in points if point in playing.watched])

    def _look(self, playing: Playing, points: Collection[str]) -> None:
        drill, now = playing.drill, self._clock.monotonic()
        for point in points:
            output, proof, value = playing.watched[point]
            reading = self._engine.image.read(point, now)
            if point in drill.seen or not reading.good or reading.value is not value or reading.at < playing.begun:
                continue
            drill.seen.append(point)
            self._tell("drill.confirmed", drill, {"output": output, "proof": proof, "point": point}, output)
            self._keep(playing)

    def tick(self, now: float) -> None:
        """Do what time alone asks for."""
        for zone, playing in list(self.running.items()):
            if now >= playing.end:
                self.end(zone, "time", "")
            else:
                self._look(playing, playing.watched)
                self._keep(playing)
        self.settle()

    def settle(self) -> None:
        """Let outputs follow, if they have not yet."""
        if self._moved:
            self._moved = False
            self._engine.judge({}, (), self._clock.monotonic())

    @property
    def next_due(self) -> float:
        """Monotonic second at which `tick` has something to do."""
        return -inf if self._moved else min((playing.end for playing in self.running.values()), default=inf)

    # Ending

    def end(self, zone: str, why: str, by: str) -> Drill:
        """Give up all that it wanted, and call nobody any more. KeyError."""
        playing = self.running.pop(zone)
        drill, self._ended = playing.drill, self._clock.monotonic()
        self._keeper.keep(DRILLS + drill.id, None)
        self._engine.arbiter.place(playing.issuer, [])
        self._moved = True
        self._strike(drill.id, by or drill.by, f"the drill is over: {why}")
        content = {"why": why, "by": by or drill.by}
        self._tell("drill.ended", drill, content, actor=f"person:{by}" if by else "daemon")
        return drill

    def _strike(self, id_: str, by: str, why: str) -> None:
        book = self._engine.annunciator
        for alarm in [each for each in (*book.standing.values(), *book.cases.values()) if each.drill == id_]:
            book.strike(alarm, by, why)

    # After a restart, and after a reload

    def restore(self, kept: Mapping[str, bytes], watched: Proofs) -> None:
        """Go on with what was played; what should have ended meanwhile, or met a real alarm, ends now."""
        now, utc = self._clock.monotonic(), self._clock.utc()
        for drill in decoded(kept, Drill):
            seconds = drill.seconds(utc)
            playing = self.running[drill.zone] = Playing(drill, now + seconds, watched)
            why = "time" if seconds <= 0 else "real" if self._real(drill) else ""
            if why:
                self.end(drill.zone, why, "")
            else:
                self._want(playing)
                self._call(playing)
        self._orphans()

    def _orphans(self) -> None:
        """Alarms of a drill that nobody knows any more call nobody."""
        known = {playing.drill.id for playing in self.running.values()}
        book = self._engine.annunciator
        for alarm in [*book.standing.values(), *book.cases.values()]:
            if alarm.drill and alarm.drill not in known:
                book.strike(alarm, "gatehouse", "the drill is over: lost")

    def _real(self, drill: Drill) -> bool:
        standing = self._engine.annunciator.standing.values()
        return any(
            alarm.condition.severity is Severity.P1 and not alarm.drill and alarm.last >= drill.since
            for alarm in standing
        )

    def change(self, zones: Collection[str], watched: Proofs) -> None:
        """Another site from now on: what is not in it any more is not moved, and not drilled."""
        for zone, playing in list(self.running.items()):
            if zone not in zones:
                self.end(zone, "site", "")
                continue
            playing.watch(watched)
            self._want(playing)
        self.settle()

    # What is told and kept

    def _tell(self, kind: str, drill: Drill, content: Mapping[str, Any], subject: str = "",
              actor: str = "daemon") -> None:  # fmt: skip
        its = {"drill": drill.id, **content}
        self._engine.recorder.emit(kind, subject or drill.zone, actor=actor, content=its)

    def _keep(self, playing: Playing) -> None:
        playing.drill.left = max(0.0, playing.end - self._clock.monotonic())
        self._keeper.keep(DRILLS + playing.drill.id, msgspec.msgpack.encode(playing.drill))


def fresh(zone: str, outputs: Collection[str], seconds: float, clock: Clock, *, kind: str, reason: str,
          by: str) -> Drill:  # fmt: skip
    """A drill that has not begun."""
    now = clock.utc()
    return Drill(id=f"{token_hex(6)}-1", zone=zone, by=by, reason=reason, since=now,
                 until=now + timedelta(seconds=seconds), left=seconds, kind=kind, outputs=tuple(outputs))  # fmt: skip


def proofs(site: Site) -> Iterator[tuple[str, tuple[str, str, Value]]]:
    """Points that prove that an output has moved: its relay read back, the leaf's contact, the boom's upper end."""
    for name, door in site.doors.items():
        yield door.lock, (f"doors.{name}", "relay", door.energised == "open")
        if door.contact:
            yield door.contact, (f"doors.{name}", "open", True)
    for name, lane in site.lanes.items():
        if lane.up:
            yield lane.up, (f"lanes.{name}", "open", True)
    for name, output in site.outputs.items():
        yield output.relay, (f"outputs.{name}", "relay", True)
