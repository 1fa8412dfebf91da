"""Plays what the daemon has recorded against the rules of a site, and shows what would be otherwise."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from console.documents import put
from console.words_rules import word
from daemon.config import lastgood
from daemon.config import load as config
from daemon.config.load import Plan
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.journal import query as journal_query
from daemon.journal.journal import Filter, JournalError
from daemon.recording import story
from daemon.rehearsal import replay
from daemon.rehearsal.replay import FACTS, WARM, Change, Course
from daemon.rehearsal.stage import StageError
from gatehouse.events import Event

_PAGE = 5000
_MOST = 1_000_000
"""Events of the journal that are compared at most."""


class ReplayError(Exception):
    """It cannot be played; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be played, and against what it is to be compared."""

    since: str
    until: str
    before: Path | None
    journal: bool
    tolerance: float


@dataclass(slots=True)
class _Outcome:
    """What came of it."""

    changes: list[Change]
    now: Course
    then: Course | None
    against: str


def run(site: Path, state: Path, wish: Wish, language: str, *, as_json: bool) -> int:
    """0 when nothing would be otherwise, 1 when something would, 2 when it cannot be played."""
    try:
        plan = config.load(site, wires=None)
        since, until = _span(wish, plan)
        outcome = _play(plan, state, wish, (since, until), _Bar(language, quiet=as_json))
    except config.ConfigError as error:
        for fault in error.faults:
            typer.echo(fault.text("en" if language == "en" else "zh"), err=True)
        return 2
    except (ReplayError, StageError, JournalError, OSError, ValueError) as error:
        typer.echo(str(error), err=True)
        return 2
    if as_json:
        put(_document(outcome, plan))
    else:
        Show(language, plan).outcome(outcome)
    return int(bool(outcome.changes))


def _span(wish: Wish, plan: Plan) -> tuple[datetime, datetime]:
    zone = ZoneInfo(plan.site.site.timezone)
    found = []
    for name, text in (("--from", wish.since), ("--to", wish.until)):
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise ReplayError(
                f"{name} {text!r} 不是时刻，请写成 2026-11-21T14:00。 "
                "It is no instant; one is written 2026-11-21T14:00."
            ) from error
        found.append((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC))
    if found[0] >= found[1]:
        raise ReplayError("--from 须早于 --to。 --from must lie before --to.")
    return found[0], found[1]


def _play(plan: Plan, state: Path, wish: Wish, span: tuple[datetime, datetime], bar: "_Bar") -> _Outcome:
    since, until = span
    folder = state / "recording"
    deeds = _events(state, replay_from := since - WARM, until, replay.DEEDS)

    def told() -> Iterable[story.Item]:
        return _told(folder, replay_from, until)

    if wish.journal:
        then, against = None, "journal"
        facts = list(replay.facts(_events(state, since, until, FACTS)))
    else:
        kept = wish.before or lastgood.find(state)
        if kept is None:
            raise ReplayError(
                f"{state} 里没有上次正确的站点副本；用 --before 指定旧站点文件，或用 --journal 与日志比。\n"
                "No last good site is kept there; name the old one with --before, or compare with --journal."
            )
        then = replay.Replay(config.load(kept, wires=None), since, until, deeds).play(told(), bar.half(0))
        facts, against = then.facts, str(kept)
    now = replay.Replay(plan, since, until, deeds).play(told(), bar.half(1))
    bar.done()
    played = now.facts
    if then is not None:  # both were played up to the span; how the journal's own day began, it does not tell
        facts, played = then.begun + facts, now.begun + played
    if now.masked:  # who was let in cannot be known without the numbers
        facts, played = ([fact for fact in each if fact.key[0] != "access"] for each in (facts, played))
    return _Outcome(replay.changes(facts, played, wish.tolerance), now, then, against)


def _told(folder: Path, since: datetime, until: datetime) -> Iterable[story.Item]:
    try:
        yield from story.told(folder, since, until)
    except FileNotFoundError as error:
        there = story.span(folder)
        zh = f"有 {there[0]:%Y-%m-%dT%H:%M} 至 {there[1]:%Y-%m-%dT%H:%M}（UTC）的" if there else "一份也没有"
        en = f"there is {there[0]:%Y-%m-%dT%H:%M} to {there[1]:%Y-%m-%dT%H:%M} UTC" if there else "there is none at all"
        raise ReplayError(f"{folder}：没有这段时间的读数记录；{zh}。 Nothing was recorded then; {en}.") from error


def _events(state: Path, since: datetime, until: datetime, kinds: Sequence[str]) -> list[Event]:
    """Events of the journal of a span, oldest first; none where there is no journal."""
    path = state / "journal.db"
    if not path.exists():
        return []
    found: list[Event] = []
    wanted = Filter(kinds=tuple(kinds), since=since, until=until)
    while len(found) < _MOST:
        page = journal_query.query(path, found[-1].number if found else 0, _PAGE, wanted)
        found += page
        if len(page) < _PAGE:
            break
    return found


def _document(outcome: _Outcome, plan: Plan) -> dict[str, Any]:
    now = outcome.now
    return {
        "against": outcome.against,
        "changes": [replay.document(change, plan.titles) for change in outcome.changes],
        "readings": now.readings,
        "masked": now.masked,
        "lost": now.lost,
        "breaks": now.breaks,
        "refused": now.refused,
        "strange": sorted(now.strange),
        "unread": sorted(now.unread),
    }


class _Bar:
    """How far it is, for people who wait."""

    def __init__(self, language: str, *, quiet: bool) -> None:
        """Nothing is shown yet."""
        self._console = Console(stderr=True, highlight=False)
        self._silent = quiet or not self._console.is_terminal
        self._language = language

    def half(self, number: int) -> Callable[[float], None]:
        """The progress of one of two runs."""

        def show(share: float) -> None:
            if not self._silent:
                text = word("playing", self._language, share=min(1.0, (number + share) / 2))
                self._console.print(text, end="\r")

        return show

    def done(self) -> None:
        """Clear the line."""
        if not self._silent:
            self._console.print(" " * 40, end="\r")


class Show:
    """For people."""

    def __init__(self, language: str, plan: Plan) -> None:
        """`zh` or `en`, in the words and the time of a site."""
        self._language, self._plan = language, plan
        self._zone = ZoneInfo(plan.site.site.timezone)
        self._console = Console(soft_wrap=True, highlight=False)

    def _word(self, key: str, **values: object) -> str:
        return word(key, self._language, **values)

    def outcome(self, outcome: _Outcome) -> None:
        """Each difference in a line; then what is to be known of the recording."""
        self._console.print(self._word("against_what", what=outcome.against))
        for change in outcome.changes:
            self._change(change)
        if not outcome.changes:
            self._console.print(Text(self._word("same"), "green"))
        now = outcome.now
        self._console.print(Text(self._word("played", readings=now.readings, changes=len(outcome.changes)), "bold"))
        for key in ("masked", "lost", "breaks", "refused"):
            if count := getattr(now, key):
                self._console.print(Text(self._word(key, count=count), "yellow"))
        for key in ("strange", "unread"):
            if names := sorted(getattr(now, key)):
                shown = ", ".join(names[:8]) + (f" … (+{len(names) - 8})" if len(names) > 8 else "")
                self._console.print(Text(self._word(key, points=shown), "yellow"))

    def _change(self, change: Change) -> None:
        sort, what, how = change.key
        fact = change.now or change.then
        assert fact is not None  # noqa: S101 - one of them there is
        verdict = "only_now" if change.then is None else "only_then" if change.now is None else "moved"
        style = {"only_now": "green", "only_then": "red", "moved": "yellow"}[verdict]
        text = Text(f"{self._clock(change.at)}  ").append(f"{self._word(verdict)}  ", style).append(what, "bold")
        kind = str(fact.event.content.get("alarm_kind", ""))
        names = [title(kind, "en" if self._language == "en" else "zh")] if sort == "alarm" and kind else []
        text.append(f"  {' '.join([*names, self._word(f'how_{how}') if sort != 'output' else self._told(how)])}")
        if change.then is not None and change.now is not None:
            text.append(f"  {self._clock(change.then.at)} → {self._clock(change.now.at)}", "yellow")
        self._console.print(text)
        self._why(fact.event)

    def _told(self, value: str) -> str:
        return self._word("told_to", value=value)

    def _why(self, event: Event) -> None:
        evidence, reason = event.content.get("evidence"), str(event.content.get("reason", ""))
        if reason:
            language = "en" if self._language == "en" else "zh"
            why = f"{event.content.get('issuer', '')} {phrase(reason, language)}".strip()
            self._console.print(Text(f"        {why}", "dim"))
        if isinstance(evidence, dict):
            parts = [
                f"{key} = {value['value']} ({value['quality']})"
                if isinstance(value, dict) and "quality" in value
                else f"{key} = {value}"
                for key, value in evidence.items()
            ]
            self._console.print(Text(f"        {'  '.join(parts)}", "dim"))

    def _clock(self, at: float) -> str:
        return datetime.fromtimestamp(at, self._zone).strftime("%m-%d %H:%M:%S.%f")[:-5]
