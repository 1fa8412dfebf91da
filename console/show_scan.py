"""Draws a scan as it goes: what is asked, who answers, and at the end what may be pasted into the site file."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from console.screen import Screen, number

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z")
_NO_ADDRESS = {"dlt645": "DL/T 645", "cjt188": "CJ/T 188"}
_METERS = tuple(_NO_ADDRESS)
_ERROR = "bold yellow"
_FAR = 0.5
"""A profile of whose channels no more than this part answers plausibly is no proposal."""


class ShowScan(Screen):
    """One scan on one terminal."""

    def __init__(self, line: str, language: str) -> None:
        """`zh` or `en`."""
        super().__init__(language)
        self._line = line
        self.found: dict[object, dict[str, Any]] = {}
        self.identified: dict[object, dict[str, Any]] = {}
        self.known: dict[int, str] = {}
        self._own = ""
        self._shared = self._ended_why = False
        self._alike: set[object] = set()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def run(self, events: Iterable[dict[str, Any]]) -> int:
        """Show it until it ends or Ctrl-C stops it; 0 when somebody was found, else 1."""
        columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[left]}"))
        stopped, ended = False, False
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            self._progress, self._task = progress, progress.add_task("", total=None, left="")
            try:
                for event in events:
                    self._take(event)
                    ended = event["event"] == "end"
            except KeyboardInterrupt:
                stopped = True
        if stopped or not ended:
            self.say("scan_stopped", style="bold")
        self._summary()
        return 0 if self.found or self.known else 1

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress":
            self._advance(event)
        elif kind == "found":
            self.found[event["unit"]] = event
            self._found(event)
        elif kind == "identified":
            self.identified[event["unit"]] = event
        elif kind == "known":
            self.known[event["unit"]] = event["device"]
        elif kind == "plan":
            self._plan(event)
        elif kind == "end" and event["why"]:
            self._ended_why = True
            self.line(event["why"][self.language], _ERROR)
        else:
            self._remark(event)

    # While it goes

    def _plan(self, event: dict[str, Any]) -> None:
        own, *others = event["settings"]
        self._own = own
        time = self.time(event["seconds"])
        self.say("scan_plan", addresses=event["addresses"], setting=own, time=time, line=self._line)
        self._shared = event["share"] < 1
        if self._shared:
            self.say("scan_shared", style="dim")
        if others:
            self.say("scan_plan_all", count=len(others), time=self.time(event["seconds_all"]), style="dim")

    def _advance(self, event: dict[str, Any]) -> None:
        table = self.said(f"scan_tables_{event['table']}")
        text = self.said("scan_progress", **(event | {"table": table, "found": len(self.found)}))
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task,
                description=text,
                completed=event["done"],
                total=event["total"],
                left=self.time(event["left"]),
            )

    def _found(self, event: dict[str, Any]) -> None:
        line = Text("✔ ", "green")
        line.append(self.said("scan_found", unit=self._unit(event["unit"])), "bold")
        line.append(f"  {event['setting']}  {event['milliseconds']:.0f} ms")
        if event["device"]:
            line.append("  " + self.said("scan_is", name=event["device"]))
        self.console.print(line)
        if event["steady"] < event["asked"]:
            self.say("scan_unsteady", style=_ERROR, steady=event["steady"], asked=event["asked"])

    def _remark(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "garbled":
            meters = event["unit"] in _METERS
            values = {"unit": self._unit(event["unit"]), "bytes": event["bytes"] or "—"}
            self.say("scan_garbled_meters" if meters else "scan_garbled", style=_ERROR, **values)
        elif kind == "identifying" and self._progress is not None and self._task is not None:
            text = self.said("scan_identifying", **(event | {"unit": self._unit(event["unit"])}))
            self._progress.update(self._task, description=text, total=None, left="")
        elif kind == "trouble":
            self.say("scan_trouble", style=_ERROR, setting=event["setting"], why=event["why"][self.language])
        elif kind in {"noisy", "everywhere"}:
            self._alike |= set(event.get("units", ()))
            self.say(f"scan_{kind}", style=_ERROR, **event)

    # At the end

    def _summary(self) -> None:
        if self.known:
            names = ", ".join(f"{unit} {name}" for unit, name in self.known.items())
            self.say("scan_known", units=names)
        if not self.found:
            if not self._ended_why:
                word = "scan_nobody_else" if self.known else "scan_nobody_shared" if self._shared else "scan_nobody"
                self.say(word, style="" if self.known else _ERROR)
            return
        listed, left = self._listed()
        columns = ("address", "setting", "profile", "fit", "why", "site")
        table = self.grid(self.said("scan_title"), *(f"scan_{each}" for each in columns))
        for unit in listed:
            table.add_row(*self._row(unit, self.found[unit]))
        self.console.print(table)
        if left:
            self.say("scan_alike", units=", ".join(map(str, left)), style="dim")
        self._settings()
        entries = [line for unit in listed for line in self._entry(unit)]
        if entries:
            self.say("scan_paste", style="bold")
            self.console.print(Text("\n".join(["devices:", *entries])), soft_wrap=True)
        if any(self._is_unknown(unit) for unit in listed):
            self.say("scan_write_one", style="dim")

    def _listed(self) -> tuple[list[object], list[object]]:
        """Units with a row of their own; and those behind which the one device answers that does not look."""
        alike = [unit for unit in self.found if unit in self._alike and self._is_unknown(unit)]
        left = alike[1:]
        return [unit for unit in self.found if unit not in left], left

    def _is_unknown(self, unit: object) -> bool:
        its = self.identified.get(unit)
        return its is not None and its["driver"] == "modbus" and not _near(its) and not its["proposal"]["known"]

    def _row(self, unit: object, event: dict[str, Any]) -> Iterator[str | Text]:
        yield self._unit(unit)
        yield event["setting"] if event["tongue"] != "tcp" else "TCP"
        its = self.identified.get(unit)
        if its is None:
            known = event["device"]
            yield from ("", "", "", self.said("scan_is", name=known) if known else "")
            return
        if its["driver"] != "modbus":
            examples = self._examples(its["examples"])
            yield from (its["driver"], self.said("scan_sure"), examples, self._site(its["proposal"]))
            return
        likely = _near(its)
        if not likely:
            far = [
                self.said("scan_far", profile=best["profile"], fit=f"{best['fit']:.0%}") for best in its["likely"][:1]
            ]
            yield from (self.said("scan_no_profile"), "", "".join(far), self._site(its["proposal"]))
            return
        best = likely[0]
        yield f"{best['profile']}\n{best['title'][self.language]}"
        sure = self.said("scan_sure" if its["sure"] else "scan_unsure")
        yield Text(f"{best['fit']:.0%}\n{sure}", "green" if its["sure"] else "yellow")
        yield self._because(its)
        yield self._site(its["proposal"])

    def _because(self, its: dict[str, Any]) -> str:
        best, *others = its["likely"]
        parts = [self.said("scan_marked")] if best["marked"] else []
        parts.append(self.said("scan_answered", **best))
        parts += [self.said("scan_home")] if best["at_home"] else []
        parts += [self._examples(best["examples"])] if best["examples"] else []
        if others and not its["sure"]:
            names = ", ".join(f"{each['profile']} {each['fit']:.0%}" for each in others)
            parts.append(self.said("scan_other", others=names))
        return "；".join(parts) if self.language == "zh" else "; ".join(parts)

    @staticmethod
    def _examples(examples: list[dict[str, Any]]) -> str:
        return ", ".join(f"{each['title']} {number(each['value'])} {each['unit']}".rstrip() for each in examples)

    def _site(self, proposal: dict[str, Any]) -> str:
        if not proposal["known"]:
            return self.said("scan_new")
        key = "scan_differs" if proposal["differs"] else "scan_is"
        return self.said(key, name=proposal["known"], written=proposal["written"])

    def _settings(self) -> None:
        """What the line must be set to, where that is not what it is."""
        settings = {event["setting"] for event in self.found.values() if event["tongue"] != "tcp"}
        if len(settings) > 1:
            self.say("scan_mixed", style=_ERROR)
        for setting in sorted(settings - {self._own}):
            baud, _, form = setting.partition(" ")
            self.say("scan_line", style="bold", line=self._line, baud=baud, format=form)

    def _entry(self, unit: object) -> Iterator[str]:
        """Lines of YAML for a unit that the site does not have."""
        its = self.identified.get(unit)
        if its is None or its["proposal"]["known"]:
            return
        proposal, likely = its["proposal"], _near(its)
        name, entry = proposal["name"], {key: value for key, value in proposal["entry"].items() if value != ""}
        if its["likely"] and not likely:
            name = f"unit-{unit}"
            entry.pop("profile", None)
        remarks = []
        if likely:
            entry["title"] = likely[0]["title"]["zh"]
            remarks += [] if likely[0]["hardware"] else [self.said("scan_unverified")]
            if not its["sure"]:
                names = ", ".join(each["profile"] for each in likely[1:]) or "?"
                remarks.insert(0, f"{self.said('scan_unsure')}, {self.said('scan_other', others=names)}")
        written = ", ".join(f"{key}: {_scalar(value)}" for key, value in entry.items())
        remark = f"  # {'; '.join(remarks)}" if remarks else ""
        unknown = its["driver"] == "modbus" and not likely
        yield f"  {'# ' if unknown else ''}{name}: {{{written}{', profile: ?' if unknown else ''}}}{remark}"

    # Words

    def _unit(self, unit: object) -> str:
        if unit in _NO_ADDRESS:
            return _NO_ADDRESS[str(unit)]
        return (
            f"{unit} 号"
            if self.language == "zh" and isinstance(unit, int)
            else f"unit {unit}"
            if isinstance(unit, int)
            else str(unit)
        )


def _near(its: dict[str, Any]) -> list[dict[str, Any]]:
    """The profiles that may be this unit's."""
    likely: list[dict[str, Any]] = its["likely"]
    return likely if likely and likely[0]["fit"] > _FAR else []


def _scalar(value: object) -> str:
    if isinstance(value, str) and not _PLAIN.match(value) and not re.fullmatch(r"[\w\u4e00-\u9fff（）-]+", value):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.isdecimal():
        return f'"{value}"'
    return str(value)
