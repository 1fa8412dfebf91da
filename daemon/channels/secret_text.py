"""Secrets of a channel as text: read when they are needed, so that a new one counts without a restart."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.channels.sender import Fate, SendError
from daemon.config.secrets import SecretError
from daemon.log import keep_secret


@dataclass(frozen=True, slots=True)
class SecretText:
    """One secret by its name."""

    name: str
    read: Callable[[str], bytes]

    def __call__(self) -> str:
        """Its value, which no log line will ever show. SendError when it cannot be had."""
        try:
            value = self.read(self.name).decode().strip()
        except (SecretError, UnicodeDecodeError):
            raise SendError(
                Fate.REFUSED, f"the secret {self.name} cannot be read; `gatehouse check` says why"
            ) from None
        keep_secret(value)
        return value
