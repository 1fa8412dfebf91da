"""Histories of conditions, people, time and restarts, held against a small model that knows nothing of the code.

The model keeps for each alarm the two facts (does it hold? does somebody know?), how it is set apart, and which cases
nobody has closed. A restart may come at any moment and changes none of it.
"""

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gatehouse.alarms import AlarmState, Severity, Verdict
from tests.unit.daemon.alarms.conftest import Run

ALARMS = ("zones.a.fire", "doors.b.forced", "doors.b.held", "devices.c.silent")
LATCHES = ("zones.a.fire",)
WORST = {"zones.a.fire": (1,), "doors.b.forced": (1, 2), "doors.b.held": (2, 3), "devices.c.silent": (4,)}
THINGS = ("doors.b", "doors.b.held", "devices.c")
alarms = st.sampled_from(ALARMS)


@dataclass
class Told:
    """What anybody may say of one alarm that is on the list."""

    holds: bool
    severity: int
    known_by: str = ""
    until: float | None = None  # shelved
    verified: bool = False
    count: int = 1


class Model(RuleBasedStateMachine):
    """The truth, kept twice."""

    @initialize()
    def begin(self) -> None:
        self.run = Run()
        self.list: dict[str, Told] = {}
        self.open: dict[str, int] = dict.fromkeys(ALARMS, 0)  # cases by alarm
        self.disabled: dict[str, float] = {}
        self.unjudged: set[str] = set()

    # What rules say

    @rule(name=alarms, worst=st.booleans())
    def it_holds(self, name, worst) -> None:
        severity = min(WORST[name]) if worst else max(WORST[name])
        self.run.judge(name, True, severity=severity, latch=name in LATCHES)
        self.unjudged.discard(name)
        its = self.list.get(name)
        if its is None:
            self.list[name] = Told(True, severity)
        elif not its.holds or severity < its.severity:
            if its.known_by:
                self.open[name] += its.severity <= 2
                its.verified, its.known_by = False, ""
            if severity == 1:
                its.until = None
            its.holds, its.severity, its.count = True, severity, its.count + 1

    @rule(name=alarms)
    def it_is_gone(self, name) -> None:
        severity = self.list[name].severity if name in self.list else max(WORST[name])
        self.run.judge(name, False, severity=severity, latch=name in LATCHES)
        self.unjudged.discard(name)
        if name in self.list:
            self.list[name].holds = False
            self.settle(name)

    @rule(name=alarms)
    def nobody_can_tell(self, name) -> None:
        self.run.judge(name, None, severity=max(WORST[name]))
        self.unjudged.add(name)

    # What people do

    @rule(name=alarms)
    def know(self, name) -> None:
        its = self.list.get(name)
        if its is None or its.known_by:
            with pytest.raises((KeyError, ValueError)):
                self.run.book.acknowledge(name, "李四")
            return
        self.run.book.acknowledge(name, "李四")
        its.known_by = "李四"
        self.settle(name)

    @rule(name=alarms)
    def reset(self, name) -> None:
        its = self.list.get(name)
        if its is None or its.holds or name in self.unjudged:
            with pytest.raises((KeyError, ValueError)):
                self.run.book.reset(name, "王五")
            return
        self.run.book.reset(name, "王五")
        its.known_by = its.known_by or "王五"
        self.settle(name, reset=True)

    @rule(name=alarms)
    def verify(self, name) -> None:
        if name in self.list:
            self.run.book.handle(
                self.run.alarm(name), "alarm.verified", "张三", verdict=Verdict.TEST, verified_by="张三"
            )
            self.list[name].verified = True

    @rule(name=alarms)
    def close(self, name) -> None:
        """Only what is back to normal, and verified."""
        for case in [case for case in self.run.book.cases.values() if case.condition.alarm == name]:
            if case.handling.verdict is None:
                with pytest.raises(ValueError, match="nobody has verified it"):
                    self.run.book.close(case.occurrence, "李四")
                self.run.book.handle(case, "alarm.verified", "张三", verdict=Verdict.TRUE, verified_by="张三")
            self.run.book.close(case.occurrence, "李四")
            self.open[name] -= 1

    @rule(name=alarms, seconds=st.integers(1, 200))
    def shelve(self, name, seconds) -> None:
        its = self.list.get(name)
        if its is None:
            return
        if its.severity == 1 or self.out_of_service(name):
            with pytest.raises(ValueError, match=r"P1|apart"):
                self.run.book.shelving.shelve(self.run.alarm(name), seconds, "修", "李四")
            return
        self.run.book.shelving.shelve(self.run.alarm(name), seconds, "修", "李四")
        its.until = self.run.clock.now + seconds

    @rule(name=alarms)
    def unshelve(self, name) -> None:
        its = self.list.get(name)
        if its is not None and its.until is not None and not self.out_of_service(name):
            self.run.book.shelving.unshelve(self.run.alarm(name), "李四")
            its.until = None
            self.settle(name)

    @rule(what=st.sampled_from(THINGS), seconds=st.integers(1, 200))
    def disable(self, what, seconds) -> None:
        self.run.book.shelving.disable(what, seconds, "换", "王工")
        self.disabled[what] = self.run.clock.now + seconds
        for name, its in self.list.items():
            if self.out_of_service(name):
                its.until = None  # the longer word counts; afterwards it is back

    @rule(what=st.sampled_from(THINGS))
    def enable(self, what) -> None:
        if what in self.disabled:
            self.run.book.shelving.enable(what, "王工")
            del self.disabled[what]
            self.settle_all()

    # Time, and the end of the process

    @rule(seconds=st.integers(1, 150))
    def time_passes(self, seconds) -> None:
        self.run.clock.now += seconds
        self.run.book.tick(self.run.clock.now)
        self.ends()

    @rule(seconds=st.sampled_from([0, 1, 100]))
    def restart(self, seconds) -> None:
        self.run.clock.now += seconds
        self.run.start()
        self.unjudged |= self.list.keys()
        self.ends()

    def ends(self) -> None:
        now = self.run.clock.now
        self.disabled = {target: until for target, until in self.disabled.items() if until > now}
        for its in self.list.values():
            if its.until is not None and its.until <= now:
                its.until = None
        self.settle_all()

    # The model's own

    def out_of_service(self, name) -> bool:
        its = self.list[name]
        covered = any(name == target or name.startswith(f"{target}.") for target in self.disabled)
        return covered and its.severity != 1

    def settle_all(self) -> None:
        for name in list(self.list):
            self.settle(name)

    def settle(self, name, *, reset=False) -> None:
        """Off the list when nothing holds and somebody knows; with a latch, once it is reset; never while set apart."""
        its = self.list[name]
        if its.holds or not its.known_by or its.until is not None or self.out_of_service(name):
            return
        if name in LATCHES and not reset:
            return
        self.open[name] += its.severity <= 2
        del self.list[name]

    # What must be so, always

    @invariant()
    def the_list_is_the_models(self) -> None:
        book = self.run.book
        assert {name for name in book.standing if name in ALARMS} == self.list.keys()
        for name, its in self.list.items():
            alarm = book.standing[name]
            assert alarm.active is its.holds, "condition is a fact of its own"
            assert bool(alarm.acknowledged_by) is bool(its.known_by), "so is knowing"
            assert alarm.count == its.count
            assert (alarm.suspended is AlarmState.OUT_OF_SERVICE) is self.out_of_service(name)
            assert (alarm.suspended is AlarmState.SHELVED) is (its.until is not None and not self.out_of_service(name))

    @invariant()
    def every_case_is_open_until_it_is_closed(self) -> None:
        found = [case.condition.alarm for case in self.run.book.cases.values()]
        assert {name: found.count(name) for name in ALARMS} == self.open

    @invariant()
    def p1_is_never_set_apart(self) -> None:
        for alarm in self.run.book.standing.values():
            assert alarm.condition.severity is not Severity.P1 or alarm.suspended is None

    @invariant()
    def what_is_set_apart_has_an_end_a_name_and_a_reason(self) -> None:
        for alarm in self.run.book.standing.values():
            if alarm.suspended is not None:
                assert alarm.until
                assert alarm.set_apart_by
                assert alarm.set_apart_why

    @invariant()
    def the_journal_holds_just_that(self) -> None:
        book = self.run.book
        alive = {alarm.occurrence for alarm in (*book.standing.values(), *book.cases.values())}
        alive |= {entry.occurrence for entry in book.shelving.disabled.values()}
        assert self.run.journal.rows.keys() == alive
        assert book.shelving.disabled.keys() == self.disabled.keys()


Histories = Model.TestCase
Histories.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
