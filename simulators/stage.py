"""Everything a demo needs, in one folder: a copy of a site, a broker, simulated devices, the daemon, subscribers."""

import asyncio
import csv
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.comments import TaggedScalar

from simulators.broker import HOST, Account, Broker, password
from simulators.child import ROOT, Child, environment, module
from simulators.client import Control
from simulators.ear import Ear

_STANDS = 15.0
"""Seconds in which the simulated devices are there."""
_LONGEST = 68
"""Characters of the place for temporary folders under which a socket can still be made: its whole path may have 107,
of which the demo's own folder and the longest name in it take 39."""

_OF_ALL_WAYS = frozenset({"tier", "title", "kinds"})
"""Settings that every subscriber may have; all others belong to the way to it."""


class StageError(Exception):
    """The demo cannot be set up; the text says why and what to do."""


def shipped() -> Path:
    """The small estate that comes with the program, in a checkout or installed. StageError when it is missing."""
    roots = (ROOT / "config", Path(sys.prefix) / "share" / "gatehouse" / "config")
    for root in roots:
        if (root / "small" / "site.yaml").is_file():
            return root / "small" / "site.yaml"
    raise StageError(f"config/small/site.yaml is not in {' nor in '.join(str(root) for root in roots)}")


@dataclass(frozen=True, slots=True)
class Pace:
    """Shorter times than a real site has, so that a story is told in a minute. Seconds."""

    unlock: float = 3
    stay: float = 6
    delay: float = 2


class SiteCopy:
    """A copy of a site whose subscribers are served by a broker of our own, and whose times are shorter."""

    def __init__(self, site: Path, folder: Path) -> None:
        """Copies site files, cards and profiles, nothing else: no secrets. StageError when there is no such site."""
        source = site if site.is_dir() else site.parent
        files = sorted(site.glob("*.yaml")) if site.is_dir() else [site]
        if not files or not all(file.is_file() for file in files):
            raise StageError(f"{site}: no site file is there")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (*files, *source.glob("*.csv")):
            shutil.copy(file, folder / file.name)
        if (source / "profiles").is_dir():
            shutil.copytree(source / "profiles", folder / "profiles")
        self.folder = folder
        self.path = folder if site.is_dir() else folder / site.name
        self._yaml = YAML()
        self._yaml.width = 1000
        self._files = {file: self._yaml.load((folder / file.name).read_text("utf-8")) for file in files}

    def section(self, name: str) -> dict[str, Any]:
        """A section of the site, out of all its files; it may be changed."""
        found: dict[str, Any] = {}
        for content in self._files.values():
            found.update(content.get(name) or {})
        return found

    def add(self, section: str, name: str, entry: object) -> None:
        """One more entry of a section, or another one under its name."""
        next(iter(self._files.values())).setdefault(section, {})[name] = entry

    @property
    def site_id(self) -> str:
        """As it stands in topics."""
        return str(self.section("site")["id"])

    @property
    def zone(self) -> ZoneInfo:
        """The time of the estate."""
        return ZoneInfo(str(self.section("site").get("timezone", "Asia/Shanghai")))

    def people(self) -> list[dict[str, str]]:
        """The lines of its card list."""
        cards = self.section("access").get("cards")
        if not cards or not (self.folder / cards).is_file():
            return []
        with (self.folder / cards).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def quicken(self, pace: Pace) -> None:
        """Shorten what people would have to wait for."""
        for door in self.section("doors").values():
            door["unlock"] = f"{pace.unlock:g}s"
        for lane in self.section("lanes").values():
            lane["stay"] = f"{pace.stay:g}s"
        for rule in self.section("rules").values():
            if "for" in rule:
                rule["for"] = f"{pace.delay:g}s"

    def serve(self, port: int) -> None:
        """Let the box write to our broker, under names of its own, with passwords of its own; whatever way a subscriber
        has, a demo takes none that leads out of the house."""
        for name, subscriber in self.section("subscribers").items():
            for key in subscriber.keys() - _OF_ALL_WAYS:
                subscriber.pop(key)
            subscriber["broker"] = f"mqtt://{HOST}:{port}"
            subscriber["user"] = writer(name)
            subscriber["password"] = TaggedScalar(value=writer(name), tag="!secret")

    def save(self) -> None:
        """Write the files."""
        for file, content in self._files.items():
            with (self.folder / file.name).open("w", encoding="utf-8") as handle:
                self._yaml.dump(content, handle)


def writer(subscriber: str) -> str:
    """The broker's account with which the box writes for a subscriber; the reader's is the subscriber's own name."""
    return f"gatehouse-{subscriber}"


class Stage:
    """A running estate, its daemon and its subscribers."""

    def __init__(
        self, folder: Path, copy: SiteCopy, *, paced: bool = True, lasting: bool = False, state: Path | None = None,
        others: Sequence[Account] = (),
    ) -> None:  # fmt: skip
        """Nothing runs yet. `paced`: bytes take their time; `lasting`: readers miss nothing while the broker is away;
        `state`: where the daemon keeps its own, instead of our folder; `others`: who else may use the broker."""
        self.folder, self.copy = folder, copy
        self.state, self.wires = state or folder / "state", folder / "wires"
        self.socket = self.state / "api.sock" if state is None else folder / "api.sock"
        self.passwords: dict[str, str] = {}
        self.accounts = self._accounts()
        self.ears: dict[str, Ear] = {}
        self.control: Control
        self.broker = Broker(folder / "broker", [*self.accounts, *others], keeps=lasting)
        self.dress: Callable[[int], Awaitable[None]] = _as_it_is
        """Change the copy of the site once the broker's port is known."""
        self._lasting = lasting
        estate = gatehouse("simulate", copy.path, "--dir", self.wires, "--pace" if paced else "--no-pace")
        daemon = gatehouse(
            "run", copy.path, "--state", self.state, "--socket", self.socket, "--wires", self.wires / "wires.yaml"
        )
        self.simulators = Child("simulators", estate, self._log("simulators"))
        self.daemon = Child("daemon", daemon, self._log("daemon"))

    async def raise_curtain(self, stack: AsyncExitStack) -> None:
        """Broker, devices and ears; the daemon is left to its own start. Everything ends with the stack."""
        stack.push_async_callback(self.broker.stop)
        await self.broker.start()
        self.copy.serve(self.broker.port)
        await self.dress(self.broker.port)
        self.copy.save()
        stack.push_async_callback(self.simulators.stop)
        stack.push_async_callback(self.daemon.stop)
        await self.simulators.start()
        for name in self.copy.section("subscribers"):
            ear = self.ears[name] = Ear(name, self.root(name), lasting=self._lasting)
            stack.push_async_callback(ear.close)
            await ear.open(HOST, self.broker.port, name, self.passwords[name])
        try:
            self.control = await stack.enter_async_context(await Control.find(self.wires, _STANDS))
        except TimeoutError as error:
            raise StageError(f"the simulated devices do not stand: {' / '.join(self.simulators.tail(3))}") from error

    def root(self, subscriber: str) -> str:
        """The beginning of its topics."""
        return f"gatehouse/v1/{self.copy.site_id}/{subscriber}"

    def children(self) -> list[Child]:
        """All processes that must go on."""
        return [self.broker.child, self.simulators, self.daemon]

    @property
    def control_address(self) -> str:
        """Where hands reach the simulated world."""
        return str(json.loads((self.wires / "control.json").read_text(encoding="utf-8"))["address"])

    async def command(self, *words: str) -> tuple[int, str]:
        """What a person types to this daemon: exit status and what it says."""
        offline = words[0] == "journal" or "--offline" in words
        return await self.command_line(*words, *(("--state", self.state) if offline else ("--socket", self.socket)))

    async def command_line(self, *words: object) -> tuple[int, str]:
        """Any command of ours: exit status and what it says. TimeoutError after twenty seconds."""
        process = await asyncio.create_subprocess_exec(
            *gatehouse(*words),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=environment(), start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 20)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, said.decode(errors="replace").strip()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _accounts(self) -> list[Account]:
        """For each subscriber one who may only write, and one who may only read and ask for old numbers."""
        secrets = self.copy.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        accounts = []
        for name in self.copy.section("subscribers"):
            topics, asks = (f"{self.root(name)}/#",), (f"{self.root(name)}/refill",)
            ours, theirs = password(), password()
            handle = os.open(secrets / writer(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(ours + "\n")
            self.passwords[name] = theirs
            accounts.append(Account(user=writer(name), password=ours, reads=asks, writes=topics))
            accounts.append(Account(user=name, password=theirs, reads=topics, writes=asks))
        return accounts


async def _as_it_is(_port: int) -> None:
    """Nothing is changed."""


def gatehouse(*words: object) -> list[str]:
    """The command line of this very installation."""
    return module("console.cli", *words)


@contextmanager
def folder_for(wanted: Path | None) -> Iterator[Path]:
    """A private folder that vanishes, or the one that was asked for, which stays. StageError when that has files."""
    if wanted is not None:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(wanted.iterdir()):
            raise StageError(f"{wanted}: not empty; name a new folder")
        yield wanted.absolute()
        return
    long = len(tempfile.gettempdir()) > _LONGEST
    made = Path(tempfile.mkdtemp(prefix="gatehouse-demo-", dir="/tmp" if long else None))  # noqa: S108 - mkdtemp's own
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def titles(copy: SiteCopy) -> Mapping[str, str]:
    """What people call things: doors.north -> 北门."""
    sections = ("doors", "lanes", "zones", "outputs", "devices", "lines", "subscribers")
    return {
        f"{section}.{name}": str(entry.get("title", name))
        for section in sections
        for name, entry in copy.section(section).items()
    }
