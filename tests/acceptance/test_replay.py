"""The real process tells why, and records; its own rules do in a replay what they did, others do what is otherwise."""

import json
import signal
from datetime import UTC, datetime

import pytest

from console import replaying
from console.replaying import Wish
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT


async def test_a_recording_replayed_is_what_happened(house: HouseMaker, capsys: pytest.CaptureFixture[str]) -> None:
    estate = await house()
    since = datetime.now(UTC)
    await estate.guard()
    mark = estate.ears["property"].mark()
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    await estate.control.do("set", device="b12", field="rms1", value=0.4)
    await estate.alarm("b12-leakage.warning", mark=mark)
    told = await estate.get("/v1/rules/b12-leakage.warning")
    (condition,) = [each for each in told["conditions"] if each["alarm"] == "b12-leakage.warning"]
    assert (condition["active"], condition["evidence"]["threshold"]) == (True, 0.3)
    assert told["inputs"]["b12.rms1"]["quality"] == "good"
    await estate.control.do("input", device="io1", channel="input8", on=True)
    await estate.alarm("zones.b12.fire", mark=mark)
    await estate.control.do("input", device="io1", channel="input8", on=False)
    await estate.alarm("zones.b12.fire", "alarm.returned", mark)
    await estate.order("zones", "b12", "reset", by="李四")
    await estate.end(signal.SIGTERM)
    span = ("--from", since.isoformat(), "--to", datetime.now(UTC).isoformat(), "--json")
    site = estate.copy.path
    status, said = await estate.command_line("replay", site, "--state", estate.state, *span, "--journal")
    told = json.loads(said)
    assert (status, told["changes"]) == (0, []), said
    assert told["masked"] == 1, "the card was recorded without its number"
    changed = site.read_text().replace("warning: 300 mA", "warning: 250 mA").replace("alarm: 500 mA", "alarm: 350 mA")
    site.write_text(changed)
    wish = Wish(since=span[1], until=span[3], before=None, journal=False, tolerance=1.0)
    assert replaying.run(site, estate.state, wish, "zh", as_json=True) == 1
    changes = json.loads(capsys.readouterr().out)["changes"]
    found = {(each["what"], each["how"]): (each["then"], each["now"]) for each in changes}
    assert found["b12-leakage.alarm", "raised"][0] is None, "only the changed rules raise it"
