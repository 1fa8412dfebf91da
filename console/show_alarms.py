"""Draws alarms: what stands, heads under their incident; open cases; what is set apart."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.show import Show, clock
from console.show_ladder import ShowLadder
from console.words_alarms import said

_HANDS = ("assigned_to", "on_site_by", "verified_by")


class ShowAlarms:
    """One document of `/v1/alarms` on one terminal."""

    def __init__(self, show: Show) -> None:
        """On this screen, in its language."""
        self._show, self._language = show, show.language

    def everything(self, document: dict[str, Any]) -> None:
        """Alarms first, then open cases and what is disabled; what has ended, where it was asked for."""
        parts: list[RenderableType] = [self._standing(document["alarms"], document["cases"])]
        if climbs := document.get("ladders"):
            ladders = ShowLadder(self._show)
            parts += [Text(), *(ladders.line(run) for run in climbs)]
        if document["cases"]:
            parts += [Text(), self._cases(document["cases"])]
        if document["disabled"]:
            parts += [Text(), self._show.disabled(document["disabled"])]
        if "ended" in document:
            parts += [Text(), Text(self._said("ended"), "bold")]
        self._show.console.print(Group(*parts))
        for event in document.get("ended", ()):
            self._show.event(event)

    def _said(self, key: str, **values: object) -> str:
        return said(key, self._language, **values)

    def _table(self, title: str, *columns: str) -> Table:
        return self._show.grid(self._said(title), *(self._said(column) for column in columns))

    def _standing(self, alarms: list[dict[str, Any]], cases: list[dict[str, Any]]) -> RenderableType:
        if not alarms:
            return Text.assemble((self._said("alarms"), "bold"), f"  {self._said('none')}")
        table = self._table("alarms", "severity", "alarm", "place", "state", "since", "count", "who", "id")
        for incident, heads in self._incidents(alarms, cases):
            if incident:
                first = heads[0]
                title = self._said("incident", count=incident)
                table.add_row(
                    f"P{first['severity']}", title, first["place"], "", clock(first["local"])[5:], style="bold"
                )
            for alarm in heads:
                self._row(table, alarm, "  " if incident else "")
        return table

    def _incidents(
        self, alarms: list[dict[str, Any]], cases: list[dict[str, Any]]
    ) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """The heads of each incident, with the number of its alarms; 0 for one that is alone."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for alarm in alarms:
            rows.setdefault(alarm["incident"] or alarm["occurrence"], []).append(alarm)
        for incident, heads in rows.items():
            count = len(heads) + sum(case["incident"] == incident for case in cases)
            yield (count if count > 1 else 0), heads

    def _row(self, table: Table, alarm: dict[str, Any], indent: str) -> None:
        style = "dim" if alarm["apart"] else "bold red" if alarm["severity"] == 1 else None
        table.add_row(
            f"{indent}P{alarm['severity']}",
            alarm["text"][self._language],
            alarm["place"],
            self._state(alarm),
            clock(alarm["local"])[5:],
            f"×{alarm['count']}" if alarm["count"] > 1 else "",
            self._who(alarm),
            alarm["id"],
            style=style,
        )

    def _state(self, alarm: dict[str, Any]) -> str:
        said = [alarm["state_text"][self._language]]
        if apart := alarm["apart"]:
            until = clock(apart["local"])[5:16] if apart["local"] else "?"
            said.append(self._said("until_then", until=until, by=apart["by"], why=apart["why"]))
        if not alarm["known"]:
            said.append(self._said("unjudged"))
        if alarm["silenced_by"]:
            said.append(self._said("silenced"))
        if alarm["chattering"]:
            said.append(self._said("chattering"))
        return " ".join(said)

    def _who(self, alarm: dict[str, Any]) -> str:
        its = alarm["handling"]
        parts = [its["text"][self._language]]
        if by := alarm["acknowledged_by"]:
            parts.append(self._said("acknowledged_by", who=by))
        parts += [self._said(hand, who=its[hand]) for hand in _HANDS if its[hand]]
        return "；".join(filter(None, parts)) if self._language == "zh" else "; ".join(filter(None, parts))

    def _cases(self, cases: list[dict[str, Any]]) -> Table:
        table = self._table("cases", "severity", "alarm", "place", "since", "count", "result", "who", "id", "case")
        for case in cases:
            count = f"×{case['count']}" if case["count"] > 1 else ""
            result = case["handling"]["text"][self._language] or self._said("to_verify")
            who = case["handling"]["verified_by"] or case["acknowledged_by"]
            row = (
                case["text"][self._language],
                case["place"],
                clock(case["local"])[5:],
                count,
                result,
                who,
                case["id"],
            )
            table.add_row(f"P{case['severity']}", *row, case["occurrence"])
        return table
