"""Plays a timetable on a stage, and keeps what was not as expected."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.config.document import Document
from daemon.config.load import Plan
from daemon.operator import RefusedError
from daemon.rehearsal import scenery, script, timetable
from daemon.rehearsal.deeds import Deed
from daemon.rehearsal.expecting import Difference, differences
from daemon.rehearsal.script import Cue, Script
from daemon.rehearsal.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An expectation that was not met."""

    line: int
    second: float
    wall: str
    note: str
    difference: Difference


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one file."""

    file: Path
    about: str
    expectations: int = 0
    seconds: float = 0.0
    """Virtual ones."""
    took: float = 0.0
    """Real ones."""
    failures: list[Failure] = field(default_factory=list)
    explained: dict[str, Any] = field(default_factory=dict)
    """How every rule stood in the end, where that was asked for."""

    @property
    def good(self) -> bool:
        """Everything was as expected."""
        return not self.failures


def run(file: Path, explain: Callable[[Stage], dict[str, Any]] | None = None) -> Result:
    """Play one file; ConfigError when it, or its site, has faults."""
    begun = time.perf_counter()
    table, text = timetable.read(file)
    plan = scenery.plan(table, text)
    story = script.write(table, plan, text)
    play = Play(plan, table, story, text)
    play.run()
    result = play.result
    result.explained = explain(play.stage) if explain is not None else {}
    result.took = time.perf_counter() - begun
    return result


@dataclass(slots=True)
class _Wait:
    """An expectation with a window of time."""

    cue: Cue
    since: int
    becomes: bool
    """It is to become so; else it is to stay so."""
    end: float
    missing: dict[tuple[str, ...], Difference] = field(default_factory=dict)


class Play:
    """One timetable on one stage."""

    def __init__(self, plan: Plan, table: timetable.Timetable, story: Script, text: Document) -> None:
        """Nothing has begun."""
        self.stage = Stage(plan, table.start)
        self.result = Result(file=text.file, about=table.about)
        self._quiet, self._story, self._text = table.quiet, story, text
        self._waits: list[_Wait] = []
        self._since = 0  # events that no entry has looked at begin here
        self._expected_alarms: set[str] = set()

    def run(self) -> None:
        """From the first second to the last."""
        stage, story = self.stage, self._story
        for at, act in story.more:
            stage.later.put(at + stage.clock.now, lambda act=act: act(stage))  # type: ignore[misc] # bound at once
        if self._quiet:
            stage.quiet(but=sorted(story.set_first))
        for cue in story.cues:
            self._pass(cue.at)
            self._turn(cue)
        self._pass(story.end)
        for wait in list(self._waits):
            self._close(wait)
        self._own_faults()
        self.result.seconds = stage.second

    def _pass(self, second: float) -> None:
        """Let time pass, and close each window when its time is over."""
        while ends := [wait.end for wait in self._waits if wait.end < second]:
            self.stage.advance(min(ends), self._look)
            for wait in [wait for wait in self._waits if wait.end <= min(ends)]:
                self._close(wait)
        self.stage.advance(second, self._look)

    def _turn(self, cue: Cue) -> None:
        stage, entry = self.stage, cue.entry
        if entry.wall is not None:
            stage.set_wall(entry.wall)
        for act in cue.acts:
            act(stage)
        for deed in cue.deeds:
            self._do(deed, cue)
        stage.settle()
        self._look()
        if entry.expect is not None:
            self._expect(cue)

    def _do(self, deed: Deed, cue: Cue) -> None:
        try:
            deed.act(self.stage)
            refusal = ""
        except RefusedError as error:
            refusal = str(error)
        self.stage.stir()
        if bool(refusal) != cue.entry.refused:
            expected = "refused" if cue.entry.refused else "done"
            self.result.expectations += 1
            self._fail(cue, Difference(what=("do", deed.verb, deed.target), expected=expected, found=refusal or "done"))
        elif cue.entry.refused:
            self.result.expectations += 1

    def _expect(self, cue: Cue) -> None:
        expect, since = cue.entry.expect, self._since
        assert expect is not None  # noqa: S101 - asked by the caller
        if expect.events or expect.absent:
            self._since = len(self.stage.events)
        self._expected_alarms |= expect.alarms.keys()
        self.result.expectations += _size(cue)
        found = list(differences(expect, self.stage, since))
        if cue.before is not None:
            wait = _Wait(cue, since, True, cue.before, {each.what: each for each in found})
            if cue.entry.after is not None:
                self._already(cue, wait)
            self._waits.append(wait)
            return
        for difference in found:
            self._fail(cue, difference)
        if cue.until is not None:
            self._waits.append(_Wait(cue, since, False, cue.until))

    def _already(self, cue: Cue, wait: _Wait) -> None:
        """What is to become so after an instant must not have been so at it."""
        for what, shown in _each(cue):
            if not any(missing[: len(what)] == what for missing in wait.missing):
                self._fail(cue, Difference(what=what, expected=f"{shown}, > {cue.at:g}s", found=f"<= {cue.at:g}s"))

    def _look(self) -> None:
        for wait in self._waits:
            expect = wait.cue.entry.expect
            assert expect is not None  # noqa: S101 - only those wait that expect something
            if wait.becomes and not wait.missing:
                continue
            found = {each.what: each for each in differences(expect, self.stage, wait.since)}
            if wait.becomes:
                wait.missing = {what: each for what, each in found.items() if what in wait.missing}
                continue
            for what, each in found.items():
                if what not in wait.missing:
                    wait.missing[what] = each
                    self._fail(wait.cue, each)

    def _close(self, wait: _Wait) -> None:
        self._look()
        self._waits.remove(wait)
        for difference in wait.missing.values() if wait.becomes else ():
            self._fail(wait.cue, difference)

    def _fail(self, cue: Cue, difference: Difference) -> None:
        key = difference.what[0]
        inside = ("expect", *difference.what) if key != "do" else ("do", *difference.what[1:2])
        line = self._text.place((*cue.where, *inside[:3])).line
        wall = self.stage.clock.utc().astimezone(self.stage.zone).strftime("%H:%M:%S")
        self.result.failures.append(
            Failure(
                line=line, second=round(self.stage.second, 3), wall=wall, note=cue.entry.note, difference=difference
            )
        )

    def _own_faults(self) -> None:
        """A rule that broke fails every timetable, but one that says so."""
        last = self._story.cues[-1]
        for event in self.stage.events:
            content = event.content
            broke = event.kind == "alarm.raised" and content.get("alarm_kind") == "rule_failed"
            if broke and content["alarm"] not in self._expected_alarms:
                what = ("alarms", str(content["alarm"]))
                self._fail(last, Difference(what=what, expected="normal", found="raised", evidence=content["evidence"]))


def _each(cue: Cue) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every single thing that an entry expects, and how it is called."""
    expect = cue.entry.expect
    assert expect is not None  # noqa: S101 - asked by the caller
    yield from ((("alarms", name), wanted.state or "-") for name, wanted in expect.alarms.items())
    yield from ((("outputs", name), str(value)) for name, value in expect.outputs.items())
    yield from ((("by", name), rule) for name, rule in expect.by.items())
    yield from ((("points", name), str(wanted.value)) for name, wanted in expect.points.items())
    yield from ((("events", f"{wanted.kind} {wanted.subject}".strip()), "1 ×") for wanted in expect.events)


def _size(cue: Cue) -> int:
    expect = cue.entry.expect
    return len(list(_each(cue))) + (len(expect.absent) if expect else 0)
