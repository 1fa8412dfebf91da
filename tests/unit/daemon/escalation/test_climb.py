"""An alarm on its ladder: in time whatever becomes of the messages, stopped by an answer, the same after any kill."""

from collections.abc import Collection, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.escalation.climb import LATE, RANKS, Act, Begin, Climb, Ring, Target, begin
from daemon.escalation.ladder import Ladder, Step

PEOPLE = ("wang", "li", "zhao")
CHANNELS = ("sms", "voice", "wecom")


def everybody(step: Step, answered: Collection[str]) -> Sequence[Target]:
    """Each name is a person, reached by all channels of the step."""
    posts = [Target("", (channel,)) for channel in step.post]
    return posts + [Target(name, step.by) for name in step.ring if name not in answered]


def climbing(*steps: Step) -> Climb:
    ladder = Ladder(name="fire", steps=steps)
    return begin(alarm="zones.b12.fire", mark="x.1", severity=1, kind="fire", subject="zones.b12", ladder=ladder)


def rings(acts: Sequence[Act]) -> list[tuple[int, str, str]]:
    return [(act.step, act.person, act.channel) for act in acts if isinstance(act, Ring)]


def begun(acts: Sequence[Act]) -> list[int]:
    return [act.step for act in acts if isinstance(act, Begin)]


def test_steps_come_at_their_times_and_each_person_is_called_by_the_first_channel() -> None:
    climb = climbing(
        Step(outputs=("outputs.siren",)),
        Step(ring=("wang", "li"), by=("sms", "voice"), unread=60),
        Step(after=30, post=("wecom",)),
    )
    assert rings(climb.advance(0, everybody)) == [(1, "wang", "sms"), (1, "li", "sms")]
    assert climb.next_due() == 30
    assert climb.advance(29.9, everybody) == []
    assert rings(climb.advance(30, everybody)) == [(2, "", "wecom")]


def test_a_failed_message_moves_on_at_once_an_unread_one_in_its_time_a_read_one_not_at_all() -> None:
    climb = climbing(Step(ring=PEOPLE, by=("sms", "voice"), unread=20), Step(after=600, post=("wecom",)))
    first = [act for act in climb.advance(0, everybody) if isinstance(act, Ring)]
    climb.receive(first[0], "failed", "no signal")
    climb.receive(first[1], "read")
    moved = [act for act in climb.advance(1, everybody) if isinstance(act, Ring)]
    assert [(act.person, act.channel, act.instead) for act in moved] == [("wang", "voice", "failed")]
    moved = [act for act in climb.advance(20, everybody) if isinstance(act, Ring)]
    assert [(act.person, act.channel, act.instead) for act in moved] == [("zhao", "voice", "unread")]


def test_a_step_whose_people_cannot_be_reached_brings_the_next_one_at_once_and_no_more() -> None:
    climb = climbing(
        Step(ring=("wang",), by=("sms", "voice"), unread=20),
        Step(after=60, ring=("li",), by=("voice",), unread=20),
        Step(after=60, post=("wecom",)),
        Step(after=180, ring=("zhao",), by=("voice",)),
        Step(after=300, police=True),
    )
    (one,) = (act for act in climb.advance(0, everybody) if isinstance(act, Ring))
    climb.receive(one, "failed")
    (two,) = (act for act in climb.advance(1, everybody) if isinstance(act, Ring))
    climb.receive(two, "failed")
    acts = climb.advance(2, everybody)
    assert rings(acts) == [(1, "li", "voice"), (2, "", "wecom")]
    assert [act.early for act in acts if isinstance(act, Begin)] == [True, True]
    assert begun(climb.advance(21, everybody)) == []
    assert begun(climb.advance(22, everybody)) == [3], "unread by the only channel"
    assert [*begun(climb.advance(62, everybody)), *begun(climb.advance(82, everybody))] == []
    assert climb.next_due() == 300, "what calls nobody is not hurried"


def test_nobody_on_shift_hurries_too() -> None:
    climb = climbing(Step(ring=("patrol",)), Step(after=60, ring=("li",), by=("sms",)))
    assert rings(climb.advance(0, lambda step, _: [] if step.ring == ("patrol",) else everybody(step, ()))) == [
        (1, "li", "sms")
    ]


def test_repeats_call_again_as_often_as_written_and_not_those_who_have_answered() -> None:
    climb = climbing(Step(ring=("wang", "li"), by=("sms",), repeat=60, times=3, answers=2))
    assert rings(climb.advance(0, everybody)) == [(0, "wang", "sms"), (0, "li", "sms")]
    climb.hear(["acknowledged"], ["wang"])
    assert not climb.over, "two must answer"
    assert rings(climb.advance(60, everybody)) == [(0, "li", "sms")]
    assert rings(climb.advance(120, everybody)) == [(0, "li", "sms")]
    assert rings(climb.advance(1000, everybody)) == []
    assert climb.spent
    climb.hear(["acknowledged"], ["li"])
    assert climb.over == "answered"


def test_a_step_may_ask_for_more_than_an_acknowledgement() -> None:
    climb = climbing(Step(ring=("wang",), by=("sms",)), Step(after=180, ring=("li",), by=("sms",), until="on_site"))
    climb.advance(0, everybody)
    climb.hear(["acknowledged"], ["wang"])
    assert not climb.over
    assert rings(climb.advance(180, everybody)) == [(1, "li", "sms")]
    climb.hear(["on_site"], ["wang"])
    assert climb.over


def test_what_somebody_closed_asks_for_nobody_however_many_should_have_answered() -> None:
    climb = climbing(Step(ring=("wang", "li"), by=("sms",), answers=2, until="verified"))
    climb.advance(0, everybody)
    climb.hear(["acknowledged", "verified", "on_site", "closed"], ["wang"])
    assert climb.over


def test_an_alarm_that_rises_once_more_calls_those_again_who_were_called_last() -> None:
    climb = climbing(Step(ring=("wang",), by=("sms",)), Step(after=30, ring=("li",), by=("sms",)))
    climb.advance(30, everybody)
    acts = climb.again(40, everybody)
    assert [(act.person, act.ring) for act in acts if isinstance(act, Ring)] == [("li", 2)]
    assert len({climb.key(act) for act in acts if isinstance(act, Ring)}) == 1


def test_outputs_are_on_from_their_step_to_the_answer_or_their_end() -> None:
    siren, lamp = Step(outputs=("outputs.siren",), hold=120), Step(after=30, outputs=("outputs.lamp",))
    climb = climbing(siren, lamp)
    climb.advance(0, everybody)
    assert climb.sounding(0) == [(siren, 120)]
    climb.advance(30, everybody)
    assert climb.sounding(30) == [(siren, 120), (lamp, None)]
    assert climb.sounding(120) == [(lamp, None)]
    climb.hear(["acknowledged"], ["wang"])
    assert climb.sounding(121) == []


def test_receipts_of_a_ring_that_is_over_change_nothing() -> None:
    climb = climbing(Step(ring=("wang",), by=("sms",), repeat=15))
    (old,) = (act for act in climb.advance(0, everybody) if isinstance(act, Ring))
    climb.advance(15, everybody)
    assert not climb.receive(old, "failed")


@pytest.mark.parametrize("states", [("sent", "failed"), ("failed", "sent")])
def test_what_was_taken_and_then_failed_has_failed_in_whatever_order_it_is_heard(states: tuple[str, str]) -> None:
    climb = climbing(Step(ring=("wang",), by=("sms", "voice")))
    (leg,) = (act for act in climb.advance(0, everybody) if isinstance(act, Ring))
    for state in states:
        climb.receive(leg, state)
    assert rings(climb.advance(1, everybody)) == [(0, "wang", "voice")]


# Any ladder, any fate of its messages

seconds = st.sampled_from([0.0, 10.0, 30.0, 60.0, 180.0])
steps = st.builds(
    Step,
    after=seconds,
    ring=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3).map(tuple),
    by=st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1, max_size=3).map(tuple),
    post=st.lists(st.sampled_from(("group",)), max_size=1).map(tuple),
    police=st.booleans(),
    repeat=st.sampled_from([None, 15.0, 60.0]),
    times=st.sampled_from([None, 2]),
    unread=st.sampled_from([5.0, 20.0, 60.0]),
)
ladders = st.lists(steps, min_size=1, max_size=5).map(lambda each: tuple(sorted(each, key=lambda step: step.after)))
fates = st.lists(st.tuples(st.floats(0, 30), st.integers(0, 40), st.sampled_from(sorted(RANKS))), max_size=60)


def play(
    climb: Climb, fates: Sequence[tuple[float, int, str]], kills: Collection[int] = (), answer: float = 1e9
) -> tuple[list[tuple[float, Act]], Climb]:
    """Let time go on from one due instant to the next, receipts come in between; killed after these turns."""
    now, acts, known = 0.0, [], list[Ring]()
    waiting = list(fates)
    for turn in range(80):
        if turn in kills:
            climb = msgspec.msgpack.decode(msgspec.msgpack.encode(climb), type=Climb)
        new = climb.advance(now, everybody)
        acts += [(now, act) for act in new]
        known += [act for act in new if isinstance(act, Ring)]
        if now >= answer:
            climb.hear(["acknowledged"], ["wang"])
        if waiting:
            pause, which, state = waiting.pop(0)
            if known:
                climb.receive(known[which % len(known)], state)
            now = min(now + pause, max(climb.next_due(), now))
        elif climb.next_due() < 1e6:
            now = max(now, climb.next_due())
        else:
            break
    return acts, climb


@settings(max_examples=60, deadline=None)
@given(ladder=ladders, fates=fates)
def test_an_unanswered_alarm_climbs_every_step_in_time_and_no_message_twice(
    ladder: tuple[Step, ...], fates: list[tuple[float, int, str]]
) -> None:
    acts, climb = play(climbing(*ladder), fates)
    last = max(at for at, _ in acts) if acts else 0.0
    when = {act.step: at for at, act in acts if isinstance(act, Begin)}
    for number, step in enumerate(ladder):
        if step.after <= last:
            assert when[number] <= step.after
        if number in when and step.calls:
            first = {act.person for _, act in acts if isinstance(act, Ring) and (act.step, act.ring) == (number, 1)}
            assert first >= set(step.ring)
    assert not any(act.late for _, act in acts if isinstance(act, Begin)), "nobody was late"
    keys = [climb.key(act) for _, act in acts if isinstance(act, Ring)]
    assert len(keys) == len(set(keys))


@settings(max_examples=50, deadline=None)
@given(ladder=ladders, fates=fates, kills=st.sets(st.integers(0, 79), max_size=10))
def test_killed_at_any_instants_it_goes_on_as_if_nothing_had_been(
    ladder: tuple[Step, ...], fates: list[tuple[float, int, str]], kills: set[int]
) -> None:
    assert play(climbing(*ladder), fates, kills)[0] == play(climbing(*ladder), fates)[0]


@settings(max_examples=50, deadline=None)
@given(ladder=ladders, fates=fates, answer=st.floats(0, 200))
def test_an_answer_stops_it_within_one_step(
    ladder: tuple[Step, ...], fates: list[tuple[float, int, str]], answer: float
) -> None:
    acts, climb = play(climbing(*ladder), fates, answer=answer)
    if climb.over:
        assert climb.advance(1e6, everybody) == []
        assert climb.sounding(1e6) == []
        stopped = max((at for at, _ in acts), default=0.0)
        assert len({at for at, _ in acts if at > answer}) <= 1, (stopped, answer)


@settings(max_examples=50, deadline=None)
@given(ladder=ladders, down=st.floats(0, 900), gone=st.floats(0, 900))
def test_what_came_due_while_nobody_was_there_is_done_at_once_and_says_how_late_it_is(
    ladder: tuple[Step, ...], down: float, gone: float
) -> None:
    climb = climbing(*ladder)
    before = climb.advance(down, everybody)
    back = msgspec.msgpack.decode(msgspec.msgpack.encode(climb), type=Climb)
    after = back.advance(down + gone, everybody)
    assert set(begun(before + after)) >= {n for n, step in enumerate(ladder) if step.after <= down + gone}
    assert len(begun(before + after)) == len(set(begun(before + after)))
    for act in after:
        if isinstance(act, Begin) and not act.early:
            late = down + gone - ladder[act.step].after
            assert act.late == (round(late, 1) if late >= LATE else 0.0)
