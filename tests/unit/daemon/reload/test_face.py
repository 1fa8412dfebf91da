"""Over the local socket: a plan, a yes by name, and how it goes until it is over."""

import asyncio
import json

import pytest

from console.client import RefusedError
from daemon.config.secrets import Secrets
from daemon.reload import face
from daemon.reload.reload import Reload
from daemon.reload.source import Source
from tests.unit.daemon import small
from tests.unit.daemon.desk import serving
from tests.unit.daemon.reload.house import Roll

PATH = "/v1/reload"


@pytest.fixture
async def desk(tmp_path):
    async with serving(tmp_path) as made:
        source = Source(tmp_path / "site" / "site.yaml", tmp_path, Secrets([]))
        made.reload = Reload(made.house.daemon, Roll(), source)
        made.house.daemon.api.add(face.routes(made.reload))
        made.site = tmp_path / "site"
        yield made


def edited(desk, before="title: 东门", after="title: 新东门"):
    small.write(desk.site, small.SITE.replace(before, after))


async def test_a_plan_is_a_plan_and_touches_nothing(desk):
    edited(desk)
    plan = await desk.ask(lambda client: client.send(PATH, by="王敏"))
    assert plan["changes"] == [
        {"sign": "~", "subject": "doors.east", "text": {"zh": "title 东门 → 新东门", "en": "title 东门 → 新东门"}}
    ]
    assert (plan["empty"], plan["faults"], plan["refusal"], plan["unread"]) == (False, [], None, {})
    assert desk.house.daemon.titles["doors.east"] == "东门"
    assert (await desk.ask(lambda client: client.get(PATH)))["state"] == "idle"


async def test_faults_come_in_both_languages(desk):
    edited(desk, "lock: io1.relay2", "lock: io1.relay22")
    plan = await desk.ask(lambda client: client.send(PATH, by="王敏"))
    assert [fault.keys() for fault in plan["faults"]] == [{"zh", "en"}]
    assert not plan["empty"]


async def test_a_yes_is_followed_until_it_is_over(desk, monkeypatch):
    monkeypatch.setattr(face, "_STEP", 0.01)
    edited(desk)
    plan = await desk.ask(lambda client: client.send(PATH, by="王敏"))
    said = await desk.ask(lambda client: client.send(PATH, by="王敏", accept=plan["number"], watch=5))
    assert said["state"] == "applying"
    refused = await desk.refused(lambda client: client.send(PATH, by="李四", accept=plan["number"], watch=5))
    assert "still being watched" in refused

    def follow(client):
        return [json.loads(line) for line, _ in zip(client.follow(PATH, follow=True), range(3), strict=False)]

    seen = await desk.ask(follow)
    assert [each["state"] for each in seen] == ["applying"] * 3
    desk.reload.state = "kept"
    assert (await desk.ask(lambda client: next(client.follow(PATH, follow=True))))[:16] == '{"state":"kept",'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"by": ""}, "Say who you are"),
        ({"by": "a\nb"}, "Say who you are"),
        ({"by": "王敏", "watch": 1}, "5 to 600 seconds"),
        ({"by": "王敏", "what": 1}, "JSON object"),
        ({"by": "王敏" * 3000}, "4096 bytes"),
        ({"by": "王敏", "accept": 7}, "out of date"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_what_would(desk, body, said):
    with pytest.raises(RefusedError, match=said):
        await desk.ask(lambda client: client.send(PATH, **body))


async def test_the_name_of_the_machines_user_stands_beside_the_one_that_was_given(desk):
    edited(desk)
    plan = await desk.ask(lambda client: client.send(PATH, by="王敏"))
    await desk.ask(lambda client: client.send(PATH, by="王敏", accept=plan["number"]))
    assert desk.reload._order.by.startswith("王敏 (")
    await asyncio.sleep(0)
