"""The priority array: who wins, what a veto forbids, what waits."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.arbiter import Arbiter
from gatehouse.demands import Demand, Output, Passage, Priority

OPEN, CLOSED = Passage.OPEN, Passage.CLOSED
NORTH = Output(name="doors.north", kind="door", title="北门", rest=CLOSED, safe=OPEN)
EAST = Output(name="doors.east", kind="door", title="东门", rest=CLOSED, safe=OPEN)
BOOM = Output(name="lanes.in", kind="lane", title="车道A", rest=CLOSED, safe=OPEN)
SIREN = Output(name="outputs.siren", kind="switch", title="声光", rest=False)


def want(output, value, priority, issuer="a rule", **more) -> Demand:
    return Demand(output=output.name, value=value, priority=priority, issuer=issuer, **more)


def told(arbiter: Arbiter, output: Output, now: float = 0.0):
    arbiter.resolve(now)
    return arbiter.told[output.name]


def test_nobody_wants_anything_and_the_output_rests():
    assert told(Arbiter([NORTH]), NORTH) is CLOSED


def test_fire_beats_lockdown_by_its_level_alone():
    arbiter = Arbiter([NORTH])
    arbiter.place("lockdown", [want(NORTH, CLOSED, Priority.LOCKDOWN)])
    arbiter.place("fire", [want(NORTH, OPEN, Priority.LIFE_SAFETY)])
    assert told(arbiter, NORTH) is OPEN


def test_lockdown_beats_cards_but_not_the_way_out():
    arbiter = Arbiter([NORTH])
    arbiter.place("lockdown", [want(NORTH, CLOSED, Priority.LOCKDOWN)])
    arbiter.place("card", [want(NORTH, OPEN, Priority.CREDENTIAL)])
    assert told(arbiter, NORTH) is CLOSED
    arbiter.place("exit", [want(NORTH, OPEN, Priority.WAY_OUT)])
    assert told(arbiter, NORTH) is OPEN


def test_an_issuer_gives_up_only_its_own():
    arbiter = Arbiter([NORTH])
    arbiter.place("card", [want(NORTH, OPEN, Priority.CREDENTIAL)])
    arbiter.place("schedule", [want(NORTH, OPEN, Priority.SCHEDULE)])
    arbiter.place("card", [])
    assert told(arbiter, NORTH) is OPEN
    assert [demand.issuer for demand in arbiter.demands(NORTH.name)] == ["a rule"]


def test_a_vetoed_rest_is_held_as_it_is():
    arbiter = Arbiter([BOOM])
    arbiter.place("loop", [want(BOOM, CLOSED, Priority.PROTECTION, reason="a car", veto=True)])
    assert told(arbiter, BOOM) is None
    assert "a car" in arbiter.decisions[BOOM.name].why


def test_a_veto_against_falling_does_not_keep_the_boom_from_rising():
    arbiter = Arbiter([BOOM])
    arbiter.place("loop", [want(BOOM, CLOSED, Priority.PROTECTION, veto=True)])
    arbiter.place("operator", [want(BOOM, CLOSED, Priority.OPERATOR)])
    assert told(arbiter, BOOM) is None
    arbiter.place("card", [want(BOOM, OPEN, Priority.CREDENTIAL)])
    assert told(arbiter, BOOM) is OPEN


@pytest.mark.parametrize("priority", [Priority.LIFE_SAFETY_BY_HAND, Priority.LIFE_SAFETY])
def test_life_safety_can_only_free(priority):
    arbiter = Arbiter([BOOM, SIREN])
    with pytest.raises(ValueError, match="may only free"):
        arbiter.place("mad rule", [want(BOOM, CLOSED, priority)])
    with pytest.raises(ValueError, match="may only free"):
        arbiter.place("mad rule", [want(BOOM, OPEN, priority, veto=True)])
    arbiter.place("fire", [want(SIREN, True, priority)])
    assert told(arbiter, SIREN) is True


def test_a_refused_placing_changes_nothing():
    arbiter = Arbiter([NORTH])
    arbiter.place("fire", [want(NORTH, OPEN, Priority.LIFE_SAFETY)])
    with pytest.raises(ValueError, match="no output"):
        arbiter.place("fire", [want(EAST, OPEN, Priority.LIFE_SAFETY)])
    assert told(arbiter, NORTH) is OPEN


def test_a_demand_is_void_from_its_instant_on():
    arbiter = Arbiter([NORTH])
    arbiter.place("card", [want(NORTH, OPEN, Priority.CREDENTIAL, until=5.0)])
    assert told(arbiter, NORTH, 4.999) is OPEN
    assert arbiter.next_expiry() == 5.0
    assert told(arbiter, NORTH, 5.0) is CLOSED
    assert arbiter.demands(NORTH.name) == []


def test_rest_waits_until_all_that_could_forbid_it_was_read():
    arbiter = Arbiter([NORTH])
    arbiter.await_inputs(NORTH.name, ["io1.input8", "io1.input1"])
    assert told(arbiter, NORTH) is None
    arbiter.learn(["io1.input1"])
    assert told(arbiter, NORTH) is None
    assert "io1.input8" in arbiter.decisions[NORTH.name].why
    arbiter.place("fire", [want(NORTH, OPEN, Priority.LIFE_SAFETY)])
    assert told(arbiter, NORTH) is OPEN
    arbiter.place("fire", [])
    arbiter.learn(["io1.input8"])
    assert told(arbiter, NORTH) is CLOSED


def test_an_interlock_opens_the_second_door_when_the_first_has_closed():
    arbiter = Arbiter([NORTH, EAST], [(NORTH.name, EAST.name)])
    arbiter.place("card n", [want(NORTH, OPEN, Priority.CREDENTIAL, until=5.0)])
    assert told(arbiter, NORTH) is OPEN
    arbiter.place("card e", [want(EAST, OPEN, Priority.CREDENTIAL, until=9.0)])
    assert told(arbiter, EAST, 1.0) is CLOSED
    assert told(arbiter, EAST, 6.0) is OPEN
    assert arbiter.told[NORTH.name] is CLOSED


def test_fire_opens_both_doors_of_an_interlock():
    arbiter = Arbiter([NORTH, EAST], [(NORTH.name, EAST.name)])
    arbiter.place("fire", [want(door, OPEN, Priority.LIFE_SAFETY) for door in (NORTH, EAST)])
    arbiter.resolve(0.0)
    assert set(arbiter.told.values()) == {OPEN}


def test_only_what_changed_is_reported():
    arbiter = Arbiter([NORTH, EAST])
    assert len(arbiter.resolve(0.0)) == 2
    assert arbiter.resolve(0.0) == []
    arbiter.place("card", [want(NORTH, OPEN, Priority.CREDENTIAL)])
    assert [decision.output for decision in arbiter.resolve(0.0)] == [NORTH.name]


def test_a_demand_without_a_real_end_is_refused():
    arbiter = Arbiter([NORTH])
    with pytest.raises(ValueError, match="no instant at all"):
        arbiter.place("card", [want(NORTH, OPEN, Priority.CREDENTIAL, until=math.nan)])


class Anew(Arbiter):
    """Decides every output at every turn."""

    def resolve(self, now):
        for name in self.outputs:
            self._expire(name, now)
        return super().resolve(now)


OUTPUTS = [
    *(Output(name=f"doors.d{number}", kind="door", title="门", rest=CLOSED, safe=OPEN) for number in range(5)),
    BOOM,
    SIREN,
]
GROUPS = [("doors.d0", "doors.d1", "doors.d2"), ("doors.d2", "doors.d3")]
DEMANDS = st.builds(
    lambda output, priority, value, until, veto: Demand(
        output=output.name,
        value=OPEN if priority in (1, 2) and output is not SIREN else value if output is not SIREN else value is OPEN,
        priority=Priority(priority),
        issuer="anyone",
        until=until,
        veto=veto and priority > 2,
    ),
    st.sampled_from(OUTPUTS),
    st.sampled_from([1, 2, 3, 4, 5, 6, 8, 10, 14]),
    st.sampled_from([OPEN, CLOSED]),
    st.none() | st.integers(0, 30).map(float),
    st.booleans(),
)
STEPS = st.one_of(
    st.tuples(st.just("place"), st.sampled_from(["a", "b", "c", "d"]), st.lists(DEMANDS, max_size=4)),
    st.tuples(st.just("await"), st.sampled_from(OUTPUTS), st.sets(st.sampled_from(["x", "y"]))),
    st.tuples(st.just("learn"), st.none(), st.sets(st.sampled_from(["x", "y"]))),
    st.tuples(st.just("change"), st.integers(3, 7), st.sampled_from([GROUPS[:1], [], GROUPS[:1]])),
    st.tuples(st.just("resolve"), st.integers(0, 4), st.none()),
)


def step(arbiter: Arbiter, what, which, how, now):
    if what == "place":
        arbiter.place(which, [demand for demand in how if demand.output in arbiter.outputs])
    elif what == "await":
        if which.name in arbiter.outputs:
            arbiter.await_inputs(which.name, how)
    elif what == "learn":
        arbiter.learn(how)
    elif what == "change":
        arbiter.change(OUTPUTS[:which], how)
    else:
        return sorted((decision.output, decision.value) for decision in arbiter.resolve(now))
    return None


@settings(deadline=None, max_examples=300)
@given(st.lists(STEPS, max_size=30))
def test_what_has_not_changed_need_not_be_decided_anew(steps):
    quick, plain, now = Arbiter(OUTPUTS, GROUPS), Anew(OUTPUTS, GROUPS), 0.0
    for what, which, how in [*steps, ("resolve", 0, None)]:
        now += which if what == "resolve" else 0
        assert step(quick, what, which, how, now) == step(plain, what, which, how, now)
        if what == "resolve":
            assert quick.decisions == plain.decisions
            assert quick.told == {name: decision.value for name, decision in plain.decisions.items()}
            assert {name: quick.demands(name) for name in quick.outputs} == {
                name: plain.demands(name) for name in plain.outputs
            }
            ends = [d.until for name in plain.outputs for d in plain.demands(name) if d.until is not None]
            assert quick.next_expiry() == min(ends, default=math.inf)
