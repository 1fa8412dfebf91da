"""Cards of alarms on a terminal, as a guard reads them while running."""

from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from console.words_patrol import word

_PLAYED = "black on bright_yellow"
"""A drill looks like nothing that is real."""
_COLOURS = {1: "bold white on red", 2: "bold red", 3: "yellow", 4: "cyan"}
_SHOWN = 20
"""Cards on one screen."""
_LONGEST = 500
"""Characters of a line."""


class ShowPatrol:
    """One language, one console."""

    def __init__(self, language: str, console: Console) -> None:
        """Texts in this language, Chinese where there is none."""
        self.language, self.console = language, console

    def cards(self, cards: dict[int, dict[str, Any]], more: int = 0) -> None:
        """All of them, with their numbers."""
        if not cards:
            self.console.print(f"[green]{self._word('quiet')}[/]")
        for number, card in list(cards.items())[:_SHOWN]:
            self.console.print(self.card(number, card))
        if hidden := more + max(0, len(cards) - _SHOWN):
            self.console.print(self._word("more", count=hidden))

    def card(self, number: int, card: dict[str, Any]) -> RenderableType:
        """One card."""
        severity, played = card.get("severity", 4), bool(card.get("drill"))
        colour = _PLAYED if played else _COLOURS.get(severity, "white")
        mark = self._word("drill") if played else ""
        text = self._say(card.get("text")).removeprefix(mark)
        head = f"{mark}{number}  P{severity} {text}  {clean(card.get('place', ''))}"
        lines: list[RenderableType] = [Text(self._state(card))]
        if where := card.get("where"):
            lines.append(Text(clean(where), style="bold"))
        if way := card.get("way"):
            lines.append(Text(f"{self._word('way')}：{clean(way)}", style="bold cyan"))
        if card.get("calls") is False:
            lines.append(Text(self._word("no_calls"), style="bold white on red"))
        for key, style in (("never", "bold red"), ("do", "")):
            said = self._lines(card.get(key))
            lines += [Text(f"{'✗ ' if key == 'never' else f'{step}. '}{line}", style=style)
                      for step, line in enumerate(said, 1)]  # fmt: skip
        return Panel(Group(*lines), title=f"[{colour}] {escape(head)} [/]", title_align="left", border_style=colour)

    def told(self, text: str, style: str = "") -> None:
        """One line."""
        self.console.print(Text(clean(text), style=style))

    def _state(self, card: dict[str, Any]) -> str:
        parts = [self._say(card.get("state_text")), f"{_clock(card.get('raised'))} {self._word('since')}"]
        if isinstance(count := card.get("count"), int) and count > 1:
            parts.append(self._word("times", count=count))
        for key, said in (("on_site_by", "there"), ("assigned_to", "going"), ("acknowledged_by", "seen_by")):
            if name := card.get(key):
                parts.append(self._word(said, name=clean(name)))
                break
        return " · ".join(parts)

    def _say(self, text: object) -> str:
        return clean(text.get(self.language) or text.get("zh") or "") if isinstance(text, dict) else ""

    def _lines(self, text: object) -> list[str]:
        said = text.get(self.language) or text.get("zh") if isinstance(text, dict) else None
        return [clean(line) for line in said] if isinstance(said, list) else []

    def _word(self, key: str, **values: object) -> str:
        return word(key, self.language, **values)


def clean(text: object) -> str:
    """Without anything that a terminal would obey: it came over a network."""
    return "".join(each for each in str(text)[:_LONGEST] if each.isprintable())


def _clock(instant: object) -> str:
    """An instant as a clock on the wall here shows it."""
    try:
        return datetime.fromisoformat(str(instant)).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"
