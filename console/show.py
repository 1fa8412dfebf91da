"""Draws what the daemon says as tables for people. Colour is never the only sign."""

import os
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.words import word

_STYLES = {"bad": "red", "uncertain": "yellow", "down": "bold red", "offline": "bold red", "away": "yellow"}
_COUNTERS = ("refused", "crc", "noise", "foreign", "half")
"""What is told of a device's answers where there were any; an echo is how some adapters are."""
_CLASSES = ("safety", "access", "measure", "slow")
_FEW = 5
"""Names in one line of the head."""
_WIDE = 160
"""Columns where nobody looks at a terminal."""


def clock(instant: str) -> str:
    """An ISO instant as people read it."""
    return instant[:19].replace("T", " ")


class Show:
    """Words of one language, tables of one terminal."""

    def __init__(self, language: str) -> None:
        """`zh` or `en`."""
        self.language = language
        self.console = Console(highlight=False)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console = Console(highlight=False, width=_WIDE)

    def status(self, status: dict[str, Any], *, points: bool) -> None:
        """The whole state, alarms first."""
        parts = [
            self._alarms(status["alarms"]),
            self._outputs(status["outputs"]),
            self._lines(status["lines"], status["running"]),
            self._feeds(status["feeds"]),
        ]
        if status["cases"]:
            parts.insert(1, Text(f"{self._word('cases')} {status['cases']}  gatehouse alarms"))
        if status["disabled"]:
            parts.insert(1, self.disabled(status["disabled"]))
        if points:
            parts.append(self._points(status["points"], status["lines"]))
        if status.get("channels"):
            parts.append(self._channels(status["channels"]))
        spaced = [part for each in parts for part in (Text(), each)]
        self.console.print(Group(self._head(status), *spaced))

    def alarms(self, alarms: list[dict[str, Any]]) -> None:
        """Standing alarms only."""
        self.console.print(self._alarms(alarms))

    def disabled(self, entries: list[dict[str, Any]]) -> Table:
        """What is out of service, until when, by whom and why."""
        table = self._table("disabled", "target", "title", "until", "person", "why")
        for its in entries:
            table.add_row(its["target"], its["place"], clock(its["local"])[:16], its["by"], self._said(its))
        return table

    def event(self, event: dict[str, Any]) -> None:
        """One line of the journal."""
        sign = {1: "▲", 2: "◆", 3: "●", 4: "○"}.get(event["severity"], " ")
        style = {1: "bold red", 2: "dark_orange", 3: "yellow"}.get(event["severity"], "")
        line = f"{event['number']:>6} {clock(event['local'])} {sign} {event['text'][self.language]}"
        self.console.print(Text(line, style=style), soft_wrap=True)

    def _word(self, key: object) -> str:
        return word(key, self.language)

    def _state(self, key: str) -> Text:
        return Text(self._word(key), style=_STYLES.get(key, ""))

    def _said(self, thing: dict[str, Any]) -> str:
        return str(thing["text"][self.language])

    def _table(self, title: str, *columns: str) -> Table:
        table = self.grid(self._word(title))
        for column in columns:
            right = column in {"age", "polls", "worst", "misses", "delivered", "behind", "trip"}
            table.add_column(self._word(column), overflow="fold", justify="right" if right else "left")
        return table

    @staticmethod
    def grid(title: str, *columns: str) -> Table:
        """An empty table, as all of this screen look."""
        table = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            collapse_padding=True,
        )
        for column in columns:
            table.add_column(column, overflow="fold")
        return table

    def _head(self, status: dict[str, Any]) -> Text:
        site, journal = status["site"], status["journal"]
        head = Text(f"{site['name']} ({site['id']})  {clock(status['local'])}  ", style="bold")
        if status["armed"]:
            head.append(self._word("armed"))
        else:
            names = status["waiting"]
            more = f" … (+{len(names) - _FEW})" if len(names) > _FEW else ""
            head.append(f"\n{self._word('learning')} {', '.join(names[:_FEW])}{more}", style="yellow")
        trouble = journal["trouble"]
        head.append(f"\n{self._word('journal')} ", style="not bold")
        head.append(self._word("journal_trouble" if trouble else "journal_well"), style="bold red" if trouble else "")
        head.append(f"  {journal['head']}:{journal['hash']}", style="not bold dim")
        if trouble:
            head.append(f"\n{self._said(journal)}", style="not bold")
        if journal["waiting"]:
            head.append(f"  {self._word('unwritten')} {journal['waiting']}", style="not bold")
        if (ladders := status.get("ladders")) and not ladders["reaches"]:
            head.append(f"\n{self._word('reaches_nobody')}", style="bold red")
        return head

    def _alarms(self, alarms: list[dict[str, Any]]) -> RenderableType:
        if not alarms:
            return Text.assemble((self._word("alarms"), "bold"), f"  {self._word('none')}")
        table = self._table("alarms", "severity", "alarm", "title", "state", "since", "id")
        for alarm in alarms:
            known = "" if alarm["known"] else f" ({self._word('unjudged')})"
            by = f" {alarm['acknowledged_by']}" if alarm["acknowledged_by"] else ""
            count = f" ×{alarm['count']}" if alarm["count"] > 1 else ""
            row = (
                f"P{alarm['severity']}",
                self._said(alarm) + count,
                alarm["place"],
                self._word(alarm["state"]) + by + known,
                clock(alarm["local"])[5:],
                alarm["id"],
            )
            table.add_row(*row, style="bold red" if alarm["severity"] == 1 else None)
        return table

    def _outputs(self, outputs: dict[str, Any]) -> Table:
        table = self._table("outputs", "name", "title", "told", "by")
        for name, output in outputs.items():
            told = {True: "on", False: "off", None: "held"}.get(output["told"], output["told"])
            by = " ".join(filter(None, (self._word(output["by"]), self._said(output))))
            table.add_row(name, output["title"], self._word(told), by or self._word("rest"))
        return table

    def _lines(self, lines: dict[str, Any], seconds: float) -> Table:
        table = self._table("lines", "name", "title", "state", "trip", "polls", "worst", "misses", "note")
        for name, line in lines.items():
            state = {True: "up", False: "down"}.get(line["up"], "unasked")
            note = "" if line["up"] else self._said(line)
            load = _load(line)
            table.add_row(Text(name, "bold"), Text(line["title"], "bold"), self._state(state), "", "", load, "", note)
            missed = any(its.get("misses") for its in line["devices"].values())
            for device, its in line["devices"].items():
                table.add_row(f"  {device}", *self._device(its, seconds, missed=missed))
        return table

    def _device(self, its: dict[str, Any], seconds: float, *, missed: bool) -> Iterator[str | Text]:
        """What is known and was measured of one device. `missed`: its line has waited for answers in vain."""
        yield its["title"]
        yield self._state({True: "online", False: "offline"}.get(its["online"], "unasked"))
        middle, worst = its.get("round_trip_p50"), its.get("round_trip_p99")
        yield "" if middle is None else f"{middle:.0f}/{worst:.0f} ms"
        yield f"{its['polls'] / seconds:.1f}" if its.get("polls") and seconds else ""
        yield _worst(its.get("scans", {}), missed=missed)
        yield str(its["misses"]) if its.get("misses") else ""
        counts = [f"{self._word(name)} {its[name]}" for name in _COUNTERS if its.get(name)]
        yield ", ".join(filter(None, ("" if its["online"] else self._said(its), *counts)))

    def _feeds(self, feeds: dict[str, Any]) -> RenderableType:
        if not feeds:
            return Text.assemble((self._word("feeds"), "bold"), f"  {self._word('none')}")
        table = self._table("feeds", "name", "title", "state", "tier", "broker", "delivered", "behind", "note")
        for name, feed in feeds.items():
            over = "TLS" if feed.get("tls") else ""
            broker = " ".join(filter(None, (feed["address"], feed["version"] or feed["kind"], over)))
            state = self._state("connected" if feed["connected"] else "away")
            numbers = (str(feed["delivered"]), str(feed["behind"]))
            table.add_row(name, feed["title"], state, str(feed["tier"]), broker, *numbers, self._said(feed))
        return table

    def _channels(self, channels: dict[str, Any]) -> RenderableType:
        table = self._table("channels", "name", "title", "state", "kind", "delivered", "unsent", "behind", "note")
        for name, channel in channels.items():
            state = self._state("in_trouble" if channel["trouble"] else "well")
            numbers = (str(channel["sent"]), str(channel["failed"]), str(channel["waiting"] + channel["sending"]))
            table.add_row(name, channel["title"], state, channel["kind"], *numbers, self._said(channel))
        return table

    def _points(self, points: dict[str, Any], lines: dict[str, Any]) -> Table:
        """Every point, under its device."""
        titles = {name: its["title"] for line in lines.values() for name, its in line["devices"].items()}
        table = self._table("points", "name", "title", "value", "quality", "age", "note")
        shown = ""
        for name, point in points.items():
            device, _, channel = name.partition(".")
            title = titles.get(device, "")
            if device != shown:
                shown = device
                table.add_row(Text(device, "bold"), Text(title, "bold"))
            table.add_row(f"  {channel}", point["title"].removeprefix(f"{title} "), *self._reading(point))
        return table

    def _reading(self, point: dict[str, Any]) -> Iterator[str | Text]:
        """Value, quality, age and note; what occurs now and then is not at fault before its first time."""
        value, age = point["value"], point["age"]
        if point["momentary"] and age is None:
            yield from (self._word("none_yet"), "", "", "")
            return
        text = f"{value:.7g}" if isinstance(value, float) else value if isinstance(value, str) else self._word(value)
        yield text if value is None or not point["unit"] else f"{text} {point['unit']}"
        yield self._state(point["quality"])
        yield "" if age is None else f"{age:.1f} s"
        yield self._said(point)


def _load(line: dict[str, Any]) -> str:
    """Share of the line's time that was used within the last minute, beside what was reckoned."""
    if line.get("load") is None or line.get("promised_load") is None:
        return ""
    return f"{line['load']:.0%}/{min(line['promised_load'], 1):.0%}"


def _worst(scans: dict[str, dict[str, Any]], *, missed: bool) -> Text:
    """The longest that a reading of the most important class was without renewal, beside what was promised; marked
    where that was not kept."""
    known = [its for its in scans.values() if its["worst_age"] is not None and its["promised"] is not None]
    first = min((_CLASSES.index(its["kind"]) for its in known), default=0)
    mine = [its for its in known if its["kind"] == _CLASSES[first]]
    if not mine:
        return Text()
    its = max(mine, key=lambda each: each["worst_age"] / each["promised"])
    broken = its["worst_age"] > its["promised_dying" if missed else "promised"]
    text = f"{its['worst_age']:.2f}/{its['promised']:.2f} s" + (" !" if broken else "")
    return Text(text, style="yellow" if broken else "")
