"""The embedded broker's files tell no secret, and its failure tells what to do."""

import stat
from pathlib import Path

import pytest

from simulators import broker as brokers
from simulators.broker import Account, Broker, BrokerError

ACCOUNTS = [
    Account(user="box", password="b" * 16, writes=("gatehouse/v1/x/police/#",)),
    Account(user="police", password="p" * 16, reads=("gatehouse/v1/x/police/#",)),
]


def test_no_password_is_readable_by_others(tmp_path: Path) -> None:
    brokers._write_mosquitto(tmp_path, 1, ACCOUNTS)
    brokers._write_amqtt(tmp_path, 1, ACCOUNTS)
    assert {file.name for file in tmp_path.iterdir()} == {"passwords", "acl", "mosquitto.conf", "amqtt.json"}
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not any(account.password in file.read_text() for account in ACCOUNTS)


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        brokers, "_write_mosquitto", lambda *_, **__: ["/bin/sh", "-c", "echo no room left >&2; exit 3"]
    )
    with pytest.raises(BrokerError, match="no room left"):
        await Broker(tmp_path / "broker", ACCOUNTS, "mosquitto").start()
