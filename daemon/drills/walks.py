"""Walk tests: heads of a zone are tripped one by one and ticked off; no siren, no release, nobody is called.

While it lasts the rules of the zone see its tested heads at rest (`sight.py`); each has a twin that sees them as they
are, and what the twin would have raised is a tick. When it ends the rules see again, and a head that is still tripped
is an alarm in the same instant. Heads that another zone needs, or that cannot be read, are left out: they stay live.
"""

import copy
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from math import inf
from secrets import token_hex
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from daemon.alarms.annunciator import own
from daemon.clock import Clock
from daemon.drills.heads import Ground, Shadow, counters_of, ground
from daemon.drills.record import WALKS, Tick, Walk, decoded
from daemon.drills.sight import Sight, at_rest
from daemon.engine import Engine
from gatehouse.alarms import Alarm, Severity
from gatehouse.points import Reading
from gatehouse.rule import Rule

log = structlog.get_logger()

MOST = 400
"""Heads in one test: what is kept of it stays small."""


RISES = frozenset({"alarm.raised", "alarm.repeated", "alarm.noted"})
"""What an alarm says of itself when its condition comes true."""


UNDER_TEST = "zone_under_test"


class Keeper(Protocol):
    """The journal, as far as it is needed here."""

    def keep(self, key: str, state: bytes | None) -> None:
        """Remember a small state; never waits."""


class Walking:
    """One test that runs."""

    def __init__(self, walk: Walk, places: Mapping[str, str], end: float) -> None:
        """It ends at this monotonic second."""
        self.walk, self.places, self.end = walk, places, end
        self.tripped = set(walk.tripped)
        """Heads that are in alarm now."""
        self.shadows: list[Shadow] = []
        self.sights: dict[str, Sight] = {}


class Walks:
    """All tests. It lives in the loop's thread."""

    def __init__(self, engine: Engine, keeper: Keeper, clock: Clock, zone: ZoneInfo) -> None:
        """Nothing is under test."""
        self.running: dict[str, Walking] = {}
        """By zone."""
        self._engine, self._keeper, self._clock, self._zone = engine, keeper, clock, zone
        self._moved = False
        engine.annunciator.watch(self._real)

    # Beginning

    def begin(self, zone: str, rules: Iterable[Rule], heads: Mapping[str, str], seconds: float, *, reason: str,
              by: str) -> Walking:  # fmt: skip
        """Test these heads. ValueError when a rule cannot be tested."""
        now = self._clock.utc()
        walk = Walk(id=f"{token_hex(6)}-1", zone=zone, by=by, reason=reason, since=now,
                    until=now + timedelta(seconds=seconds), left=seconds, heads=tuple(heads))  # fmt: skip
        walking = Walking(walk, heads, self._clock.monotonic() + seconds)
        self._cover(walking, list(rules), {})
        self.running[zone] = walking
        content = {"minutes": round(seconds / 60), "until": walk.until.isoformat(), "reason": reason, "by": by}
        content["heads"] = dict(heads)
        self._tell("walk.started", walk, content, actor=f"person:{by}")
        self._say(walking)
        self._keep(walking)
        return walking

    def _cover(self, walking: Walking, rules: Collection[Rule], before: Mapping[str, Reading]) -> None:
        """Put masks over the heads, and twins beside the rules."""
        shadows, now, image = [], self._clock.monotonic(), self._engine.image
        for rule in rules:
            try:
                shadows.append(Shadow(copy.deepcopy(rule), image))
            except Exception as error:
                raise ValueError(f"the rule {rule.name} cannot be tested: {error!r}") from error
        walking.shadows = shadows
        held = {point: before.get(point) or image.read(point, now) for point in walking.walk.heads}
        for rule in rules:
            known = self._engine.sights.get(rule.name)
            sight = known if isinstance(known, Sight) else Sight(image, counters_of([rule]))
            sight.hold({point: held[point] for point in held if point in rule.inputs}, walking.end)
            walking.sights[rule.name] = self._engine.sights[rule.name] = sight
        for shadow in shadows:
            self._judge(walking, shadow, (), now)

    # While it lasts

    def hear(self, points: Collection[str], now: float) -> None:
        """These points have changed."""
        for walking in list(self.running.values()):
            for shadow in walking.shadows:
                if not shadow.inputs.isdisjoint(points):
                    self._judge(walking, shadow, points, now)

    def tick(self, now: float) -> None:
        """Do what time alone asks for."""
        for walking in list(self.running.values()):
            if now >= walking.end:
                self.end(walking.walk.zone, "time", "")
                continue
            for shadow in walking.shadows:
                if shadow.wake <= now:
                    self._judge(walking, shadow, (), now)
            self._say(walking)
            self._keep(walking)
        self.settle()

    def settle(self) -> None:
        """Let the rules look again, if they see more than before."""
        if self._moved:
            self._moved = False
            self._engine.judge_all()

    @property
    def next_due(self) -> float:
        """Monotonic second at which `tick` has something to do."""
        dues = (min((each.end, *(shadow.wake for shadow in each.shadows))) for each in self.running.values())
        return -inf if self._moved else min(dues, default=inf)

    def _real(self, kind: str, alarm: Alarm) -> None:
        """A real P1 in the zone, of what is not under test: all of its heads count again, at once."""
        zone, grave = alarm.condition.subject, alarm.condition.severity is Severity.P1
        if zone in self.running and grave and alarm.active and not alarm.drill and kind in RISES:
            self.end(zone, "real", "")

    def _judge(self, walking: Walking, shadow: Shadow, points: Collection[str], now: float) -> None:
        wall = self._clock.utc().astimezone(self._zone)
        try:
            found, unknown = shadow.judge(now, wall, points, self._engine.arbiter.told)
        except Exception as error:
            log.exception("the twin of a rule failed in a walk test", why=repr(error))
            return
        mine = shadow.inputs & set(walking.walk.heads)
        fresh = (found & mine) - walking.tripped
        walking.tripped = (walking.tripped - (mine - unknown)) | (found & mine)
        for head in sorted(fresh):
            self._ticked(walking, head)

    def _ticked(self, walking: Walking, head: str) -> None:
        walk, now = walking.walk, self._clock.utc()
        tick = walk.ticks.get(head)
        walk.ticks[head] = tick = Tick(tick.first if tick else now, now, tick.count + 1 if tick else 1)
        missing = len(walk.heads) - len(walk.ticks)
        content = {"head": head, "where": walking.places.get(head, head), "count": tick.count, "missing": missing}
        self._tell("walk.tripped", walk, content)
        self._keep(walking)

    # Ending

    def end(self, zone: str, why: str, by: str) -> Walking:
        """The rules see again; what is still tripped is an alarm before this returns. KeyError."""
        walking = self.running.pop(zone)
        walk, now = walking.walk, self._clock.monotonic()
        self._keeper.keep(WALKS + walk.id, None)
        missing = [head for head in walk.heads if head not in walk.ticks]
        content = {"why": why, "by": by or walk.by, "walked": len(walk.ticks), "missing": len(missing),
                   "tripped": sorted(walking.tripped)}  # fmt: skip
        self._tell("walk.ended", walk, content, actor=f"person:{by}" if by else "daemon")
        for name, sight in walking.sights.items():
            sight.release(now)
            if sight.useless and self._engine.sights.get(name) is sight:
                del self._engine.sights[name]
        self._engine.raise_own(own(f"{zone}.under_test", "zone_under_test", zone, False, Severity.P3, why=why))
        self._moved = True
        return walking

    # After a restart, and after a reload

    def restore(self, kept: Mapping[str, bytes], ground_of: Mapping[str, Ground]) -> None:
        """Go on with what was under test; what ended meanwhile is over, and its heads are live."""
        for walk in decoded(kept, Walk):
            seconds, its = walk.seconds(self._clock.utc()), ground_of.get(walk.zone)
            walking = Walking(walk, its.heads if its else {}, self._clock.monotonic() + seconds)
            self.running[walk.zone] = walking
            if seconds <= 0 or its is None or not self._again(walking, its):
                self.end(walk.zone, "time" if seconds <= 0 else "site", "")
        for alarm in list(self._engine.annunciator.standing.values()):
            zone = alarm.condition.subject
            if alarm.condition.kind == UNDER_TEST and zone not in self.running:
                self._engine.raise_own(own(alarm.condition.alarm, UNDER_TEST, zone, False, Severity.P3, why="lost"))

    def change(self, ground_of: Mapping[str, Ground]) -> None:
        """Other rules and heads may be there from now on."""
        for zone, walking in list(self.running.items()):
            its = ground_of.get(zone)
            before: dict[str, Reading] = {}
            for name, sight in walking.sights.items():
                before |= sight.holds
                if its is None or name not in its.rules:
                    self._engine.sights.pop(name, None)
            if its is None or not self._again(walking, its, before):
                self.end(zone, "site", "")
        self.settle()

    def _again(self, walking: Walking, its: Ground, before: Mapping[str, Reading] | None = None) -> bool:
        """Cover what is still there of it; False when nothing is."""
        walk, before = walking.walk, before or {}
        walk.heads = tuple(head for head in walk.heads if head in its.heads and head not in its.shared)
        walking.places = {head: its.heads[head] for head in walk.heads}
        walking.sights = {}
        if not walk.heads:
            return False
        try:
            self._cover(walking, list(its.rules.values()), before)
        except ValueError as error:
            log.error("a walk test cannot go on", zone=walk.zone, why=str(error))
            return False
        return True

    # What is told and kept

    def _say(self, walking: Walking) -> None:
        """A zone under test is a dangerous state, and an alarm for all of its length."""
        walk = walking.walk
        self._engine.raise_own(
            own(f"{walk.zone}.under_test", "zone_under_test", walk.zone, True, Severity.P3, by=walk.by,
                why=walk.reason, until=walk.until.isoformat(), heads=len(walk.heads))
        )  # fmt: skip

    def _tell(self, kind: str, walk: Walk, content: Mapping[str, Any], actor: str = "daemon") -> None:
        self._engine.recorder.emit(kind, walk.zone, actor=actor, content={"test": walk.id, **content})

    def _keep(self, walking: Walking) -> None:
        walking.walk.left = max(0.0, walking.end - self._clock.monotonic())
        walking.walk.tripped = sorted(walking.tripped)
        self._keeper.keep(WALKS + walking.walk.id, msgspec.msgpack.encode(walking.walk))


def testable(engine: Engine, its: Ground, now: float) -> tuple[dict[str, str], dict[str, str]]:
    """Heads that can be walked, with their places; and those that stay live, with the reason."""
    heads, left = {}, {}
    for point, where in its.heads.items():
        momentary = engine.image.points[point].momentary
        if point in its.shared:
            left[point] = f"it belongs to {its.shared[point]} as well"
        elif at_rest(engine.image.read(point, now), momentary=momentary) is None:
            left[point] = "it cannot be read, or is tripped"
        else:
            heads[point] = where
    return heads, left


__all__ = ["MOST", "Walking", "Walks", "ground", "testable"]
