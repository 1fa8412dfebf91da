"""A subscriber that takes CloudEvents by HTTPS POST, singly or in lists, signed as standardwebhooks.com describes.

Two requests are under way at most: one for all that has an order, one for severity 1 that cannot wait for it.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec

from daemon.clock import Clock
from daemon.config.subscribers import Webhook
from daemon.feeds.carrier import Answer, Inquiry, Lane, Parcel, Receipt, Standing, UnreachableError
from daemon.feeds.carriers.dialling import tried
from daemon.feeds.carriers.https import Posted, Poster, address, trust
from daemon.feeds.carriers.one_by_one import OneByOne, Waiting
from daemon.feeds.envelope import BATCH_TYPE, CONTENT_TYPE, LARGEST, note_message

_SHORTEST_KEY = 16
_LARGEST_BODY = 512 * 1024


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
        await tried(link.hello(), beat, link.farewell)
        return link

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help."""
        return f"{self.address} refused {channel}: {why}; it must answer 2xx to what it knows already"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        return {"tls": self._settings.url.startswith("https://")}

    def _secret(self, name: str | None) -> bytes | None:
        return None if name is None else self._secrets(name)


class WebhookLink(OneByOne):
    """The time in which an address works, from a first yes to the first request that is lost."""

    version = "HTTP"
    beside = True
    room = 256
    """The streams of a feed bring fewer."""

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
        """Take over an address."""
        super().__init__()
        self._poster, self._key, self._token = poster, key, token
        self._source, self._batch = f"/gatehouse/v1/{site}", settings.batch
        self._headers = {"gatehouse-subscriber": name}
        self._hear, self._clock = hear, clock

    async def hello(self) -> Receipt:
        """Say online."""
        receipt = (await self._say("status", {"status": "online"})).receipt
        if receipt.verdict == "refused":
            return Receipt("lost", f"{self._poster.address} refused us: {receipt.why}")
        return receipt

    def channel(self, parcel: Parcel) -> str:
        """The other side may know some kinds of event and refuse others."""
        return f"events of kind {parcel.kind}"

    async def send(self, parcel: Parcel) -> Receipt:
        """In a request of its own."""
        return (await self._post(parcel.cloudevent(LARGEST), parcel.id)).receipt

    async def bring(self, lane: Lane) -> bool:
        """As many as fit into one request; when that is refused, one by one, to find which one is meant."""
        waiting = self.lanes[lane]
        bodies = [] if len(waiting) == 1 else self._fitting(waiting)
        if len(bodies) > 1:
            batch = list(islice(waiting, len(bodies)))
            identity = hashlib.sha256("\n".join(each.parcel.id for each in batch).encode()).hexdigest()[:32]
            receipt = (await self._post(b"[" + b",".join(bodies) + b"]", identity, BATCH_TYPE)).receipt
            if receipt.verdict != "refused":
                self.conclude([waiting.popleft().answer for _ in batch], receipt)
                return receipt.verdict == "accepted"
        for _ in bodies or [b""]:
            if not await super().bring(lane):
                return False
        return True

    async def show(self, standing: Standing) -> Answer:
        """As a CloudEvent `gatehouse.state`."""
        content = {"newest": standing.newest, "hash": standing.hash, **standing.view}
        return await self.tell(lambda: self._state(content))

    async def reply(self, reply: Mapping[str, Any]) -> Answer:
        """As a CloudEvent `gatehouse.refill`."""
        return await self.tell(lambda: self._note("refill", reply))

    async def close(self, limit: float) -> None:
        """Say offline."""
        try:
            async with asyncio.timeout(limit):
                await self._say("status", {"status": "offline"})
        except TimeoutError:
            pass  # there is no more time, and nobody to tell
        self.drop("closed")

    async def farewell(self) -> None:
        """Let go of the connections."""
        await self._poster.close()

    # Requests

    async def _state(self, content: Mapping[str, Any]) -> Receipt:
        posted = await self._say("state", content)
        if asked := _asked(posted.answer):
            self._hear(Inquiry(asked))
        return posted.receipt

    async def _note(self, what: str, content: Mapping[str, Any]) -> Receipt:
        return (await self._say(what, content)).receipt

    async def _say(self, what: str, content: Mapping[str, Any]) -> Posted:
        """Post a message of our own: status, state, what became of a request."""
        now = self._clock.utc()
        identity = f"{what}-{int(now.timestamp() * 1000)}"
        return await self._post(note_message(identity, what, self._source, now, content), identity)

    def _fitting(self, waiting: Iterable[Waiting]) -> list[bytes]:
        """As many as go into one request, at least one."""
        bodies, size = list[bytes](), 0
        for each in islice(waiting, self._batch):
            body = each.parcel.cloudevent(LARGEST)
            size += len(body) + 1
            if bodies and size > _LARGEST_BODY:
                break
            bodies.append(body)
        return bodies

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
