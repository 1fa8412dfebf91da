"""The six invariants of the arbiter, under random histories over the real engine, rules, arbiter, image and actuators.

Only the line is a double: it holds orders for as long as the history likes, asks permission at the last instant as the
real one does, and remembers what went out.
"""

from dataclasses import dataclass, field

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.actuators import adopt
from daemon.arbiter import Arbiter, Decision
from daemon.booms import Boom
from daemon.config.site import Lane
from daemon.engine import Engine
from daemon.image import LiveImage
from daemon.recorder import Recorder
from daemon.relays import Relay
from gatehouse.demands import Demand, Output, Passage, Priority, Pulse
from gatehouse.driver import Sample
from gatehouse.points import Point, Quality
from gatehouse.rule import Rule
from rules import access, barrier, fire_release, interlock, way_out
from rules._cards import Card, CardBook
from tests.unit.daemon.doubles import HandClock, Sent

OPEN, CLOSED = Passage.OPEN, Passage.CLOSED
DOORS, BOOM = ("doors.a", "doors.b"), "lanes.in"
RELEASED = (*DOORS, BOOM)
SWITCHES = ("fire1", "fire2", "exit_a", "exit_b", "contact_a", "contact_b", "presence", "up", "down")
LIMIT = 1.0
MAY_BREAK_INTERLOCK = (Priority.LIFE_SAFETY_BY_HAND, Priority.LIFE_SAFETY, Priority.WAY_OUT)


@dataclass
class SlowLine:
    """Orders wait here until the history lets them go."""

    waiting: list[Sent] = field(default_factory=list)

    def __call__(self, point, value, priority, permit, done) -> None:
        self.waiting.append(Sent(point, value, priority, permit, done))


class Histories(RuleBasedStateMachine):
    """Anything may happen, in any order, at any time, with a restart in between."""

    @initialize(known=st.booleans())
    def start(self, known) -> None:
        self.clock = HandClock()
        self.events: list = []
        self.ticked = False
        self.build([])
        if known:
            self.a_quiet_estate()

    def build(self, standing: list[bytes]) -> None:
        self.line = SlowLine()
        points = [Point(name=f"io.{name}", max_age=2.0) for name in (*SWITCHES, "lock_a", "lock_b", "rise", "fall")]
        self.points = [*points, Point(name="rd.card", momentary=True)]
        self.image = LiveImage(self.points)
        self.outputs = [Output(name=door, kind="door", title=door, rest=CLOSED, safe=OPEN) for door in DOORS]
        self.outputs.append(Output(name=BOOM, kind="lane", title=BOOM, rest=CLOSED, safe=OPEN))
        self.rules = self.made_rules()
        arbiter = Arbiter(self.outputs, [self.rules["mantrap"].exclusive])
        recorder = Recorder(self.events.append, self.clock)
        rules = list(self.rules.values())
        self.engine = Engine(self.image, rules, arbiter, self.made_actuators(), recorder, self.clock, "Asia/Shanghai")
        self.engine.annunciator.restore(standing)

    def made_rules(self) -> dict[str, Rule]:
        cards = CardBook([Card(number="1", name="李", doors=RELEASED, first=None, last=None, hours=None)])
        made = [
            fire_release.Rule(name="fire", subject="zones.z", fire=("io.fire1", "io.fire2"), release=RELEASED),
            *(way_out.Rule(name=f"exit_{d}", subject=f"doors.{d}", exit=f"io.exit_{d}", unlock=5.0) for d in "ab"),
            *(access.Rule(name=f"card {o}", subject=o, card="rd.card", cards=cards, unlock=5.0) for o in RELEASED),
            barrier.Rule(
                name="boom",
                subject=BOOM,
                presence="io.presence",
                up="io.up",
                down="io.down",
                travel=3.0,
                presence_limit=LIMIT,
            ),
            interlock.Rule(name="mantrap", doors=DOORS, contacts=("io.contact_a", "io.contact_b")),
        ]
        return {each.name: each for each in made}

    def made_actuators(self) -> dict[str, Relay | Boom]:
        lane = Lane.model_construct(
            title="", open="io.rise", close="io.fall", presence="io.presence", up="io.up", down="io.down", pulse=0.5,
            travel=3.0, presence_limit=LIMIT,
        )  # fmt: skip
        more = {"send": self.line, "image": self.image, "clock": self.clock}
        relays = {
            f"doors.{d}": Relay(output=f"doors.{d}", point=f"io.lock_{d}", on=OPEN, pulses=True, **more) for d in "ab"
        }
        return {**relays, BOOM: Boom(output=BOOM, lane=lane, **more)}

    # What may happen

    @rule(name=st.sampled_from(SWITCHES), value=st.booleans(), quality=st.sampled_from(Quality))
    def read(self, name, value, quality) -> None:
        sample = Sample(value if quality else None, quality)
        self.engine.land("io", {name: sample}, self.clock.now)
        if name.startswith("exit_") and value and quality is Quality.GOOD:
            assert self.engine.arbiter.told[f"doors.{name[-1]}"] is OPEN, "3: a way out was refused"

    @rule()
    def read_everything_again(self) -> None:
        now = self.clock.now
        good = [name for name in SWITCHES if self.image.read(f"io.{name}", now).good]
        self.engine.same("io", tuple(good), now)

    @rule()
    def a_quiet_estate(self) -> None:
        """All is read, nobody is there, the boom is up."""
        self.engine.land("io", {name: Sample(name == "up") for name in SWITCHES}, self.clock.now)
        self.time_passes(0.001)

    @rule(card=st.sampled_from(["1", "2"]))
    def swipe(self, card) -> None:
        self.engine.land("rd", {"card": Sample(card)}, self.clock.now)

    @rule(
        output=st.sampled_from(RELEASED),
        value=st.sampled_from(Passage),
        priority=st.sampled_from([p for p in Priority if p > Priority.LIFE_SAFETY]),
        seconds=st.none() | st.floats(0.01, 20),
        veto=st.booleans(),
        issuer=st.sampled_from(["guard", "police", "a mad rule"]),
    )
    def someone_wants(self, output, value, priority, seconds, veto, issuer) -> None:
        if veto and value is OPEN and priority <= Priority.WAY_OUT:
            return  # no rule kind may forbid a way out; the engine has no such rule
        if value is CLOSED and priority <= Priority.WAY_OUT and not veto:
            return  # nor close at a level above lockdown
        until = None if seconds is None else self.clock.now + seconds
        wish = Demand(output=output, value=value, priority=priority, issuer=issuer, until=until, veto=veto)
        self.engine.arbiter.place(issuer, [wish])
        self.engine.judge({}, (), self.clock.now)

    @rule(issuer=st.sampled_from(["guard", "police", "a mad rule"]))
    def someone_gives_up(self, issuer) -> None:
        self.engine.arbiter.place(issuer, [])
        self.engine.judge({}, (), self.clock.now)

    @rule(seconds=st.sampled_from([0.001, 0.1, 0.5, 1.0, 1.001, 2.5, 6.0, 61.0]))
    def time_passes(self, seconds) -> None:
        end = self.clock.now + seconds
        while (due := max(self.engine.next_due(), self.clock.now + 0.001)) < end:
            self.clock.now = due
            self.engine.tick(self.clock.now)
        self.clock.now = end
        self.engine.tick(self.clock.now)
        self.ticked = True

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.7, 1.5, 8.0]))
    def the_line_catches_up(self, seconds) -> None:
        """Time passes in which the machine did not get to anything; then all that waited goes out, if it may."""
        self.clock.now += seconds
        self.ticked = self.ticked and not seconds
        orders, self.line.waiting = self.line.waiting, []
        for order in orders:
            self.goes(order)

    @precondition(lambda self: self.line.waiting)
    @rule()
    def the_line_is_free_for_one(self) -> None:
        self.goes(self.line.waiting.pop(-1))

    def goes(self, order: Sent) -> None:
        if not order.go():
            self.went_out(order)

    @precondition(lambda self: self.engine.annunciator.standing)
    @rule(data=st.data(), by=st.just("李四"))
    def a_person_answers(self, data, by) -> None:
        alarm = data.draw(st.sampled_from(sorted(self.engine.annunciator.standing)))
        verb = data.draw(st.sampled_from([self.engine.annunciator.acknowledge, self.engine.annunciator.reset]))
        try:
            verb(alarm, by)
        except ValueError:
            return  # refused with its reason; that it must be is held by the invariants
        self.engine.judge_all()

    @rule()
    def kill_and_restart(self) -> None:
        standing = [msgspec.json.encode(alarm) for alarm in self.engine.annunciator.standing.values()]
        self.clock.now += 1.0
        self.build(standing)

    @rule(
        others=st.sets(
            st.sampled_from(["fire", "exit_a", "exit_b", *(f"card {o}" for o in RELEASED), "boom", "mantrap"])
        ),
        board=st.booleans(),
        rewired=st.booleans(),
    )
    def reload(self, others, board, rewired) -> None:
        """These rules have other settings, the board may be another one, and the relays may be other relays."""
        self.rules |= {name: each for name, each in self.made_rules().items() if name in others}
        anew = {point.name for point in self.points if board and not point.momentary}
        self.image.change(self.points, anew)
        self.engine.arbiter.change(self.outputs, [self.rules["mantrap"].exclusive])
        made = self.made_actuators()
        after = {name: made[name] if rewired else adopt(old, made[name]) for name, old in self.engine.actuators.items()}
        for name, old in self.engine.actuators.items():
            if after[name] is not old:
                old.told(Decision(name, None, None))
        freed = self.burning() and {name: self.engine.arbiter.told[name] for name in RELEASED}
        self.engine.change(list(self.rules.values()), after, (), anew)
        if freed:
            held = [name for name, told in freed.items() if told is OPEN and self.engine.arbiter.told[name] is not OPEN]
            assert not held, "1: a reload took a release away"

    # What must hold

    def went_out(self, order: Sent) -> None:
        """An order has just gone to the wire."""
        falls = order.point == "io.fall" and order.value is not False  # to switch its relay off lets go, no more
        closes = falls or (order.point.startswith("io.lock_") and order.value is False)
        output = {"io.lock_a": "doors.a", "io.lock_b": "doors.b"}.get(order.point, BOOM)
        decision = self.engine.arbiter.decisions[output]
        if self.burning():
            assert not closes, "1: something was closed while its zone was released"
        if falls:
            presence = self.image.read("io.presence", self.clock.now)
            clear = presence.good and presence.value is False and self.clock.now - presence.at <= LIMIT
            assert clear, "2: the boom was told to fall on what could not be excluded"
        if isinstance(order.value, Pulse) and output != BOOM:
            assert decision.demand is not None
            assert decision.demand.until > self.clock.now, "5: a demand past its expiry was sent"
        if closes:
            assert not self.engine.arbiter.unlearned().get(output), "6: something closed before its inputs were read"

    def burning(self) -> bool:
        return any(
            alarm.startswith("zones.z.fire") and "input" not in alarm for alarm in self.engine.annunciator.standing
        )

    @invariant()
    def released_is_open(self) -> None:
        if self.burning() and self.judged():
            told = self.engine.arbiter.told
            assert all(told[output] is OPEN for output in RELEASED), "1: a released output is not open"

    def judged(self) -> bool:
        """After a restart nothing has been judged before the first tick or reading."""
        return "rule fire" not in self.engine.waiting

    @invariant()
    def a_boom_told_to_fall_has_a_clear_way(self) -> None:
        if self.ticked and self.engine.arbiter.told[BOOM] is CLOSED:
            presence = self.image.read("io.presence", self.clock.now)
            assert presence.good, "2: told to fall on a presence that cannot be trusted"
            assert presence.value is False, "2: told to fall on a car"
            assert self.clock.now - presence.at <= LIMIT, "2: told to fall on an old presence"

    @invariant()
    def interlocked_doors_are_not_both_open(self) -> None:
        decisions = [self.engine.arbiter.decisions[door] for door in DOORS]
        if all(decision.value is OPEN for decision in decisions):
            levels = [decision.demand.priority for decision in decisions]
            assert any(level in MAY_BREAK_INTERLOCK for level in levels), f"4: both doors are open, under {levels}"

    @invariant()
    def nothing_closes_unlearned(self) -> None:
        for output, missing in self.engine.arbiter.unlearned().items():
            decision = self.engine.arbiter.decisions[output]
            at_rest = decision.value is CLOSED and decision.demand is None
            assert not at_rest, f"6: {output} was sent to rest before {missing} was read"


TestInvariants = Histories.TestCase
TestInvariants.settings = settings(max_examples=250, stateful_step_count=50, deadline=None)
