"""A fire, a card on a guard's phone, `我去处理`: the ladder stops, and everything is in the journal. And help."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from ruamel.yaml.comments import TaggedScalar

from simulators.broker import HOST, Broker
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import House, until
from tests.system.phone import Pen, Phone, box_and_guards

SITE = "lvdinan"
pytestmark = pytest.mark.skipif(shutil.which("mosquitto_sub") is None, reason="Debian's mosquitto-clients is missing")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def guarded(house: HouseMaker, tmp_path: Path, stack: AsyncExitStack) -> tuple[House, Phone]:
    accounts = box_and_guards(SITE, "li")
    broker = Broker(tmp_path / "patrol", list(accounts.values()))
    stack.push_async_callback(broker.stop)
    await broker.start()
    pen = Pen(tmp_path, "li")
    phones = {
        "kind": "patrol", "broker": f"mqtt://{HOST}:{broker.port}", "user": "box", "delivered": "4s",
        "password": TaggedScalar(value="box-patrol", tag="!secret"), "guards": {"li": pen.public},
    }  # fmt: skip
    people = {"li": {"name": "李四", "roles": ["patrol"]}}
    steps = [{"outputs": ["lamps"], "ring": ["li"], "by": ["phones"]},
             {"after": "5m", "ring": ["patrol"], "by": ["phones"]}]  # fmt: skip
    estate = await house(
        channels={"phones": phones}, people=people, ladders={"life": {"severity": ["P1"], "steps": steps}}
    )
    secret = estate.copy.folder / "secrets" / "box-patrol"
    secret.touch(mode=0o600)
    secret.write_text(accounts["box"].password)
    phone = Phone(SITE, "li", broker.port, accounts["li"], pen)
    stack.push_async_callback(phone.close)
    await phone.listen()
    await estate.guard()
    await phone.until(lambda topic, _: topic == "state")
    return estate, phone


async def test_from_the_fire_to_the_answer(house: HouseMaker, tmp_path: Path, stack: AsyncExitStack) -> None:
    estate, phone = await guarded(house, tmp_path, stack)
    await estate.control.do("fire", zone="b12", on=True)
    call = await phone.until(lambda topic, body: topic == "cards" and body["type"] == "call" and body["severity"] == 1)
    card = call["card"]
    assert (call["title"], card["place"], card["kind"]) == ("P1 火警：12栋", "12栋", "fire")
    assert "119" in "".join(card["do"]["zh"])
    assert (await phone.say("delivered", key=call["key"]))["state"] == "done"
    assert (await phone.say("read", key=call["key"]))["state"] == "done"
    assert len((await estate.status())["ladders"]["running"]) == 1
    assert (await phone.say("take", occurrence=card["occurrence"]))["state"] == "done"
    now = await phone.until(lambda topic, body: topic == "cards" and body["event"] == "alarm.acknowledged"
                            if topic == "cards" and body["type"] == "card" else False)  # fmt: skip
    assert (now["card"]["acknowledged_by"], now["card"]["assigned_to"]) == ("李四", "李四")
    assert (await estate.status())["ladders"]["running"] == []
    assert (await phone.say("help", occurrence=card["occurrence"]))["state"] == "done"
    helped = await phone.until(
        lambda topic, body: topic == "cards" and body.get("card", {}).get("kind") == "guard_help"
    )
    assert helped["card"]["severity"] == 1
    rung = lambda: [each for each in estate.journal() if each["kind"] == "ladder.step"]  # noqa: E731
    await until(lambda: len(rung()) == 3, 5)
    assert rung()[-1]["content"]["early"] is True, "five minutes before its time"
    kinds = [(each["kind"], each["content"].get("command")) for each in estate.journal()]
    assert [what for kind, what in kinds if kind == "patrol.obeyed"] == ["take", "help"]
    legs = [each["kind"] for each in estate.journal() if each["content"].get("key") == call["key"]]
    assert legs == [f"message.{word}" for word in ("queued", "sent", "delivered", "read")]
