"""Connections: TLS, passwords, old brokers, brokers that say nothing; what the broker keeps and says in our place."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.feeds import mqtt

ROOT = "gatehouse/v1/lvdinan/police"
PASSWORD = "p0lice"


async def wait_for(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """An authority, a broker's certificate for 127.0.0.1, a client's, and an authority of someone else."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for authority in ("ca", "stranger"):
        files = ["-keyout", f"{authority}.key", "-out", f"{authority}.pem"]
        openssl(folder, "req", "-x509", *curve, *files, "-subj", f"/CN={authority}", "-days", "2")
    for name in ("broker", "police"):
        openssl(folder, "req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return folder


async def test_a_client_certificate_opens_a_broker_with_tls(
    broker: Any, feeding: Any, journal: Any, alarm: Any, certificates: Path
) -> None:
    """The broker asks for our certificate and takes the user's name from it; chain and key come as one secret."""
    broker.extra = [
        f"cafile {certificates}/ca.pem",
        f"certfile {certificates}/broker.pem",
        f"keyfile {certificates}/broker.key",
        "require_certificate true",
        "use_identity_as_username true",
    ]
    await broker.start()
    both = (certificates / "police.pem").read_bytes() + (certificates / "police.key").read_bytes()
    secrets = {"mine": both, "theirs": (certificates / "ca.pem").read_bytes()}
    url = f"mqtts://127.0.0.1:{broker.port}"
    alarm()
    async with feeding(broker=url, user=None, password=None, client="mine", ca="theirs", secrets=secrets) as running:
        await wait_for(lambda: journal.cursor("police") == 1)
        assert running.feed.status()["tls"]
        assert running.troubles == []


@pytest.mark.parametrize(
    ("ca", "client", "expected"),
    [
        ("stranger.pem", "", "certificate verify failed"),
        ("broker.key", "", "certificate authority"),
        ("ca.pem", "police.pem", "certificate and its unencrypted key"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_trouble_with_its_reason(
    broker: Any, feeding: Any, certificates: Path, ca: str, client: str, expected: str
) -> None:
    """A broker that someone else vouches for, and secrets that are not what they should be."""
    broker.extra = [f"certfile {certificates}/broker.pem", f"keyfile {certificates}/broker.key"]
    await broker.start()
    secrets = {"ca": (certificates / ca).read_bytes(), "client": (certificates / (client or "ca.pem")).read_bytes()}
    more = {"client": "client"} if client else {}
    async with feeding(broker=f"mqtts://localhost:{broker.port}", ca="ca", secrets=secrets, **more) as running:
        await wait_for(lambda: running.troubles)
    assert expected in running.troubles[0]
    assert "PRIVATE" not in running.troubles[0]


async def test_a_wrong_password_is_trouble_and_never_shown(broker: Any, feeding: Any) -> None:
    """The broker refuses us; the reason is told, the password is not."""
    await broker.start()
    async with feeding(secrets={"police": b"s3cr3t-that-is-wrong"}) as running:
        await wait_for(lambda: running.troubles)
        assert "Not authorized" in running.troubles[0]
        assert "s3cr3t" not in f"{running.troubles} {running.feed.status()}"


async def test_a_broker_that_knows_only_3_1_1_is_served_with_it(
    broker: Any, feeding: Any, journal: Any, alarm: Any, tmp_path: Path
) -> None:
    """amqtt refuses MQTT 5; mosquitto_sub receives from it what we sent with 3.1.1."""
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listener = {"default": {"type": "tcp", "bind": f"127.0.0.1:{broker.port}"}}
    (tmp_path / "amqtt.json").write_text(json.dumps({"listeners": listener, "plugins": plugins}))
    program = Path(sys.executable).with_name("amqtt")
    old = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
        [program, "-c", tmp_path / "amqtt.json"], stderr=subprocess.DEVNULL
    )
    output = tmp_path / "received"
    await wait_for(lambda: listens(broker.port))
    with output.open("wb") as file:
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "gatehouse/#", "-q", "1"]
        receiver = subprocess.Popen([*command, "-F", "%t"], stdout=file)  # noqa: ASYNC220 - takes a millisecond
    try:
        async with feeding() as running:
            await wait_for(lambda: f"{ROOT}/state" in output.read_text())
            for number in range(100):
                alarm(number)
            await wait_for(lambda: output.read_text().count(f"{ROOT}/events/alarm/raised") == 100)
            await wait_for(lambda: journal.cursor("police") == 100)
            assert running.feed.status()["version"] == "MQTT 3.1.1"
            assert running.troubles == []
        await wait_for(lambda: output.read_text().count(f"{ROOT}/status") == 2)
    finally:
        receiver.terminate()
        receiver.wait(10)
        old.terminate()
        old.wait(10)


@pytest.mark.parametrize("closes", [False, True])
async def test_a_listener_that_never_speaks_is_given_up(
    feeding: Any, monkeypatch: pytest.MonkeyPatch, closes: bool
) -> None:
    """It takes the connection and says nothing, or hangs up: trouble, and tried again with the other version."""
    monkeypatch.setattr(mqtt, "OPEN_LIMIT", 0.4)
    versions: list[int] = []
    talks: list[asyncio.StreamWriter] = []

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        if connect := await reader.read(1024):
            versions.append(connect[8])
        if not closes:
            await reader.read(1024)
        writer.close()
        await writer.wait_closed()
        talks.remove(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with feeding(broker=f"mqtt://127.0.0.1:{port}") as running:
        await wait_for(lambda: running.troubles and len(versions) >= 4)
        assert ("hung up" if closes else "did not answer") in running.troubles[0]
    server.close()
    await wait_for(lambda: not talks)
    assert versions[:4] == [5, 5, 4, 5]


async def test_the_broker_keeps_state_and_status_and_says_offline_for_us(
    broker: Any, receive: Any, feeding: Any, journal: Any
) -> None:
    """Online with the connection, offline by the last will when it breaks, offline by ourselves at the end."""
    await broker.start()
    receiver = await receive()
    state: dict[str, object] = {"armed": False, "person": "李四"}

    def told(topic: str) -> list[Mapping[str, Any]]:
        return [body for name, _, body in receiver.messages if name == f"{ROOT}/{topic}"]

    async with feeding(state=lambda: dict(state)) as running:
        await wait_for(lambda: told("status") and told("state"))
        assert told("status")[-1]["status"] == "online"
        assert told("state")[-1]["armed"] is False
        state["armed"] = True
        journal.append("device.offline", "devices.io1")
        await wait_for(lambda: told("state")[-1]["armed"])
        await wait_for(lambda: told("state")[-1]["newest"] == 1)
        assert told("state")[-1]["hash"] == journal.head_hash
        running.feed._connection.drop("a test")
        await wait_for(lambda: len(told("status")) == 3)
        assert told("status")[1] == {"status": "offline", "will": True}
        assert told("status")[2]["status"] == "online"
    await wait_for(lambda: len(told("status")) == 4)
    assert told("status")[3]["status"] == "offline"
    assert "will" not in told("status")[3]
    assert "李四" not in receiver.output.read_text()
    late = await receive("-i", "late", "--retained-only", "-W", "5")
    await wait_for(lambda: len(late.messages) == 2)
    assert {(topic, kept) for topic, kept, _ in late.messages} == {(f"{ROOT}/state", True), (f"{ROOT}/status", True)}


async def test_two_subscribers_see_the_same_event_differently(
    broker: Any, receive: Any, feeding: Any, journal: Any
) -> None:
    """A refused card: the police learn that and where, the property manager also who."""
    await broker.start()
    receiver = await receive()
    content = {"card": "0012345678", "person": "李四", "reason": "expired", "door": "doors.north"}
    journal.append("access.denied", "doors.north", actor="rule:doors.north.access", content=content)
    async with feeding(), feeding("property", tier=2):
        await wait_for(lambda: len(receiver.events) == 2)
    seen = {topic.split("/")[3]: body["data"] for topic, _, body in receiver.messages if "/events/" in topic}
    assert seen["police"]["text"]["zh"] == "北门：刷卡被拒，已过期"
    assert seen["property"]["text"]["zh"] == "北门：拒绝 李四，已过期"
    assert not {"card", "person", "door"} & seen["police"].keys()
    assert seen["property"]["card"] == "0012345678"


async def test_goodbye_takes_no_time_when_the_broker_is_stuck(broker: Any, feeding: Any) -> None:
    """The end of the daemon does not wait for a broker that has stopped answering."""
    import signal

    await broker.start()
    loop = asyncio.get_running_loop()
    async with feeding() as running:
        await wait_for(lambda: running.feed.status()["connected"])
        broker.tell(signal.SIGSTOP)
        begun = loop.time()
    assert loop.time() - begun < 1.5
