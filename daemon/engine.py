"""The heart: readings in, rules judged, outputs decided, alarms kept. All in one thread, nothing here ever waits."""

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from daemon.agenda import TICK, Agenda
from daemon.alarms.annunciator import Annunciator, own
from daemon.alarms.apart import SetApart, Silenced
from daemon.arbiter import Arbiter, Decision
from daemon.booms import Boom
from daemon.clock import Clock
from daemon.freshness import Freshness
from daemon.image import LiveImage, Renewal
from daemon.recorder import Recorder, drill_behind
from daemon.relays import Relay
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.driver import Sample
from gatehouse.points import Image, Point, Quality, Value
from gatehouse.rule import Note, Rule, Scene

log = structlog.get_logger()

_ROUNDS = 4
"""Rules may answer to what other rules had told; more rounds than this would be rules chasing each other."""


class Engine:
    """Takes what lines bring, and tells outputs what rules want."""

    def __init__(  # noqa: PLR0917 - the one place where the parts meet
        self,
        image: LiveImage,
        rules: Sequence[Rule],
        arbiter: Arbiter,
        actuators: Mapping[str, Relay | Boom],
        recorder: Recorder,
        clock: Clock,
        timezone: str,
        inverted: Collection[str] = (),
    ) -> None:
        """Wire the parts; nothing moves before readings arrive."""
        self.image = image
        self.arbiter = arbiter
        self.recorder = recorder
        self.annunciator = Annunciator(recorder.emit, clock)
        self._apart, self._silenced = SetApart(self.annunciator), Silenced(self.annunciator)
        self.progress = 0
        self.hear: Callable[[Collection[str], float], None] = _unheard
        """Told of points that have changed, or are too old, or fresh again; must neither wait nor raise."""
        self.sights: dict[str, Image] = {}
        """Rule -> the image as this rule sees it, where that is not as it is: its heads are under test."""
        self._clock = clock
        self._zone = ZoneInfo(timezone)
        self._announced: dict[str, object] = {}
        self._next_check = clock.monotonic()
        self.agenda = Agenda(self._next_check)
        self._freshness = Freshness(image)
        self._stir, self._sleeps = asyncio.Event(), float("inf")  # and until when
        self.waiting: set[str] = set()
        self._also: set[str] = set()
        self._heirs: dict[str, set[str]] = {}  # rules that took another's name -> inputs that they have not read yet
        self._rules: dict[str, Rule] = {}
        self.said: dict[str, tuple[float, Sequence[Demand | Condition | Note]]] = {}
        """Rule -> when it was last judged, and all that it said then: kept for people who ask why."""
        self._landings: dict[str, dict[str, Point]] = {}
        """Device -> channel -> its point."""
        self._inverted: Collection[str] = ()
        self._renewals: dict[tuple[str, tuple[str, ...]], Renewal] = {}
        """By device and channels of a scan."""
        self._know(rules, actuators, inverted)
        for rule in rules:
            self._await_inputs(rule)

    def _know(self, rules: Iterable[Rule], actuators: Mapping[str, Relay | Boom], inverted: Collection[str]) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self.said = {name: said for name, said in self.said.items() if name in self._rules}
        self._renewals.clear()
        self.agenda.know(self._rules, self._clock.monotonic())
        self.actuators = actuators
        self._landings, self._inverted = self.image.by_device(), frozenset(inverted)
        self._by_input: dict[str, list[Rule]] = defaultdict(list)
        self._by_output: dict[str, list[Rule]] = defaultdict(list)
        for rule in self._rules.values():
            for point in rule.inputs:
                self._by_input[point].append(rule)
            for output in {*rule.outputs, getattr(rule, "subject", "")}:
                self._by_output[output].append(rule)
        self._freshness.want(self._by_input)
        self._watched: dict[str, list[Relay | Boom]] = defaultdict(list)
        for actuator in actuators.values():
            for point in actuator.watches:
                self._watched[point].append(actuator)

    def _unread(self, rule: Rule) -> set[str]:
        """Inputs of a rule that nobody has read yet."""
        now, image = self._clock.monotonic(), self.image
        return {name for name in rule.inputs if not (image.points[name].momentary or image.read(name, now).good)}

    def _await_inputs(self, rule: Rule) -> None:
        """Learn, then arm: an output rests only when all that could forbid it was read, and judged, once."""
        points = self._unread(rule) | {f"rule {rule.name}"}
        for output in rule.outputs:
            self.arbiter.await_inputs(output, points)
            self.waiting |= points

    def await_also(self, what: str) -> None:
        """No output rests before this, too, is known."""
        self._also.add(what)
        self.waiting.add(what)
        for output in self.arbiter.outputs:
            self.arbiter.await_inputs(output, {what})

    def know(self, what: str) -> None:
        """What was awaited has come."""
        self._learn({what}, self._clock.monotonic())

    def change(
        self,
        rules: Sequence[Rule],
        actuators: Mapping[str, Relay | Boom],
        inverted: Collection[str],
        anew: Collection[str],
    ) -> None:
        """Go on with these. Image and arbiter know the site already; `anew` are points that begin unread.

        Rules that stay the same object keep their memory. Where another takes a rule's name, what that one wanted
        stands until its time is over or, without one, until the new rule could read all of its inputs once.
        """
        before, kept = self._rules, {id(actuator) for actuator in self.actuators.values()}
        self._know(rules, actuators, inverted)
        self._forget({*before} - {*self._rules})
        touched = {}
        for rule in self._rules.values():
            if rule.name in before and before[rule.name] is not rule:
                self._inherit(rule)
            if before.get(rule.name) is not rule or any(name in anew for name in rule.inputs):
                touched[rule.name] = rule
                self._await_inputs(rule)
        for what in self._also & self.waiting:
            self.await_also(what)
        self.judge(touched, (), self._clock.monotonic())
        for output, actuator in self.actuators.items():
            if id(actuator) not in kept:
                actuator.told(self.arbiter.decisions[output])

    def _forget(self, rules: Collection[str]) -> None:
        """These are gone, with all that they wanted and all that was waited for on their behalf."""
        for name in rules:
            self.arbiter.place(name, [])
            self.arbiter.place(_late(name), [])
            self._heirs.pop(name, None)
        known = {*self.image.points, *(f"rule {name}" for name in self._rules), *self._also}
        self._learn(self.waiting - known, self._clock.monotonic())
        self._announced = {name: news for name, news in self._announced.items() if name in self.actuators}

    def _inherit(self, rule: Rule) -> None:
        """Hold up what the rule of this name had wanted before, until the new one can see for itself."""
        unread, late = self._unread(rule), _late(rule.name)
        wanted = [*self.arbiter.placed(late), *self.arbiter.placed(rule.name)]
        self.arbiter.place(late, [each for each in wanted if unread or each.until is not None])
        if unread:
            self._heirs[rule.name] = unread

    # What lines bring

    def land(self, device: str, samples: Mapping[str, Sample], now: float) -> None:
        """Take the samples of one exchange and act on whatever they change."""
        moved, landing = set(), self._landings[device]
        for channel, sample in samples.items():
            point = landing[channel]
            name, value, quality, note = point.name, sample.value, sample.quality, sample.note
            sort = type(value)
            if sort is bool:
                value = not value if name in self._inverted else value
            elif (sort is float or sort is int) and not point.low <= value <= point.high:  # type: ignore[operator]
                quality, note = Quality.BAD, f"implausible: {value:g} {point.unit}".rstrip()
            if self.image.put(name, value, quality, now, note):
                moved.add(name)
        if self.waiting:
            names = {f"{device}.{channel}" for channel in samples}
            self._learn({name for name in names if self.image.read(name, now).good}, now)
        if moved:
            self._react(moved, now)

    def _react(self, moved: Collection[str], now: float) -> None:
        """Judge and check whatever looks at these points; most measures nobody looks at."""
        self._freshness.moved(moved)
        self.hear(moved, now)
        rules = {rule.name: rule for name in moved for rule in self._by_input.get(name, ())}
        if rules or min(self.agenda.next(), self._freshness.next()) <= now:
            self.judge(rules, moved, now)
        self._check(actuator for name in moved for actuator in self._watched.get(name, ()))

    def same(self, device: str, channels: tuple[str, ...], now: float) -> None:
        """The device said the very same as last time: only ages start anew."""
        renewal = self._renewals.get((device, channels))
        if renewal is None:
            names = tuple(f"{device}.{channel}" for channel in channels)
            renewal = self._renewals[device, channels] = self.image.together(names)
        renewal.at = now

    def device(self, device: str, online: bool, why: str, now: float) -> None:
        """A device was lost or came back."""
        self.recorder.emit("device.online" if online else "device.offline", f"devices.{device}", content={"why": why})
        self.land(device, {"online": Sample(online)}, now)

    def line(self, name: str, up: bool, why: str, now: float) -> None:
        """A line was lost or came back."""
        self.recorder.emit("line.up" if up else "line.down", f"lines.{name}", content={"why": why})
        self.raise_own(own(f"lines.{name}.down", "line_down", f"lines.{name}", not up, why=why))

    def _learn(self, names: Collection[str], now: float) -> None:
        learned = self.waiting.intersection(names)
        if learned:
            self.waiting -= learned
            self.arbiter.learn(learned)
            self._come_of_age(learned)
            self.agenda.soon(now)
            self._wake()

    def _come_of_age(self, learned: Collection[str]) -> None:
        """A rule that has read all of its inputs speaks for itself; what has an end runs out by itself."""
        for name, unread in list(self._heirs.items()):
            unread.difference_update(learned)
            if not unread:
                del self._heirs[name]
                late = [each for each in self.arbiter.placed(_late(name)) if each.until is not None]
                self.arbiter.place(_late(name), late)

    # Judging

    def judge(self, rules: dict[str, Rule], changed: Collection[str], now: float) -> None:
        """Judge these rules and all that are due, decide all outputs, act; then rules that look at those outputs."""
        due = {name: self._rules[name] for name in self.agenda.due(now)}
        faded = self._freshness.due(now)
        if faded:
            self.hear(faded, now)
            due |= {rule.name: rule for point in faded for rule in self._by_input[point]}
        rules = due | rules  # a demand must not fall void while its rule's wish to prolong it waits
        for _ in range(_ROUNDS):
            told, wall = self.arbiter.told, self._clock.utc().astimezone(self._zone)  # the same for all of a round
            for rule in rules.values():
                self._judge_one(rule, changed, now, told, wall)
            decisions = self.arbiter.resolve(now)
            if not decisions:
                break
            for decision in sorted(decisions, key=self._is_switch):  # doors and booms before sirens and lamps
                self._tell(decision)
            rules = {rule.name: rule for decision in decisions for rule in self._by_output[decision.output]}
            changed = ()
        self._wake()

    def judge_all(self) -> None:
        """Judge every rule: a person has just changed an alarm."""
        self.judge(self._rules, (), self._clock.monotonic())

    def _judge_one(
        self, rule: Rule, changed: Collection[str], now: float, told: Mapping[str, Value | None], wall: datetime
    ) -> None:
        scene = Scene(
            image=self.sights.get(rule.name, self.image),
            now=now,
            wall=wall,
            changed=changed,
            told=told,
            standing=self.annunciator.standing.keys(),
            apart=self._apart,
            silenced=self._silenced,
            wake=lambda at: self.agenda.wake(at, rule.name),
        )
        try:
            answers = list(rule.judge(scene))
            self.said[rule.name] = now, answers
            self.arbiter.place(rule.name, [answer for answer in answers if isinstance(answer, Demand)])
            self._take(rule, answers)
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in call: its fault must stay its own
            self._rule_failed(rule, error)
            return
        if self.waiting:
            self._learn([f"rule {rule.name}"], now)
        failed = f"rules.{rule.name}.failed"
        if failed in self.annunciator.standing:
            self.raise_own(own(failed, "rule_failed", f"rules.{rule.name}", False))

    def _take(self, rule: Rule, answers: Iterable[Demand | Condition | Note]) -> None:
        """Take what a rule says besides its demands."""
        utc = self._clock.utc()
        for answer in answers:
            if isinstance(answer, Condition):
                self.annunciator.judge(answer, rule.name, utc)
            elif not isinstance(answer, Demand):
                self.recorder.emit(answer.kind, answer.subject, actor=f"rule:{rule.name}", content=answer.content)

    def _rule_failed(self, rule: Rule, error: Exception) -> None:
        """Keep what a broken rule had wanted for safety, drop the rest, and go on asking it: it may recover."""
        placed = self.arbiter.placed(rule.name)
        self.arbiter.place(rule.name, [each for each in placed if each.priority <= Priority.WAY_OUT])
        failed = f"rules.{rule.name}.failed"
        if failed not in self.annunciator.standing:
            log.error("rule failed", rule=rule.name, traceback="".join(traceback.format_exception(error)))
        self.raise_own(own(failed, "rule_failed", f"rules.{rule.name}", True, Severity.P2, error=repr(error)))

    def raise_own(self, condition: Condition) -> None:
        """Take a condition of the daemon's own."""
        if condition.active or condition.alarm in self.annunciator.standing:
            self.annunciator.judge(condition, "daemon", self._clock.utc())

    def _is_switch(self, decision: Decision) -> bool:
        return self.arbiter.outputs[decision.output].kind == "switch"

    def _tell(self, decision: Decision) -> None:
        self.actuators[decision.output].told(decision)
        demand = decision.demand
        news = (decision.value, demand and (demand.issuer, demand.priority))
        before = self._announced.get(decision.output)
        if before == news:
            return  # the same for longer: an exit button held down is no new event
        self._announced[decision.output] = news
        content = {"value": decision.value, "reason": demand.reason if demand else decision.why}
        content["priority"] = int(demand.priority) if demand else int(Priority.REST)
        content["issuer"] = demand.issuer if demand else ""
        issuer, drill = content["issuer"], drill_behind(demand, before)
        self.recorder.emit("output.told", decision.output, actor=f"rule:{issuer}", content=content, drill=drill)

    # Time

    def tick(self, now: float) -> None:
        """Do all that time alone asks for."""
        if now >= self.next_due():
            self.judge({}, (), now)
        self._next_check = now + TICK
        self.annunciator.tick(now)
        self._check(self.actuators.values())
        self.progress += 1

    def _check(self, actuators: Iterable[Relay | Boom]) -> None:
        """Compare with what was told, and tell again what is not so."""
        for actuator in actuators:
            for condition in actuator.step():
                self.raise_own(condition)

    def next_due(self) -> float:
        """Monotonic second at which `tick` must be called again."""
        return min(self.agenda.next(), self._freshness.next(), self._next_check, self.arbiter.next_expiry())

    def next_wake(self) -> float:
        """The same but for turns and looks at actuators, which come round by themselves."""
        return min(self.agenda.next_wake(), self._freshness.next(), self.arbiter.next_expiry())

    @property
    def watched(self) -> Collection[str]:
        """Points that some rule looks at."""
        return self._by_input.keys()

    def pace(self, seconds: float) -> None:
        """Let so much time pass between two turns; a rehearsal of hours takes fewer than a day on guard."""
        self.agenda.pace = seconds

    @property
    def rules(self) -> Mapping[str, Rule]:
        """By name."""
        return self._rules

    def _wake(self) -> None:
        """Something may be due before `run` would look again."""
        if self.next_due() < self._sleeps:
            self._stir.set()

    async def run(self) -> None:
        """Tick when due, for ever."""
        while True:
            self._stir.clear()
            now = self._clock.monotonic()
            if self.next_due() <= now:
                self.tick(now)
            self._sleeps = self.next_due()
            delay = max(self._sleeps - self._clock.monotonic(), 0.001)
            try:
                async with asyncio.timeout(delay):  # `wait_for` of Python 3.11 can swallow the order to end
                    await self._stir.wait()
            except TimeoutError:
                continue


def _unheard(points: Collection[str], now: float) -> None:
    """Nobody wants to know."""


def _late(rule: str) -> str:
    """Under what name the demands of a rule stand whose place another has taken."""
    return f"{rule} (before)"
