"""Modbus TCP boxes as they are in the field: they hang up, refuse, mix things up. Raw sockets, no codec of ours."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import pytest

from daemon.config import site
from daemon.feeds.phrases import phrase
from drivers.modbus import Device
from tests.system.lines.conftest import Owner, profile, until

Manner = Callable[[bytes, asyncio.StreamWriter], Awaitable[bool]]
"""Does something with a good answer; False: the connection is closed."""


class Box:
    """A gateway whose registers hold a hundred times their unit, and their address."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.calls = 0
        self.asked: list[int] = []
        self.poison: int | None = None
        """At a question to this unit it hangs up."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.answer(await reader.readexactly(12), writer):
                pass
        writer.close()

    async def answer(self, question: bytes, writer: asyncio.StreamWriter) -> bool:
        number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", question)
        self.asked.append(unit)
        if unit == self.poison:
            return False
        values = [100 * unit + address + n for n in range(count)]
        head = struct.pack(">HHHBBB", number, 0, 3 + 2 * count, unit, function, 2 * count)
        return await self.manner(head + struct.pack(f">{count}H", *values), writer)


@asynccontextmanager
async def boxed(manner: Manner) -> AsyncIterator[tuple[Box, site.Line]]:
    box = Box(manner)
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    try:
        yield box, site.Line(tcp=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


def units(*numbers: int) -> dict[str, Device]:
    made = profile({"r": {"address": 7}, "slow": {"address": 60, "kind": "measure", "period": "200ms"}})
    return {f"u{number}": Device(number, made, wire="tcp") for number in numbers}


async def well(answer: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer)
    return True


async def once(answer: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer)
    return False


async def test_a_box_that_hangs_up_after_each_answer_serves_all_and_is_no_outage(running: Owner) -> None:
    async with boxed(once) as (box, settings), running(settings, **units(1, 2)) as (line, sink):
        await until(lambda: all(len(sink.renewals(f"u{unit}.r")) > 2 for unit in (1, 2)))
        await until(lambda: sink.values("u1.slow") == [(160, "GOOD")] and sink.values("u2.slow") == [(260, "GOOD")])
        assert sink.lines == [("line", True, "open")]
        assert line.status()["why"].startswith("open anew: the other side ")
        assert box.calls < 40


async def test_a_box_that_hangs_up_unasked_is_called_slower_and_slower(running: Owner) -> None:
    """A serial server whose only place is taken: it accepts, and hangs up."""

    async def never(_answer: bytes, _writer: asyncio.StreamWriter) -> bool:
        return False

    async with boxed(never) as (box, settings), running(settings, **units(1)) as (line, sink):
        await until(lambda: box.calls == 2 and line.up is False)
        assert "the other side closed the connection" in sink.lines[-1][2] or "reset" in sink.lines[-1][2]
        calls = box.calls
        await asyncio.sleep(0.3)  # half a second is the pause by now
        assert box.calls == calls


async def test_a_question_at_which_the_box_hangs_up_costs_its_device_and_no_more(
    running: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.field.polling.LOST_SURELY", 0.2)
    monkeypatch.setattr("daemon.field.presence.LOST_AFTER_SAFETY", 0.2)
    async with boxed(well) as (box, settings), running(settings, **units(1, 2)) as (_, sink):
        await until(lambda: sink.values("u1.r") and sink.values("u2.r"))
        box.poison = 1
        await until(lambda: any(name == "u1" and not online for name, online, _ in sink.devices))
        assert "before the connection was lost" in sink.devices[-1][2]
        before = len(sink.renewals("u2.r"))
        await until(lambda: len(sink.renewals("u2.r")) > before + 3)
        assert not any(name == "u2" and not online for name, online, _ in sink.devices)
        box.poison = None
        await until(lambda: sink.devices[-1] == ("u1", True, "answers"))
        assert {value for value, _ in sink.values("u1.r")} <= {107, None}


async def test_a_gateway_that_waits_for_dead_units_one_at_a_time_still_serves_the_living(
    running: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three are dead, and each costs it thrice what the profile gives them."""
    turn = asyncio.Lock()

    async def queued(answer: bytes, writer: asyncio.StreamWriter) -> bool:
        tasks.create_task(in_turn(answer, writer))
        return True

    async def in_turn(answer: bytes, writer: asyncio.StreamWriter) -> None:
        async with turn:
            dead = answer[6] != 1
            await asyncio.sleep(0.3 if dead else 0.005)
            writer.write(answer[:4] + b"\0\3" + answer[6:7] + b"\x83\x0b" if dead else answer)

    monkeypatch.setattr("daemon.field.presence.LOST_AFTER_SAFETY", 0.3)
    async with (
        boxed(queued) as (box, settings),
        asyncio.TaskGroup() as tasks,
        running(settings, **units(1, 2, 3)) as (line, sink),
    ):
        await until(lambda: sum(not online for _, online, _ in sink.devices) == 2)
        missed, asked = line.status()["devices"]["u1"]["misses"], len(box.asked)
        await until(lambda: len(box.asked) >= asked + 15)
        assert line.status()["devices"]["u1"]["misses"] == missed
        assert not any(name == "u1" and not online for name, online, _ in sink.devices)
        assert any("the gateway says that nobody answers it" in why for _, online, why in sink.devices if not online)


WRONG: dict[str, Callable[[bytes], bytes]] = {
    "an answer under unit 255: see the unit numbers in the gateway": lambda a: a[:6] + b"\xff" + a[7:],
    "an answer with another transaction number: the gateway is too slow or mixes them up": lambda a: b"\0\0" + a[2:],
    "bytes that are no Modbus TCP: for a serial server write rtu_over_tcp": lambda a: a[6:] + b"\x12\x34",
}


async def test_what_a_box_does_wrong_is_said_in_words_and_never_taken_for_a_value(
    running: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def odd(wrong: Callable[[bytes], bytes], answer: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(wrong(answer))
        return True

    monkeypatch.setattr("daemon.field.presence.LOST_AFTER_SAFETY", 0.1)
    async with AsyncExitStack() as stack:
        sinks = {}
        for why, wrong in WRONG.items():
            _, settings = await stack.enter_async_context(boxed(partial(odd, wrong)))
            _, sinks[why] = await stack.enter_async_context(running(settings, **units(3)))
        for why, sink in sinks.items():
            await until(lambda sink=sink: sink.devices)
            assert sink.devices == [("u3", False, f"no answer, only {why}")]
            assert "only" not in phrase(sink.devices[0][2], "zh")
            assert not sink.landed
