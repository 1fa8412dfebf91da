"""Draws a probe: each value beside the registers it was made of, and what cannot be right."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from console.screen import Screen, number
from console.words import word

_WRONG = "bold red"


class ShowProbe(Screen):
    """One probe on one terminal."""

    def __init__(self, device: str, language: str) -> None:
        """`zh` or `en`."""
        super().__init__(language)
        self._device = device
        self._failed = self._odd = 0

    def run(self, events: Iterable[dict[str, Any]]) -> int:
        """Show all of it; 0 when everything was read and makes sense, else 1."""
        table = self.grid(self.said("probe_title", device=self._device), "channel", "title", "value", "raw", "note")
        end: dict[str, Any] = {}
        try:
            for event in events:
                if event["event"] == "end":
                    end = event
                    break
                self._read(table, event)
        except KeyboardInterrupt:
            self.say("scan_stopped", style="bold")
        self.console.print(table)
        if "error" in end:
            self.line(end["error"][self.language], _WRONG)
        if end.get("unread"):
            self.say("probe_unread", names=", ".join(end["unread"]), style="dim")
        bad = self._failed or self._odd or "answered" not in end
        answered = end.get("answered", 0)
        self.say("probe_end", style=_WRONG if bad else "green", answered=answered, failed=self._failed, odd=self._odd)
        return 1 if bad else 0

    def _read(self, table: Table, event: dict[str, Any]) -> None:
        self._failed += bool(event["why"][self.language])
        shown = any(point["raw"] for point in event["points"])
        answer = "" if shown else _spaced(event["answer"])
        took = f"{event['milliseconds']:.0f} ms"
        explained = Text(event["explained"][self.language], "dim")
        table.add_row(Text(event["scan"], "bold"), "", Text(took, "dim"), Text(answer, "dim"), explained)
        for row in self._rows(event):
            table.add_row(*row)
        for hint in event["hints"]:
            table.add_row("", "", "", "", Text(f"{self.said('hint')}: {hint[self.language]}", "yellow"))

    def _rows(self, event: dict[str, Any]) -> Iterator[tuple[str | Text, ...]]:
        why = event["why"][self.language]
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


def _spaced(data: str) -> str:
    return " ".join(data[at : at + 2] for at in range(0, len(data), 2)).upper()
