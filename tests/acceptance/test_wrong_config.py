"""A wrong site file is refused with what to mend; a site that once was right stays guarded."""

from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import RESIDENT


async def test_a_wrong_site_is_refused_unless_there_is_a_last_good_copy(house: HouseMaker) -> None:
    estate = await house()
    site = estate.copy.path
    good = site.read_text(encoding="utf-8")
    run = ("run", site, "--state", estate.state, "--socket", estate.socket, "--wires", estate.wires / "wires.yaml")

    wrong = good.replace("lock: io1.relay1", "lock: io1.relay11").replace("tier: 1", "tier: 7")
    assert wrong != good
    site.write_text(wrong, encoding="utf-8")
    status, said = await estate.command_line(*run)
    assert status == 2, said
    for words in ("site.yaml", "doors.north.lock", "io1.relay11", "io1.relay1", "subscribers.police.tier", "7"):
        assert words in said, f"{words!r} is missing in: {said}"
    assert not estate.state.exists() or not (estate.state / "journal.db").exists(), "nothing was started"

    site.write_text(good, encoding="utf-8")
    await estate.guard()
    await estate.daemon.stop()

    site.write_text(wrong, encoding="utf-8")
    await estate.guard()
    alarm = await estate.alarm("config.faulty")
    assert "site.yaml" in str(alarm.data["evidence"])
    mark = (await estate.control.state())["number"]
    await estate.control.do("swipe", reader="north", number=RESIDENT)
    await estate.control.happened("doors.north", "unlocked", mark)
    assert "doors.north.lock" in "\n".join(estate.daemon.tail(40))
