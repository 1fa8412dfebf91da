"""A box and a guard's phone of another hand on a real mosquitto: what is refused, why; what is done, by whom."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon import main
from daemon.alarms.annunciator import own
from daemon.channels.message import Message, Receipt, ReceiptState, Recipient
from daemon.clock import SystemClock
from daemon.config import load as config
from daemon.config.secrets import Secrets
from daemon.drills.report import report
from daemon.patrol.phones import Phones
from gatehouse.alarms import Severity
from gatehouse.events import Event
from simulators.broker import HOST, Broker
from simulators.child import environment
from simulators.stage import gatehouse
from tests.system.phone import Pen, Phone, box_and_guards
from tests.unit.daemon.small import SITE, write

pytestmark = pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="Debian's mosquitto-clients is missing")
PATROL = """
channels:
  phones: {{kind: patrol, broker: "mqtt://{host}:{port}", user: box, password: !secret box, delivered: 2s,
           guards: {{li: {li}, wang: {wang}}}}}
people:
  li: {{name: 李四}}
  wang: {{name: 王五}}
"""


class Box:
    """A daemon of a very small site of which only the journal and the phones run."""

    def __init__(self, daemon: main.Daemon, phone: Phone, other: Phone) -> None:
        self.daemon, self.phone, self.other = daemon, phone, other
        self.events: list[Event] = []
        self.phones: Any = daemon.channels["phones"]

    def alarm(self, kind: str = "fire", subject: str = "zones.b12") -> str:
        self.daemon.engine.raise_own(own(f"{subject}.{kind}", kind, subject, True, Severity.P1))
        return self.daemon.engine.annunciator.standing[f"{subject}.{kind}"].occurrence

    async def written(self, kind: str, count: int = 1) -> list[Event]:
        async with asyncio.timeout(5):
            while True:
                found = [event for event in await self.daemon.journal.read(0, 1000) if event.kind == kind]
                if len(found) >= count:
                    return found
                await self.daemon.journal.wait_beyond(self.daemon.journal.head, 0.05)


@asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[Box]:
    accounts = box_and_guards("small", "li", "wang")
    broker = Broker(tmp_path / "broker", list(accounts.values()), "mosquitto")
    await broker.start()
    pens = {name: Pen(tmp_path, name) for name in ("li", "wang")}
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "box").touch(mode=0o600)
    (secrets / "box").write_text(accounts["box"].password)
    keys = {name: f'"{pen.public}"' for name, pen in pens.items()}
    text = SITE + PATROL.format(host=HOST, port=broker.port, **keys)
    plan = config.load(write(tmp_path / "site", text), secrets=Secrets([secrets]))
    daemon = main.build(plan, tmp_path, Secrets([secrets]), SystemClock())
    phones = [Phone("small", name, broker.port, accounts[name], pens[name]) for name in ("li", "wang")]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(daemon.journal.run()), group.create_task(daemon.channels["phones"].run())]
            for phone in phones:
                await phone.listen()
                await phone.until(lambda topic, _: topic == "state")
            async with asyncio.timeout(5):
                while not daemon.patrol.once.complete:  # noqa: ASYNC110 - the journal opens
                    await asyncio.sleep(0.01)
            yield Box(daemon, *phones)
            for task in reversed(tasks):
                task.cancel()
            await asyncio.wait(tasks, timeout=5)
            await daemon.journal.close()
    finally:
        for phone in phones:
            await phone.close()
        await broker.stop()


async def test_what_is_refused_says_why_and_does_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        phone, occurrence = box.phone, box.alarm()
        sign, now = phone.pen.sign, datetime.now(UTC)

        def order(number: int, do: str = "take", **more: Any) -> dict[str, Any]:
            return phone.order(do, occurrence=occurrence) | {"id": f"refused-{number}"} | more

        late = {"at": (now - timedelta(seconds=90)).isoformat(), "expires": (now - timedelta(seconds=30)).isoformat()}
        early = {
            "at": (now + timedelta(hours=1)).isoformat(),
            "expires": (now + timedelta(hours=1, seconds=9)).isoformat(),
        }
        wanted = {
            "unsigned": json.dumps(order(0)),
            "signature": box.other.pen.sign(order(1)),
            "expired": sign(order(2, **late)),
            "early": sign(order(3, **early)),
            "foreign": sign(order(4, guard="wang")),
            "lifetime": sign(order(5, expires=(now + timedelta(hours=2)).isoformat())),
            "form": sign(order(6, do="open_the_door")),
            "unknown_alarm": sign(order(7, occurrence="zones.b12.fire")),
            "unknown_message": sign(order(8, "read", key="nobody/asked")),
            "not_now": sign(order(9, "false", cause="boredom")),
            "too_large": "x" * 5000,
        }  # fmt: skip
        for why, body in wanted.items():
            await phone.send(body)
            said = await phone.until(lambda topic, body, why=why: topic == "replies" and body.get("why") == why)
            assert said["state"] == "refused", why
            assert said["text"]["zh"] != said["text"]["en"]
        await phone.send(sign(order(10)), "-r")
        await phone.until(lambda topic, body: topic == "replies" and body.get("why") == "retained")
        box.phones.link._connection.drop("as if the wire broke")  # what was kept comes with the next connection, too
        alarm = box.daemon.engine.annunciator.standing["zones.b12.fire"]
        assert not alarm.acknowledged_by
        assert alarm.handling.verdict is None
        refused = await box.written("patrol.refused", 13)
        assert {event.content["guard"] for event in refused} == {"li"}
        assert not [event for event in await box.daemon.journal.read(0, 1000) if event.kind == "patrol.obeyed"]


async def test_each_answer_is_done_once_in_the_guards_name(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        phone, occurrence = box.phone, box.alarm()
        content = phone.order("take", occurrence=occurrence)
        body = phone.pen.sign(content)
        await phone.send(body)
        assert (await phone.reply(content["id"]))["state"] == "done"
        await phone.send(body)
        again = await phone.until(lambda topic, reply: topic == "replies" and reply.get("why") == "repeated")
        assert (again["id"], again["became"]) == (content["id"], "done")
        assert (await phone.say("on_site", occurrence=occurrence))["state"] == "done"
        assert (await phone.say("false", occurrence=occurrence, cause="cooking"))["state"] == "done"
        handled = box.daemon.engine.annunciator.standing["zones.b12.fire"].handling
        assert (handled.assigned_to, handled.on_site_by, handled.verified_by) == ("李四", "李四", "李四")
        assert (handled.verdict, handled.cause) == ("false", "cooking")
        obeyed = await box.written("patrol.obeyed", 3)
        assert [event.content["command"] for event in obeyed] == ["take", "on_site", "false"]
        assert {event.actor for event in obeyed} == {"person:李四"}
        assert len(await box.written("alarm.assigned")) == 1
        seen = await box.other.until(lambda topic, body: topic == "state" and body["cards"]
                                     and body["cards"][0].get("verdict") == "false")  # fmt: skip
        assert seen["cards"][0]["assigned_to"] == "李四", "every guard sees who has gone"
        assert (await phone.say("help"))["state"] == "done"
        card = await box.other.until(lambda topic, body: topic == "cards" and body["card"]["kind"] == "guard_help")
        assert (card["card"]["severity"], card["card"]["state"]) == (1, "returned-unacknowledged")


async def test_a_gas_card_forbids_bells_and_radios_and_offers_no_call(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        box.alarm("gas")
        gas = (await box.phone.until(lambda topic, body: topic == "cards"))["card"]
        assert gas["calls"] is False
        assert {"不按门铃", "室内不用手机、对讲机"} <= set(gas["never"]["zh"])
        assert gas["place"] == "12栋"
        assert not any(retained for topic, _, retained in box.phone.heard if topic == "cards")


async def test_receipts_of_a_call_come_from_the_phone_or_it_has_failed(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        got: dict[str, list[str]] = {"first": [], "second": []}

        def call(key: str) -> None:
            def report(receipt: Receipt) -> None:
                got[key].append(receipt.state.value)

            box.phones.put(Message(key, "P1 火警：12栋", "去", Severity.P1), Recipient("李四", "li"), report)

        call("first")
        await box.phone.until(lambda topic, body: topic == "cards" and body.get("key") == "first")
        assert (await box.other.say("read", key="first"))["why"] == "unknown_message", "it was not for him"
        await box.phone.say("delivered", key="first")
        await box.phone.say("read", key="first")
        assert got["first"] == ["queued", "sent", "delivered", "read"]
        call("second")
        async with asyncio.timeout(5):
            while ReceiptState.FAILED not in got["second"]:  # noqa: ASYNC110 - the phone is silent
                await asyncio.sleep(0.05)
        assert got["second"] == ["queued", "sent", "failed"]
        await box.phone.say("delivered", key="second")
        assert got["second"][-1] == "delivered", "late, and yet it came"


async def test_a_drill_is_played_on_phones_kept_apart_and_taken_away_by_what_is_real(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        phone, exercises = box.phone, box.daemon.exercises
        exercises.drill("b12", 600, "季度演练", "王五")
        played = await phone.until(lambda topic, body: topic == "cards" and body["type"] == "card")
        occurrence = played["card"]["occurrence"]
        assert (played["event"], played["card"]["text"]["zh"]) == ("drill.alarm_raised", "【演练】火警")
        for do in ("take", "on_site", "true", "help"):
            assert (await phone.say(do, occurrence=occurrence))["state"] == "done", do
        real = box.alarm()
        await phone.until(
            lambda topic, body: topic == "state" and [card["occurrence"] for card in body["cards"]] == [real]
        )
        said = [body for topic, body, _ in phone.heard if topic == "cards"]
        first = next(body for body in said if body["card"]["occurrence"] == real)
        closed = next(body for body in said if body["event"] == "drill.alarm_closed")
        assert said.index(first) < said.index(closed), "what is real goes out first"
        late = Message("late", "P1 火警：12栋", "去", Severity.P1, drill=True, occurrence=occurrence)
        got: list[Receipt] = []
        box.phones.put(late, Recipient("李四", "li"), got.append)
        async with asyncio.timeout(5):
            while len(got) < 2:  # noqa: ASYNC110 - the outbox tries
                await asyncio.sleep(0.01)
        assert got[-1].why == "the drill is over"
        assert (await phone.say("take", occurrence=occurrence))["why"] == "drill_over"
        alarm = box.daemon.engine.annunciator.standing["zones.b12.fire"]
        assert (alarm.acknowledged_by, alarm.handling.assigned_to, alarm.handling.on_site_by) == ("", "", "")
        await box.written("drill.patrol_refused")
        events = await box.daemon.journal.read(0, 1000)
        assert not [event for event in events if event.kind.startswith("patrol.")]
        told = await report(box.daemon.journal, box.daemon.plan, "drill", "")
        (li,) = told["people"]
        assert li["person"] == "李四"
        assert 0 <= li["answered"] <= li["going"] <= li["on_site"] <= li["verified"] <= li["helped"] <= told["lasted"]


async def test_a_lost_phone_is_no_ones_any_more(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        old: Phones = box.phones
        old._keys.pop("li")
        said = await _refused(box.phone, occurrence=box.alarm())
        assert said["why"] == "signature"
        assert (await box.other.say("take", occurrence=box.alarm()))["state"] == "done"


async def _refused(phone: Phone, **more: Any) -> Any:
    await phone.send(phone.pen.sign(phone.order("take", **more)))
    return await phone.until(lambda topic, body: topic == "replies" and body["state"] == "refused")


async def test_our_own_phone_for_a_terminal_shows_the_card_and_takes_it(tmp_path: Path) -> None:
    async with served(tmp_path) as box:
        word = tmp_path / "word"
        word.write_text(box.phone.account.password)
        where = ["--site", "small", "--broker", f"mqtt://{HOST}:{box.phone.port}", "--user", "li"]
        who = ["--as", "li", "--password-file", str(word), "--key", str(tmp_path / "li.key")]
        pipe = asyncio.subprocess.PIPE
        ours = await asyncio.create_subprocess_exec(
            *gatehouse("patrol", *who, *where), stdin=pipe, stdout=pipe, env=environment() | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            box.alarm()
            await _shows(ours, "不乘电梯")
            got: asyncio.Queue[str] = asyncio.Queue()
            message = Message("key", "P1 火警：12栋", "去看", Severity.P1)
            box.phones.put(message, Recipient("李四", "li"), lambda receipt: got.put_nowait(receipt.state.value))
            async with asyncio.timeout(10):
                assert [await got.get() for _ in range(4)] == ["queued", "sent", "delivered", "read"]
            assert ours.stdin is not None
            ours.stdin.write("1 去\n".encode())
            await _shows(ours, "已执行")
            ours.stdin.write(b"q\n")
            assert await asyncio.wait_for(ours.wait(), 5) == 0
        finally:
            if ours.returncode is None:
                ours.kill()
            await ours.communicate()
        assert box.daemon.engine.annunciator.standing["zones.b12.fire"].acknowledged_by == "李四"


async def _shows(process: asyncio.subprocess.Process, wanted: str) -> None:
    """Its screen, until it says this."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(10):
        while wanted not in said:
            line = (await process.stdout.readline()).decode()
            assert line, f"it has ended: {said}"
            said += line
