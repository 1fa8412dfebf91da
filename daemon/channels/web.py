"""Asks a service on the web, once: no redirect is followed, no answer is read without end, and every failure says
whether the service may have heard us."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson

from daemon.channels.names import Names
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.clock import Clock
from daemon.field.transport import explained

LARGEST = 65_536
"""Bytes of an answer; the longest one known has some hundred."""
_LONGEST_REST = 3600.0
_IDLE = 20.0
"""Seconds that an open connection is kept for the next message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status: int
    body: bytes
    after: float
    """Seconds for which it wants not to be asked again; 0 when it says nothing."""

    def table(self) -> dict[str, Any]:
        """The JSON object that it is. SendError when it is anything else: a proxy or a login page answered."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise SendError(Fate.AGAIN, f"HTTP {self.status}, and the answer is not this service's")
        return found

    def check(self) -> None:
        """SendError unless the status says that all is well."""
        status = self.status
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise SendError(Fate.REFUSED, f"HTTP {status}: it sends us elsewhere; write its final address")
        if status in (408, 425, 429) or status >= 500:
            fate = Fate.UNKNOWN if status == 504 else Fate.AGAIN
            raise SendError(
                fate, f"HTTP {status}: {_STATUS.get(status, 'the service is in trouble')}", after=self.after
            )
        raise SendError(Fate.REFUSED, f"HTTP {status}: {_STATUS.get(status, 'it refuses what we send')}")


_STATUS = {
    401: "the key or password is not accepted",
    403: "the key is not accepted, or has no right to send",
    404: "nothing is at that address; see its path",
    413: "the message is too long for it",
    429: "too many messages; it takes more later",
    503: "the service is not ready",
    504: "no answer from behind a gateway; it may have arrived",
}


class Web:
    """Connections of one channel."""

    def __init__(self, limit: float, clock: Clock, ca: SecretText | None = None) -> None:
        """`limit`: seconds for one question. `ca`: a certificate authority (PEM) beside those of the system."""
        self._limit, self._clock, self._ca = limit, clock, ca
        self._client: httpx2.AsyncClient | None = None
        self._names = Names(clock)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Answer:
        """The answer, whatever its status. SendError when there was none."""
        begun = False

        async def trace(event: str, _: Mapping[str, Any]) -> None:
            nonlocal begun
            begun = begun or event.endswith("send_request_headers.started")

        try:
            async with asyncio.timeout(self._limit):
                request = httpx2.Request(
                    method, url, params=dict(params) if params else None, content=content,
                    headers={"User-Agent": "gatehouse", "Accept-Encoding": "identity", **(headers or {})},
                    extensions={"trace": trace, "timeout": {"connect": self._limit / 2}},
                )  # fmt: skip
                return await self._send(request)
        except (TimeoutError, httpx2.TimeoutException):
            raise silent(self._limit, begun=begun) from None
        except httpx2.RequestError as error:
            if begun:
                why = "the connection broke before an answer came; it may have arrived"
                raise SendError(Fate.UNKNOWN, why) from None
            raise SendError(Fate.UNREACHED, f"not reached: {reason(error)}") from None

    async def knock(self, url: str) -> None:
        """See that its host takes connections, and that its certificate is good; nothing is asked. SendError."""
        parts = urlsplit(url)
        tls = trusted(self._ca) if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        try:
            async with asyncio.timeout(self._limit):
                writer = (await self._names.dial(parts.hostname or "", port, tls))[1]
                writer.transport.abort()
        except TimeoutError:
            raise silent(self._limit, begun=False) from None
        except OSError as error:
            raise SendError(Fate.UNREACHED, f"not reached: {reason(error)}") from None

    async def close(self) -> None:
        """Hang up; the next question dials anew."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _send(self, request: httpx2.Request) -> Answer:
        """To the first of the host's addresses that takes a connection."""
        host = request.url.host
        addresses = await self._names.find(host)
        for address in addresses[:-1]:
            try:
                return await self._ask(_to(request, address, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._ask(_to(request, addresses[-1], host))

    async def _ask(self, request: httpx2.Request) -> Answer:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                verify=trusted(self._ca), trust_env=False, limits=httpx2.Limits(keepalive_expiry=_IDLE)
            )
        response = await self._client.send(request, stream=True)
        try:
            body = b""
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > LARGEST:
                    raise SendError(Fate.AGAIN, f"HTTP {response.status_code}, and the answer is not this service's")
        finally:
            await response.aclose()
        rest = _rest(response.headers.get("Retry-After", ""), self._clock.utc())
        return Answer(response.status_code, body, rest)


def _to(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    """The same, to this address; name and certificate stay those of the host."""
    extensions = {**request.extensions, "sni_hostname": host}
    url = request.url.copy_with(host=address)
    return httpx2.Request(request.method, url, headers=request.headers, content=request.content, extensions=extensions)


def silent(limit: float, *, begun: bool) -> SendError:
    """The time is over; whether the other end may have heard us depends on how far we came."""
    if begun:
        return SendError(Fate.UNKNOWN, f"no answer within {limit:g} s; it may have arrived")
    return SendError(Fate.UNREACHED, f"not reached: no connection within {limit:g} s")


@lru_cache(maxsize=8)  # reading the system's authorities takes some 20 ms
def _trust(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(cadata=ca)
    return context


def trusted(ca: SecretText | None) -> ssl.SSLContext:
    """Which certificates are believed: the system's authorities, and this one (PEM) if there is one. SendError."""
    try:
        return _trust(ca() if ca is not None else "")
    except ssl.SSLError:
        raise SendError(Fate.REFUSED, f"the secret {ca.name if ca else ''} is no certificate (PEM)") from None


def reason(error: BaseException) -> str:
    """The cause at the bottom in our words, which hold no address."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as we do"
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno is not None:
            words = explained(cause)
            return words if str(cause.errno) not in words else cause.strerror or "the connection broke"
    return "the connection broke"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


def _rest(header: str, now: datetime) -> float:
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_REST)
