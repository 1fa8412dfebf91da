"""What every fault is: `strike` once a round, and it has put the house right again when that returns."""

import contextlib
import random
import resource
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

from campaign.house import House


class Fault:
    """One kind of trouble. It changes the house in `strike` and puts it right again before that returns."""

    name: ClassVar[str]
    about: ClassVar[str]
    paced: ClassVar[bool] = False
    """Whether bytes take their time on the wires."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the house's own."""
        self.folder = folder
        self.state: Path | None = None
        """Where the daemon keeps its own, where the fault needs a place of its own for it."""
        self.costume: Sequence[object] = ()

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """What has to be there as long as the house."""
        yield

    async def strike(self, house: House, dice: random.Random) -> None:
        """One round."""
        raise NotImplementedError

    async def beside(self, house: House) -> None:
        """What goes on all the while, until cancelled: nothing, for most."""

    async def finish(self, house: House) -> None:
        """Before the last look: nothing, for most."""


def limit(pid: int, what: int, soft: int) -> None:
    """Limit a running process of ours; ProcessLookupError when it has ended."""
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, hard))
