"""Lines of a journal as one reader may see them, one by one, however many there are."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from daemon.export.order import WHOLE, Order, Place
from daemon.feeds.catalogue import PERSONAL, published, see, sentence
from daemon.journal.file import JournalError, explain, outline, reader
from daemon.journal.line import read
from daemon.journal.query import Search
from gatehouse.events import Event

Tick = Callable[[int, int], None]


class Reading:
    """One pass over a journal's file, living or not."""

    def __init__(self, path: Path) -> None:
        """Open it. OSError, JournalError."""
        self._path, self._database = path, reader(path)
        try:
            self.epoch, _, _, self.head, digest = outline(self._database, path)
            self.hash = digest.hex()
            """Of line `head`."""
        except BaseException:
            self.close()
            raise

    def lines(self, order: Order, place: Place, upto: int, tick: Tick | None = None) -> Iterator[dict[str, Any]]:
        """Every line that is wanted, up to a number, as this tier may see it. JournalError, ValueError."""
        search = Search(self._database, 0, upto, order.wanted(place.zone), newest=False)
        low, high = search.bounds
        try:
            for rows in search.rows():
                for number, digest, body in rows:
                    event = read(number, body)
                    if published(event.kind, order.tier):
                        yield told(event, digest, body, order.tier, place)
                    if tick is not None and number % 1000 == 0:
                        tick(number - low, high - low)
        except apsw.Error as error:
            raise JournalError(explain(error, self._path)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close(force=True)


def told(event: Event, digest: bytes, body: bytes, tier: int, place: Place) -> dict[str, Any]:
    """One line. Its hash only for those who may know people: with all else known it would give a name away.

    (Names are few: whoever knows the rest of a line can try them all.)
    """
    view = see(event, place.titles, tier)
    line: dict[str, Any] = {
        "number": event.number,
        "time": event.at.astimezone(place.zone).isoformat(timespec="milliseconds"),
        "kind": event.kind,
        "severity": view.severity,
        "subject": view.subject,
        "place": view.place,
        "actor": view.actor,
        "cause": view.cause,
        "content": msgspec.to_builtins(view.content, str_keys=True, enc_hook=str),
        "text": {"zh": sentence(event.kind, view, "zh"), "en": sentence(event.kind, view, "en")},
    }
    if tier >= PERSONAL:
        line["hash"] = digest.hex()
    if tier >= WHOLE:
        line["body"] = body.decode("utf-8", "backslashreplace")
    return line
