"""Secrets by name, from systemd's credentials or a folder that nobody else can read; values are never shown."""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

LARGEST = 65_536
"""Bytes; a certificate chain with its key has a few thousand."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")


class SecretError(Exception):
    """A secret that cannot be had; `code` and `values` as in `daemon.config.wording`, never a part of the secret."""

    def __init__(self, code: str, **values: str) -> None:
        self.code, self.values = code, values
        super().__init__(f"secret {values.get('name')!r}: {code}; {values}")


class Secrets:
    """The places where secrets may lie, the first that has one counts."""

    def __init__(self, folders: Iterable[Path], credentials: Path | None = None) -> None:
        """`credentials` is systemd's own folder, whose modes are systemd's business."""
        self._folders = list(folders)
        self._credentials = credentials

    @classmethod
    def beside(cls, site: Path, override: Path | None = None) -> "Secrets":
        """Those of a site: systemd's credentials, then `secrets/` beside the site file, or the folder given instead."""
        folder = site if site.is_dir() else site.parent
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        return cls([override or folder / "secrets"], Path(credentials) if credentials else None)

    def read(self, name: str) -> bytes:
        """The secret, without the line end that editors add. SecretError, with what to do, when it cannot be had."""
        if not _NAME.match(name):
            raise SecretError("secret_name", name=name)
        if self._credentials is not None and (self._credentials / name).is_file():
            return _content(name, self._credentials / name)
        for file in (folder / name for folder in self._folders):
            try:
                mode = stat.S_IMODE(file.stat().st_mode)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(name, file, error) from error
            if mode & 0o077:
                raise SecretError("secret_open", name=name, mode=f"{mode:04o}", instead=str(file))
            return _content(name, file)
        instead = self._folders[0] / name if self._folders else Path("secrets") / name
        raise SecretError("secret_missing", name=name, instead=str(instead))


def _content(name: str, file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise SecretError("secret_large", name=name, limit=str(LARGEST), instead=str(file))
        content = file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise _unreadable(name, file, error) from error
    if not content:
        raise SecretError("secret_empty", name=name, instead=str(file))
    return content


def _unreadable(name: str, file: Path, error: OSError) -> SecretError:
    return SecretError("secret_unreadable", name=name, why=error.strerror or "?", instead=str(file))
