import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.authority import Authority
from daemon.certificates import Certificates
from daemon.config.secrets import SecretError
from gatehouse.alarms import Severity

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class World:
    """One subscriber with a certificate of 100 days, and a clock that can be set."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "ca")
        authority.found("x", NOW)
        authority.client("police", 100, NOW)
        self.secrets = {"police": (authority.folder / "police.both.pem").read_bytes()}
        self.subscribers = {"police": SimpleNamespace(client="police", ca=None)}
        self.told, self.broker, self.now = {}, None, NOW
        feeds = {"police": SimpleNamespace(status=lambda: {"certificate_ends": self.broker})}
        site = SimpleNamespace(subscribers=self.subscribers)
        clock = SimpleNamespace(utc=lambda: self.now)
        self.watch = Certificates(lambda: site, self.secret, self.tell, feeds, clock)

    def secret(self, name: str) -> bytes:
        if name not in self.secrets:
            raise SecretError("secret_missing", name=name, instead="")
        return self.secrets[name]

    def tell(self, condition: object) -> None:
        self.told[condition.alarm] = condition

    def after(self, days: float) -> dict[str, object]:
        self.now = NOW + timedelta(days=days)
        asyncio.run(self.watch.look())
        return {name: condition.severity for name, condition in self.told.items() if condition.active}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_it_warns_thirty_days_before_and_again_when_it_is_over(world: World) -> None:
    assert world.after(69) == {}
    assert world.after(70.1) == {"certificates.police.client": Severity.P3}
    assert world.told["certificates.police.client"].evidence["days"] == 29
    assert world.after(100.1) == {"certificates.police.client": Severity.P2}


def test_a_new_one_in_its_place_ends_the_alarm(world: World, tmp_path: Path) -> None:
    assert world.after(80)
    authority = Authority(tmp_path / "ca")
    authority.renew("police", 100, world.now)
    world.secrets["police"] = (authority.folder / "police.both.pem").read_bytes()
    assert world.after(80) == {}


def test_a_subscriber_that_is_gone_takes_its_alarm_along(world: World) -> None:
    assert world.after(80)
    world.subscribers.clear()
    assert world.after(80) == {}


def test_what_the_broker_shows_counts_too(world: World) -> None:
    world.broker = (NOW + timedelta(days=40)).isoformat()
    assert world.after(5) == {}
    assert world.after(11) == {"certificates.police.broker": Severity.P3}


def test_a_secret_that_is_missing_or_no_certificate_is_the_feeds_trouble(world: World) -> None:
    world.secrets.clear()
    assert world.after(80) == {}
    world.secrets["police"] = b"no PEM at all"
    assert world.after(80) == {}
