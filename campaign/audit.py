"""The record held against itself: each finding is one thing that should not have been, in one of six columns.

`lost`     something that happened, or that somebody was told, is missing where it should be
`again`    a subscriber had to ask again for it: the broker had acknowledged it, and then lost it
`doubled`  one thing under two ids, or one id with two contents
`late`     an alarm after its promised time
`wrong`    a door or boom that was not as it had to be
`broken`   the journal's chain, or an end that was none
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

from campaign import places
from campaign.record import Deed, Episode, Promises, Record, Span, past, within

COLUMNS = ("lost", "again", "doubled", "late", "wrong", "broken")
_RAISES = frozenset({"alarm.raised", "alarm.repeated"})
_CHANGES = frozenset({"sequence", "unjournaled", "ahead", "refill"})
"""What may differ between two tellings of one event."""
_TITLES = frozenset({"place", "text"})
"""A refill is told in the titles that the site file has by then."""


@dataclass(slots=True)
class Verdict:
    """What was found, and how much was looked at."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    """Column and words."""
    looked: Counter[str] = field(default_factory=Counter)
    """How many things each part of the audit could judge: a zero among nothing is worth nothing."""
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long alarms took."""

    def find(self, column: str, words: str) -> None:
        """One thing that should not have been."""
        self.findings.append((column, words))

    def count(self, column: str) -> int:
        """How many there are of a column."""
        return sum(each == column for each, _ in self.findings)


def audit(record: Record, promises: Promises) -> Verdict:
    """Hold all of it against the promises."""
    verdict = Verdict()
    _cards(record, promises, verdict)
    _alarms(record, promises, verdict)
    for name in record.heard:
        _subscriber(record, name, verdict)
    for id_ in sorted(record.changed):
        verdict.find("doubled", f"the journal has {id_} in two ways")
    for what in record.broken:
        verdict.find("broken", what)
    verdict.looked["lines of the journal"] = len(record.journal)
    places.doors(record, promises, verdict)
    places.booms(record, promises, verdict)
    return verdict


def seen(record: Record, deed: Deed, promises: Promises) -> bool:
    """Whether a guarding daemon was there, and lived on long enough to write it down."""
    return not within(deed.at, record.down, before=promises.flight, after=promises.act)


def _cards(record: Record, promises: Promises, verdict: Verdict) -> None:
    """Every card has a number of its own, so each must be in the journal once."""
    lines = defaultdict[str, set[str]](set)
    for line in record.journal:
        if str(line["kind"]).startswith("access.") and (card := line["content"].get("card")):
            lines[str(card)].add(line["id"])
    for deed in record.deeds:
        if deed.what != "swipe":
            continue
        ids = lines.get(deed.key, set())
        if seen(record, deed, promises):
            verdict.looked["cards"] += 1
            if not ids:
                verdict.find("lost", f"card {deed.key} at {deed.where}, {deed.at:.3f}: not in the journal")
        else:
            verdict.looked["cards before nobody"] += 1
        if len(ids) > 1:
            verdict.find("doubled", f"card {deed.key}: {sorted(ids)}")


def _alarms(record: Record, promises: Promises, verdict: Verdict) -> None:
    """Each hazard raised its alarm once; siren and subscribers knew in time."""
    firsts = _firsts(record)
    for episode in record.episodes:
        found = firsts.get(episode.by, [])
        due = must_act(record, episode, promises)
        if due == inf:
            verdict.looked["hazards before nobody"] += 1
        else:
            verdict.looked["hazards"] += 1
            if not found:
                verdict.find("lost", f"{episode.what} {episode.by}, {episode.start:.3f}: never raised")
            elif episode.what == "fire":
                _siren(record, episode, due, promises, verdict)
        if len(found) > 1:
            verdict.find("doubled", f"{episode.what} {episode.by}: raised as {[line['id'] for line in found]}")
        if found:
            _told(record, episode, found[0]["id"], promises, verdict)


def must_act(record: Record, episode: Episode, promises: Promises) -> float:
    """The instant from which an alarm is owed; inf when the hazard was over before a daemon could have seen it."""
    wait = promises.delay + promises.look if episode.what == "leak" else 0.0
    begin = past(episode.start, record.down, before=wait + promises.act)
    return begin + wait if begin + wait + promises.act < episode.stop else inf


def _firsts(record: Record) -> dict[str, list[dict[str, Any]]]:
    """The lines that raised an alarm, by the person whose reset ended it: the order of the journal tells, no clock."""
    open_lines = defaultdict[str, list[dict[str, Any]]](list)
    names = {(episode.alarm, episode.by) for episode in record.episodes}
    found: dict[str, list[dict[str, Any]]] = {}
    for line in record.journal:
        alarm = str(line["content"].get("alarm", ""))
        if line["kind"] in _RAISES:
            open_lines[alarm].append(line)
        elif line["kind"] == "alarm.reset":
            by = next((by for of, by in names if of == alarm and f"{by} " in f"{line['content'].get('by')} "), "")
            found.setdefault(by, []).extend(open_lines.pop(alarm, []))
    _close(record, open_lines, found)
    return found


def _close(record: Record, open_lines: dict[str, list[dict[str, Any]]], found: dict[str, list[dict[str, Any]]]) -> None:
    """What nobody reset belongs to the first hazard that has no line yet."""
    for episode in record.episodes:
        if episode.alarm in open_lines and episode.by not in found:
            found[episode.by] = open_lines.pop(episode.alarm)
    open_lines.clear()


def _siren(record: Record, episode: Episode, due: float, promises: Promises, verdict: Verdict) -> None:
    on = [
        line["at"]
        for line in record.diary
        if (line["subject"], line["what"]) == ("outputs.siren", "on") and episode.start <= line["at"] <= episode.reset
    ]
    took = (min(on) if on else inf) - due
    if took > promises.act and not places.standing(record.diary, "outputs.siren", "on", "off", due + promises.act):
        verdict.find("late", f"siren for {episode.by}: {took:.3f} s after {due:.3f}")
    elif 0 <= took < inf:
        verdict.seconds["siren"].append(took)


def _told(record: Record, episode: Episode, id_: str, promises: Promises, verdict: Verdict) -> None:
    """The alarm reached each subscriber in time."""
    wait = promises.delay + promises.look if episode.what == "leak" else 0.0
    free = past(episode.start, record.down, before=wait + promises.act) + wait
    away = [Span(span.start, span.end + promises.back) for span in record.away]
    whole = past(free, away, before=promises.hear)
    for name, told in record.heard.items():
        first = min((each.at for each in told if each.event["id"] == id_), default=inf)
        if first == inf:
            continue  # that it is missing is counted as lost
        if id_ in record.refilled.get(name, ()):
            continue  # counted apart: it came only when asked for
        verdict.looked["alarms heard"] += 1
        took = first - whole
        if took > promises.hear:
            verdict.find("late", f"{name} heard of {episode.by} {took:.3f} s after {whole:.3f}")
        if whole == free:
            verdict.seconds["heard"].append(max(0.0, took))


def _subscriber(record: Record, name: str, verdict: Verdict) -> None:
    """All that it may see, in order, and nothing that is not in the journal; a repeat is a repeat."""
    told, owed = record.heard[name], record.owed[name]
    ids = {each.event["id"] for each in told}
    for line in record.journal:
        if (
            line["id"] in record.settled
            and line["id"] in owed
            and (line["id"] not in ids or line["id"] in record.refilled.get(name, ()))
        ):
            column, how = ("again", "only by refill") if line["id"] in ids else ("lost", "never")
            verdict.find(column, f"{name} got {line['number']} {line['kind']} {how}")
    for each in sorted(ids - owed):
        verdict.find("lost", f"{name} was told {each}, which the journal does not have for it")
    verdict.looked["events told"] += len(ids & owed)
    first: dict[str, dict[str, Any]] = {}
    refilled = {each.event["id"] for each in told if each.event.get("refill")}
    for one in told:
        event = {key: value for key, value in one.event.items() if key not in _CHANGES}
        if one.event["id"] in refilled:
            event["data"] = {key: value for key, value in one.event.get("data", {}).items() if key not in _TITLES}
        if first.setdefault(str(event["id"]), event) != event:
            verdict.find("doubled", f"{name} was told {event['id']} in two ways")
    verdict.looked["repeats"] += len(told) - len(first)
    begun = Counter(line["number"] for line in record.journal)  # twice: by a journal that had to begin anew
    for one_number, next_number in _falls(told, ids):
        if begun[next_number] > 1:
            continue
        verdict.find("doubled", f"{name} got number {next_number} anew after {one_number}")


def _falls(told: list[Any], ids: set[str]) -> Iterator[tuple[int, int]]:
    """Where the order of new events breaks; what went ahead of its turn, or came again, is not new."""
    numbers, left = [], set(ids)
    for one in told:
        if one.event.get("ahead") or "sequence" not in one.event or one.event.get("refill"):
            continue
        if one.event["id"] in left:
            left.discard(one.event["id"])
            numbers.append(int(one.event["sequence"]))
    yield from ((one, after) for one, after in pairwise(numbers) if after < one)
