"""ntfy, webhooks and apprise over real sockets."""

import asyncio
import subprocess
import sys

import pytest

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Fate, SendError
from gatehouse.alarms import Severity
from tests.system.channels.conftest import Certificate, Reply, Web
from tests.system.channels.senders import FIRE, GUARD, fate, sender
from tests.unit.daemon.bus import until

SENT = ReceiptState.SENT
TAKEN = b'{"id":"hwQ2YpKdmg","time":1635528741,"event":"message","topic":"guards","message":"x"}'


@pytest.mark.parametrize(("severity", "priority"), [(1, 5), (2, 4), (3, 3), (4, 2)])
async def test_ntfy_rings_by_severity(web: Web, severity: int, priority: int) -> None:
    web.usual = Reply(TAKEN)
    channel = sender(kind="ntfy", server=web.url, topic="all", token="!key")
    assert await fate(channel, Message("k", "标题", "内容", Severity(severity)), Recipient("x", "guards")) is SENT
    asked = web.asked[0]
    assert (asked.method, asked.path) == ("POST", "/")
    assert asked.json["priority"] == priority
    assert (asked.json["topic"], asked.json["title"], asked.json["message"]) == ("guards", "标题", "内容")
    assert asked.headers["authorization"].startswith("Bearer 693a91f6")


async def test_ntfy_posts_to_the_topic_of_the_channel_and_takes_a_password(web: Web) -> None:
    web.usual = Reply(TAKEN)
    assert await fate(sender(kind="ntfy", server=web.url, topic="all", user="gate", password="!password")) is SENT
    assert web.asked[0].json["topic"] == "all"
    assert web.asked[0].headers["authorization"] == "Basic Z2F0ZTpwYSBzcw=="


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply(b'{"code":42901,"http":429,"error":"limit reached: too many requests"}', 429), Fate.AGAIN),
        (Reply(b'{"code":40301,"http":403,"error":"forbidden"}', 403), Fate.REFUSED),
        (Reply(b'{"code":40101,"http":401,"error":"unauthorized"}', 401), Fate.REFUSED),
        (Reply(b"{}"), Fate.AGAIN),
        (Reply(b"ok"), Fate.AGAIN),
    ],
)
async def test_what_ntfy_may_answer(web: Web, reply: Reply, what: Fate) -> None:
    web.usual = reply
    error = await fate(sender(kind="ntfy", server=web.url, topic="all"))
    assert isinstance(error, SendError)
    assert error.fate is what


async def test_ntfy_is_asked_for_its_health(web: Web) -> None:
    channel = sender(kind="ntfy", server=web.url)
    web.replies = [Reply(b'{"healthy":true}'), Reply(b'{"healthy":false}')]
    await channel.probe()
    with pytest.raises(SendError):
        await channel.probe()
    await channel.close()
    assert web.asked[0].path == "/v1/health"


def openssl(key: str, text: bytes) -> str:
    """An independent hand for the signature."""
    command = ["openssl", "dgst", "-sha256", "-hmac", key, "-r"]
    return subprocess.run(command, input=text, capture_output=True, check=True, timeout=10).stdout.decode().split()[0]


async def test_a_webhook_is_signed_so_that_openssl_agrees(safe_web: Web, certificate: Certificate) -> None:
    secrets = {
        "hook": b"a shared key",
        "url": f"{safe_web.url}/in?token=t-1".encode(),
        "ca": certificate.ca.read_bytes(),
    }
    channel = sender(secrets, kind="webhook", url="!url", key="!hook", ca="!ca")
    assert await fate(channel, to=GUARD) is SENT
    asked = safe_web.asked[0]
    signed = asked.headers["x-gatehouse-timestamp"].encode() + b"." + asked.body
    assert asked.headers["x-gatehouse-signature"] == f"sha256={openssl('a shared key', signed)}"
    assert asked.headers["idempotency-key"] == asked.json["key"] == FIRE.key
    assert asked.json["severity"] == 1
    assert asked.json["site"] == "lvdinan"
    assert asked.json["recipient"] == {"name": "李四", "address": "13800001111"}


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply(b"", 204), SENT),
        (Reply(b"thanks"), SENT),
        (Reply(b'{"state":"delivered"}'), ReceiptState.DELIVERED),
        (Reply(b'{"state":"read"}'), ReceiptState.READ),
        (Reply(b'{"state":"failed"}'), SENT),
        (Reply(b'{"error":"nobody of 13800001111 here"}'), Fate.REFUSED),
        (Reply(b"", 301, {"Location": "/elsewhere"}), Fate.REFUSED),
    ],
)
async def test_what_a_webhook_may_answer(web: Web, reply: Reply, what: object) -> None:
    web.usual = reply
    answer = await fate(sender(kind="webhook", url=f"{web.url}/in"), to=GUARD)
    assert (answer.fate if isinstance(answer, SendError) else answer) is what
    assert "13800001111" not in str(answer)


@pytest.mark.filterwarnings("ignore")  # the library's own
async def test_apprise_carries_what_we_have_no_sender_for(web: Web) -> None:
    secrets = {"url": web.url.replace("http://", "json://").encode() + b"/in"}
    assert await fate(sender(secrets, kind="apprise", url="!url", limit="5s")) is SENT
    assert web.asked[0].json["title"] == "12栋 火警"
    web.usual = Reply(b"", 500)
    answer = await fate(sender(secrets, kind="apprise", url="!url", limit="5s"))
    assert isinstance(answer, SendError)
    assert answer.fate is Fate.AGAIN


@pytest.mark.filterwarnings("ignore")  # the library's own
async def test_apprise_that_hangs_holds_up_nobody_else(web: Web) -> None:
    web.usual = Reply(seconds=0.6)
    channel = sender({"url": web.url.replace("http", "json").encode()}, kind="apprise", url="!url")
    await channel.probe()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await channel.send(FIRE, GUARD)
    with pytest.raises(SendError, match="still at an earlier message"):
        await channel.send(FIRE, GUARD)
    await until(lambda: not channel._busy)


async def test_apprise_that_is_not_installed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    error = await fate(sender({"url": b"json://x"}, kind="apprise", url="!url"))
    assert isinstance(error, SendError)
    assert error.why == "the library apprise is not installed; install gatehouse[apprise]"


@pytest.mark.parametrize("settings", [
    {"kind": "ntfy"}, {"kind": "wecom_app", "corp": "ww1", "agent": 1, "secret": "!sign"},
    {"kind": "mail", "server": "localhost:1", "from": "a@b.example"},
    {"kind": "sms", "gateway": {"url": "https://x.example/", "success": {"match": "OK"}}},
], ids=lambda its: its["kind"])  # fmt: skip
async def test_nobody_is_written_to_without_an_address(web: Web, settings: dict[str, object]) -> None:
    error = await fate(sender(**settings))
    assert isinstance(error, SendError)
    assert (error.fate, error.channel) == (Fate.REFUSED, False)
    assert "address" in error.why
