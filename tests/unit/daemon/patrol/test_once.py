"""No command acts twice, late, or before its time: whatever clocks, restarts and repeats do."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from daemon.patrol.command import Command, Verb
from daemon.patrol.once import LONGEST, MOST, TOLERANCE, Once
from tests.unit.daemon.patrol.pens import NOW


def command(
    identity: str = "12345678", at: datetime = NOW, good: float = 120.0, guard: str = "li", do: Verb = "take"
) -> Command:
    return Command(id=identity, site="small", guard=guard, do=do, at=at, expires=at + timedelta(seconds=good))


class Shelf(dict[str, bytes]):
    def keep(self, key: str, state: bytes | None) -> None:
        assert state is not None
        self[key] = state


def once(shelf: Shelf | None = None, begun: datetime = NOW - timedelta(hours=1), *, whole: bool = True) -> Once:
    made = Once((shelf if shelf is not None else Shelf()).keep, begun)
    if whole:
        made.remember(shelf or {})
    return made


def test_in_its_time_and_no_other() -> None:
    gate, its = once(), command()
    assert gate.objection(its, NOW) == ""
    assert gate.objection(its, NOW - TOLERANCE) == ""
    assert gate.objection(its, NOW - TOLERANCE - timedelta(seconds=1)) == "early"
    assert gate.objection(its, its.expires) == ""
    assert gate.objection(its, its.expires + timedelta(milliseconds=1)) == "expired"
    assert gate.objection(command(good=0), NOW) == "lifetime"
    assert gate.objection(command(good=LONGEST.total_seconds() + 1), NOW) == "lifetime"


def test_a_repeat_is_told_what_became_of_it_also_after_a_restart() -> None:
    shelf, its = Shelf(), command()
    gate = once(shelf)
    gate.spend(its)
    assert (gate.objection(its, NOW), gate.became(its)) == ("repeated", "")
    gate.settle(its, "done")
    again = once(shelf)
    assert (again.objection(its, NOW), again.became(its)) == ("repeated", "done")
    assert again.objection(command(guard="wang"), NOW) == "", "another guard's ids are his own"


def test_until_the_journal_has_spoken_nothing_may_act_but_a_new_call_for_help() -> None:
    gate = once(begun=NOW, whole=False)
    later = NOW + TOLERANCE + timedelta(seconds=1)
    assert gate.objection(command(at=later), later) == "not_ready"
    assert gate.objection(command(at=later, do="help"), later) == ""
    assert gate.objection(command(do="help"), NOW) == "not_ready"


def test_what_was_kept_and_cannot_be_read_counts_as_everything() -> None:
    gate = once(begun=NOW, whole=False)
    gate.remember({"patrol.once.li": b"\xc1"})
    assert gate.objection(command(), NOW) == "expired"
    assert gate.objection(command(guard="wang"), NOW) == ""


def test_memory_is_bounded_and_full_is_refused() -> None:
    gate = once()
    for number in range(MOST):
        gate.spend(command(f"number{number:08}"))
    assert gate.objection(command("one-more-of-them"), NOW) == "too_many"
    later = NOW + timedelta(seconds=121)
    assert gate.objection(command("one-more-of-them", at=later), later) == ""


class AnyWorld(RuleBasedStateMachine):
    """Commands made at any time, sent at any time and again, a clock that jumps, a box that falls."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.shelf, self.made = NOW, Shelf(), list[Command]()
        self.obeyed: list[str] = []
        self.gate = once(self.shelf, self.now)

    @rule(at=st.floats(-900, 900), good=st.floats(-10, 900), count=st.integers(1, 60))
    def make(self, at: float, good: float, count: int) -> None:
        for _ in range(count):
            self.made.append(command(f"number{len(self.made):08}", self.now + timedelta(seconds=at), good))

    @rule(data=st.data(), count=st.integers(1, 80))
    def send(self, data: st.DataObject, count: int) -> None:
        first = data.draw(st.integers(0, max(0, len(self.made) - 1)))
        for its in self.made[first : first + count]:
            if self.gate.objection(its, self.now) == "":
                self.gate.spend(its)
                self.obeyed.append(its.id)
                assert its.at - TOLERANCE <= self.now <= its.expires
                assert its.expires - its.at <= LONGEST

    @rule(seconds=st.sampled_from([1.0, 100.0, 700.0, 86400.0 * 366, -1.0, -100.0, -700.0, -86400.0 * 366]))
    def clock(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(silent=st.booleans())
    def restart(self, silent: bool) -> None:
        self.gate = Once(self.shelf.keep, self.now)
        if not silent:
            self.gate.remember(dict(self.shelf))

    @rule()
    def learn(self) -> None:
        if not self.gate.complete:
            self.gate.remember(dict(self.shelf))

    @invariant()
    def nothing_acts_twice(self) -> None:
        assert len(self.obeyed) == len(set(self.obeyed))


AnyWorld.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestAnyWorld = AnyWorld.TestCase
