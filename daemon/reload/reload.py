"""Applies a changed site file to the running daemon, watches what came of it, and takes it back when it is worse."""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from typing import Literal

import structlog

from daemon.config.faults import ConfigError, Fault, listed
from daemon.config.load import Plan
from daemon.crew import Crew
from daemon.parts import Daemon
from daemon.reload.apply import apply
from daemon.reload.difference import Difference, difference
from daemon.reload.proposal import Proposal, proposed
from daemon.reload.source import Source, faulty, rolled_back
from daemon.reload.watch import Before, Watch, Worse, safety_points
from daemon.reload.words import Change, told

log = structlog.get_logger()

WATCH = 60.0
"""Seconds after which a change is kept."""
SHORTEST, LONGEST = 5.0, 600.0
_LOOK = 0.25
_BEFORE = 4
"""Looks at the safety points before anything is touched."""

State = Literal["idle", "applying", "watching", "kept", "rolled_back"]


class NotNowError(Exception):
    """It cannot be applied; the text says why and what to do, in Chinese and in English."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Order:
    change: Difference
    in_words: list[str]
    by: str
    seconds: float


class Reload:
    """One change at a time: proposed, applied, watched, kept or taken back."""

    def __init__(self, daemon: Daemon, crew: Crew, source: Source, over: Callable[[], object] = lambda: None) -> None:
        """Nothing asked yet. `over` is called when a change has been kept or taken back."""
        self._daemon, self._crew, self.source, self._over = daemon, crew, source, over
        self.site = source.site.absolute()
        """The site file or folder that is looked at."""
        self._stirred = asyncio.Event()
        self._hangup = False
        self._order: _Order | None = None
        self._proposal = Proposal()
        self._numbers = itertools.count(1)
        self.state: State = "idle"
        self.end = 0.0
        """Second of the daemon's clock at which the watch over the last change ends."""
        self.worse: list[Worse] = []
        """Why the last change was taken back."""

    def ask(self) -> None:
        """SIGHUP: look at the file soon, and apply what is good in it; asked twice meanwhile is asked once."""
        self._hangup = True
        self._stirred.set()

    async def propose(self) -> Proposal:
        """What the files, as they are now, would change. Nothing is touched."""
        running = self._daemon.plan
        try:
            change, lines = await asyncio.to_thread(self._compared, running)
        except ConfigError as error:
            proposal = Proposal(number=next(self._numbers), faults=tuple(error.faults))
        else:
            proposal = proposed(next(self._numbers), change, lines, self._daemon.engine.arbiter)
        self._proposal = proposal
        if proposal.empty and not self.busy and running is self._daemon.plan:
            await self._prove()
        return proposal

    def _compared(self, running: Plan) -> tuple[Difference, list[Change]]:
        """In a thread: of thousands of devices this takes longer than a door should wait."""
        change = difference(running, self.source.load())
        return change, told(change)

    def accept(self, number: int, by: str, seconds: float = WATCH) -> None:
        """Apply the proposal of this number, in a person's name, and watch it for so long. NotNowError."""
        proposal = self._proposal
        if self.busy:
            raise NotNowError(
                "上一次更改还在观察中，等它结束再来。 The last change is still being watched; wait for its end."
            )
        if number != proposal.number or proposal.difference is None or proposal.difference.old is not self._daemon.plan:
            raise NotNowError("这份计划已过时，请重新查看。 This plan is out of date; ask for a new one.")
        if proposal.refusal:
            raise NotNowError(f"{proposal.refusal.zh} {proposal.refusal.en}")
        self._order = _Order(proposal.difference, [str(each) for each in proposal.changes], by, seconds)
        self.state, self.worse = "applying", []
        self._stirred.set()

    @property
    def busy(self) -> bool:
        """A change is under way or being watched."""
        return self.state in ("applying", "watching")

    def now(self) -> float:
        """By the daemon's clock."""
        return self._daemon.clock.monotonic()

    async def run(self) -> None:
        """Do what is asked, for ever."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            if self._hangup:
                self._hangup = False
                await self._hang_up()
            if self._order is not None:
                order, self._order = self._order, None
                try:
                    await self._carry_out(order)
                finally:
                    self.state = "idle" if self.busy else self.state

    async def _hang_up(self) -> None:
        """A good file is applied, a faulty one is an alarm, and what runs goes on."""
        proposal = await self.propose()
        self._daemon.engine.raise_own(faulty(_first(proposal.faults)))
        if proposal.faults:
            log.error("site file is faulty, going on with what runs", fault=str(proposal.faults[0]))
        elif proposal.refusal:
            log.error("site file is not applied", why=proposal.refusal.en)
        elif self.busy:
            self.ask()  # a person was quicker; what the file says then is looked at after that
        elif proposal.empty:
            log.info("site file is good and says nothing new")
        else:
            log.info("applying the site file", changes=[str(each) for each in proposal.changes])
            self.accept(proposal.number, "SIGHUP")

    async def _carry_out(self, order: _Order) -> None:
        daemon, change = self._daemon, order.change
        daemon.engine.raise_own(faulty(None))
        before = await self._look_before(change.old)
        failing = self._failing()
        await self._on_disk(lambda: self.source.begin_trial(change.new))
        await self._apply(change)
        daemon.recorder.emit("config.applied", "config", actor=f"person:{order.by}",
                             content={"by": order.by, "changes": order.in_words})  # fmt: skip
        watch = Watch(before, change.old, change.new, self.now(), order.seconds)
        self.state, self.end = "watching", watch.end
        self.worse = await self._watch(watch, failing)
        if self.worse:
            await self._roll_back(order)
        else:
            await self._keep(order)
        self._over()

    async def _look_before(self, plan: Plan) -> Before:
        before, points = Before(), safety_points(plan)
        for _ in range(_BEFORE):
            before.look(points, self._daemon.image, self.now())
            await asyncio.sleep(_LOOK)
        return before

    async def _watch(self, watch: Watch, failing: frozenset[str]) -> list[Worse]:
        image = self._daemon.image
        while (now := self.now()) < watch.end:
            watch.look(image, now)
            if urgent := watch.urgent(now):
                return urgent
            await asyncio.sleep(_LOOK)
        rules = [Worse(name, "the rule fails") for name in sorted(self._failing() - failing)]
        return [*watch.verdict(now), *rules]

    def _failing(self) -> frozenset[str]:
        standing = self._daemon.engine.annunciator.standing
        return frozenset(n for n, alarm in standing.items() if alarm.condition.kind == "rule_failed" and alarm.active)

    async def _apply(self, change: Difference) -> None:
        """Half a change must not go on: the service manager starts us anew, with the last good copy."""
        try:
            await apply(self._daemon, self._crew, change)
        except Exception:
            log.exception("a change could not be applied; ending, to be started with the last good copy")
            raise SystemExit(1) from None

    async def _roll_back(self, order: _Order) -> None:
        daemon, why = self._daemon, _summary(self.worse)
        log.error("the change has made something worse, taking it back", worse=why)
        await self._apply(difference(daemon.plan, _renewed(order.change)))
        changes = order.in_words
        daemon.recorder.emit("config.rolled_back", "config", content={"by": order.by, "why": why, "changes": changes})
        worse = {each.what: each.why for each in self.worse}
        daemon.engine.raise_own(rolled_back(why, worse=worse, changes=changes, by=order.by))
        await self._on_disk(lambda: self.source.fail_trial(why))
        self.state = "rolled_back"

    async def _keep(self, order: _Order) -> None:
        daemon = self._daemon
        await self._prove()
        daemon.recorder.emit("config.kept", "config", content={"by": order.by})
        self.state = "kept"
        log.info("the change is kept")

    async def _prove(self) -> None:
        """What runs is good, and it is the last good site if the files still say it."""
        for condition in (faulty(None), rolled_back("")):
            self._daemon.engine.raise_own(condition)

        def keep() -> None:
            plan = self.source.load()
            if not difference(self._daemon.plan, plan):
                self.source.keep(plan)
                self.source.end_trial()

        await self._on_disk(keep)

    async def _on_disk(self, write: Callable[[], object]) -> None:
        """A disk that fails holds up nothing."""
        try:
            await asyncio.to_thread(write)
        except (OSError, ConfigError) as error:
            log.error("the state folder could not be told of a change", why=str(error))


def _summary(worse: list[Worse]) -> str:
    """Those of the first reason: `io1.input3, io1.input8: no answer`."""
    why = worse[0].why
    names = sorted(each.what for each in worse if each.why == why)
    return f"{listed(names, 6)}: {why}"


def _first(faults: tuple[Fault, ...]) -> Fault | None:
    return faults[0] if faults else None


def _renewed(change: Difference) -> Plan:
    """The old plan; rules that were put aside begin with a fresh memory, or they would count time that has passed."""
    ended = set(change.rules.ended)
    rules = [dataclasses.replace(rule) if rule.name in ended else rule for rule in change.old.rules]  # type: ignore[type-var] # every rule is a dataclass
    return dataclasses.replace(change.old, rules=rules)
