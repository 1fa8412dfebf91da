"""Draws ladders: who would be called and when, who is being called, and what a test came to."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console.show import Show, clock
from console.words_ladder import span, word

_FEW = 4
"""Messages in one line."""
_STYLES = {"failed": "bold red", "unread": "yellow", "read": "green", "delivered": "green", "queued": "dim"}


class ShowLadder:
    """In one language, on one terminal."""

    def __init__(self, show: Show) -> None:
        """Draw where it draws."""
        self._show, self._language = show, show.language

    def _word(self, key: str, **values: object) -> str:
        return word(key, self._language, **values)

    def _span(self, seconds: float) -> str:
        return span(seconds, self._language)

    def _print(self, *parts: RenderableType) -> None:
        self._show.console.print(Group(*parts))

    # What is going on

    def status(self, status: dict[str, Any]) -> None:
        """All ladders that are being climbed."""
        self._print(*self._head(status), *(part for run in status["running"] for part in (Text(), self._run(run))))

    def line(self, run: dict[str, Any]) -> Text:
        """One alarm in one line: whom it has reached so far, and when the next one is called."""
        legs = [leg for step in run["steps"] for leg in step["legs"]]
        text = Text.assemble((f"{self._word('running')}  {run['alarm']}", "bold"))
        for leg in legs[-_FEW:]:
            text.append(f"  {leg['person'] or self._word('group')} {leg['channel']} ")
            text.append(self._leg(leg))
        if run["next"] is not None:
            text.append(f"  {self._word('next', span=self._span(round(run['next'])))}")
        for key in ("spent", "paused", "drill"):
            if run[key]:
                text.append(f"  {self._word(key)}", style="yellow")
        return text

    def _head(self, status: dict[str, Any]) -> Iterator[Text]:
        if not status["reaches"]:
            yield Text(self._word("reaches_nobody"), style="bold red")
            return
        if status["standard"]:
            yield Text(self._word("standard"))
        if status["untested"]:
            who = ", ".join(status["untested"])
            yield Text(f"{self._word('untested')}: {who}. {self._word('how_to_test')}", style="yellow")
        if not status["running"]:
            yield Text(self._word("quiet"))

    def _run(self, run: dict[str, Any]) -> Group:
        table = self._table("when", "who", "channel", "state")
        for number, step in enumerate(run["steps"], 1):
            due = f"{number}. {self._span(step['after'])}"
            if step["begun"] is None:
                table.add_row(due, self._word("waiting"), style="dim")
                continue
            began = f"{due} ({self._word('early')} {self._span(round(step['begun'], 1))})" if step["early"] else due
            for what in self._others(step):
                table.add_row(began, what)
                began = ""
            for leg in step["legs"]:
                table.add_row(began, leg["person"] or self._word("group"), leg["channel"], self._leg(leg))
                began = ""
        return Group(Text(self._title(run), style="bold"), table)

    def _title(self, run: dict[str, Any]) -> str:
        title = run["text"][self._language]
        what = " ".join(filter(None, (f"P{run['severity']}", run["place"], title)))
        parts = [f"{what} ({run['ladder']})",
                 self._word("elapsed", span=self._span(round(run["elapsed"])))]  # fmt: skip
        if run["next"] is not None:
            parts.append(self._word("next", span=self._span(round(run["next"]))))
        parts += [self._word(key) for key in ("spent", "paused", "drill") if run[key]]
        if run["answered"]:
            parts.append(f"{self._word('answered')}: {', '.join(run['answered'])}")
        return "  ".join(parts)

    def _others(self, step: dict[str, Any]) -> Iterator[str]:
        if step["outputs"]:
            yield f"{self._word('sounds')}: {', '.join(step['outputs'])}"
        if step["police"]:
            yield self._word("police")

    def _leg(self, leg: dict[str, Any]) -> Text:
        state, said = leg["state"], leg["text"][self._language]
        text = self._word("unread_state" if state == "unread" else state)
        return Text(f"{text}  {said}".rstrip(), style=_STYLES.get(state, ""))

    # What would be

    def picture(self, document: dict[str, Any]) -> None:
        """Who would be called for an alarm of each severity, as a table of times."""
        place = f"{document['place']}  " if document["place"] else ""
        head = [Text(f"{place}{clock(document['at'])}", style="bold")]
        if document["standard"]:
            head.append(Text(self._word("standard")))
        self._print(*head, *(part for each in document["severities"] for part in (Text(), self._severity(each))))

    def _severity(self, its: dict[str, Any]) -> RenderableType:
        if not its["steps"]:
            return Text.assemble((f"P{its['severity']}  ", "bold"), (self._word("nobody_called"), "yellow"))
        title = f"P{its['severity']}  {self._word('ladder')} {its['ladder']}"
        table = self._table("when", "who", "by", "notes")
        for step in its["steps"]:
            when, notes = self._span(step["after"]), "; ".join(self._notes(step))
            for who, by in self._rows(step):
                table.add_row(when, who, by, notes)
                when = notes = ""
        return Group(Text(title, style="bold"), table)

    def _rows(self, step: dict[str, Any]) -> Iterator[tuple[str | Text, str | Text]]:
        if step["outputs"]:
            yield self._word("sounds"), ", ".join(step["outputs"])
        for call in step["calls"]:
            yield call["person"] or self._word("group"), self._channels(call["channels"])
        if step["nobody"]:
            yield Text(self._word("nobody"), style="bold red"), ""
        if step["police"]:
            yield self._word("police"), ""

    def _channels(self, channels: list[dict[str, Any]]) -> Text:
        if not channels:
            return Text(self._word("no_way"), style="bold red")
        text = Text()
        for number, channel in enumerate(channels):
            text.append(" → " if number else "")
            text.append(channel["name"])
            if not channel["tested"]:
                text.append(f" ({self._word('not_tested')})", style="yellow")
        return text

    def _notes(self, step: dict[str, Any]) -> Iterator[str]:
        if any(len(call["channels"]) > 1 for call in step["calls"]):
            yield self._word("unread", span=self._span(round(step["unread"])))
        if step["answers"] > 1:
            yield self._word("answers", n=step["answers"])
        if step["until"] != "acknowledged":
            yield self._word("until", word=self._word(step["until"]))
        if step["again"]:
            times = ", ".join(map(self._span, step["again"]))
            yield self._word("again", times=times) + (self._word("endless") if step["endless"] else "")

    # What a test came to

    def trial(self, trial: dict[str, Any]) -> None:
        """One row for each channel."""
        table = self._table("channel", "state")
        for channel, leg in trial["legs"].items():
            table.add_row(channel, self._leg(leg) if leg else Text(self._word("no_answer"), style="yellow"))
        self._print(Text(self._word("testing", name=trial["name"]), style="bold"), table)

    def _table(self, *columns: str) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for column in columns:
            table.add_column(self._word(column), overflow="fold")
        return table
