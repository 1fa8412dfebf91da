"""The terminal of the technician's tools, and the tables on it."""

import os

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.words_field import said

_WIDE = 160
"""Columns where nobody looks at a terminal."""


class Screen:
    """Words of one language on one terminal."""

    def __init__(self, language: str) -> None:
        """`zh` or `en`."""
        self.language = language
        self.console = Console(highlight=False)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console = Console(highlight=False, width=_WIDE)

    def said(self, key: str, **values: object) -> str:
        """A sentence of these tools."""
        return said(key, self.language, **values)

    def say(self, key: str, style: str = "", **values: object) -> None:
        """Print a sentence."""
        self.line(self.said(key, **values), style)

    def line(self, text: str | Text, style: str = "") -> None:
        """Print a line as it is."""
        self.console.print(Text(text, style) if isinstance(text, str) else text, soft_wrap=True)

    def time(self, seconds: float) -> str:
        """A time that has to be waited for."""
        if seconds < 100:
            return f"{seconds:.0f} {self.said('second')}"
        return f"{seconds / 60:.0f} {self.said('minute')}"

    def grid(self, title: str, *columns: str) -> Table:
        """An empty table; titles are keys of the words."""
        grid = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            collapse_padding=True,
        )
        for column in columns:
            grid.add_column(self.said(column), overflow="fold")
        return grid


def number(value: object) -> str:
    """A value as people read it."""
    return f"{value:.7g}" if isinstance(value, float) else str(value)
