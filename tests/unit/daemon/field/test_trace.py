"""The last minute of a line: whole, bounded, and readable while it is written."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from daemon.field.trace import KEPT, Entry, Ring
from tests.unit.daemon.bus import LoopClock, play, until
from tests.unit.daemon.doubles import HandClock

KINDS = ["sent", "answer", "noise", "foreign", "echo", "crc", "half", "late", "stray", "miss", "learnt", "lost", "open"]


def test_what_was_noted_is_read_back() -> None:
    clock = HandClock()
    ring = Ring(clock)
    ring.note("open", "", b"", clock.now)
    clock.now += 0.25
    ring.note("sent", "io1", b"\x01\x03", clock.now, "contacts")
    ring.note("sent", "io1", b"\x01\x05", clock.now, "write relay1")
    assert ring.entries() == [
        Entry(1000.0, "open", "", "", b""),
        Entry(1000.25, "sent", "io1", "contacts", b"\x01\x03"),
        Entry(1000.25, "sent", "io1", "write relay1", b"\x01\x05"),
    ]
    assert [entry.scan for entry in ring.entries(1000.1)] == ["contacts", "write relay1"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 20), st.binary(max_size=300)), max_size=60))
def test_the_last_minute_is_always_whole_and_in_order(story: list[tuple[str, float, bytes]]) -> None:
    clock = HandClock()
    ring = Ring(clock)
    noted = []
    for kind, pause, data in story:
        clock.now += pause
        ring.note(kind, "unit", data, clock.now, "scan")
        noted.append((clock.now, kind, data))
    wanted = [(kind, data) for at, kind, data in noted if at >= clock.now - KEPT + 1e-3]
    kept = ring.entries()
    assert [(entry.kind, entry.data) for entry in kept][-len(wanted) or len(kept) :] == wanted
    assert all(abs(entry.at - at) < 1e-4 for entry, (at, *_) in zip(reversed(kept), reversed(noted), strict=False))


def test_a_babbling_line_is_bounded() -> None:
    clock = HandClock()
    ring = Ring(clock)
    for _ in range(30_000):
        clock.now += 0.0005
        ring.note("noise", "", bytes(250), clock.now)
    assert ring.size < 1_400_000
    assert ring.entries()[-1].at > clock.now - 0.001
    assert len(ring.entries()) > 3000


def test_names_that_come_and_go_are_bounded() -> None:
    clock = HandClock()
    ring = Ring(clock)
    for number in range(40_000):
        ring.note("sent", f"unit{number}", b"x", clock.now)
    kept = ring.entries()
    assert kept[-1].device == "unit39999"
    assert [entry.device for entry in kept] == [f"unit{n}" for n in range(40_000 - len(kept), 40_000)]


def test_thirty_two_exchanges_a_second_cost_less_than_a_quarter_of_a_megabyte() -> None:
    """150 lines of them stay under 40 MB."""
    clock = HandClock()
    ring = Ring(clock)
    for number in range(32 * 90):
        clock.now += 1 / 32
        ring.note("sent", f"u{number % 32}", bytes(12), clock.now, "holding 1056-1065 every 10 s")
        ring.note("answer", f"u{number % 32}", bytes(29), clock.now, "holding 1056-1065 every 10 s")
    assert len(ring.entries()) >= 2 * 32 * 59
    assert ring.size < 200_000


def test_a_follower_sees_everything_once_from_now_on() -> None:
    async def story() -> None:
        clock = LoopClock()
        ring, seen = Ring(clock), []
        ring.note("sent", "before", b"", clock.monotonic())

        async def watch() -> None:
            async for entry in ring.follow():
                seen.append(entry.scan)  # noqa: PERF401 - it never ends

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            await asyncio.sleep(0)
            for number in range(500):
                ring.note("sent", "io", b"x", clock.monotonic(), str(number))
                await asyncio.sleep(0.13)
            await until(lambda: len(seen) >= 500)
            watching.cancel()
        assert seen == [str(number) for number in range(500)]

    play(story)


def test_a_slow_follower_is_told_how_much_it_missed() -> None:
    async def story() -> None:
        clock = LoopClock()
        ring, seen = Ring(clock), []

        async def watch() -> None:
            async for entry in ring.follow():
                seen.append(entry)
                if len(seen) == 1:
                    await asyncio.sleep(200)

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            await asyncio.sleep(0)
            for number in range(2000):
                ring.note("sent", "io", b"x", clock.monotonic(), str(number))
                await asyncio.sleep(0.1)
            await until(lambda: seen[-1].scan == "1999")
            watching.cancel()
        skipped = [entry for entry in seen if entry.kind == "skipped"]
        assert len(skipped) == 1
        assert len(seen) - 1 + int(skipped[0].scan) == 2000
        assert len(seen) > 500

    play(story)
