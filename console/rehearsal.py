"""Rehearsals need no daemon: timetables are played in this process. Only this file imports what plays them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from console.documents import put
from console.show_rules import ShowRules
from console.words_rules import word
from daemon.config.faults import ConfigError, Fault
from daemon.rehearsal import play
from daemon.rehearsal.play import Failure, Result
from daemon.rehearsal.report import document, explained, span

_SIGNS = {"good": ("✔", "green"), "bad": ("✘", "bold red"), "fault": ("✘", "bold red")}


def test(files: Sequence[Path], explain: str, language: str, *, as_json: bool) -> int:
    """Play each; 0 when all is as expected, 1 when something is not, 2 when a file or its site has faults."""
    found = list(_files(files))
    screen = Show(language)
    for path in [path for path, inside in found if not inside]:
        typer.echo(word("no_files", language, path=path), err=True)
    results: list[Result | ConfigError] = []
    paths = [file for _, inside in found for file in inside]
    for file in paths:
        outcome = _play(file, explain)
        results.append(outcome)
        if not as_json:
            screen.outcome(file, outcome)
    if as_json:
        put(_documents(paths, results))
    elif len(paths) > 1:
        screen.sum(results)
    faulty = not paths or any(isinstance(each, ConfigError) for each in results)
    return 2 if faulty else int(any(isinstance(each, Result) and not each.good for each in results))


def _play(file: Path, explain: str) -> Result | ConfigError:
    try:
        return play.run(file, (lambda stage: explained(stage, explain)) if explain else None)
    except ConfigError as error:
        return error


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, list[Path]]]:
    for path in paths:
        yield path, sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def _documents(files: Sequence[Path], results: Sequence[Result | ConfigError]) -> list[dict[str, Any]]:
    return [
        document(each)
        if isinstance(each, Result)
        else {"file": str(file), "faults": [_fault(one) for one in each.faults]}
        for file, each in zip(files, results, strict=True)
    ]


def _fault(fault: Fault) -> dict[str, object]:
    keys = ("line", "column", "path", "code", "found", "right", "nearest")
    return {"file": str(fault.file)} | {key: getattr(fault, key) for key in keys}


class Show:
    """For people."""

    def __init__(self, language: str) -> None:
        """`zh` or `en`."""
        self._language = language
        self._console = Console(soft_wrap=True, highlight=False)

    def _word(self, key: str, **values: object) -> str:
        return word(key, self._language, **values)

    def outcome(self, file: Path, outcome: Result | ConfigError) -> None:
        """One file: a line when all is as expected, else each difference."""
        key = "fault" if isinstance(outcome, ConfigError) else "good" if outcome.good else "bad"
        sign, style = _SIGNS[key]
        head = Text(f"{sign} {self._word(key)}  ", style).append(str(file), "bold")
        if isinstance(outcome, ConfigError):
            self._console.print(head)
            for fault in outcome.faults:
                self._console.print(Text("    " + fault.text("en" if self._language == "en" else "zh")))
            return
        figures = (
            self._word("items", count=outcome.expectations),
            self._word("virtual", span=span(outcome.seconds)),
            self._word("took", seconds=outcome.took),
        )
        self._console.print(head.append("  " + "  ".join(figures), "dim not bold"))
        for failure in outcome.failures:
            self._failure(failure)
        if "error" in outcome.explained:
            self._console.print(Text(f"    {outcome.explained['error']}", "red"))
        elif outcome.explained:
            self._console.print(Text(f"\n{self._word('in_the_end')}", "bold"))
            ShowRules(self._language).explained(outcome.explained)

    def _failure(self, failure: Failure) -> None:
        difference = failure.difference
        where = f"{self._word('line', line=failure.line)}  {span(failure.second)} ({failure.wall})  "
        text = Text("    " + where).append(" ".join(difference.what), "bold")
        text.append(f"  {self._word('expected')} ").append(difference.expected, "green")
        text.append(f"  {self._word('found')} ").append(difference.found, "red")
        if failure.note:
            text.append(f"  # {failure.note}", "dim")
        self._console.print(text)
        for key, value in difference.evidence.items():
            self._console.print(Text(f"        {key} = {self._evidence(value)}", "dim"))

    def _evidence(self, value: object) -> str:
        if isinstance(value, Mapping) and {"value", "quality", "age"} <= value.keys():
            age = value["age"]
            parts = [str(value["quality"]), self._word("never") if age is None else self._word("old", age=age)]
            if "limit" in value:
                parts.append(self._word("limit", limit=value["limit"]))
            return f"{value['value']} ({', '.join(parts)})"
        if isinstance(value, list | tuple):
            return "; ".join(str(each) for each in value) or "-"
        return str(value)

    def sum(self, results: Sequence[Result | ConfigError]) -> None:
        """The last line, of several files."""
        played = [each for each in results if isinstance(each, Result)]
        good = sum(each.good for each in played)
        count, faulty = sum(each.expectations for each in played), len(results) - len(played)
        text = self._word("sum", files=len(results), good=good, bad=len(played) - good, fault=faulty, count=count)
        self._console.print(Text(text, "bold green" if good == len(results) else "bold red"))
