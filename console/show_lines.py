"""Draws what lines have to do and what they can promise, as `gatehouse lines` tells it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from console.screen import Screen
from console.words_lines import said

_CLASSES = ("safety", "access", "measure", "slow")
_SIGNS = {"safety": ("█", "red"), "access": ("▓", "yellow"), "measure": ("▒", "cyan"), "slow": ("░", "blue")}
_BAR = 50
"""Signs for all of a line's time."""
_BUSY = 0.8


class ShowLines(Screen):
    """The lines of one site on one terminal."""

    def said(self, key: str, **values: object) -> str:
        """A sentence of this command."""
        return said(key, self.language, **values)

    def lines(self, lines: Mapping[str, dict[str, Any]]) -> None:
        """All of them, one below the other."""
        for name, line in lines.items():
            self._head(name, line)
            if line["scans"]:
                self.console.print(self._classes(line))
                self._notes(line)
            self.line("")
        own = next((line["own"] for line in lines.values()), 0.0)
        self.say("teach", own=_time(own))

    def detail(self, name: str, line: dict[str, Any]) -> None:
        """One line, each of its scans."""
        self._head(name, line)
        if not line["scans"]:
            return
        columns = ("device", "scan", "class", "bytes", "each", "share", "every", "age", "dying")
        grid = self.grid("", *columns)
        for scan in sorted(line["scans"], key=lambda each: (_CLASSES.index(each["kind"]), each["period"])):
            grid.add_row(
                scan["device"],
                scan["scan"],
                self.said(scan["kind"]),
                f"{scan['sent']}+{scan['expected']}",
                _time(scan["seconds"]),
                _share(scan["seconds"] / scan["period"]),
                _every(scan["period"], scan["cycle"]),
                _time(scan["age"]),
                _time(scan["dying"]),
            )
        total = sum(scan["seconds"] / scan["period"] for scan in line["scans"])
        round_ = sum(scan["seconds"] for scan in line["scans"])
        grid.add_row(Text(self.said("sum"), "bold"), "", "", "", _time(round_), _share(total), "", "", "")
        self.console.print(grid)
        self._notes(line)

    def _head(self, name: str, line: dict[str, Any]) -> None:
        keys = ("title", "endpoint", "baud", "format", "devices")
        self.line(self.said("head", name=name, **{key: line[key] for key in keys}), "bold")
        if not line["scans"]:
            self.say("listens", style="dim")
            return
        bar, left = Text("  "), _BAR
        for kind in _CLASSES:
            sign, style = _SIGNS[kind]
            length = min(left, round(_BAR * line["shares"][kind]))
            bar.append(sign * length, style)
            left -= length
        bar.append("·" * left, "dim")
        over = sum(line["shares"].values())
        bar.append(f"{'▶' if over > 1 else ' '} {self.said('load', load=_share(line['load']))}  ")
        bar.append("  ".join(f"{_SIGNS[kind][0]} {self.said(kind)} {_share(line['shares'][kind])}" for kind in _CLASSES
                             if line["shares"][kind]))  # fmt: skip
        self.line(bar)
        self.line("  " + self.said("kept", reserve=_share(line["reserve"])), "dim")

    def _classes(self, line: dict[str, Any]) -> Table:
        grid = self.grid("", "class", "reads", "each", "share", "every", "age", "dying", "point")
        for kind in _CLASSES:
            scans = [scan for scan in line["scans"] if scan["kind"] == kind]
            worst = line["worst"][kind]
            if not scans:
                continue
            each = sum(scan["seconds"] for scan in scans) / len(scans)
            grid.add_row(
                self.said(kind),
                str(len(scans)),
                _time(each),
                _share(line["shares"][kind]),
                _rhythm(scans),
                _time(worst["age"]) if worst else "",
                _time(worst["dying"]) if worst else "",
                worst["point"] if worst else "",
            )
        return grid

    def _notes(self, line: dict[str, Any]) -> None:
        """What a technician should know of this line."""
        safety, limits = [scan for scan in line["scans"] if scan["kind"] == "safety"], line["limits"]
        worst = max(safety, key=lambda scan: scan["age"], default=None)
        full = worst is not None and worst["cycle"] > worst["period"]
        if worst is not None and full:
            self._note("full", cycle=_time(worst["cycle"]), period=_time(worst["period"]), age=_time(worst["age"]),
                       limit=_time(limits["safety"]))  # fmt: skip
        elif line["load"] > _BUSY:
            self._note("busy", level=_share(_BUSY))
        if worst is not None and worst["age"] > limits["aim"] and worst["period"] < limits["aim"]:
            self._note("aim", aim=_time(limits["aim"]), limit=_time(limits["safety"]))
        if worst is not None and worst["dying"] > limits["safety"]:
            self._note("dying", age=_time(worst["dying"]))
        room = int((1 - line["load"]) / (line["load"] / line["devices"])) if line["load"] else 0
        if not full and line["load"] <= _BUSY and room:
            self._note("room", count=room)

    def _note(self, key: str, **values: object) -> None:
        self.line(f"  • {self.said(f'note_{key}', **values)}")


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or not share else f"{share:.1%}"


def _rhythm(scans: Sequence[dict[str, Any]]) -> str:
    """How often scans of one class are asked: from the most to the least frequent, or how far they slip."""
    slowest = max(scans, key=lambda scan: scan["cycle"] / scan["period"])
    periods = sorted({scan["period"] for scan in scans})
    if slowest["cycle"] > slowest["period"] or len(periods) == 1:
        return _every(slowest["period"], slowest["cycle"])
    return f"{_time(periods[0])}…{_time(periods[-1])}"


def _every(period: float, cycle: float) -> str:
    return _time(period) if cycle <= period else f"{_time(period)} → {_time(cycle)}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
