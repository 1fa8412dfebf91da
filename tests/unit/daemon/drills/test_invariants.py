"""Whatever is drilled, walked, tripped, answered and killed: lives first, nothing staged outside, an end to all."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daemon.operator import RefusedError
from gatehouse.demands import Passage
from tests.unit.daemon.drills.ground import Ground

CONTACTS = {"io1.input8": "b12", "io1.input3": "b13", "io1.input4": "b13"}
FREED = {"b12": ("doors.north", "lanes.in"), "b13": ("doors.east",)}
HEADS = ("io2.input1", "io2.input2", "io2.input3", "io2.input4")


class Histories(RuleBasedStateMachine):
    """A daemon, and a person who does all sorts of things."""

    @initialize()
    def begin(self) -> None:
        self.folders = TemporaryDirectory(prefix="gatehouse-")
        self.ground = Ground(Path(self.folders.name) / "0")
        self.lives, self.written = 1, 0

    def teardown(self) -> None:
        if hasattr(self, "ground"):
            self._all_ends()
            self.folders.cleanup()

    def _all_ends(self) -> None:
        self.ground.clock.now += 4 * 3600
        self.ground.exercises.step(self.ground.clock.now)
        assert not self.ground.exercises.drills.running
        assert not self.ground.exercises.walks.running
        assert not any(demand.issuer.startswith("drill:") for name in self.ground.engine.arbiter.outputs
                       for demand in self.ground.engine.arbiter.demands(name))  # fmt: skip
        assert not [its for its in self.ground.engine.annunciator.standing.values() if its.drill]
        assert not self.ground.engine.sights

    def _may(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RefusedError):
            act()
        self.ground.wait()

    @rule(zone=st.sampled_from(["b12", "b13"]), minutes=st.sampled_from([1, 10, 240]))
    def drill(self, zone: str, minutes: int) -> None:
        self._may(lambda: self.ground.exercises.drill(zone, minutes * 60, "演练", "李四"))

    @rule(zone=st.sampled_from(["b12", "b13"]), minutes=st.sampled_from([1, 10, 240]))
    def walk(self, zone: str, minutes: int) -> None:
        self._may(lambda: self.ground.exercises.walk(zone, minutes * 60, "测试", "王班长"))

    @rule(sort=st.sampled_from(["drill", "walktest"]), zone=st.sampled_from(["b12", "b13"]))
    def stop(self, sort: str, zone: str) -> None:
        self._may(lambda: self.ground.exercises.stop(sort, zone, "李四"))

    @rule(point=st.sampled_from([*CONTACTS, *HEADS]), on=st.booleans())
    def trip(self, point: str, on: bool) -> None:
        self.ground.trip(point, on)

    @rule(seconds=st.sampled_from([1, 61, 601]))
    def pass_time(self, seconds: int) -> None:
        self.ground.clock.now += seconds - 1
        self.ground.rest()
        self.ground.later(1)

    @rule(zone=st.sampled_from(["b12", "b13"]))
    def reset(self, zone: str) -> None:
        self._may(lambda: self.ground.daemon.operator.reset_zone(zone, "李四"))

    @rule(number=st.integers(0, 9), verb=st.sampled_from(["acknowledge", "silence"]))
    def answer(self, number: int, verb: str) -> None:
        standing = list(self.ground.engine.annunciator.standing)
        if standing:
            self._may(lambda: getattr(self.ground.desk, verb)(standing[number % len(standing)], "王班长"))

    @precondition(lambda self: self.lives < 4)
    @rule()
    def kill(self) -> None:
        before, self.lives = self.ground, self.lives + 1
        self.ground = Ground(Path(self.folders.name) / str(self.lives), before)
        self.ground.all = before.all + self.ground.all
        self.ground.wait()

    @invariant()
    def a_real_fire_frees_its_doors(self) -> None:
        if not hasattr(self, "ground"):
            return
        for point, zone in CONTACTS.items():
            walks = self.ground.exercises.walks.running.get(f"zones.{zone}")
            if self.ground.tripped.get(point) and not (walks and point in walks.walk.heads):
                assert f"zones.{zone}.fire" in " ".join(self.ground.engine.annunciator.standing)
                assert {self.ground.told(name) for name in FREED[zone]} == {Passage.OPEN}

    @invariant()
    def a_real_fire_reaches_everybody_as_real(self) -> None:
        if not hasattr(self, "ground"):
            return
        runs = self.ground.office.escalations.runs
        for name, alarm in self.ground.engine.annunciator.standing.items():
            if alarm.condition.severity == 1 and alarm.calls and not alarm.drill:
                assert not self.ground.exercises.drills.running, name
                assert not runs[alarm.occurrence].drill
                raised = [
                    event.content["occurrence"] for event in self.ground.outside() if event.kind == "alarm.raised"
                ]
                assert alarm.occurrence in raised

    @invariant()
    def nothing_staged_goes_outside(self) -> None:
        if not hasattr(self, "ground"):
            return
        staged = {event.content["drill"] for event in self.ground.all if event.kind == "drill.started"}
        for event in self.ground.outside(3, outside=True):
            if event.kind not in ("drill.started", "drill.ended"):
                text = str(event.content)
                assert not [id_ for id_ in (*staged, "drills.") if id_ in text], event
                assert not event.kind.startswith(("drill.", "walk."))
        for message in self.ground.messages():
            assert message.drill or "drills." not in message.key


def test_whatever_happens() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(max_examples=25, stateful_step_count=18, deadline=None, derandomize=True,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip
