"""An outbox in virtual time: P1 first, nothing lost in silence, and a dead service hurts only its own messages."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.channels.message import ReceiptState, Recipient
from daemon.channels.outbox import Pace
from daemon.channels.rates import Rate
from daemon.channels.sender import Fate, SendError
from tests.unit.daemon.bus import play, until
from tests.unit.daemon.channels.service import Post, Service

WECOM = Pace(rates=(Rate(20, 61.0),))


def tell(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    play(story)


def again(after: float = 0.0) -> SendError:
    return SendError(Fate.AGAIN, "the service is busy", after=after)


REFUSED = SendError(Fate.REFUSED, "the key is not accepted")
UNKNOWN = SendError(Fate.UNKNOWN, "no answer")
AWAY = SendError(Fate.UNREACHED, "not reached")


def test_a_message_is_queued_before_put_returns_and_sent_when_the_service_took_it() -> None:
    async def story() -> None:
        post = Post(Service())
        post.put("a")
        assert post.states("a") == ["queued"]
        async with post.running():
            await post.settled()
        assert post.states("a") == ["queued", "sent"]
        assert post.service.sent[0][2] == "13800001111"
        assert post.box.status()["sent"] == 1

    tell(story)


def test_a_drill_says_so_first_whatever_sends_it() -> None:
    async def story() -> None:
        post = Post(Service(), Pace(language="zh"))
        post.put("a", drill=True)
        async with post.running():
            await post.settled()
        assert post.service.titles == ["【演练】title a"]

    tell(story)


def test_p1_passes_two_hundred_that_wait_and_has_tokens_left_for_itself() -> None:
    """The reserve: after a flood of P3 has used up its part, a P1 still leaves at once."""

    async def story() -> None:
        post = Post(Service(), WECOM)
        async with post.running():
            for number in range(15):
                post.put(f"p3-{number}")
            await post.settled()
            for number in range(200):
                post.put(f"later-{number}", 3)
            before = asyncio.get_running_loop().time()
            post.put("fire", 1)
            await until(lambda: post.receipts["fire"][-1].final)
            assert asyncio.get_running_loop().time() - before < 0.1
            assert len(post.service.sent) == 16
            await post.settled(90)
        assert "200 条消息合并" in post.service.titles
        assert all(states[-1].state is ReceiptState.SENT for states in post.receipts.values())

    tell(story)


def test_no_window_ever_holds_more_than_the_rate() -> None:
    async def story() -> None:
        post = Post(Service(), WECOM)
        async with post.running():
            for second in range(100):
                post.put(f"{second}-a", 1, valid=600.0)
                post.put(f"{second}-b", 3, valid=600.0)
                await asyncio.sleep(1)
            await post.settled(600)
        times = [at for at, _, _ in post.service.sent]
        assert all(later - early >= 61.0 for early, later in zip(times, times[20:], strict=False))
        assert not [states for states in post.receipts.values() if states[-1].state is ReceiptState.FAILED]

    tell(story)


def test_a_burst_of_two_thousand_is_told_and_memory_stays_bounded() -> None:
    """Issue: 2 000 in 60 s; all of P1 by name, the rest counted where it cannot be named."""

    async def story() -> None:
        post = Post(Service(), WECOM)
        async with post.running():
            for number in range(2000):
                post.put(f"{number}", 1 if number % 20 == 0 else 3)
                await asyncio.sleep(0.03)
                assert post.box.status()["waiting"] <= 2000
            await post.settled(200)
        assert not [key for key, receipts in post.receipts.items() if receipts[-1].state is not ReceiptState.SENT]
        told = "\n".join(f"{message.title}\n{message.text}\n" for _, message, _ in post.service.sent)
        assert all(f"title {number}\n" in told for number in range(0, 2000, 20))
        assert post.box.status()["dropped"] == 0

    tell(story)


def test_p1_leaves_alone_as_long_as_the_service_takes_it_within_a_minute() -> None:
    async def story() -> None:
        post = Post(Service(), WECOM)
        async with post.running():
            for number in range(20):
                post.put(f"{number}", 1)
            await post.settled()
        assert post.service.titles == [f"title {number}" for number in range(20)]

    tell(story)


def test_a_p1_that_is_told_with_others_is_always_named_and_never_beside_less() -> None:
    async def story() -> None:
        post = Post(Service(room=400), WECOM)
        for number in range(60):
            post.put(f"{number:02}", 1 if number < 50 else 2, valid=600)
        async with post.running():
            await post.settled(600)
        for _, message, _ in post.service.sent:
            if message.severity == 1:
                assert "P2" not in message.text
                assert "还有" not in message.text
        assert not post.box.status()["failed"]

    tell(story)


def test_drill_and_earnest_are_never_in_one_message() -> None:
    async def story() -> None:
        post = Post(Service(), Pace(rates=(Rate(4, 61.0),)))
        for number in range(20):
            post.put(f"{number}", 3, drill=number % 2 == 0)
        async with post.running():
            await post.settled(300)
        for _, message, _ in post.service.sent:
            numbers = {int(line.split()[-1]) % 2 for line in message.text.splitlines() if line.startswith("P3")}
            assert len(numbers) <= 1
            assert message.title.startswith("【演练】") == message.drill

    tell(story)


def test_what_is_counted_and_not_named_says_so_in_its_receipt() -> None:
    async def story() -> None:
        post = Post(Service(room=200), Pace(rates=(Rate(4, 61.0),)))
        for number in range(30):
            post.put(f"{number:02}")
        async with post.running():
            await post.settled(300)
        assert post.why("00") == "told in one message with 29 others"
        assert post.why("29") == "counted, not named, in one message with 29 others"

    tell(story)


def test_a_failed_try_is_tried_again_and_each_step_is_told() -> None:
    async def story() -> None:
        post = Post(Service([again(), again(2.5)]))
        post.put("a")
        async with post.running():
            await post.settled()
        assert post.states("a") == ["queued", "queued", "queued", "sent"]
        assert post.receipts["a"][1].why == "the service is busy"
        first, second, third = (at for at, _, _ in post.service.sent)
        assert second - first >= 1.0
        assert third - second >= 2.5
        assert {message.key for _, message, _ in post.service.sent} == {"a"}

    tell(story)


def test_a_refusal_ends_it_at_once_and_is_trouble_until_a_message_gets_out() -> None:
    async def story() -> None:
        post = Post(Service([REFUSED]))
        async with post.running():
            post.put("a")
            await post.settled()
            assert (post.states("a"), post.why("a")) == (["queued", "failed"], "the key is not accepted")
            assert post.troubles[-1] == post.box.trouble == "the key is not accepted"
            await asyncio.sleep(400)  # the service can be reached all the time, which says nothing of the key
            assert post.box.trouble
            post.put("b")
            await post.settled()
        assert (post.box.trouble, post.troubles[-1]) == ("", "")

    tell(story)


def test_a_recipient_that_is_refused_is_no_trouble_of_the_channel() -> None:
    async def story() -> None:
        post = Post(Service([SendError(Fate.REFUSED, "no such number", channel=False)]))
        async with post.running():
            post.put("a")
            await post.settled()
        assert post.states("a")[-1] == "failed"
        assert post.box.trouble == ""

    tell(story)


def test_what_may_have_arrived_is_not_sent_for_ever() -> None:
    async def story() -> None:
        post = Post(Service([UNKNOWN] * 9))
        async with post.running():
            post.put("a", 1)
            await post.settled()
        assert len(post.service.sent) == 3
        assert post.states("a")[-1] == "failed"

    tell(story)


def test_a_service_that_wants_rest_beyond_the_messages_time_fails_it_at_once_so_the_ladder_moves_on() -> None:
    async def story() -> None:
        post = Post(Service([again(600)]))
        async with post.running():
            before = asyncio.get_running_loop().time()
            post.put("a", 1)
            await post.settled()
            assert asyncio.get_running_loop().time() - before < 0.6

    tell(story)


def test_a_hanging_service_is_cut_off_and_holds_up_no_p1() -> None:
    async def story() -> None:
        post = Post(Service([99.0] * 5), Pace(limit=5.0))
        async with post.running():
            for number in range(5):
                post.put(f"{number}", 3, Recipient(f"guard {number}", str(number)))
            await asyncio.sleep(0.01)
            assert post.service.at_once == 3, "the last lane is kept free"
            before = asyncio.get_running_loop().time()
            post.put("fire", 1)
            post.service.answers.clear()
            await until(lambda: post.receipts["fire"][-1].final)
            assert asyncio.get_running_loop().time() - before < 0.2
            await until(lambda: post.receipts["0"][-1].why)
        assert post.receipts["0"][1].why == "no answer within 5 s; it may have arrived"
        assert post.service.most_at_once <= 4

    tell(story)


def test_below_p1_messages_to_one_recipient_stay_in_order() -> None:
    async def story() -> None:
        post = Post(Service())
        for number in range(6):
            post.put(f"{number}")
        async with post.running():
            await post.settled()
        assert post.service.titles == [f"title {number}" for number in range(6)]
        assert post.service.most_at_once == 1

    tell(story)


def test_a_dead_channel_rests_between_tries_but_p1_is_tried_all_the_same() -> None:
    async def story() -> None:
        post = Post(Service([AWAY] * 999))
        async with post.running():
            for number in range(50):
                post.put(f"{number}", 3, Recipient("x", str(number)))
            await asyncio.sleep(60)
            tries = len(post.service.sent)
            assert tries < 20, "one try for each rest, not one for each message"
            post.put("fire", 1)
            await asyncio.sleep(0.01)
            assert post.service.titles[-1] == "title fire"
            await post.settled(200)
        assert post.why("0").startswith("not")
        assert post.box.status()["failed"] == 51

    tell(story)


def test_a_channel_nobody_uses_is_known_to_be_dead_within_a_minute() -> None:
    async def story() -> None:
        post = Post(Service(probes=[AWAY, AWAY, AWAY]))
        async with post.running():
            await asyncio.sleep(31)
            assert post.troubles == ["not reached"]
            await asyncio.sleep(65)
            assert post.troubles == ["not reached", ""]

    tell(story)


def test_a_bug_in_a_sender_is_its_messages_failure_and_no_text_of_it_gets_out(capsys: Any) -> None:
    async def story() -> None:
        post = Post(Service([ValueError("token=abc123")]))
        async with post.running():
            post.put("a")
            await post.settled()
        assert post.receipts["a"][1].why == "fault of the program: ValueError"
        assert post.states("a")[-1] == "sent"

    tell(story)
    assert "abc123" not in capsys.readouterr().out


def test_what_was_on_its_way_when_the_outbox_fell_is_sent_by_its_next_run() -> None:
    async def story() -> None:
        post = Post(Service([3.0]))
        async with post.running():
            post.put("a", 1)
            await asyncio.sleep(0.5)
        assert post.box.status()["waiting"] == 1
        assert post.service.closed == 1
        async with post.running():
            await post.settled()
        assert post.states("a")[-1] == "sent"

    tell(story)


def test_a_new_outbox_takes_over_and_a_removed_one_gives_up_by_name() -> None:
    async def story() -> None:
        old, new = Post(Service()), Post(Service())
        old.put("a")
        old.put("b", 1)
        new.box.take_over(old.box)
        async with new.running():
            await until(old.over)
        assert new.service.titles == ["title b", "title a"]
        old.put("c")
        old.box.abandon()
        assert old.why("c") == "the channel was taken out of the site"

    tell(story)


def test_a_full_queue_drops_the_least_grave_and_oldest_and_tells_who_waits_for_it() -> None:
    async def story() -> None:
        post = Post(Service(), Pace(size=3))
        for key, severity in (("a", 3), ("b", 4), ("c", 4), ("d", 1), ("e", 2)):
            post.put(key, severity)
        assert [key for key in post.receipts if post.states(key)[-1] == "failed"] == ["b", "c"]
        assert post.why("b") == "the queue of the channel is full"
        post.put("f", 4)
        assert post.states("f") == ["failed"]
        assert post.box.status()["dropped"] == 3

    tell(story)


def test_each_recipient_is_counted_by_himself_where_the_service_does_so() -> None:
    async def story() -> None:
        post = Post(Service(), Pace(each=(Rate(4, 61.0),)))
        async with post.running():
            for number in range(3):
                post.put(f"a{number}", 3, Recipient("a", "a"))
            post.put("b", 3, Recipient("b", "b"))
            await post.settled()
            post.put("a9", 3, Recipient("a", "a"))
            post.put("b9", 3, Recipient("b", "b"))
            await until(lambda: post.receipts["b9"][-1].final)
            assert not post.receipts["a9"][-1].final
            await post.settled(90)

    tell(story)


events = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 2, 3, 4]), st.floats(0, 20), st.sampled_from(["x", "y"]), st.booleans()
    ), max_size=60,
)  # fmt: skip
faults = st.lists(
    st.sampled_from(["well", "well", "again", "refused", "unknown", "away", "hangs", "rest"]), max_size=60
)


@pytest.mark.parametrize("rates", [(), (Rate(6, 61.0),), (Rate(3, 1.05), Rate(12, 61.0))], ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=events, faults=faults, size=st.integers(1, 40))
def test_whatever_happens_every_message_ends_once_and_p1_waits_behind_nothing_less(
    rates: tuple[Rate, ...], events: list[tuple[int, float, str, bool]], faults: list[str], size: int
) -> None:
    made = {"well": ReceiptState.SENT, "again": again(), "refused": REFUSED, "unknown": UNKNOWN, "away": AWAY,
            "hangs": 99.0, "rest": again(30)}  # fmt: skip

    async def story() -> None:
        post = Post(Service([made[fault] for fault in faults]), Pace(rates=rates, size=size, limit=2.0))
        async with post.running():
            for number, (severity, pause, to, drill) in enumerate(events):
                post.put(f"{number}", severity, Recipient(to, to), drill=drill, valid=90.0)
                await asyncio.sleep(pause)
            await post.settled(200)
            assert post.box.status()["waiting"] == 0
        for receipts in post.receipts.values():
            assert sum(receipt.final for receipt in receipts) == 1
            assert receipts[-1].final
        times = [at for at, _, _ in post.service.sent]
        for rate in rates:
            assert all(b - a >= rate.seconds for a, b in zip(times, times[rate.count :], strict=False))
        assert all("P1" not in message.text for _, message, _ in post.service.sent if message.severity > 1)

    tell(story)


@settings(max_examples=25, deadline=None)
@given(events=events)
def test_nothing_less_is_ever_sent_while_a_p1_waits(events: list[tuple[int, float, str, bool]]) -> None:
    async def story() -> None:
        post = Post(Service(), Pace(rates=(Rate(5, 61.0),)))
        put_at: dict[str, float] = {}
        async with post.running():
            for number, (severity, pause, to, drill) in enumerate(events):
                if severity == 1:
                    put_at[f"title {number}"] = asyncio.get_running_loop().time()
                post.put(f"{number}", severity, Recipient(to, to), drill=drill, valid=900.0)
                await asyncio.sleep(pause / 4)
            await post.settled(900)
        for at, message, _ in post.service.sent:
            if message.severity > 1:
                assert not [title for title, when in put_at.items() if when < at]
            for title in list(put_at):
                if f"{title}\n" in f"{message.title}\n{message.text}\n":
                    del put_at[title]
        assert not put_at

    tell(story)
