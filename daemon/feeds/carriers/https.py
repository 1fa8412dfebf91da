"""POST with a truthful, bounded answer: no redirects, no proxy out of the environment, no answer that fills memory."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from daemon.feeds.carrier import Receipt, UnreachableError
from daemon.feeds.tls import tls_context

LIMIT = 10.0
"""Seconds for one request: name, TCP, TLS, request and answer."""
LONGEST = 4096
"""Bytes of an answer that are read."""
_LATER = frozenset({408, 425, 429})
"""Of the 4xx those that mean: later."""


def address(url: str) -> str:
    """host:port, for people."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class Posted(NamedTuple):
    """What became of a request."""

    receipt: Receipt
    answer: bytes = b""
    """Its first bytes, when it was accepted."""


async def trust(url: str, ca: bytes | None, client: bytes | None) -> ssl.SSLContext | None:
    """Whom to believe, and who we are, both PEM; in a thread, since reading the system's authorities takes tens of
    milliseconds. UnreachableError when a secret is no PEM."""
    if not url.startswith("https:"):
        return None
    try:
        return await asyncio.to_thread(tls_context, ca, client)
    except ValueError as error:
        raise UnreachableError(f"{address(url)}: {error}") from error


class Poster:
    """Connections to one address, kept open between requests."""

    def __init__(self, url: str, context: ssl.SSLContext | None) -> None:
        """`context` as `trust` makes it; None: without TLS."""
        self.address, self._url = address(url), url
        self._http = httpx2.AsyncClient(
            verify=context or False,
            trust_env=False,
            follow_redirects=False,
            timeout=LIMIT,
            limits=httpx2.Limits(max_connections=3, max_keepalive_connections=3),
        )

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Accepted on 2xx, refused on 4xx that is not about time, else lost; never raises."""
        try:
            async with (
                asyncio.timeout(LIMIT),
                self._http.stream("POST", self._url, content=body, headers=_NO_PACKING | dict(headers)) as response,
            ):
                answer = await _beginning(response)
        except TimeoutError:
            return Posted(Receipt("lost", f"{self.address} did not answer within {LIMIT:g} s"))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return Posted(Receipt("lost", f"{self.address}: {_why(error)}"))
        return self._judged(response, answer)

    async def close(self) -> None:
        """Let go of all connections; at most a second."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                await self._http.aclose()

    def _judged(self, response: httpx2.Response, answer: bytes) -> Posted:
        code = response.status_code
        if 200 <= code < 300:
            return Posted(Receipt("accepted"), answer)
        why = f"HTTP {code} {response.reason_phrase}".strip()
        if 300 <= code < 400:
            where = response.headers.get("location", "")[:200]
            return Posted(Receipt("lost", f"{self.address}: {why}: redirects are not followed; it points to {where!r}"))
        if said := _printable(answer):
            why = f"{why}: {said}"
        if 400 <= code < 500 and code not in _LATER:
            return Posted(Receipt("refused", why))
        return Posted(Receipt("lost", f"{self.address}: {why}"))


_NO_PACKING = {"accept-encoding": "identity", "user-agent": "gatehouse"}


async def _beginning(response: httpx2.Response) -> bytes:
    """As it came, unpacked by nobody; what is longer is not waited for."""
    found = b""
    async for piece in response.aiter_raw(LONGEST):
        found += piece
        if len(found) >= LONGEST:
            break
    return found[:LONGEST]


def _printable(answer: bytes) -> str:
    text = answer[:120].decode(errors="replace").strip()
    return text if text.isprintable() else ""


def _why(error: Exception) -> str:
    """The innermost reason: the outer ones say only that no connection came about."""
    while error.__cause__ is not None or (error.__context__ is not None and not str(error)):
        inner = error.__cause__ or error.__context__
        if not isinstance(inner, Exception):
            break
        error = inner
    return str(error) or type(error).__name__
