"""The very small site, running as far as a reload can tell: parts are started by a crew that only writes down."""

from pathlib import Path

from daemon.config import load as config
from daemon.reload import apply as applying
from daemon.reload.difference import Difference, difference
from tests.unit.daemon import small


class Roll:
    """A crew that runs nobody and remembers whom it was told to start and to stop, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self, subject: str, run: object, progress: object = None) -> None:
        self.told.append(f"start {subject}")

    async def stop(self, *subjects: str) -> None:
        self.told += [f"stop {subject}" for subject in subjects]


class Reloaded(small.House):
    """A small house whose site file can be edited."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder, self.crew = folder, Roll()

    def planned(self, *edits: tuple[str, str], text: str = small.SITE) -> Difference:
        """The difference that these edits make."""
        for before, after in edits:
            assert before in text, before
            text = text.replace(before, after)
        return difference(self.daemon.plan, config.load(small.write(self.folder / "site", text)))

    async def edit(self, *edits: tuple[str, str]) -> Difference:
        """Apply them."""
        change = self.planned(*edits)
        await applying.apply(self.daemon, self.crew, change)
        return change

    def told(self) -> dict[str, object]:
        """What outputs are told."""
        return dict(self.engine.arbiter.told)
