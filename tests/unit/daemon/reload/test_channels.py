"""Channels in a reload: what waits in one that changes is sent by its successor."""

from pathlib import Path

import pytest

from daemon.channels.message import Message, Receipt, Recipient
from daemon.reload import apply as applying
from daemon.reload.difference import Difference
from gatehouse.alarms import Severity
from tests.unit.daemon import small
from tests.unit.daemon.reload.house import Reloaded

FIRE = Message("k", "12栋 火警", "", Severity.P1)
ONE = 'channels:\n  group: {kind: ntfy, server: "http://127.0.0.1:9", topic: guards}\n'
WITH = small.SITE + ONE


async def reload(house: Reloaded, change: Difference) -> None:
    await applying.apply(house.daemon, house.crew, change)


@pytest.fixture
async def house(tmp_path: Path) -> Reloaded:
    made = Reloaded(tmp_path)
    await reload(made, made.planned(text=WITH))
    made.crew.told.clear()
    return made


def put(house: Reloaded) -> list[Receipt]:
    heard: list[Receipt] = []
    house.daemon.channels["group"].put(FIRE, Recipient("保安群"), heard.append)
    return heard


async def test_a_channel_that_changes_hands_over_what_waits(house: Reloaded) -> None:
    old, heard = house.daemon.channels["group"], put(house)
    change = house.planned(("topic: guards", "topic: patrol"), text=WITH)
    await reload(house, change)
    assert house.crew.told == ["stop channels.group", "start channels.group"]
    assert house.daemon.channels["group"] is not old
    assert house.daemon.channels["group"].status()["waiting"] == 1
    assert old.status()["waiting"] == 0
    assert not heard[-1].final


async def test_one_that_is_taken_out_fails_what_waits_and_says_why(house: Reloaded) -> None:
    heard = put(house)
    await reload(house, house.planned((ONE, ""), text=WITH))
    assert (heard[-1].state.value, heard[-1].why) == ("failed", "the channel was taken out of the site")
    assert not house.daemon.channels


async def test_one_that_stays_is_not_touched_by_a_new_title(house: Reloaded) -> None:
    old = house.daemon.channels["group"]
    await reload(house, house.planned(("topic: guards", "topic: guards, title: 保安群"), text=WITH))
    assert house.daemon.channels["group"] is old
    assert house.daemon.status.channels()["group"]["title"] == "保安群"


async def test_one_that_comes_is_started(house: Reloaded) -> None:
    more = ONE + "  more: {kind: ntfy, topic: others}\n"
    await reload(house, house.planned((ONE, more), text=WITH))
    assert house.crew.told == ["start channels.more"]
