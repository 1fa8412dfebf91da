"""The ladders over the local API."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gatehouse.alarms import Severity
from tests.unit.daemon.escalation.estate import Estate

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """With people."""
    return Estate(tmp_path)


@pytest.fixture
def ask(estate: Estate) -> Ask:
    """Ask as a program does."""

    async def asked(method: str, path: str, **body: str) -> tuple[int, Any]:
        transport = httpx2.ASGITransport(app=estate.daemon.api.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gatehouse") as client:
            answer = await client.request(method, path, json=body or None)
            return answer.status_code, answer.json()

    return asked


async def test_what_is_climbed_is_told_step_by_step_and_leg_by_leg(estate: Estate, ask: Ask) -> None:
    estate.alarm()
    estate.wait()
    estate.boxes["text"].say("failed", why="the connection broke")
    estate.wait(5)
    status, document = await ask("GET", "/v1/ladder")
    assert (status, document["reaches"], document["untested"]) == (200, True, ["陈网格员", "group", "李经理", "王班长"])
    (run,) = document["running"]
    assert (run["place"], run["text"]["zh"], run["ladder"], run["elapsed"], run["next"]) == (
        "12栋",
        "火警",
        "生命",
        5,
        10,
    )
    first, second, *rest = run["steps"]
    assert first["outputs"] == ["声光"]
    assert [(leg["person"], leg["channel"], leg["state"], leg["text"]["zh"]) for leg in second["legs"]] == [
        ("王班长", "text", "failed", "连接中断"),
        ("王班长", "live", "queued", ""),
    ]
    assert [step["begun"] for step in rest] == [None, None, None]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/ladder/water/answer", "正在呼叫的有：zones.b12.fire。"),
        ("/v1/ladder/nobody/test", "现有：wang, li, chen, group, live"),
    ],
)
async def test_a_wrong_name_is_answered_with_the_right_ones(estate: Estate, ask: Ask, path: str, said: str) -> None:
    estate.alarm()
    estate.wait()
    status, document = await ask("POST", path, by="李四")
    assert status == 404
    assert said in str(document)


async def test_who_would_be_called_at_any_time_of_the_site(ask: Ask) -> None:
    status, night = await ask("GET", "/v1/ladder/show?zone=b12&at=2026-11-23T03:00")
    assert status == 200
    assert (night["place"], night["at"]) == ("12栋", "2026-11-23T03:00:00+08:00")
    life, _, _, equipment = night["severities"]
    assert [call["person"] for call in life["steps"][1]["calls"]] == ["李经理"]
    assert life["steps"][2]["calls"] == [{"person": "", "channels": [{"name": "group", "tested": False}]}]
    assert life["steps"][4]["again"] == [300, 420, 540, 660]
    assert equipment["steps"] == []


async def test_a_zone_or_time_that_is_none_is_explained(ask: Ask) -> None:
    status, answer = await ask("GET", "/v1/ladder/show?zone=b21")
    assert status == 400
    assert "did you mean" in answer["error"]
    status, answer = await ask("GET", "/v1/ladder/show?at=gestern")
    assert status == 400
    assert "2026-10-01T03:00" in answer["error"]


@pytest.mark.parametrize(
    "query", ["at=0001-01-01T00:00%2B14:00", "at=9999-12-31T23:59-12:00", "kind=fyre", "kind=%00", "zone=" + "z" * 5000]
)
async def test_what_makes_no_sense_is_no_fault_of_the_daemon(ask: Ask, query: str) -> None:
    status, answer = await ask("GET", f"/v1/ladder/show?{query}")
    assert status == 400
    assert len(answer["error"]) < 400


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "x", "٣"])
async def test_a_number_that_is_none_is_no_fault_of_the_daemon(ask: Ask, number: str) -> None:
    status, answer = await ask("GET", f"/v1/ladder/test/{number}")
    assert status == 404
    assert len(answer["error"]) < 100


async def test_what_waits_still_says_why(estate: Estate, ask: Ask) -> None:
    estate.office.test("wang", "值班员")
    estate.boxes["text"].say("queued", why="the connection broke")
    _, course = await ask("GET", "/v1/ladder/test/1")
    assert course["waits"]
    assert course["legs"]["text"]["text"]["zh"] == "连接中断"
    assert len(estate.events("message.queued")) == 2


async def test_a_short_name_answers_for_the_one_alarm_that_it_means(estate: Estate, ask: Ask) -> None:
    estate.alarm()
    estate.wait()
    status, answer = await ask("POST", "/v1/ladder/fire/answer", by="王班长")
    assert (status, answer["done"].startswith("fire：")) == (200, True)
    estate.alarm("zones.b13.fire")
    status, answer = await ask("POST", "/v1/ladder/fire/answer", by="王班长")
    assert status == 409
    assert "请写全" in answer["error"]


async def test_of_what_rests_no_next_step_is_told_and_our_own_alarms_have_a_place(estate: Estate, ask: Ask) -> None:
    estate.alarm("ladders.untested", Severity.P3)
    estate.wait(1)
    assert estate.boxes["text"].put_in[0][0].title.endswith("：门卫主机")
    estate.alarm("ladders.untested", Severity.P3, active=False)
    _, document = await ask("GET", "/v1/ladder")
    (run,) = document["running"]
    assert (run["paused"], run["next"], run["place"]) == (True, None, "")


async def test_a_test_is_asked_for_and_followed_by_its_number(estate: Estate, ask: Ask) -> None:
    status, answer = await ask("POST", "/v1/ladder/li/test", by="值班员")
    assert status == 200
    estate.boxes["live"].say("sent")
    estate.boxes["text"].say("failed", why="the connection broke")
    status, trial = await ask("GET", f"/v1/ladder/test/{answer['done']}")
    assert (status, trial["waits"], trial["legs"]["text"]["text"]["zh"]) == (200, False, "连接中断")
    assert (await ask("GET", "/v1/ladder/test/99"))[0] == 404


async def test_a_test_of_a_stranger_or_in_nobodys_name_is_refused(ask: Ask) -> None:
    status, answer = await ask("POST", "/v1/ladder/wong/test", by="值班员")
    assert status == 404
    assert "did you mean wang?" in answer["error"]
    assert (await ask("POST", "/v1/ladder/wang/test", by=" "))[0] == 400


async def test_an_answer_is_noted(estate: Estate, ask: Ask) -> None:
    estate.alarm()
    estate.wait()
    assert (await ask("POST", "/v1/ladder/zones.b12.fire/answer", by="王班长"))[0] == 200
    (event,) = estate.events("ladder.answered")
    assert event["actor"].startswith("person:王班长")
    assert (await ask("POST", "/v1/ladder/zones.b13.fire/answer", by="王班长"))[0] == 404
