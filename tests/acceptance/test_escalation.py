"""A fire that nobody answers, the power gone in the middle: every step in time, nothing lost, one answer ends it."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import House, until


class Desk(ThreadingHTTPServer):
    """Takes what a webhook posts; one recipient is refused."""

    def __init__(self) -> None:
        self.got: list[dict[str, object]] = []
        super().__init__(("127.0.0.1", 0), Taker)

    def told(self, person: str) -> list[dict[str, object]]:
        return [each for each in self.got if each["recipient"]["address"] == person]


class Taker(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Idempotency-Key"] == body["key"]
        self.server.got.append(body)
        answer = b'{"error": "no such phone"}' if body["recipient"]["address"] == "dead" else b'{"state": "delivered"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[Desk]:
    server = Desk()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def guarded(house: HouseMaker, desk: Desk, **more: dict[str, object]) -> House:
    hook = {"kind": "webhook", "url": f"http://127.0.0.1:{desk.server_port}/"}
    steps = [
        {"outputs": ["lamps"]},
        {"ring": ["wang"], "by": ["dead", "live"]},
        {"after": "2s", "ring": ["li"], "by": ["live"], "police": True},
        {"after": "2500ms", "ring": ["chen"], "by": ["live"], "repeat": "15s"},
    ]
    people = {
        "wang": {"name": "王班长", "addresses": {"dead": "dead", "live": "wang"}},
        "li": {"name": "李经理", "addresses": {"live": "li"}},
        "chen": {"name": "陈网格员", "addresses": {"live": "chen"}},
    }
    ladder = {"severity": ["P1"], "steps": steps}
    estate = await house(channels={"dead": hook, "live": dict(hook)}, people=people, ladders={"life": ladder}, **more)
    await estate.guard()
    return estate


async def noted(estate: House) -> None:
    """The daemon knows that the second channel has taken its message, and has it on disk: a kill before that repeats
    the message, as it must."""

    async def taken() -> bool:
        (run,) = (await estate.status())["ladders"]["running"]
        return [leg["state"] for leg in run["steps"][1]["legs"]] == ["failed", "delivered"]

    async with asyncio.timeout(5):
        while not await taken():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    mark = estate.ears["property"].mark()
    await estate.control.do("swipe", reader="north", number="0009900001")
    await estate.hears("property", lambda heard: heard.kind.startswith("access."), mark)


async def test_a_fire_that_nobody_answers_climbs_through_a_kill_and_one_answer_ends_it(
    house: HouseMaker, desk: Desk
) -> None:
    estate = await guarded(house, desk)
    await estate.control.do("fire", zone="b12", on=True)
    await until(lambda: desk.told("wang"), 5)
    first = desk.told("wang")[0]
    assert (first["severity"], first["drill"], first["title"]) == (1, False, "P1 火警：12栋")
    assert len(desk.told("dead")) == 1, "refused, so the next channel was tried at once"
    assert (await estate.status())["outputs"]["outputs.lamps"]["told"] is True
    await noted(estate)
    os.kill(estate.daemon.pid, signal.SIGKILL)
    await until(lambda: not estate.daemon.running, 5)
    assert desk.told("li") == []
    mark = estate.ears["police"].mark()
    await estate.guard()
    await until(lambda: desk.told("chen"), 10)
    assert desk.told("li")[0]["at"] <= desk.told("chen")[0]["at"]
    police = await estate.hears("police", lambda heard: heard.kind == "alarm.escalated", mark)
    assert "王" not in json.dumps(police.event, ensure_ascii=False)
    before = await estate.status()
    (run,) = before["ladders"]["running"]
    assert [leg["state"] for step in run["steps"] for leg in step["legs"]] == ["failed", *3 * ["delivered"]]
    assert before["outputs"]["outputs.lamps"]["by"].startswith("ladder:zones.b12.fire")
    await estate.order("alarms", "zones.b12.fire", "ack", by="王班长")
    after = await estate.status()
    assert after["ladders"]["running"] == []
    assert not after["outputs"]["outputs.lamps"]["by"].startswith("ladder:")
    keys = [each["key"] for each in desk.got]
    assert len(keys) == len(set(keys)), "this end saw no repeat: what was confirmed is not sent again"
    lines = estate.journal()
    for person in ("王班长", "李经理", "陈网格员"):
        its = [each["kind"] for each in lines if each["content"].get("person") == person]
        assert its[-1] == "message.delivered", (person, its)
    raised, sent = (next(each for each in lines if each["kind"] == kind and each["subject"] == "zones.b12")
                    for kind in ("alarm.raised", "message.delivered"))  # fmt: skip
    assert (datetime.fromisoformat(sent["at"]) - datetime.fromisoformat(raised["at"])).total_seconds() < 1
    lamps = [
        (each["content"]["value"], each["content"]["issuer"].startswith("ladder:"))
        for each in lines
        if (each["kind"], each["subject"]) == ("output.told", "outputs.lamps")
    ]
    rung = [
        place for place, (_, by_ladder) in enumerate(lamps) if by_ladder
    ]  # after dusk the schedule lights them, too
    assert len(rung) == 2, "on, and on again after the kill"
    assert all(value for value, _ in lamps[rung[0] : rung[1]]), "not off in between"
    (began,) = (each for each in lines if each["kind"] == "ladder.begun" and each["subject"] == "zones.b12")
    ended = [each for each in lines if each["kind"] == "ladder.ended" and each["subject"] == "zones.b12"]
    assert [each["content"]["why"] for each in ended] == ["answered"]
    assert ended[0]["content"]["answered"] == ["王班长"]
    assert began["content"]["ladder"] == "life"
