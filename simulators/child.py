"""A process of our own: what it says goes to a file, and it does not outlive us."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
"""Where our packages lie, in a checkout or installed."""
_PATIENCE = 4.0
"""Seconds in which a process ends by itself once it was told to."""


def module(name: str, *words: object) -> list[str]:
    """The command that runs a module with this very Python; `environment` lets it find ours from wherever it runs."""
    return [sys.executable, "-P", "-m", name, *map(str, words)]


def environment() -> dict[str, str]:
    """What a process of ours is started with."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"}


class DiedError(Exception):
    """A process ended that should have gone on; the text says which and how."""

    def __init__(self, child: "Child", status: int) -> None:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        super().__init__(f"{child.name} ({how})")
        self.child = child


class Child:
    """One process. Ctrl-C on the terminal does not reach it: whoever started it also ends it."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        """`log` gets all that it says."""
        self.name = name
        self.log = log
        self._command = list(command)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its number; LookupError before it was started."""
        if self._process is None:
            raise LookupError(f"{self.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it. OSError when there is no such program."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_bound(), *self._command,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(), start_new_session=True,
            )  # fmt: skip

    async def watch(self) -> None:
        """Wait for ever; DiedError when it ends."""
        if self._process is None:
            raise LookupError(f"{self.name} was not started")
        raise DiedError(self, await self._process.wait())

    async def stop(self, patience: float = _PATIENCE) -> int:
        """Ask it to end, then make it; answers its exit status."""
        if self._process is None:
            return 0
        if self.running:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), patience)
            except TimeoutError:
                self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                self._process.kill()

    def tail(self, lines: int = 12) -> list[str]:
        """The last things it said."""
        try:
            return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        except OSError:
            return []


def _bound() -> list[str]:
    """Let the kernel end it when we are killed; without util-linux it might outlive us."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
