"""A guard's phone that is not ours: openssl signs, mosquitto's clients send and hear."""

import asyncio
import base64
import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.broker import HOST, Account, password

TOPIC = "gatehouse/v1/{site}/patrol"


def run(*words: str, stdin: bytes = b"") -> bytes:
    """What a program says."""
    return subprocess.run(words, input=stdin, capture_output=True, check=True).stdout


def urlsafe(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Pen:
    """A key pair of openssl's, and signatures with it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._file = folder, folder / f"{name}.key"
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(self._file))
        der = run("openssl", "pkey", "-in", str(self._file), "-pubout", "-outform", "DER")
        self.public = base64.b64encode(der[-32:]).decode()

    def sign(self, content: object, header: object = None) -> str:
        """A compact JWS, by hand."""
        text = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        signed = f"{urlsafe(json.dumps(header or {'alg': 'EdDSA'}).encode())}.{urlsafe(text)}"
        file = self._folder / "signed"
        file.write_text(signed)
        raw = run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(self._file), "-in", str(file))
        return f"{signed}.{urlsafe(raw)}"


def box_and_guards(site: str, *guards: str) -> dict[str, Account]:
    """Accounts of a broker, as `config/mosquitto/acl` has them."""
    root = TOPIC.format(site=site)
    accounts = {}
    for guard in guards:
        reads = [f"{root}/{topic}" for topic in (f"{guard}/cards", f"{guard}/state", f"{guard}/replies", "status")]
        writes = (f"{root}/{guard}/commands",)
        accounts[guard] = Account(user=guard, password=password(), reads=tuple(reads), writes=writes)
    accounts["box"] = Account(user="box", password=password(), reads=(f"{root}/+/commands",), writes=(f"{root}/#",))
    return accounts


class Phone:
    """One guard's."""

    def __init__(self, site: str, guard: str, port: int, account: Account, pen: Pen) -> None:
        self.root, self.site, self.guard, self.pen = f"{TOPIC.format(site=site)}/{guard}", site, guard, pen
        self.port, self.account = port, account
        self.heard: list[tuple[str, Any, bool]] = []
        self._way = ["-h", HOST, "-p", str(port), "-u", account.user, "-P", account.password]
        self._ear: asyncio.subprocess.Process | None = None
        self._count = 0

    async def listen(self) -> None:
        """Hear everything that comes, until `close`."""
        words = ["mosquitto_sub", *self._way, "-q", "1", "-F", "%r %t %p"]
        for topic in ("cards", "state", "replies"):
            words += ["-t", f"{self.root}/{topic}"]
        self._ear = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, limit=2**20)

    async def until(self, wanted: Callable[[str, Any], object], limit: float = 10) -> Any:
        """The first message, of those that came already or come in time, that is wanted."""
        assert self._ear is not None
        assert self._ear.stdout is not None
        read = 0
        async with asyncio.timeout(limit):
            while True:
                for topic, body, _ in self.heard[read:]:
                    read += 1
                    if wanted(topic, body):
                        return body
                line = (await self._ear.stdout.readline()).decode()
                assert line, "mosquitto_sub has ended"
                retained, topic, text = line.split(" ", 2)
                self.heard.append((topic.removeprefix(f"{self.root}/"), json.loads(text) if text.strip() else None,
                                   retained == "1"))  # fmt: skip

    async def reply(self, identity: str) -> Any:
        """What the box says to a command."""
        return await self.until(lambda topic, body: topic == "replies" and body["id"] == identity)

    def order(self, do: str, **more: Any) -> dict[str, Any]:
        """The content of a command."""
        self._count += 1
        now = datetime.now(UTC)
        content = {"id": f"{self.guard}-phone-{self._count}", "site": self.site, "guard": self.guard, "do": do,
                   "at": now.isoformat(), "expires": (now + timedelta(seconds=60)).isoformat()}  # fmt: skip
        return content | more

    async def send(self, body: str, *more: str, topic: str = "") -> None:
        """Publish it."""
        words = ["mosquitto_pub", *self._way, "-q", "1", "-t", topic or f"{self.root}/commands", "-s", *more]
        process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.PIPE)
        await process.communicate(body.encode())
        assert process.returncode == 0

    async def say(self, do: str, **more: Any) -> Any:
        """Send a signed command; the reply."""
        content = self.order(do, **more)
        await self.send(self.pen.sign(content))
        return await self.reply(content["id"])

    async def close(self) -> None:
        """Hear no more."""
        if self._ear is not None and self._ear.returncode is None:
            with suppress(ProcessLookupError):
                self._ear.terminate()
            await self._ear.communicate()
