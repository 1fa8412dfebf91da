"""Draws the frames of a line: when, which way, whose, what they say, and what was made of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.text import Text

from console.screen import Screen
from console.words_field import WORDS

_STYLES = {
    "sent": "cyan",
    "answer": "green",
    "echo": "dim",
    "learnt": "blue",
    "open": "bold green",
    "lost": "bold red",
    "miss": "bold red",
    "late": "yellow",
    "stray": "yellow",
    "noise": "yellow",
    "foreign": "yellow",
    "crc": "red",
    "half": "red",
}
_ARROWS = {"sent": "→", "answer": "←", "miss": "✘", "open": "●", "lost": "○", "learnt": "✎"}
_SHOWN = 48
"""Bytes of a frame that one line shows."""
_SAID = frozenset({"open", "lost"})
"""Entries whose bytes are words."""


class ShowTrace(Screen):
    """One line's frames on one terminal."""

    def __init__(self, language: str, *, raw: bool = False) -> None:
        """`zh` or `en`; `raw` shows the bytes only."""
        super().__init__(language)
        self._raw = raw

    def run(self, entries: Iterable[dict[str, Any]]) -> int:
        """Show them as they come, until they end or Ctrl-C; 0 when there were any, else 1."""
        count = 0
        try:
            for entry in entries:
                count += 1
                self.entry(entry)
        except KeyboardInterrupt:
            return 0
        return 0 if count else 1

    def saved(self, heads: list[dict[str, Any]], folder: Path) -> None:
        """What was kept at faults in this folder."""
        if not heads:
            self.say("trace_none", folder=folder)
            return
        grid = self.grid(
            self.said("trace_saved"), *(f"trace_{each}" for each in ("when", "line", "why", "size", "file"))
        )
        for head in heads:
            why = f"{self.said(head['why']) if head['why'] in WORDS else head['why']} {head.get('subject', '')}"
            size = f"{head['size'] / 1024:.0f} kB"
            grid.add_row(head["local"][:19].replace("T", " "), head["line"], why, size, head["file"])
        self.console.print(grid)
        self.say("trace_open_hint", style="dim")

    def entry(self, entry: dict[str, Any]) -> None:
        """One of them."""
        kind = entry["kind"]
        line = Text(f"{entry['local'][11:23]} ", "dim")
        if kind == "skipped":
            line.append(self.said("trace_skipped", count=entry["scan"]), "bold yellow")
            self.line(line)
            return
        style = _STYLES.get(kind, "")
        line.append(f"{_ARROWS.get(kind, '·')} {self.said(f'trace_{kind}')} ", style)
        whom = self.said("trace_visit") if not entry["device"] and entry["scan"] == "visit" else entry["device"]
        what = "" if entry["scan"] == "visit" else entry["scan"]
        line.append(" ".join(filter(None, (whom, what))) + "  ")
        self._content(line, entry)
        self.line(line)

    def _content(self, line: Text, entry: dict[str, Any]) -> None:
        data = bytes.fromhex(entry["bytes"])
        if entry["kind"] in _SAID:
            line.append(entry["text"][self.language])
            return
        text = "" if self._raw else entry["text"][self.language]
        more = f" … +{len(data) - _SHOWN}" if len(data) > _SHOWN and not self._raw else ""
        shown = data if self._raw else data[:_SHOWN]
        line.append(f"{text}  " if text else "")
        line.append(shown.hex(" ").upper() + more, "" if self._raw else "dim")
