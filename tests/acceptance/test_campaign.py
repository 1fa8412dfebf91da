"""A short look at every fault of the campaign on one house; the long one is `scripts/campaign`."""

import asyncio
import os
import shutil

import pytest

from campaign.record import Promises
from campaign.run import run

SEED = os.environ.get("GATEHOUSE_SEED", "12")
ROUNDS = 6
"""Each fault of the medley once."""
BUSY = Promises(act=1.5, hear=4.0, back=20.0, flight=2.0, slack=3.0)
"""Beside other tests on two cores; docs/reliability.md holds the campaign itself to what is promised."""


@pytest.mark.skipif(shutil.which("mosquitto", path="/usr/sbin:/usr/bin") is None, reason="apt-get install mosquitto")
@pytest.mark.timeout(240)
async def test_each_fault_once_and_nothing_is_lost_doubled_late_or_wrong() -> None:
    row = await run("medley", ROUNDS, SEED, stop=asyncio.Event(), say=lambda words: None, promises=BUSY)
    assert [each for each in row.findings if each[0] != "again"] == [], "a broker that is killed forgets; we do not"
    assert row.rounds == ROUNDS
    assert row.looked["cards"] >= 10, "nothing was looked at"
    assert row.looked["hazards"] >= 2, "nothing was looked at"
    assert row.looked["events told"] >= 100, "nothing was looked at"
