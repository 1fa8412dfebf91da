"""A web address as subscriber: Python's own HTTP server at the other end, openssl to check the signature."""

import asyncio
import json
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import SystemClock
from daemon.config.document import Secret
from daemon.config.subscribers import Webhook
from daemon.feeds.carriers import carrier, https
from daemon.feeds.feed import Feed, Pace

KEY = b"0123456789abcdef0123456789abcdef"
TITLES = {"zones.b12": "12栋", "doors.north": "北门", "devices.io1": "门岗输入输出板1"}
FAST = Pace(
    away=0.25, lasting=0.2, first_pause=0.02, longest_pause=0.1, refused=0.2, acknowledge=3, look=0.05, heartbeat=0.2
)


async def wait_for(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for a condition, not for luck."""
    async with asyncio.timeout(limit):
        while not true():  # noqa: ASYNC110 - the condition is another thread's
            await asyncio.sleep(0.01)


class Office:
    """The other side: what it got, and how it is to answer."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[Any], tuple[int, dict[str, str], bytes]] = lambda _: (204, {}, b"")
        office = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                office.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                code, headers, answer = office.answer(json.loads(body))
                self.send_response(code)
                for name, value in ({"content-length": str(len(answer))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """The client hung up; that is its right."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def all(self) -> list[dict[str, Any]]:
        """Every CloudEvent, as it came."""
        bodies = [json.loads(body) for _, body in self.got]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.all if event["type"].startswith(f"gatehouse.{kind}")]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def office() -> Any:
    office = Office()
    yield office
    office.close()


@asynccontextmanager
async def feeding(journal: Any, url: str, secrets: dict[str, bytes] | None = None, **more: Any) -> AsyncIterator[Any]:
    troubles: list[str] = []
    settings = Webhook.model_validate({"kind": "webhook", "tier": 1, "url": url, "key": Secret("key")} | more)
    known = {"key": KEY} | (secrets or {})
    clock = SystemClock()
    way = carrier("office", settings, "lvdinan", known.__getitem__, clock)
    feed = Feed("office", settings, way, journal, "lvdinan", TITLES, dict, troubles.append, clock, FAST)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(feed.run())
        yield feed, troubles
        task.cancel()


def by_openssl(signed: bytes) -> str:
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}", "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True, timeout=10).stdout
    return subprocess.run(["base64"], input=digest, capture_output=True, check=True, timeout=10).stdout.decode().strip()


def make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, "-days", "2"], cwd=folder, check=True, capture_output=True, timeout=30)


async def test_events_come_in_order_masked_and_signed(office: Office, journal: Any, alarm: Any) -> None:
    """In lists; openssl finds the same signature over `id.timestamp.body`; goodbye at the end."""
    for number in range(100):
        alarm(number)
        journal.append("access.granted", "doors.north", content={"person": "李四", "card": "0012345678"})
    secrets = {"token": b"t0ken"}
    async with feeding(journal, f"http://127.0.0.1:{office.port}/in", secrets, token=Secret("token"), kinds=["*"]) as (
        feed,
        _,
    ):
        await wait_for(lambda: journal.cursor("office") == 200)
        await wait_for(lambda: office.of("state"))
        assert feed.status()["connected"]
    events = office.of("alarm")
    assert [event["id"] for event in events] == [event.id for event in journal.events if event.kind == "alarm.raised"]
    assert max(body.count(b'"specversion"') for _, body in office.got) > 5, "lists"
    assert "李四".encode() not in b"".join(body for _, body in office.got)
    assert [event["data"]["status"] for event in office.of("status")] == ["online", "offline"]
    assert office.of("state")[-1]["data"]["newest"] <= 200
    headers, body = office.got[-2]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == f"v1,{by_openssl(signed)}"
    assert headers["authorization"] == "Bearer t0ken"


async def test_one_event_that_is_refused_holds_back_what_is_behind_it_and_no_fire(
    office: Office, journal: Any, alarm: Any
) -> None:
    """In a list nobody says which one; singly it shows. Mended, all comes in order."""
    alarm()
    alarm()
    bad = journal.append("device.offline", "devices.io1").id
    alarm()
    refuses = {bad}

    def answer(body: Any) -> tuple[int, dict[str, str], bytes]:
        events = body if isinstance(body, list) else [body]
        return (422, {}, b"no such device") if refuses & {event["id"] for event in events} else (200, {}, b"ok")

    office.answer = answer
    async with feeding(journal, f"http://127.0.0.1:{office.port}/") as (_, troubles):
        await wait_for(lambda: troubles)
        assert "422 Unprocessable Entity: no such device" in troubles[0]
        assert journal.cursor("office") == 2
        fire = journal.append("alarm.raised", severity=1).id
        await wait_for(lambda: fire in [event["id"] for event in office.all], 2.0)
        assert next(event for event in office.all if event["id"] == fire)["ahead"]
        refuses.clear()
        await wait_for(lambda: journal.cursor("office") == 5)
        assert troubles[-1] == ""
    accepted = [event for event in office.all if "sequence" in event and "ahead" not in event]
    assert [int(event["sequence"]) for event in accepted][-3:] == [3, 4, 5]


async def test_trouble_of_the_server_is_a_lost_connection_and_everything_comes_again(
    office: Office, journal: Any, alarm: Any
) -> None:
    """500, 429, a redirect to somebody else, an endless answer: nothing is lost, nobody else gets anything."""
    stranger = Office()
    answers = iter(
        [
            (500, {}, b""),
            (429, {"retry-after": "1"}, b""),
            (307, {"location": f"http://127.0.0.1:{stranger.port}/"}, b""),
            (200, {"content-length": str(10**9)}, b"x" * 5000),
        ]
    )
    said: list[int] = []

    def answer(body: Any) -> tuple[int, dict[str, str], bytes]:
        if isinstance(body, dict) and body["type"] == "gatehouse.status":
            return 200, {}, b""
        found = next(answers, (200, {}, b""))
        said.append(found[0])
        return found

    office.answer = answer
    alarm()
    async with feeding(journal, f"http://127.0.0.1:{office.port}/") as (feed, _):
        await wait_for(lambda: len(said) >= 3)
        await wait_for(lambda: journal.cursor("office") == 1)
        assert feed.status()["connections"] >= 3
    assert stranger.got == []
    stranger.close()


async def test_a_fire_does_not_wait_for_a_slow_answer(office: Office, journal: Any, alarm: Any) -> None:
    """While a request is under way, severity 1 goes out in one of its own."""
    release = threading.Event()

    def answer(body: Any) -> tuple[int, dict[str, str], bytes]:
        first = body[0] if isinstance(body, list) else body
        if first["type"] == "gatehouse.device.offline":
            release.wait(5)
        return 200, {}, b""

    office.answer = answer
    async with feeding(journal, f"http://127.0.0.1:{office.port}/") as (feed, _):
        await wait_for(lambda: feed.status()["connected"])
        alarm()
        await wait_for(lambda: journal.cursor("office") == 1)
        journal.append("device.offline", "devices.io1")
        await wait_for(lambda: office.of("device"))
        fire = journal.append("alarm.raised", severity=1).id
        await wait_for(lambda: fire in [event["id"] for event in office.all], 1.0)
        release.set()
        await wait_for(lambda: journal.cursor("office") == 3)


async def test_who_refuses_us_or_never_answers_is_no_connection(
    office: Office, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key is told with the server's own word; a listener that is silent is left in time."""
    office.answer = lambda _: (401, {}, b"bad signature")
    async with feeding(journal, f"http://127.0.0.1:{office.port}/") as (_, troubles):
        await wait_for(lambda: troubles)
        assert "refused us: HTTP 401 Unauthorized: bad signature" in troubles[0]
    monkeypatch.setattr(https, "LIMIT", 0.2)
    hold = threading.Event()
    office.answer = lambda _: (hold.wait(3), (200, {}, b""))[1]
    async with feeding(journal, f"http://127.0.0.1:{office.port}/") as (_, troubles):
        await wait_for(lambda: troubles)
        assert "did not answer within 0.2 s" in troubles[0]
        hold.set()
    async with feeding(journal, f"http://127.0.0.1:{office.port}/", {"key": b"short"}) as (_, troubles):
        await wait_for(lambda: troubles)
        assert "5 bytes; a key to sign with has 16 or more" in troubles[0]


async def test_tls_is_verified(journal: Any, alarm: Any, tmp_path: Path) -> None:
    """With the authority that the site names; without it the reason is told and nothing is sent."""
    make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    office = Office(context)
    url = f"https://127.0.0.1:{office.port}/"
    alarm()
    async with feeding(journal, url) as (_, troubles):
        await wait_for(lambda: troubles)
        assert "CERTIFICATE_VERIFY_FAILED" in troubles[0]
    assert office.got == []
    async with feeding(journal, url, {"ca": (tmp_path / "cert.pem").read_bytes()}, ca=Secret("ca")):
        await wait_for(lambda: journal.cursor("office") == 1)
    office.close()


async def test_old_numbers_are_asked_for_in_the_answer_to_a_state(office: Office, journal: Any, alarm: Any) -> None:
    """There is no way in from outside: the other side says it when we speak to it."""
    for number in range(30):
        alarm(number)
    wish = [b'{"refill": {"id": "r1", "from": 5, "to": 9}}']

    def answer(body: Any) -> tuple[int, dict[str, str], bytes]:
        is_state = isinstance(body, dict) and body["type"] == "gatehouse.state" and journal.cursor("office") == 30
        return 200, {}, wish.pop() if wish and is_state else b"ok"

    office.answer = answer
    async with feeding(journal, f"http://127.0.0.1:{office.port}/"):
        await wait_for(lambda: [event["data"]["state"] for event in office.of("refill")] == ["accepted", "done"])
    again = [int(event["sequence"]) for event in office.all if event.get("refill") == "r1"]
    assert again == [5, 6, 7, 8, 9]
