"""An MQTT broker for demos and tests: Debian's mosquitto where it is installed, else amqtt; loopback only.

Each account may read and write only what it is given, and has a password. `python -m simulators.broker FILE` runs
amqtt with the settings in a JSON file.
"""

import asyncio
import base64
import getpass
import hashlib
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from simulators.child import Child, DiedError, module

HOST = "127.0.0.1"
_READY = 10.0
"""Seconds in which a broker that was started listens."""
_TRIES = 3
_ROUNDS = 101
"""Of PBKDF2, as mosquitto_passwd does; the passwords are random and live for one demo."""

Program = Literal["mosquitto", "amqtt"]


class BrokerError(Exception):
    """No broker can be had; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who may read and write which topics (patterns with # and +)."""

    user: str
    password: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def password() -> str:
    """A new one, fit for a command line."""
    return secrets.token_hex(8)


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with closing(socket.create_server((HOST, 0))) as listener:
        return int(listener.getsockname()[1])


def find() -> Program:
    """Which broker is here. BrokerError when there is none."""
    if _mosquitto():
        return "mosquitto"
    try:
        import amqtt  # noqa: F401, PLC0415 - an extra that is not always installed
    except ModuleNotFoundError as error:
        raise BrokerError("no MQTT broker: apt-get install mosquitto, or pip install 'gatehouse[demo]'") from error
    return "amqtt"


class Broker:
    """One broker in a folder of its own; it may be stopped and started again on its port."""

    def __init__(
        self, folder: Path, accounts: Sequence[Account], program: Program | None = None, *, keeps: bool = False
    ) -> None:
        """The folder is made, readable by us alone. `keeps`: mosquitto remembers its readers and what they are owed
        when it is stopped. BrokerError when no broker is here."""
        self.program = program or find()
        self._keeps = keeps
        self.port = 0
        self._folder = folder
        self._accounts = list(accounts)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.child = Child("broker", [], folder / "broker.log")

    async def start(self) -> None:
        """Listen; the port is chosen the first time. BrokerError when it cannot."""
        for attempt in range(_TRIES):
            port = self.port or free_port()
            self.child = Child("broker", self._write(port), self.child.log)
            await self.child.start()
            try:
                await self._wait(port)
            except (DiedError, TimeoutError) as error:
                await self.child.stop()
                if attempt + 1 == _TRIES:
                    raise BrokerError(f"{self.program} does not start: {' / '.join(self.child.tail(3))}") from error
            else:
                self.port = port
                return

    async def stop(self) -> None:
        """End it; every connection breaks."""
        await self.child.stop()

    def _write(self, port: int) -> list[str]:
        if self.program == "mosquitto":
            return _write_mosquitto(self._folder, port, self._accounts, keeps=self._keeps)
        return _write_amqtt(self._folder, port, self._accounts)

    async def _wait(self, port: int) -> None:
        async with asyncio.timeout(_READY):
            while not await _listens(port):
                if not self.child.running:
                    await self.child.watch()
                await asyncio.sleep(0.02)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def _private(file: Path, text: str) -> Path:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    return file


# mosquitto


def _mosquitto() -> str | None:
    """Debian keeps it where people's PATH does not look."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin")))


def _write_mosquitto(folder: Path, port: int, accounts: Iterable[Account], *, keeps: bool = False) -> list[str]:
    users, rights = [], []
    for account in accounts:
        users.append(f"{account.user}:{_hashed(account.password)}\n")
        rights.append(f"user {account.user}\n")
        rights += [f"topic read {pattern}\n" for pattern in account.reads]
        rights += [f"topic write {pattern}\n" for pattern in account.writes]
    passwords, acl = _private(folder / "passwords", "".join(users)), _private(folder / "acl", "".join(rights))
    settings = [
        f"listener {port} {HOST}",
        f"user {getpass.getuser()}",  # started by root it would become a user who cannot read these files
        "allow_anonymous false",
        f"password_file {passwords}",
        f"acl_file {acl}",
        f"persistence {str(keeps).lower()}",
        f"persistence_location {folder}/",
        "log_dest stdout",
        "max_keepalive 60",
        "set_tcp_nodelay true",
    ]
    file = _private(folder / "mosquitto.conf", "\n".join(settings) + "\n")
    return [_mosquitto() or "mosquitto", "-c", str(file)]


def _hashed(plain: str) -> str:
    """As mosquitto_passwd writes it, without handing a password to a command line."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", plain.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


# amqtt


def _write_amqtt(folder: Path, port: int, accounts: Sequence[Account]) -> list[str]:
    from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415 - comes with amqtt, which is an extra

    hasher = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1)  # random passwords, one demo long
    lines = "".join(f"{account.user}:{hasher.hash(account.password)}\n" for account in accounts)
    passwords = _private(folder / "passwords", lines)
    nothing = ["-"]  # an empty list would mean that there is no list
    settings = {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {
            "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)},
            "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
                "acl": {account.user: list(account.reads) or nothing for account in accounts},
                "publish_acl": {account.user: list(account.writes) or nothing for account in accounts},
            },
        },
    }
    file = _private(folder / "amqtt.json", json.dumps(settings, indent=1))
    return module("simulators.broker", file)


async def _serve_amqtt(settings: Path) -> None:
    from amqtt.broker import Broker as Amqtt  # noqa: PLC0415 - an extra that is not always installed
    from amqtt.contexts import BrokerConfig  # noqa: PLC0415

    broker = Amqtt(BrokerConfig.from_dict(json.loads(settings.read_text(encoding="utf-8"))))  # noqa: ASYNC240 - once
    await broker.start()
    await asyncio.Event().wait()  # until we are told to end; nothing in it is worth keeping


if __name__ == "__main__":
    asyncio.run(_serve_amqtt(Path(sys.argv[1])))
