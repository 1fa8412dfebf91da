"""The guard of a demo that goes on: an account at its broker, a phone's key, and what the site file says of him."""

import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from ruamel.yaml.comments import TaggedScalar

from simulators.broker import HOST, Account, password
from simulators.stage import SiteCopy, StageError

NAME = "li"
"""Of the guard; his title is 李四."""
_BOX = "gatehouse-phones"
"""The account with which the box writes to phones and hears them."""


class Guard:
    """One guard with a patrol phone."""

    def __init__(self, copy: SiteCopy, folder: Path) -> None:
        """His phone's files go into this new folder."""
        self._copy = copy
        folder.mkdir(mode=0o700)
        self._key, self._word = folder / f"{NAME}.pem", folder / f"{NAME}.password"
        root = f"gatehouse/v1/{copy.site_id}/patrol"
        reads = tuple(
            f"{root}/{topic}" for topic in ("status", *(f"{NAME}/{it}" for it in ("cards", "state", "replies")))
        )
        self.accounts = [
            Account(user=_BOX, password=password(), reads=(f"{root}/+/commands",), writes=(f"{root}/#",)),
            Account(user=NAME, password=password(), reads=reads, writes=(f"{root}/{NAME}/commands",)),
        ]
        box, his = self.accounts
        secrets = copy.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        _write(secrets / _BOX, box.password)
        _write(self._word, his.password)

    async def join(self, port: int, command: Callable[..., Awaitable[tuple[int, str]]]) -> None:
        """Make the key as a guard would, and put him into the site. StageError."""
        status, said = await command("patrol", "key", self._key)
        if status != 0:
            raise StageError(f"gatehouse patrol key: {said}")
        self._copy.add("people", NAME, {"name": "李四", "roles": ["patrol"]})
        phones = {
            "kind": "patrol", "title": "巡逻手机", "broker": f"mqtt://{HOST}:{port}", "user": _BOX,
            "password": TaggedScalar(value=_BOX, tag="!secret"),
            "guards": {NAME: said.rsplit(maxsplit=1)[-1]},
        }  # fmt: skip
        self._copy.add("channels", "phones", phones)

    def phone(self, port: int) -> str:
        """The command that is his phone."""
        where = f"--site {self._copy.site_id} --broker mqtt://{HOST}:{port} --user {NAME}"
        return f"{ours()} patrol --as {NAME} {where} --password-file {self._word} --key {self._key}"


def ours() -> str:
    """What a person types for our command line: its name, or where it is when the shell does not find it."""
    beside = Path(sys.executable).with_name("gatehouse")
    if shutil.which("gatehouse"):
        return "gatehouse"
    return str(beside) if beside.exists() else f"{sys.executable} -m console.cli"


def _write(file: Path, word: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as writing:
        writing.write(word + "\n")
