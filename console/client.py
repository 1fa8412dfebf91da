"""Speaks to the running daemon over its local socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2


class UnreachableError(Exception):
    """No daemon answers; the text says what to try."""


class RefusedError(Exception):
    """The daemon said no; the text is its reason."""


class Client:
    """One daemon, by its socket."""

    def __init__(self, socket: Path) -> None:
        """Connect to nothing yet."""
        self._socket = socket
        self._http = httpx2.Client(
            transport=httpx2.HTTPTransport(uds=str(socket)), base_url="http://gatehouse", timeout=10
        )

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """A document; RefusedError or UnreachableError."""
        params = {key: str(value) for key, value in query.items() if value not in (None, "", False)}
        return self._document("GET", path, params=params)

    def post(self, path: str, **body: str) -> str:
        """Do something; the daemon's answer in words."""
        return str(self._document("POST", path, json=body)["done"])

    def follow(self, path: str, **query: object) -> Iterator[bytes]:
        """Lines of a document without an end."""
        params = {key: str(value) for key, value in query.items() if value not in (None, "", False)}
        try:
            with self._http.stream("GET", path, params=params, timeout=None) as response:
                yield from (line.encode() for line in response.iter_lines() if line)
        except httpx2.TransportError as error:
            raise self._gone(error) from error

    def _document(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            response = self._http.request(method, path, **more)
        except httpx2.TransportError as error:
            raise self._gone(error) from error
        document = response.json()
        if response.is_error:
            raise RefusedError(str(document.get("error", document)))
        return document

    def _gone(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            f"{self._socket}: 没有守护进程应答 ({error})。先运行 gatehouse run，或用 --state 指定它的目录。\n"
            f"No daemon answers there. Start `gatehouse run SITE --state DIR`, or name its folder with --state."
        )
