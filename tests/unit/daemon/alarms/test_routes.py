"""The alarms over the served API, asked as another process would."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.daemon.desk import Desk, serving


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(tmp_path) as made:
        yield made


async def test_all_verbs_from_the_call_to_the_close(desk: Desk) -> None:
    desk.house.land(input8=True)

    async def post(verb: str, **more: str) -> str:
        return await desk.ask(lambda client: client.post("alarms", "fire", verb, by="李四", **more))

    assert (await post("ack")).startswith("zones.b12.fire：已确认")
    await post("assign", to="张三")
    await post("on-site")
    await post("silence")
    desk.house.land(input8=False)
    desk.house.passes(1)
    assert "未结案" in await post("reset")
    await post("verify", verdict="false", cause="cooking", note="三楼")
    (case,) = (await desk.ask(lambda client: client.get("/v1/alarms")))["cases"]
    assert case["handling"]["text"] == {"zh": "误报 油烟", "en": "false alarm cooking"}
    assert case["state_text"]["zh"] == "已恢复未结案"
    assert "已归档" in await post("close")
    await desk.write("schedule.changed")  # and all before it is in the journal
    document = await desk.ask(lambda client: client.get("/v1/alarms", all=True))
    assert (document["alarms"], document["cases"]) == ([], [])
    assert [event["kind"] for event in document["ended"]] == ["alarm.closed"]
    assert "归档" in document["ended"][0]["text"]["zh"]
    assert document["causes"]["cooking"] == {"zh": "油烟", "en": "cooking"}


async def test_what_is_set_apart_is_shown_until_it_ends(desk: Desk) -> None:
    desk.house.passes(5)
    desk.house.land(input1=True)
    await desk.ask(lambda c: c.post("alarms", "forced", "shelve", by="李四", reason="门磁", **{"for": "2h"}))
    await desk.ask(lambda c: c.post("alarms", "devices.io1", "disable", by="王工", reason="换板", **{"for": "3d"}))
    for path in ("/v1/alarms", "/v1/status"):
        document = await desk.ask(lambda client, path=path: client.get(path))
        (entry,) = document["disabled"]
        assert (entry["target"], entry["place"], entry["why"]) == ("devices.io1", "门岗板", "换板")
        assert entry["local"].startswith("2026-11-24T14:00")
        (alarm,) = document["alarms"]
        assert (alarm["state"], alarm["apart"]["why"], alarm["calls"]) == ("out-of-service", "换板", False)
    desk.house.passes(60)
    await desk.ask(lambda client: client.post("alarms", "devices.io1", "enable", by="王工"))
    document = await desk.ask(lambda client: client.get("/v1/alarms"))
    assert (document["disabled"], document["alarms"][0]["calls"]) == ([], True)


@pytest.mark.parametrize(
    ("verb", "body", "status", "zh", "en"),
    [
        ("shelve", {"by": "李四", "reason": "x", "for": "2"}, 400, "请写明多久", "for how long"),
        ("shelve", {"by": "李四", "reason": "x"}, 400, "请写明多久", "found ''"),
        ("shelve", {"by": "李四", "for": "2h"}, 409, "须写明原因", "needs a reason"),
        ("shelve", {"by": "李四", "reason": "x", "for": "2h"}, 409, "不能搁置", "life safety"),
        ("shelve", {"by": "", "reason": "x", "for": "2h"}, 400, "请写明操作人", "who you are"),
        ("verify", {"by": "李四"}, 409, "这个结论", "no verdict"),
        ("verify", {"by": "李四", "verdict": "true", "cause": "\x1b"}, 400, "一行可见文字", "plain text"),
        ("close", {"by": "李四", "because": "x"}, 400, "须为 JSON", "unknown field"),
        ("close", {"by": "李四"}, 409, "触发条件仍在", "still holds"),
        ("delete", {"by": "李四"}, 404, "没有这个接口", "nothing like this"),
    ],
)
async def test_what_makes_no_sense_is_told(
    desk: Desk, verb: str, body: dict[str, str], status: int, zh: str, en: str
) -> None:
    desk.house.land(input8=True)
    answer = await desk.raw("POST", f"/v1/alarms/fire/{verb}", json=body)
    assert answer.status_code == status
    assert zh in answer.json()["error"]
    assert en in answer.json()["error"]


async def test_an_unknown_alarm_is_404_and_says_which_there_are(desk: Desk) -> None:
    desk.house.land(input8=True)
    answer = await desk.raw("POST", "/v1/alarms/smoke/ack", json={"by": "李四"})
    assert answer.status_code == 404
    assert "zones.b12.fire" in answer.json()["error"]
