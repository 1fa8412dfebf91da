"""The embedded broker keeps each account to its own topics, whichever program it is."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators import broker as brokers
from simulators.broker import HOST, Account, Broker

PROGRAMS = ["mosquitto", "amqtt"]
ACCOUNTS = [
    Account(user="box", password="b" * 16, writes=("gatehouse/v1/x/police/#",)),
    Account(user="police", password="p" * 16, reads=("gatehouse/v1/x/police/#",)),
    Account(user="property", password="q" * 16, reads=("gatehouse/v1/x/property/#",)),
]


@pytest.fixture(params=PROGRAMS)
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    if request.param == "mosquitto" and brokers._mosquitto() is None:
        pytest.skip("Debian's mosquitto is not installed")
    made = Broker(tmp_path / "broker", ACCOUNTS, request.param)
    await made.start()
    yield made
    await made.stop()


def client(program: str, broker: Broker, user: str, password: str, *more: str) -> list[str]:
    if shutil.which(program) is None:
        pytest.skip(f"Debian's {program} is not installed")
    return [program, "-V", "311", "-h", HOST, "-p", str(broker.port), "-u", user, "-P", password, *more]


async def heard(broker: Broker, user: str, password: str, topic: str) -> str:
    """What a reader hears of one message that the box publishes on the police's topic."""
    command = client("mosquitto_sub", broker, user, password, "-t", topic, "-q", "1", "-W", "1", "-C", "1")
    reader = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    publish = client(
        "mosquitto_pub", broker, "box", "b" * 16, "-t", "gatehouse/v1/x/police/e", "-m", "hello", "-q", "1"
    )
    async with asyncio.timeout(10):
        while reader.returncode is None:
            sender = await asyncio.create_subprocess_exec(*publish)
            assert await sender.wait() == 0
            try:
                await asyncio.wait_for(reader.wait(), 0.2)
            except TimeoutError:
                continue
        out, _ = await reader.communicate()
    return out.decode().strip()


@pytest.mark.parametrize(
    ("user", "password", "topic", "hears"),
    [
        ("police", "p" * 16, "gatehouse/v1/x/police/#", "hello"),
        ("police", "wrong", "gatehouse/v1/x/police/#", ""),
        ("property", "q" * 16, "gatehouse/v1/x/police/#", ""),
        ("property", "q" * 16, "#", ""),
    ],
)
async def test_a_reader_hears_its_own_topics_only(
    broker: Broker, user: str, password: str, topic: str, hears: str
) -> None:
    assert await heard(broker, user, password, topic) == hears


async def test_it_comes_back_on_its_port_and_leaves_no_process(broker: Broker) -> None:
    port, first = broker.port, broker.child.pid
    await broker.stop()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(HOST, port)
    await broker.start()
    assert broker.port == port
    second = broker.child.pid
    await broker.stop()
    for pid in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
