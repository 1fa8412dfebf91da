import asyncio

import pytest

from simulators.clock import FineClock, HandClock


def test_hands_keep_appointments_in_their_order() -> None:
    clock, kept = HandClock(10), []
    clock.at(12, lambda: kept.append(("b", clock.now())))
    clock.at(11, lambda: kept.append(("a", clock.now())))
    clock.at(14, lambda: kept.append(("c", clock.now())))
    clock.advance(3)
    assert kept == [("a", 11), ("b", 12)]
    assert clock.now() == 13


def test_what_is_called_off_is_not_done() -> None:
    clock, kept = HandClock(), []
    clock.at(clock.now() + 1, lambda: kept.append(1)).cancel()
    clock.advance(2)
    assert not kept


def test_an_appointment_made_on_the_way_is_kept_on_the_way() -> None:
    clock, kept = HandClock(0), []
    clock.at(1, lambda: clock.at(2, lambda: kept.append(clock.now())) and None)
    clock.advance(5)
    assert kept == [2]


async def test_fine_clock_is_never_early_and_finer_than_a_millisecond() -> None:
    clock = FineClock()
    late: list[float] = []
    done = asyncio.Event()
    start = clock.now()
    try:
        for n in range(1, 41):
            when = start + n * 0.0013
            clock.at(when, lambda when=when: late.append(clock.now() - when))
        clock.at(start + 0.06, done.set)
        await asyncio.wait_for(done.wait(), 5)
    finally:
        clock.close()
    assert len(late) == 40
    assert min(late) >= 0
    assert sorted(late)[20] < 0.0009  # the median: a loop's own timers are up to a whole millisecond late


async def test_fine_clock_does_the_past_at_once_and_the_earlier_first() -> None:
    clock = FineClock()
    kept: list[str] = []
    done = asyncio.Event()
    try:
        clock.at(clock.now() + 0.01, lambda: (kept.append("later"), done.set()))
        clock.at(clock.now() + 0.001, lambda: kept.append("sooner"))
        clock.at(clock.now() - 5, lambda: kept.append("past"))
        await asyncio.wait_for(done.wait(), 5)
    finally:
        clock.close()
    assert kept == ["past", "sooner", "later"]


async def test_a_fault_in_one_appointment_leaves_the_others() -> None:
    clock = FineClock()
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["exception"])))
    done = asyncio.Event()
    try:
        clock.at(clock.now() + 0.001, lambda: 1 / 0)
        clock.at(clock.now() + 0.002, done.set)
        await asyncio.wait_for(done.wait(), 5)
    finally:
        clock.close()
    assert told == ["division by zero"]


def test_fine_clock_needs_a_loop() -> None:
    with pytest.raises(RuntimeError):
        FineClock()
