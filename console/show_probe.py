"""Draws a probe: each value beside the registers it was made of, and what cannot be right."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from console.screen import Screen, number
from console.words import word

_WRONG = "bold red"
_AGAIN = "whole once more"
"""The end of the name of a read that only tells whether a refusal was a whim."""


class ShowProbe(Screen):
    """One probe on one terminal."""

    def __init__(self, device: str, language: str) -> None:
        """`zh` or `en`."""
        super().__init__(language)
        self._device = device
        self._failed = self._odd = self._parted = 0

    def run(self, events: Iterable[dict[str, Any]]) -> int:
        """Show all of it; 0 when everything was read and makes sense, else 1."""
        table = self.grid(self.said("probe_title", device=self._device), "channel", "title", "value", "raw", "note")
        end: dict[str, Any] = {}
        reads: list[dict[str, Any]] = []
        try:
            with self.console.status(self.said("probe_wait")) as status:
                for event in events:
                    if event["event"] == "end":
                        end = event
                        break
                    reads.append(event)
                    status.update(self.said("probe_progress", count=len(reads), scan=event["scan"]))
        except KeyboardInterrupt:
            self.say("scan_stopped", style="bold")
        good = {
            point["channel"]
            for read in reads
            for point in read["points"]
            if not read["why"][self.language] and point["quality"] != "bad"
        }
        for read in reads:
            self._read(table, read, good)
        self.console.print(table)
        if "error" in end:
            self.line(end["error"][self.language], _WRONG)
        if end.get("unread"):
            self.say("probe_unread", names=", ".join(end["unread"]), style="dim")
        bad = self._failed or self._odd or "answered" not in end
        answered = end.get("answered", 0) - sum(_once_more(read) and not read["why"][self.language] for read in reads)
        answered = max(answered, 0)
        self.say("probe_end", style=_WRONG if bad else "green", answered=answered, failed=self._failed, odd=self._odd)
        if self._parted:
            self.say("probe_parted", count=self._parted, style="dim")
        return 1 if bad else 0

    def _read(self, table: Table, event: dict[str, Any], good: set[str]) -> None:
        wrong, points = bool(event["why"][self.language]), {point["channel"] for point in event["points"]}
        parted = wrong and bool(points) and points <= good
        self._parted += parted
        self._failed += wrong and not parted
        shown = any(point["raw"] for point in event["points"])
        answer = "" if shown else _spaced(event["answer"])
        took = f"{event['milliseconds']:.0f} ms"
        explained = Text(event["explained"][self.language], "dim")
        table.add_row(Text(event["scan"], "bold"), "", Text(took, "dim"), Text(answer, "dim"), explained)
        for row in self._refused(event) if parted else self._rows(event):
            table.add_row(*row)
        for hint in event["hints"]:
            table.add_row("", "", "", "", Text(f"{self.said('hint')}: {hint[self.language]}", "yellow"))

    def _refused(self, event: dict[str, Any]) -> Iterator[tuple[str | Text, ...]]:
        """One row for a read all of whose channels came by others."""
        note = self.said("probe_again", why=event["why"][self.language])
        yield f"  {self.said('probe_channels', count=len(event['points']))}", "", "", "", Text(f"✘ {note}", "yellow")

    def _rows(self, event: dict[str, Any]) -> Iterator[tuple[str | Text, ...]]:
        why = event["why"][self.language]
        if _once_more(event) and not why:
            yield "", "", "", "", Text(self.said("probe_once_more"), "dim")
            return
        if event["settling"]:
            verdict = Text(why or self.said("settled"), _WRONG if why else "green")
            yield f"  {self.said('settling')}", "", "", "", verdict
            return
        for point in event["points"]:
            self._odd += point["implausible"]
            wrong = point["implausible"] or point["quality"] == "bad"
            value = Text(self._value(point), _WRONG if wrong else "")
            yield f"  {point['channel']}", point["title"], value, point["raw"], self._note(point, why)

    def _value(self, point: dict[str, Any]) -> str:
        value = point["value"]
        if isinstance(value, bool) or value is None:
            return word(value, self.language)
        return f"{number(value)} {point['unit']}".rstrip()

    def _note(self, point: dict[str, Any], why: str) -> Text:
        if point["implausible"]:
            low, high = ("…" if limit is None else number(limit) for limit in point["limits"])
            return Text(f"▲ {self.said('implausible', low=low, high=high)}", _WRONG)
        note = point["note"][self.language] or why
        return Text(f"✘ {note}" if note else "", _WRONG if point["quality"] == "bad" else "yellow")


def _once_more(event: dict[str, Any]) -> bool:
    return bool(event["settling"]) and event["scan"].endswith(_AGAIN)


def _spaced(data: str) -> str:
    return " ".join(data[at : at + 2] for at in range(0, len(data), 2)).upper()
