"""Drills and walk tests, in one part: what a named person may begin and end, and what is told of both."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from daemon.clock import Clock
from daemon.config.faults import listed, nearest
from daemon.config.load import Plan
from daemon.drills.drills import Drills, Playing, Proofs, fresh, proofs
from daemon.drills.heads import Ground, ground
from daemon.drills.record import DRILLS, LONGEST, SHORTEST, WALKS, Held
from daemon.drills.walks import MOST, Walking, Walks, testable
from daemon.engine import Engine
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Journal
from daemon.operator import RefusedError, UnknownError
from gatehouse.alarms import Severity

log = structlog.get_logger()

PLAYED = ("fire", "gas", "sos")
"""Kinds of alarms that may be played: all of them P1."""
_LOOK = 1.0


class Exercises:
    """One for each daemon. It lives in the loop's thread."""

    def __init__(self, engine: Engine, journal: Journal, plan: Callable[[], Plan], clock: Clock, timezone: str) -> None:
        """Listens to alarms from now on. `plan` as it is by now."""
        self._engine, self._journal, self._plan, self._clock = engine, journal, plan, clock
        self._zone = ZoneInfo(timezone)
        self.drills, self.walks = Drills(engine, journal, clock), Walks(engine, journal, clock, self._zone)
        self.progress = 0
        self._stir = asyncio.Event()

    # What people do

    def drill(self, zone: str, seconds: float, reason: str, by: str, kind: str = "fire") -> str:
        """Play an alarm in a zone: outputs of the site file move, people are called. RefusedError."""
        full = self._known(zone)
        if kind not in PLAYED:
            raise self._refused(full, "drill", f"{kind!r} cannot be played; say one of: {', '.join(PLAYED)}", by)
        self._ready(full, "drill", seconds, reason, by)
        if standing := self._grave(full):
            raise self._refused(full, "drill", f"a real alarm stands: {standing}", by)
        plan, outputs = self._plan(), self._plan().drills.get(full, ())
        drill = fresh(full, outputs, seconds, self._clock, kind=kind, reason=reason, by=by)
        self.drills.begin(drill, self.proofs())
        self._stir.set()
        moves = "、".join(plan.titles.get(name, name) for name in outputs) or "无 nothing"
        nobody = "" if plan.directory.ladders else "\n没有升级阶梯，不呼叫任何人。 No ladder: nobody is called."
        return (
            f"{plan.titles[full]}：演练开始，编号 {drill.id}，最迟 {self._local(drill.until)} 结束；动作：{moves}。\n"
            f"真实报警会立即结束演练。 It runs until {self._local(drill.until)} at the latest; any real P1 ends it."
            f"{nobody}"
        )

    def walk(self, zone: str, seconds: float, reason: str, by: str, only: Collection[str] = ()) -> str:
        """Let heads of a zone be tripped one by one. RefusedError."""
        full = self._known(zone)
        self._ready(full, "walktest", seconds, reason, by)
        its = ground(self._plan(), full)
        heads, left = testable(self._engine, its, self._clock.monotonic())
        if unknown := [point for point in only if point not in its.heads]:
            close = nearest(unknown[0], its.heads)
            raise UnknownError(
                f"{full} 没有探测点 {unknown[0]!r}，最接近的是 {close or '—'}；有：{listed(its.heads)}。 "
                f"It has no head of that name; these are: {listed(its.heads)}."
            )
        heads = {point: where for point, where in heads.items() if not only or point in only}
        if why := self._not_walked(full, heads):
            raise self._refused(full, "walktest", why, by)
        try:
            walking = self.walks.begin(full, its.rules.values(), heads, seconds, reason=reason, by=by)
        except ValueError as error:
            raise self._refused(full, "walktest", str(error), by) from error
        self._engine.judge_all()
        self._stir.set()
        until, words = (
            self._local(walking.walk.until),
            self._left({p: w for p, w in left.items() if not only or p in only}),
        )
        return (
            f"{self._plan().titles[full]}：逐点测试开始，{len(heads)} 点，最迟 {until} 结束。"
            f"其间这些点真的触发也不报警！\n{len(heads)} heads are under test until {until} at the latest; "
            "meanwhile a real fire there is NOT an alarm!"
            f"{words}"
        )

    def _left(self, left: Mapping[str, str]) -> str:
        if not left:
            return ""
        names = "；".join(f"{point}（{phrase(why, 'zh')} {why}）" for point, why in left.items())
        return f"\n未列入、照常报警 left out, they stay live: {names}"

    def stop(self, sort: str, zone: str, by: str) -> str:
        """End a drill or a walk test; what is still tripped is an alarm at once. RefusedError."""
        full, running = self._known(zone), self.drills.running if sort == "drill" else self.walks.running
        if full not in running:
            raise self._refused(full, sort, f"no {sort} runs there", by)
        if sort == "drill":
            id_ = self.drills.end(full, "command", by).id
            self.drills.settle()
        else:
            id_ = self.walks.end(full, "command", by).walk.id
            self.walks.settle()
        self._stir.set()
        title_ = self._plan().titles[full]
        return f"{title_}：已结束，报告：gatehouse {sort} report {id_}。 It is over; ask for its report."

    # Whether they may

    def _known(self, zone: str) -> str:
        zones = self._plan().site.zones
        name = zone.removeprefix("zones.")
        if name not in zones:
            close = nearest(name, zones)
            raise UnknownError(
                f"没有防区 {zone!r}，最接近的是 {close or '—'}；有：{listed(zones)}。 "
                f"No zone is called {zone!r}; there are: {listed(zones)}."
            )
        return f"zones.{name}"

    def _ready(self, zone: str, verb: str, seconds: float, reason: str, by: str) -> None:
        if not reason.strip():
            raise self._refused(zone, verb, "it needs a reason", by)
        if not SHORTEST <= seconds <= LONGEST:
            raise self._refused(zone, verb, f"from {SHORTEST / 60:g} to {LONGEST / 60:g} minutes", by)
        if zone in self.drills.running or zone in self.walks.running:
            raise self._refused(zone, verb, "a drill or a test runs there already", by)

    def _grave(self, zone: str) -> str:
        """A real P1 that stands in the zone, or that anywhere nobody has acknowledged."""
        for name, alarm in self._engine.annunciator.standing.items():
            if alarm.condition.severity is Severity.P1 and not alarm.drill and (
                alarm.condition.subject == zone or alarm.calls
            ):  # fmt: skip
                return name
        return ""

    def _not_walked(self, zone: str, heads: Mapping[str, str]) -> str:
        standing = self._engine.annunciator.standing.items()
        if alarms := [name for name, alarm in standing if alarm.condition.subject == zone and not alarm.drill
                      and alarm.condition.severity <= Severity.P2]:  # fmt: skip
            return f"the zone is in alarm: {alarms[0]}"
        if not heads:
            return "there is no head that could be tested"
        return f"{len(heads)} heads; at most {MOST} at a time, name some with --head" if len(heads) > MOST else ""

    def _refused(self, zone: str, verb: str, why: str, by: str) -> RefusedError:
        content = {"command": verb, "reason": why, "by": by}
        self._engine.recorder.emit("command.refused", zone, actor=f"person:{by}", content=content)
        return RefusedError(f"{zone}：未执行，{phrase(why, 'zh')}。 Not done: {why}.")

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%m-%d %H:%M:%S")

    # For ever

    def before(self, hear: Callable[[Collection[str], float], None]) -> Callable[[Collection[str], float], None]:
        """Hear what the other one hears, and before it."""

        def both(points: Collection[str], now: float) -> None:
            self.hear(points, now)
            hear(points, now)

        return both

    def hear(self, points: Collection[str], now: float) -> None:
        """These points have changed. Neither waits nor raises."""
        if self.walks.running:
            self.walks.hear(points, now)
            self._stir.set()
        if self.drills.running:
            self.drills.hear(points, now)

    async def run(self) -> None:
        """End in time what has an end."""
        while True:
            self._stir.clear()
            now = self._clock.monotonic()
            self.step(now)
            self.progress += 1
            due = min(self.walks.next_due, self.drills.next_due) - self._clock.monotonic()
            try:
                async with asyncio.timeout(min(max(due, 0.01), _LOOK)):
                    await self._stir.wait()
            except TimeoutError:
                continue

    def step(self, now: float) -> None:
        """Do what is due."""
        self.walks.tick(now)
        self.drills.tick(now)

    async def restore(self) -> None:
        """Go on where the last run was, once its alarms are known; what the journal cannot say has ended."""
        try:
            drills, walks = await self._journal.kept(DRILLS), await self._journal.kept(WALKS)
        except OSError as error:
            log.error("drills and tests of the last run are not known: they have ended", why=str(error))
            drills, walks = {}, {}
        self.drills.restore(drills, self.proofs())
        self.walks.restore(walks, self.grounds())

    def change(self) -> None:
        """The plan is another one."""
        plan = self._plan()
        self.drills.change({f"zones.{name}" for name in plan.site.zones}, self.proofs())
        self.walks.change(self.grounds())

    def proofs(self) -> Proofs:
        """Points that prove that an output has moved."""
        return dict(proofs(self._plan().site))

    def grounds(self) -> dict[str, Ground]:
        """What can be walked, by zone."""
        plan = self._plan()
        return {f"zones.{name}": ground(plan, f"zones.{name}") for name in plan.site.zones}

    # What is told

    def status(self) -> dict[str, Any]:
        """All that runs."""
        return {
            "drills": [self._drill(playing) for playing in self.drills.running.values()],
            "walks": [self._walk(walking) for walking in self.walks.running.values()],
        }

    def _drill(self, playing: Playing) -> dict[str, Any]:
        drill, titles, decisions = playing.drill, self._plan().titles, self._engine.arbiter.decisions
        return self._held(drill, playing.end) | {
            "alarm": playing.alarm,
            "played": drill.kind,
            "text": {"zh": title(drill.kind, "zh"), "en": title(drill.kind, "en")},
            "outputs": [
                {
                    "output": name,
                    "title": titles.get(name, name),
                    "told": decisions[name].value if name in decisions else None,
                    "moved": name in self.drills.moves,
                    "confirmed": sorted(its[1] for point, its in playing.watched.items()
                                        if its[0] == name and point in drill.seen),
                }
                for name in drill.outputs
            ],
        }  # fmt: skip

    def _walk(self, walking: Walking) -> dict[str, Any]:
        walk = walking.walk
        heads = []
        for head in walk.heads:
            tick = walk.ticks.get(head)
            heads.append({
                "head": head, "where": walking.places.get(head, head), "count": tick.count if tick else 0,
                "first": tick.first.astimezone(self._zone).isoformat() if tick else None,
                "last": tick.last.astimezone(self._zone).isoformat() if tick else None,
                "tripped": head in walking.tripped,
            })  # fmt: skip
        return self._held(walk, walking.end) | {"heads": heads, "missing": len(walk.heads) - len(walk.ticks)}

    def _held(self, its: Held, end: float) -> dict[str, Any]:
        return {
            "id": its.id,
            "zone": its.zone,
            "place": self._plan().titles.get(its.zone, its.zone),
            "by": its.by,
            "reason": its.reason,
            "since": its.since.astimezone(self._zone).isoformat(),
            "until": its.until.astimezone(self._zone).isoformat(),
            "left": round(max(0.0, end - self._clock.monotonic()), 1),
        }
