"""Draws rules: the list of them, and why one of them did or did not fire."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from console.show import Show, clock
from console.words import word as screen_word
from console.words_rules import word

_GOOD = {"good": "", "uncertain": "yellow", "bad": "red"}
_NAME = 24
"""Columns for a rule's name before it is broken; `doors.unit12.door_forced` has as many."""


class ShowRules:
    """Words of one language."""

    def __init__(self, language: str) -> None:
        """`zh` or `en`."""
        self._language = language
        self._console = Show(language).console

    def _word(self, key: str, **values: object) -> str:
        return word(key, self._language, **values)

    def _said(self, text: Mapping[str, str] | None) -> str:
        return (text or {}).get(self._language, "")

    def _value(self, value: object, unit: str = "") -> str:
        if isinstance(value, bool):
            return self._word("on" if value else "off")
        if value is None:
            return "—"
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        return f"{text} {unit}".rstrip()

    def listed(self, rules: list[dict[str, Any]]) -> None:
        """A line for each rule."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("rule", "kind", "place", "wants", "alarms", "acted"):
            table.add_column(self._word(column), overflow="fold", min_width=_NAME if column == "rule" else None)
        for rule in rules:
            acted = clock(rule["acted"]) if rule["acted"] else ""
            place = rule["place"] or rule["subject"]
            wants = str(rule["wants"]) if rule["wants"] else ""
            table.add_row(rule["rule"], rule["kind"], place, wants, ", ".join(rule["alarms"]), acted)
        self._console.print(table)

    def explained(self, document: dict[str, Any]) -> None:
        """All that is known of why."""
        if not document["rule"]:
            self._own(document)
        else:
            self._head(document)
            self._inputs(document["inputs"])
            self._conditions(document)
            self._demands(document)
        self.past(document)

    def _own(self, document: dict[str, Any]) -> None:
        self._console.print(Text(document["alarm"], "bold").append(f"  {self._word('own')}", "not bold"))
        self._evidence((document["own"] or {}).get("evidence", {}))

    def _head(self, document: dict[str, Any]) -> None:
        place = document["place"] or document["subject"]
        self._console.print(Text(document["rule"], "bold").append(f"  {document['kind']}  {place}", "not bold"))
        if self._language == "en":
            self._console.print(Text(document["meaning"], "dim"))
        settings = "  ".join(f"{name}: {self._setting(value)}" for name, value in document["settings"].items())
        self._console.print(Text(f"{self._word('settings')}  {settings}"))  # lists have brackets, which are no markup
        if document["failed"]:
            self._console.print(Text(self._word("failed", why=document["failed"]), "bold red"))
        judged = document["judged"]
        text = self._word("unjudged") if judged is None else self._word("judged", seconds=judged)
        if document["wakes"] is not None:
            text += "  " + self._word("wakes", seconds=document["wakes"])
        self._console.print(text)
        if document["waits_for"]:
            self._console.print(Text(self._word("waits", points=", ".join(document["waits_for"])), "yellow"))

    def _setting(self, value: object) -> str:
        if isinstance(value, dict) and value.keys() == {"number", "unit"}:
            return f"{value['number']:g} {value['unit']}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(self._setting(each) for each in value) + "]"
        return self._value(value)

    def _inputs(self, inputs: dict[str, dict[str, Any]]) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("input", "value", "quality", "age", "limit_of", "unchanged", "note"):
            table.add_column(self._word(column), overflow="fold")
        for name, its in inputs.items():
            age = self._word("never") if its["age"] is None else f"{its['age']:.1f} s"
            limit = "" if its["limit"] is None else f"{its['limit']:g} s"
            since = "" if its["unchanged"] is None else f"{its['unchanged']:.1f} s"
            quality = Text(screen_word(its["quality"], self._language), _GOOD[its["quality"]])
            if its["momentary"] and its["age"] is None:
                quality, age = Text(""), screen_word("none_yet", self._language)
            value = self._value(its["value"], its["unit"])
            table.add_row(f"{name}  {its['title']}", value, quality, age, limit, since, self._said(its["note"]))
        if inputs:
            self._console.print()
            self._console.print(table)

    def _conditions(self, document: dict[str, Any]) -> None:
        for one in document["conditions"]:
            if document["alarm"] in ("", one["alarm"]):
                self._condition(one)

    def _condition(self, one: dict[str, Any]) -> None:
        holds = {True: "holds", False: "holds_not", None: "holds_unknown"}[one["active"]]
        style = {True: "bold red", False: "green", None: "yellow"}[one["active"]]
        text = Text(f"\n{one['alarm']}", "bold").append(f"  P{one['severity']} {self._said(one['text'])}  ", "not bold")
        text.append(self._word(holds), style)
        if its := one["standing"]:
            state = screen_word(its["state"], self._language)
            stands = self._word("stands", state=state, since=clock(its["raised"]), count=its["count"])
            text.append(f"  {stands}", "not bold")
            if its["acknowledged_by"]:
                text.append(f" {its['acknowledged_by']}", "not bold")
        self._console.print(text)
        self._evidence(one["evidence"])

    def _evidence(self, evidence: Mapping[str, Any]) -> None:
        for key, value in evidence.items():
            if value != "" and not (
                isinstance(value, dict) and "quality" in value
            ):  # readings stand in the table, fresher
                self._console.print(Text(f"  {key} = {self._setting(value)}", "dim"))

    def _demands(self, document: dict[str, Any]) -> None:
        for one in document["demands"]:
            verb = self._word("forbids" if one["veto"] else "wants_it", value=self._value(one["value"]))
            text = Text(f"\n{one['output']}", "bold").append(f"  {one['priority']}  {verb}", "not bold")
            text.append(f"  {self._said(one['reason'])}", "not bold")
            if one["left"] is not None:
                text.append(f"  {self._word('left', seconds=one['left'])}", "not bold")
            granted = self._word("granted") if one["granted"] else self._word("against", who=self._said(one["against"]))
            self._console.print(text.append(f"  {granted}", "green" if one["granted"] else "yellow"))
        if not document["demands"] and document["outputs"]:
            self._console.print(f"\n{self._word('wants_nothing')}")
        for name, its in document["outputs"].items():
            told = "held" if its["told"] is None else self._value(its["told"])
            others = "; ".join(
                f"{wish['priority']} {wish['issuer']}: {'≠' * wish['veto']}{self._value(wish['value'])}"
                for wish in its["wishes"]
            )
            why = f"  {self._said(its['why'])}" if its["told"] is None else ""
            line = f"  {name} {its['title']} → {screen_word(told, self._language)}{why}  {others}"
            self._console.print(Text(line, "dim"))

    def past(self, document: dict[str, Any]) -> None:
        """What the journal has of it, the newest last."""
        self._console.print(f"\n{self._word('past')}")
        if document["trouble"]:
            self._console.print(Text(f"  {self._said(document['trouble'])}", "red"))
        if not document["past"] and not document["trouble"]:
            self._console.print(f"  {self._word('nothing')}")
        for event in document["past"]:
            number = f"{event['number']:>6}  " if event["number"] else ""
            self._console.print(Text(f"  {number}{clock(event['local'])}  {self._said(event['text'])}"))
            self._past_evidence(event["content"].get("evidence"))

    def _past_evidence(self, evidence: object) -> None:
        if not isinstance(evidence, dict):
            return
        parts = []
        for key, value in evidence.items():
            if isinstance(value, dict) and "quality" in value:
                parts.append(f"{key} = {self._value(value['value'])} ({value['quality']}, {value['age']} s)")
            else:
                parts.append(f"{key} = {self._setting(value)}")
        self._console.print(Text(f"          {'  '.join(parts)}", "dim"))
