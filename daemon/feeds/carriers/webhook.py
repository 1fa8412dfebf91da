"""A subscriber that takes CloudEvents by HTTPS POST, singly or in lists, signed as standardwebhooks.com describes.

Two requests are under way at most: one for all that has an order, one for severity 1 that cannot wait for it.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from daemon.clock import Clock
from daemon.config.subscribers import Webhook
from daemon.feeds.carrier import Answer, Inquiry, Lane, Parcel, Receipt, Standing, UnreachableError, answered
from daemon.feeds.carriers.dialling import beating
from daemon.feeds.carriers.https import Posted, Poster, address, trust
from daemon.feeds.envelope import BATCH_TYPE, CONTENT_TYPE, LARGEST, note_message

_SHORTEST_KEY = 16
_LARGEST_BODY = 512 * 1024
_ROOM = 256
"""Messages that may wait here; the streams of a feed bring fewer."""


def sign(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`, v1: HMAC-SHA256 over `id.timestamp.body`."""
    digest = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class WebhookCarrier:
    """One subscriber's web address."""

    def __init__(self, name: str, settings: Webhook, site: str, secrets: Callable[[str], bytes], clock: Clock) -> None:
        """Nothing is opened yet."""
        self.address = address(settings.url)
        self._name, self._settings, self._site = name, settings, site
        self._secrets, self._clock = secrets, clock

    def carries(self, kind: str) -> bool:
        """Every kind."""
        return True

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> "WebhookLink":
        """Say that we are here; it works when that is accepted. UnreachableError or SecretError when not."""
        settings = self._settings
        token = None if settings.token is None else _text(self._secrets(settings.token), settings.token)
        key = _key(self._secrets(settings.key), settings.key)
        context = await trust(settings.url, self._secret(settings.ca), self._secret(settings.client))
        poster = Poster(settings.url, context)
        link = WebhookLink(self._name, settings, self._site, poster, key, token, hear, self._clock)
        receipt = (await beating(link.say("status", {"status": "online"}), beat)).receipt
        if receipt.verdict != "accepted":
            await poster.close()
            why = receipt.why if receipt.verdict == "lost" else f"{self.address} refused us: {receipt.why}"
            raise UnreachableError(why)
        return link

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help."""
        return f"{self.address} refused {channel}: {why}; it must answer 2xx to what it knows already"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        return {"tls": self._settings.url.startswith("https://")}

    def _secret(self, name: str | None) -> bytes | None:
        return None if name is None else self._secrets(name)


class _Waiting(NamedTuple):
    parcel: Parcel
    answer: Answer


class WebhookLink:
    """The time in which an address works, from a first yes to the first request that is lost."""

    version = "HTTP"

    def __init__(  # noqa: PLR0917 - all that it is made of
        self,
        name: str,
        settings: Webhook,
        site: str,
        poster: Poster,
        key: bytes,
        token: str | None,
        hear: Callable[[Inquiry], None],
        clock: Clock,
    ) -> None:
        """Take over connections that work."""
        self._poster, self._key, self._token = poster, key, token
        self._source, self._batch = f"/gatehouse/v1/{site}", settings.batch
        self._headers = {"gatehouse-subscriber": name}
        self._hear, self._clock = hear, clock
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._lanes: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}
        self._notes: deque[tuple[str, Mapping[str, Any], Answer]] = deque()
        self._open: set[Answer] = set()
        self._stir, self._hurry = asyncio.Event(), asyncio.Event()
        self._room = asyncio.Semaphore(_ROOM)
        self._busy = False

    async def run(self) -> str:
        """Send what comes until a request is lost."""
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = [tasks.create_task(self._work()), tasks.create_task(self._hasten())]
                await asyncio.wait([self._ended])
                for worker in workers:
                    worker.cancel()
        finally:
            self.drop("")
            for answer in self._open:
                _give(answer, Receipt("lost", self._ended.result()))
            await self._poster.close()
        return self._ended.result()

    def channel(self, parcel: Parcel) -> str:
        """The other side may know some kinds of event and refuse others."""
        return f"events of kind {parcel.kind}"

    async def publish(self, parcel: Parcel) -> Answer:
        """Put it into the next request; severity 1 does not wait for the one that is under way."""
        if self._busy and parcel.lane is Lane.IN_ORDER and parcel.severity == 1:
            self._lanes[Lane.AHEAD].append(_Waiting(parcel.hurried(), asyncio.get_running_loop().create_future()))
            self._hurry.set()
        answer = await self._answer()
        if not answer.done():
            self._lanes[parcel.lane].append(_Waiting(parcel, answer))
            (self._hurry if parcel.lane is Lane.AHEAD else self._stir).set()
        return answer

    async def greet(self) -> Answer:
        """Already done by dialling."""
        return answered("accepted")

    async def show(self, standing: Standing) -> Answer:
        """As a CloudEvent `gatehouse.state`."""
        content = {"newest": standing.newest, "hash": standing.hash, **standing.view}
        return await self._note("state", content)

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """As a CloudEvent `gatehouse.refill`."""
        return await self._note("refill", reply)

    def drop(self, why: str) -> None:
        """End it at once."""
        if not self._ended.done():
            self._ended.set_result(why)

    async def close(self, limit: float) -> None:
        """Say offline."""
        try:
            async with asyncio.timeout(limit):
                await self.say("status", {"status": "offline"})
        except TimeoutError:
            pass  # there is no more time, and nobody to tell
        self.drop("closed")

    async def say(self, what: str, content: Mapping[str, Any]) -> Posted:
        """Post a message of our own: status, state, what became of a request."""
        now = self._clock.utc()
        identity = f"{what}-{int(now.timestamp() * 1000)}"
        return await self._post(note_message(identity, what, self._source, now, content), identity)

    async def _note(self, what: str, content: Mapping[str, Any]) -> Answer:
        answer = await self._answer()
        if not answer.done():
            self._notes.append((what, content, answer))
            self._stir.set()
        return answer

    async def _answer(self) -> Answer:
        await self._room.acquire()
        answer: Answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._settled)
        if self._ended.done():
            answer.set_result(Receipt("lost", self._ended.result()))
        else:
            self._open.add(answer)
        return answer

    def _settled(self, answer: Answer) -> None:
        self._room.release()
        self._open.discard(answer)

    # Requests

    async def _work(self) -> None:
        """Messages of our own first, then the ordered stream, then what was asked for again."""
        while True:
            self._busy = False
            if not (self._notes or self._lanes[Lane.IN_ORDER] or self._lanes[Lane.REFILL]):
                self._stir.clear()
                await self._stir.wait()
            self._busy = True
            if self._notes:
                what, content, answer = self._notes.popleft()
                posted = await self.say(what, content)
                if what == "state" and (asked := _asked(posted.answer)):
                    self._hear(Inquiry(asked))
                self._conclude([answer], posted.receipt)
            else:
                await self._send(Lane.IN_ORDER if self._lanes[Lane.IN_ORDER] else Lane.REFILL)

    async def _hasten(self) -> None:
        """Severity 1 beside all else."""
        while True:
            if not self._lanes[Lane.AHEAD]:
                self._hurry.clear()
                await self._hurry.wait()
            await self._send(Lane.AHEAD)

    async def _send(self, lane: Lane) -> None:
        waiting, batch, bodies = self._lanes[lane], list[_Waiting](), list[bytes]()
        size = 0
        while waiting and len(batch) < self._batch:
            body = waiting[0].parcel.cloudevent(LARGEST)
            if batch and size + len(body) > _LARGEST_BODY:
                break
            batch.append(waiting.popleft())
            bodies.append(body)
            size += len(body) + 1
        if len(batch) > 1:
            identity = hashlib.sha256("\n".join(each.parcel.id for each in batch).encode()).hexdigest()[:32]
            receipt = (await self._post(b"[" + b",".join(bodies) + b"]", identity, BATCH_TYPE)).receipt
            if receipt.verdict != "refused":
                self._conclude([each.answer for each in batch], receipt)
                return
        await self._singly(batch, bodies, lane)

    async def _singly(self, batch: list[_Waiting], bodies: list[bytes], lane: Lane) -> None:
        """One by one, to find which one is refused; what comes after it in its order is not sent."""
        for at, (each, body) in enumerate(zip(batch, bodies, strict=True)):
            receipt = (await self._post(body, each.parcel.id)).receipt
            self._conclude([each.answer], receipt)
            if receipt.verdict == "lost" or (receipt.verdict == "refused" and lane is Lane.IN_ORDER):
                behind = [*batch[at + 1 :], *self._lanes[lane]]
                self._lanes[lane].clear()
                verdict = receipt if receipt.verdict == "lost" else Receipt("refused", "one before it was refused")
                self._conclude([each.answer for each in behind], verdict)
                return

    def _conclude(self, answers: list[Answer], receipt: Receipt) -> None:
        if receipt.verdict == "lost":
            self.drop(receipt.why)
        for answer in answers:
            _give(answer, receipt)

    async def _post(self, body: bytes, identity: str, content_type: str = CONTENT_TYPE) -> Posted:
        timestamp = int(self._clock.utc().timestamp())
        headers = self._headers | {
            "content-type": content_type,
            "webhook-id": identity,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, identity, timestamp, body),
        }
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        return await self._poster.post(body, headers)


def _give(answer: Answer, receipt: Receipt) -> None:
    if not answer.done():
        answer.set_result(receipt)


def _asked(answer: bytes) -> bytes:
    """What stands as `refill` in the answer to a state; most answers hold nothing for us."""
    try:
        return bytes(msgspec.json.decode(answer, type=dict[str, msgspec.Raw]).get("refill", b""))
    except msgspec.DecodeError:
        return b""


def _key(secret: bytes, name: str) -> bytes:
    """As it stands, or out of the form `whsec_` and base64 that the standard's libraries use."""
    if secret.startswith(b"whsec_"):
        try:
            secret = base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
        except binascii.Error:
            raise UnreachableError(f"the secret {name} begins with whsec_ and goes on with no base64") from None
    if len(secret) < _SHORTEST_KEY:
        found = f"the secret {name} has {len(secret)} bytes"
        raise UnreachableError(f"{found}; a key to sign with has {_SHORTEST_KEY} or more")
    return secret


def _text(secret: bytes, name: str) -> str:
    if not secret.isascii() or not secret.decode("latin-1").isprintable():
        raise UnreachableError(f"the secret {name} is no token: it must be printable ASCII")
    return secret.decode()
