"""The demo's terminal: time, place, plain words, Chinese first. Every colour has a sign beside it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

Language = Literal["zh", "en", "both"]
NARROW, WIDE = 80, 100
_QUIET, _QUIET_IN_FILE = 2.0, 5.0
"""Seconds of waiting without a word, on a terminal and elsewhere."""


class Words(NamedTuple):
    """The same thing said twice."""

    zh: str
    en: str


class Screen:
    """Draws on a terminal, or writes plainly into a file."""

    def __init__(self, language: Language, console: Console | None = None) -> None:
        """Between 80 and 100 columns are used."""
        self.console = console or Console(highlight=False)
        self.console.width = max(NARROW, min(WIDE, self.console.width))
        self.language = language
        self.checked = 0
        """How many things happened as they should."""

    def say(self, words: Words, style: str = "") -> Text:
        """The words in the languages that are wanted, one under the other."""
        if self.language != "both" or not words.en or words.zh == words.en:
            return Text(words.en if self.language == "en" else words.zh, style)
        return Text.assemble((words.zh, style), "\n", (words.en, "dim"))

    def beside(self, words: Words) -> str:
        """The words in one line."""
        if self.language != "both":
            return words.en if self.language == "en" else words.zh
        return f"{words.zh} · {words.en}" if words.en and words.en != words.zh else words.zh

    def title(self, words: Words, lines: Sequence[Words]) -> None:
        """What is about to be shown."""
        body = Text("\n").join(self.say(line) for line in lines)
        self.console.print(Panel(body, title=escape(self.beside(words)), title_align="left", box=box.HEAVY))

    def heading(self, number: int, words: Words) -> None:
        """A chapter."""
        self.console.print()
        self.console.print(
            Rule(Text(f"{number}  {self.beside(words)}", "bold"), align="left", characters="━", style="blue")
        )

    def act(self, at: datetime, place: str, words: Words) -> None:
        """Something is done to the world."""
        self._row(at, ("▶", "cyan"), place, self.say(words, "cyan"))

    def command(self, at: datetime, place: str, line: str) -> None:
        """Someone types a command."""
        self._row(at, ("$", "magenta"), place, Text(line, "magenta"))

    def saw(self, at: datetime, place: str, words: Words, after: float | None = None, severity: int = 0) -> None:
        """It happened as it should; `after` is seconds since it was caused, `severity` that of an alarm."""
        self.checked += 1
        sign, style = _SIGNS.get(severity, _SIGNS[0])
        self._row(at, (sign, style), place, self.say(words, style if severity else ""), _seconds(after))

    def fault(self, at: datetime, place: str, words: Words, seen: Sequence[str]) -> None:
        """It did not happen, and this is what was seen instead."""
        text = self.say(words, "bold red")
        for line in seen or ["—"]:
            text.append(f"\n  {line}", "red")
        self._row(at, ("✘", "bold red"), place, text)

    def note(self, words: Words) -> None:
        """An aside."""
        self._row(None, ("·", "dim"), "", self.say(words, "dim"))

    def bars(self, words: Words, values: Mapping[str, float], limit: float) -> None:
        """Times in milliseconds, side by side with what is allowed."""
        table = Table.grid(padding=(0, 2))
        width = 40
        for name, value in values.items():
            good = value <= limit
            bar = Text("█" * max(1, min(width, round(value / limit * width))), "green" if good else "bold red")
            table.add_row(name, Text(f"{value * 1000:.0f} ms", justify="right"), "✔" if good else "✘", bar)
        allowed = Words(f"允许 {limit * 1000:.0f} ms", f"allowed {limit * 1000:.0f} ms")
        self.console.print(
            Panel(table, title=escape(self.beside(words)), subtitle=self.beside(allowed), box=box.ROUNDED)
        )

    def compare(self, words: Words, heads: Sequence[Words], rows: Sequence[tuple[Words, str, str]]) -> None:
        """The same thing as two readers have it."""
        table = Table(box=box.SIMPLE_HEAD, title=escape(self.beside(words)), title_justify="left", title_style="bold")
        table.add_column("", no_wrap=True)
        for head in heads:
            table.add_column(self.say(head), overflow="fold", ratio=1)
        for name, left, right in rows:
            table.add_row(self.beside(name), left, right)
        self.console.print(table)

    def lines(self, text: str) -> None:
        """To be copied: never folded."""
        self.console.print(Text(text), soft_wrap=True)

    @contextmanager
    def waiting(self, words: Words, limit: float) -> Iterator[None]:
        """Say that we wait, once it takes more than two seconds."""
        text = f"{self.beside(words)} … ≤ {limit:.0f} s"
        status = self.console.status(escape(text))
        quiet, tell = _QUIET, status.start
        if not self.console.is_terminal:
            quiet, tell = _QUIET_IN_FILE, lambda: self.console.print(Text(f"         … {text}"), no_wrap=True)
        late = asyncio.get_running_loop().call_later(quiet, tell)
        try:
            yield
        finally:
            late.cancel()
            status.stop()

    def _row(self, at: datetime | None, sign: tuple[str, str], place: str, text: Text, right: str = "") -> None:
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(width=8, no_wrap=True, style="dim")
        row.add_column(width=1, no_wrap=True)
        row.add_column(width=16, overflow="fold")
        row.add_column(ratio=1, overflow="fold")
        row.add_column(width=8, no_wrap=True, justify="right", style="dim")
        row.add_row(f"{at:%H:%M:%S}" if at else "", Text(*sign), Text(place, "bold"), text, right)
        self.console.print(row)


_SIGNS = {0: ("✔", "green"), 1: ("▲", "bold red"), 2: ("◆", "dark_orange"), 3: ("●", "yellow"), 4: ("○", "")}
"""The signs of `gatehouse events`; an alarm that should come is no mistake, so it has its own."""


def _seconds(after: float | None) -> str:
    if after is None:
        return ""
    return f"+{after * 1000:.0f} ms" if after < 1 else f"+{after:.1f} s"


def clock(zone: tzinfo) -> datetime:
    """The time in the estate."""
    return datetime.now(zone)
