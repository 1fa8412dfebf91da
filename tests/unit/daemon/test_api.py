"""The API over its real socket, asked by the console's client: who asks is known, nonsense is answered."""

import asyncio
import getpass
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.client import Client, UnreachableError
from daemon.api import MOST
from daemon.journal.journal import Filter, JournalError
from daemon.wishes import LARGEST
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage
from tests.unit.daemon.desk import Desk, serving

ME = getpass.getuser()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(tmp_path) as made:
        yield made


# Who asks, and what for


async def test_the_users_name_comes_from_the_kernel_and_stands_beside_the_given_one(desk: Desk) -> None:
    said = await desk.ask(lambda client: client.post("doors", "north", "open", by=" 李四 ", reason="送水"))
    assert said.startswith("北门：已令开锁")
    assert desk.house.engine.arbiter.told["doors.north"] is Passage.OPEN
    async with asyncio.timeout(5):
        while not (found := await desk.journal.query(wanted=Filter(kinds=("operator.command",)))):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    (event,) = found
    assert event.content["by"] == f"李四 ({ME})"
    assert event.actor == f"person:李四 ({ME})"


@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        (("lanes", "in", "open"), "车道A：已令抬杆"),
        (("lanes", "in", "close"), "车道A：已令落杆"),
        (("zones", "b13", "reset"), "13栋：已由 李四"),
        (("alarms", "gone", "ack"), "x.gone：已恢复，未结案"),
        (("alarms", "x.gone", "reset"), "x.gone：已恢复，未结案"),
        (("alarms", "stands", "ack"), "x.stands：已确认。 It is acknowledged now."),
    ],
)
async def test_every_verb_of_the_console_is_answered(desk: Desk, steps: tuple[str, ...], answer: str) -> None:
    for alarm, active in (("x.gone", True), ("x.stands", True), ("x.gone", False)):
        condition = Condition(alarm=alarm, active=active, severity=Severity.P2, kind="fire", subject="x")
        desk.house.engine.raise_own(condition)
    desk.house.land(input3=True)
    desk.house.land(input3=False)
    desk.house.passes(1)
    assert (await desk.ask(lambda client: client.post(*steps, by="李四", reason="试"))).startswith(answer)


@pytest.mark.parametrize(
    ("steps", "body", "status", "zh", "en"),
    [
        (("doors", "north", "open"), {"by": "", "reason": "x"}, 400, "请写明操作人", "who you are"),
        (("doors", "north", "open"), {"by": "  ", "reason": "x"}, 400, "请写明操作人", "who you are"),
        (("doors", "north", "open"), {"by": "李四"}, 400, "开门须写明原因", "with a reason only"),
        (("doors", "north", "open"), {"by": "李四", "reason": " "}, 400, "开门须写明原因", "with a reason only"),
        (("lanes", "in", "open"), {"by": "李四"}, 400, "抬杆须写明原因", "with a reason only"),
        (("doors", "north", "open"), {"reason": "x"}, 400, "须为 JSON", "missing required field `by`"),
        (("doors", "north", "open"), {"by": "李四", "sudo": True}, 400, "须为 JSON", "unknown field `sudo`"),
        (("doors", "north", "open"), {"by": 7}, 400, "须为 JSON", "Expected `str`"),
        (("doors", "north", "open"), {"by": "李\n四", "reason": "x"}, 400, "一行可见文字", "plain text"),
        (("doors", "north", "open"), {"by": "李四", "reason": "\x1b[2J"}, 400, "一行可见文字", "plain text"),
        (("doors", "north", "open"), {"by": "李" * 501, "reason": "x"}, 400, "最多 500 字", "500 characters"),
        (("doors", "nroth", "open"), {"by": "李四", "reason": "x"}, 404, "是不是 north", "did you mean north"),
        (("lanes", "out", "close"), {"by": "李四"}, 404, "没有叫 'out' 的车道", "No lane"),
        (("zones", "b99", "reset"), {"by": "李四"}, 404, "没有叫 'b99' 的防区", "No zone"),
        (("alarms", "b99", "ack"), {"by": "李四"}, 404, "没有叫 'b99'", "No such alarm"),
        (("alarms", "b99", "reset"), {"by": "李四"}, 404, "没有叫 'b99'", "No such alarm"),
        (("zones", "b12", "reset"), {"by": "李四"}, 409, "没有需要复位的火警", "no fire alarm that stands"),
        (("doors", "a/b", "open"), {"by": "李四"}, 404, "没有这个接口", "nothing like this"),
        (("doors", "..", "open"), {"by": "李四", "reason": "x"}, 404, "没有这个接口", "nothing like this"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_what_would(
    desk: Desk, steps: tuple[str, ...], body: dict[str, Any], status: int, zh: str, en: str
) -> None:
    response = await desk.raw("POST", f"/v1/{'/'.join(step.replace('/', '%2F') for step in steps)}", json=body)
    error = response.json()["error"]
    assert (response.status_code, zh in error, en in error) == (status, True, True), error
    assert error == await desk.refused(lambda client: client.post(*steps, **body))
    assert desk.house.engine.arbiter.told["doors.north"] is Passage.CLOSED
    assert not desk.house.events("operator.command")


@pytest.mark.parametrize("body", [b"", b"open!", b"[]", b'{"by": "', b"\xff\xfe", b'"by"', b"{" * 1000])
async def test_what_is_no_json_object_is_refused(desk: Desk, body: bytes) -> None:
    response = await desk.raw("POST", "/v1/doors/north/open", content=body)
    assert response.status_code == 400
    assert "请求须为 JSON" in response.json()["error"]


async def test_a_huge_body_is_refused_before_all_of_it_is_there(desk: Desk) -> None:
    good = await desk.raw("POST", "/v1/doors/north/open", content=b" " * (LARGEST - 2) + b"{}")
    assert good.status_code == 400
    assert "by" in good.json()["error"]

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    reader, writer = await asyncio.open_unix_connection(str(desk.path))
    writer.write(b"POST /v1/doors/north/open HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
    async for part in endless():
        writer.write(part)
        if reader._buffer or reader.at_eof():
            break
        await asyncio.sleep(0)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert head.startswith(b"HTTP/1.1 413 ")
    writer.transport.abort()
    assert (await desk.ask(lambda client: client.get("/v1/status")))["site"]["id"] == "small"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/doors/north/open", 405),
        ("POST", "/v1/status", 405),
        ("DELETE", "/v1/events", 405),
    ],
)
async def test_there_is_nothing_else(desk: Desk, method: str, path: str, status: int) -> None:
    response = await desk.raw(method, path)
    assert (response.status_code, "没有这个接口" in response.json()["error"]) == (status, True)


async def test_a_fault_of_our_own_is_said_so_in_json(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.house.daemon.status, "points", broken)
    assert "内部错误（ZeroDivisionError）" in await desk.refused(lambda client: client.get("/v1/status"))
    monkeypatch.undo()
    assert await desk.ask(lambda client: client.get("/v1/status")), "and the next one is served"


# Events


async def test_an_event_comes_with_its_place_local_time_and_sentences(desk: Desk) -> None:
    number = await desk.write("access.denied", content={"card": "1", "person": "李四", "reason": "expired"})
    (event,) = await desk.ask(lambda client: client.get("/v1/events", after=number - 1))
    assert event["number"] == number
    assert event["local"] == "2026-11-21T14:00:00.250000+08:00"
    assert event["place"] == "北门"
    assert event["text"]["zh"] == "北门：拒绝 李四，已过期"
    assert event["text"]["en"] == "北门: 李四 refused, expired"


async def test_pages_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    head = await desk.write(*["line.up"] * 25)
    seen: list[int] = []
    while page := await desk.ask(partial(Client.get, path="/v1/events", after=max(seen, default=0), limit=7)):
        assert len(page) <= 7
        seen += [event["number"] for event in page]
    assert seen == list(range(1, head + 1))
    newest = await desk.ask(lambda client: client.get("/v1/events", newest=True, limit=3))
    assert [event["number"] for event in newest] == [head - 2, head - 1, head]
    assert await desk.ask(lambda client: client.get("/v1/events", limit=0)) == []


async def test_filters_choose(desk: Desk) -> None:
    await desk.write("line.up", "line.down", "device.offline", subject="lines.gate", content={"why": "拔出"})
    for query, kinds in (
        ({"kinds": "line.*"}, ["line.up", "line.down"]),
        ({"kinds": "line.up,device.*", "subject": "lines.*"}, ["line.up", "device.offline"]),
        ({"text": "拔出", "kinds": "line.down"}, ["line.down"]),
        ({"since": "2030-01-01"}, []),
        ({"severity": 1}, []),
    ):
        found = await desk.ask(lambda client, query=query: client.get("/v1/events", **query))
        assert [event["kind"] for event in found if event["subject"] == "lines.gate"] == kinds, query


async def test_instants_are_meant_in_the_sites_time(desk: Desk) -> None:
    """The clock of the test stands at 14:00 in Shanghai, wherever this machine is."""
    count = await desk.write("line.up")
    for since, found in (("2026-11-21T13:59", count), ("2026-11-21T14:01", 0), ("2026-11-21T06:00Z", count)):
        assert len(await desk.ask(lambda client, since=since: client.get("/v1/events", since=since))) == found, since


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("kind=alarm.*", "unknown filter 'kind'"),
        ("severity=5", "severity '5'"),
        ("since=yesterday", "since 'yesterday'"),
        ("after=-1", "after '-1' must be a number"),
        ("after=x", "after 'x'"),
        ("after=99999999999999999999", "after"),
        ("limit=5001", f"from 0 to {MOST}"),
        ("limit=1.5", "limit '1.5'"),
        ("follow=1&severity=x", "severity 'x'"),
    ],
)
async def test_a_bad_filter_is_refused_with_what_would_be_right(desk: Desk, query: str, says: str) -> None:
    response = await desk.raw("GET", f"/v1/events?{query}")
    assert response.status_code == 400
    assert says in response.json()["error"]
    assert response.json()["error"].startswith("筛选条件有误")


async def test_a_journal_that_cannot_be_read_is_said_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise JournalError("the disk of journal.db is full; make room")

    monkeypatch.setattr(desk.journal, "query", broken)
    response = await desk.raw("GET", "/v1/events")
    assert response.status_code == 503
    assert "journal.db 所在磁盘已满" in response.json()["error"]


# Following


@contextmanager
def following(desk: Desk, **query: object) -> Iterator[Iterator[str]]:
    client = Client(desk.path)
    try:
        yield client.follow("/v1/events", follow=True, **query)
    finally:
        client.close()


async def line(lines: Iterator[str]) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(asyncio.to_thread(next, lines), 5))


async def settled(desk: Desk, count: int) -> None:
    """So many requests are being answered."""
    async with asyncio.timeout(5):
        while len(answering()) != count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


def answering() -> list[str]:
    coroutines = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]
    return [name for name in coroutines if name == "RequestResponseCycle.run_asgi"]


async def test_a_follower_gets_what_was_and_what_comes_each_once(desk: Desk) -> None:
    first = await desk.write("line.up", "line.down")
    with following(desk, after=first - 2) as lines:
        seen = [(await line(lines))["number"] for _ in range(2)]
        for _ in range(3):
            await desk.write("line.up", "device.offline")
            seen += [(await line(lines))["number"] for _ in range(2)]
    assert seen == list(range(first - 1, first + 7))


async def test_a_follower_gets_more_than_a_page_and_only_what_it_wants(desk: Desk) -> None:
    await desk.write(*["line.up", "line.down"] * 130)
    with following(desk, kinds="line.down") as lines:
        numbers = [(await line(lines))["number"] for _ in range(130)]
        assert numbers == sorted(set(numbers))
        await desk.write("line.up")
        last = await desk.write("line.down")
        assert (await line(lines))["number"] == last


async def test_a_follower_that_leaves_is_forgotten(desk: Desk) -> None:
    with following(desk, after=0) as lines:
        await line(lines)
        await settled(desk, 1)
    await settled(desk, 0)


async def test_followers_do_not_hold_up_the_end_and_hear_that_it_came(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as desk:
        quiet, busy = Client(desk.path), Client(desk.path)
        lines = [client.follow("/v1/events", follow=True, after=after) for client, after in ((quiet, 0), (busy, 0))]
        for each in lines:
            await line(each)
        began = loop.time()
    assert loop.time() - began < 1.0
    for each in lines:
        with pytest.raises(UnreachableError, match="守护进程已停止"):
            await asyncio.to_thread(list, each)
    quiet.close()
    busy.close()


async def test_a_follower_that_does_not_read_does_not_hold_up_the_end(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as desk:
        await desk.write(*["line.up"] * 900, content={"why": "x" * 2000})
        _, writer = await asyncio.open_unix_connection(str(desk.path), limit=1024)
        writer.write(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        await settled(desk, 1)
        began = loop.time()
    assert loop.time() - began < 1.5
    writer.transport.abort()


async def test_a_follower_waits_while_the_journal_cannot_be_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, failed = desk.journal.query, asyncio.Event()

    async def broken(*_: object, **__: object) -> None:
        failed.set()
        raise JournalError("not now")

    monkeypatch.setattr(desk.journal, "query", broken)
    with following(desk) as lines:
        first = asyncio.get_running_loop().run_in_executor(None, next, lines)
        await asyncio.wait_for(failed.wait(), 5)
        monkeypatch.setattr(desk.journal, "query", whole)
        assert json.loads(await asyncio.wait_for(first, 5))["number"] == 1


async def test_a_follower_begins_anew_with_a_journal_that_began_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = await desk.write("line.up")
    with following(desk, after=head - 1) as lines:
        assert (await line(lines))["number"] == head
        monkeypatch.setattr(desk.journal, "epoch", "another")
        assert (await line(lines))["number"] == 1


async def test_the_filter_of_the_api_is_the_journals_own(desk: Desk) -> None:
    """Every word that the journal's filter knows can be asked for."""
    words = {"kinds": "x", "subject": "x", "since": "2026-01-01", "until": "2026-01-02", "severity": "1", "text": "x"}
    assert Filter.parse(words)
    assert await desk.ask(lambda client: client.get("/v1/events", **words)) == []


async def test_of_the_status_only_a_part_may_be_asked_for(desk: Desk) -> None:
    whole = await desk.ask(lambda client: client.get("/v1/status"))
    lines = await desk.ask(lambda client: client.get("/v1/status", only="lines"))
    assert lines.keys() == whole.keys() - {"points"}
    assert lines["lines"].keys() == whole["lines"].keys()
    assert "lines, points" in await desk.refused(lambda client: client.get("/v1/status", only="doors"))
