"""Speaks to the running daemon over its local socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

_PATIENCE = 10.0
_SILENCE = 90.0
"""Seconds without a line after which a followed daemon counts as dead: it says at least an empty one each 30."""


class UnreachableError(Exception):
    """No daemon answers; the text says what to try."""


class RefusedError(Exception):
    """The daemon said no; the text is its reason."""


class Client:
    """One daemon, by its socket."""

    def __init__(self, path: Path) -> None:
        """Connect to nothing yet."""
        self._socket = path
        hang_up = httpx2.Limits(max_keepalive_connections=0)  # a command asks once or twice
        # No TLS on a socket of this machine, so its authorities need not be read, which takes longer than the answer.
        transport = httpx2.HTTPTransport(uds=str(path), limits=hang_up, verify=False)
        self._http = httpx2.Client(transport=transport, base_url="http://gatehouse", timeout=_PATIENCE)

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """A document; RefusedError or UnreachableError."""
        return self._document("GET", path, params=_params(query))

    def post(self, *steps: str, **body: str) -> str:
        """Do something, `post("doors", "north", "open", by=…)`; the daemon's answer in words."""
        path = "/".join(quote(step, safe="") for step in ("v1", *steps))
        return str(self._document("POST", f"/{path}", json=body)["done"])

    def send(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Ask for something that is answered with a document; RefusedError or UnreachableError."""
        return self._document("POST", path, json=body)

    def follow(self, path: str, **query: object) -> Iterator[str]:
        """Lines of a document without an end; RefusedError, UnreachableError when the daemon leaves."""
        yield from self._lines("GET", path, params=_params(query))
        raise UnreachableError(f"{self._socket}: 守护进程已停止。 The daemon has stopped.")

    def stream(self, path: str, **body: object) -> Iterator[str]:
        """Ask for something that is answered line by line; RefusedError or UnreachableError."""
        yield from self._lines("POST", path, json=body)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _document(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
        self._knock()
        try:
            response = self._http.request(method, path, **more)
        except httpx2.TransportError as error:
            raise self._gone(error) from error
        if response.is_error:
            raise _refusal(response)
        return response.json()

    def _lines(self, method: str, path: str, **more: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
        wait = httpx2.Timeout(_PATIENCE, read=_SILENCE)
        self._knock()
        try:
            with self._http.stream(method, path, timeout=wait, **more) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield from (line for line in response.iter_lines() if line)
        except httpx2.TransportError as error:
            raise self._gone(error) from error

    def _knock(self) -> None:
        """See whether anybody opens: the system's own reason is clearer than what is left of it further up."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
                knock.settimeout(_PATIENCE)
                knock.connect(str(self._socket))
        except PermissionError as error:
            raise UnreachableError(
                f"{self._socket}: 无权访问，请让管理员把您加入 gatehouse 组。\n"
                "You may not: have yourself made a member of the group gatehouse."
            ) from error
        except OSError as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            f"{self._socket}: 没有守护进程应答 ({error})。先运行 gatehouse run，或用 --state 指定它的目录。\n"
            f"No daemon answers there. Start `gatehouse run SITE --state DIR`, or name its folder with --state."
        )


def _params(query: dict[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in query.items() if value is not None and value is not False and value != ""}


def _refusal(response: httpx2.Response) -> RefusedError:
    """Its reason; whatever else listens there may not speak JSON at all."""
    try:
        return RefusedError(str(response.json()["error"]))
    except (ValueError, KeyError, TypeError):
        return RefusedError(f"HTTP {response.status_code}: {response.text[:200]}")
