"""The control face from the other side, for tests and for the demo."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

_LOOK_AGAIN = 0.02
_IDLE = httpx2.Limits(keepalive_expiry=2.0)
"""The other side ends idle connections after 5 s; one that ended in that very moment would take a request with it."""


class ControlRefusedError(Exception):
    """The control face refused; the text says why and what it knows."""


class Control:
    """Hands on a simulated estate: `await control.do("fire", zone="b12", on=True)`."""

    def __init__(self, address: str) -> None:
        """`address` as it stands in `control.json`."""
        self._http = httpx2.AsyncClient(base_url=address, timeout=5.0, limits=_IDLE, trust_env=False, verify=False)

    @classmethod
    async def find(cls, folder: Path, limit: float = 10.0) -> Self:
        """Wait until the estate of a folder stands. TimeoutError when it does not."""
        async with asyncio.timeout(limit):
            while not (  # noqa: ASYNC110 - another process writes them
                (folder / "control.json").exists() and (folder / "wires.yaml").exists()
            ):
                await asyncio.sleep(_LOOK_AGAIN)
        return cls(json.loads((folder / "control.json").read_text(encoding="utf-8"))["address"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def do(self, verb: str, **keys: object) -> dict[str, Any]:
        """One of the verbs of `simulators.control.Hands`; its answer, with `at`, the monotonic second it was done."""
        return self._read(await self._http.post(f"/{verb}", json=keys))

    async def state(self) -> dict[str, Any]:
        """Everything as it stands."""
        return self._read(await self._http.get("/state"))

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        """What happened after a line of the diary."""
        lines: list[dict[str, Any]] = self._read(await self._http.get("/log", params={"after": after}))["lines"]
        return lines

    async def until(self, wanted: Callable[[dict[str, Any]], bool], limit: float = 5.0) -> dict[str, Any]:
        """The first state that is as wanted. TimeoutError when none is within the limit."""
        async with asyncio.timeout(limit):
            while not wanted(state := await self.state()):  # noqa: ASYNC110 - it lives in another process
                await asyncio.sleep(_LOOK_AGAIN)
        return state

    async def happened(self, subject: str, what: str, after: int = 0, limit: float = 5.0) -> dict[str, Any]:
        """The first diary line of that kind after another. TimeoutError when there is none within the limit."""
        async with asyncio.timeout(limit):
            while True:
                for line in await self.log(after):
                    if (line["subject"], line["what"]) == (subject, what):
                        return line
                await asyncio.sleep(_LOOK_AGAIN)

    @staticmethod
    def _read(answer: httpx2.Response) -> dict[str, Any]:
        content: dict[str, Any] = answer.json()
        if answer.is_error:
            raise ControlRefusedError(content.get("error", answer.text))
        return content
