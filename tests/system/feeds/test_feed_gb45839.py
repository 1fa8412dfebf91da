"""GB/T 45839 annex D against a platform that was written from the tables alone."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config.document import Secret
from daemon.config.subscribers import Gb45839
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed, Pace
from simulators.units.gb45839 import Platform

TITLES = {"zones.b12": "12栋", "zones.b14": "14栋", "doors.north": "北门"}
FAST = Pace(
    away=0.25, lasting=0.2, first_pause=0.02, longest_pause=0.1, refused=0.2, acknowledge=3, look=0.05, heartbeat=60
)
SITE = {"serial": "SITE", "name": "门岗"}
B12 = {"serial": "B12", "name": "12栋烟感", "category": "smoke", "net": "00", "made": "2026-01-31", "battery": 90}


async def wait_for(true: Callable[[], object], limit: float = 10.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another thread's
            await asyncio.sleep(0.01)


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


@asynccontextmanager
async def feeding(
    journal: Any, port: int, state: Any = dict, secrets: dict[str, bytes] | None = None, **more: Any
) -> AsyncIterator[Any]:
    troubles: list[str] = []
    url = f"{'https' if secrets else 'http'}://127.0.0.1:{port}/api"
    entry = {
        "kind": "gb45839", "tier": 1, "status": f"{url}/status_info", "install": f"{url}/Install_info",
        "company": "绿地", "site": SITE, "devices": {"zones.b12": B12}, "unit": "南社区",
    }  # fmt: skip
    settings = Gb45839.model_validate(entry | more)
    clock = SystemClock()
    way = carrier("remote", settings, "lvdinan", (secrets or {}).__getitem__, clock)
    feed = Feed("remote", settings, way, journal, "lvdinan", TITLES, state, troubles.append, clock, FAST)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        yield feed, troubles
        task.cancel()


def told(journal: Any, change: str, kind: str, state: str, subject: str = "zones.b12", severity: int = 2) -> Any:
    content = {"alarm": f"{subject}.{kind}", "alarm_kind": kind, "state": state, "by": "李四", "note": "5-302"}
    return journal.append(f"alarm.{change}", subject, severity=severity, content=content)


async def test_alarm_fault_and_recovery_of_each_device(journal: Any, platform: Platform) -> None:
    """First who they are; then their states, and nothing of people; a latched fire is no all-clear."""
    async with feeding(journal, platform.port) as (feed, troubles):
        await wait_for(lambda: platform.states("B12") + platform.states("SITE"))
        fire = told(journal, "raised", "fire", "unacknowledged")
        told(journal, "returned", "fire", "latched")
        told(journal, "raised", "sensor_fault", "unacknowledged")
        told(journal, "reset", "fire", "normal")
        told(journal, "returned", "sensor_fault", "normal")
        told(journal, "raised", "door_forced", "unacknowledged", "doors.north")
        told(journal, "shelved", "leakage_warning", "shelved", "zones.b14")
        await wait_for(lambda: journal.cursor("remote") == 7)
        assert feed.status()["passed_over"] == 1
    assert platform.wrong == []
    assert platform.said[0] == (
        "Install_info",
        {"company": "绿地", "serial": "SITE", "name": "门岗", "client": "南社区"},
    )
    assert platform.said[1][1]["productingDate"] == "2026-01-31"
    assert platform.states("B12")[-5:] == [2, 2, 2, 3, 1]
    assert 4 in platform.states("SITE")
    first = next(told for _, told in platform.said if told.get("status") == 2)
    local = (fire.at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
    assert first == {"company": "绿地", "serial": "B12", "status": 2, "batteryPercentage": 90, "datetime": local}
    assert not any(word in repr(platform.said) for word in ("李四", "5-302"))
    assert troubles[-1:] in ([], [""])


async def test_success_0_is_no_delivery(journal: Any, platform: Platform) -> None:
    """HTTP 200 all the same: the cursor stays, it is told, severity 1 of another device goes past."""
    platform.refuses.add("B12")
    platform.registered.add("B12")
    async with feeding(journal, platform.port, install=None) as (_, troubles):
        platform.registered.add("SITE")
        told(journal, "raised", "fire", "unacknowledged")
        await wait_for(lambda: troubles)
        assert "refused status_info of B12: success: 0; is it registered there" in troubles[0]
        assert journal.cursor("remote") == 0
        told(journal, "raised", "gas", "unacknowledged", "zones.b14", severity=1)
        await wait_for(lambda: 2 in platform.states("SITE"), 2.0)
        platform.refuses.clear()
        await wait_for(lambda: journal.cursor("remote") == 2)
        assert troubles[-1] == ""


async def test_a_device_that_is_registered_already_keeps_no_fire_back(journal: Any, platform: Platform) -> None:
    """The platform says `success: 0` to every Install_info, as after each restart of ours; states go out."""
    platform.registered |= {"B12", "SITE"}
    states = platform.take
    known = lambda what, body: b'{"success":0}' if what == "Install_info" else states(what, body)  # noqa: E731 - short
    platform.take = known  # type: ignore[method-assign]
    told(journal, "raised", "fire", "unacknowledged")
    async with feeding(journal, platform.port) as (feed, _):
        await wait_for(lambda: journal.cursor("remote") == 1)
        assert feed.status()["not_installed"].keys() == {"B12", "SITE"}
    assert 2 in platform.states("B12")


@pytest.mark.parametrize(
    "answer", [b"<html>log in</html>", b"", b"{}", b'{"success":true}', b'{"success":"1"}', b"[1]"]
)
async def test_what_is_no_answer_of_annex_d_is_no_delivery(journal: Any, platform: Platform, answer: bytes) -> None:
    """A page before the platform, an empty answer, another kind of yes: not delivered, and told."""
    platform.instead = answer
    told(journal, "raised", "fire", "unacknowledged")
    async with feeding(journal, platform.port) as (feed, _):
        await wait_for(lambda: "no answer of annex D" in feed.status()["last_error"])
        assert journal.cursor("remote") == 0
        platform.instead = None
        await wait_for(lambda: journal.cursor("remote") == 1)


async def test_a_fire_does_not_wait_for_a_slow_answer(journal: Any, platform: Platform) -> None:
    """While a fault is not answered, severity 1 has a request of its own."""
    platform.hold = threading.Event()
    async with feeding(journal, platform.port) as (feed, _):
        await wait_for(lambda: feed.status()["connected"])
        told(journal, "raised", "sensor_fault", "unacknowledged", "zones.b14")
        told(journal, "raised", "fire", "unacknowledged", severity=1)
        await wait_for(lambda: platform.states("B12")[-1:] == [2], 1.0)
        assert journal.cursor("remote") == 0
        platform.hold.set()
        await wait_for(lambda: journal.cursor("remote") == 2)


async def test_an_old_all_clear_ends_no_alarm_of_now(journal: Any, platform: Platform) -> None:
    """What stands is known from the state: the backlog's events cannot say otherwise."""
    stands = {"id": "zones.b12.fire", "kind": "fire", "subject": "zones.b12", "severity": 1, "state": "unacknowledged"}
    told(journal, "reset", "fire", "normal")
    journal.fail("held")
    async with feeding(journal, platform.port, state=lambda: {"alarms": [stands]}) as (feed, _):
        await wait_for(lambda: feed.status()["connected"])
        await wait_for(lambda: platform.states("SITE"))  # the heartbeat: that device is normal
        journal.recover()
        told(journal, "returned", "sensor_fault", "normal")
        await wait_for(lambda: journal.cursor("remote") == 2)
    assert platform.states("B12")[-1] == 2
    assert set(platform.states("SITE")) == {1}


async def test_tls_is_verified_and_the_client_shows_itself(journal: Any, tmp_path: Path) -> None:
    """A platform that wants a certificate gets ours; without the authority nothing is sent."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, "-days", "2"], cwd=tmp_path, check=True, capture_output=True, timeout=30)  # noqa: ASYNC221 - takes 20 ms
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.load_verify_locations(tmp_path / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    certificate = (tmp_path / "cert.pem").read_bytes()
    secrets = {"ca": certificate, "client": certificate + (tmp_path / "key.pem").read_bytes()}
    platform = Platform(context)
    told(journal, "raised", "fire", "unacknowledged")
    try:
        async with feeding(journal, platform.port, secrets=secrets) as (feed, _):
            await wait_for(lambda: "CERTIFICATE_VERIFY_FAILED" in feed.status()["last_error"])
        assert platform.said == []
        both: Any = {"ca": Secret("ca"), "client": Secret("client")}
        async with feeding(journal, platform.port, secrets=secrets, **both):
            await wait_for(lambda: journal.cursor("remote") == 1)
    finally:
        platform.close()
