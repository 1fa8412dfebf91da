"""Doors and booms, as the simulated bodies noted them: free when they must be, and only then; no boom on a car."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from campaign.record import Deed, Promises, Record, Span, past, within

if TYPE_CHECKING:
    from campaign.audit import Verdict

DOORS = ("doors.north", "doors.east", "doors.unit12")
LANES = ("lanes.in", "lanes.out")
_LOOK = 0.3
"""Seconds in which a car on the loop is known to the daemon."""


def spans(diary: Iterable[Mapping[str, Any]], subject: str, begins: str, ends: str) -> list[Span]:
    """From each `begins` to the next `ends`; the last may be open."""
    found: list[Span] = []
    since: float | None = None
    for line in diary:
        if line["subject"] != subject:
            continue
        if line["what"] == begins and since is None:
            since = line["at"]
        elif line["what"] == ends and since is not None:
            found.append(Span(since, line["at"]))
            since = None
    return found if since is None else [*found, Span(since, inf)]


def standing(diary: Iterable[Mapping[str, Any]], subject: str, begins: str, ends: str, at: float) -> bool:
    """Whether it was so at an instant."""
    return any(span.start <= at < span.end for span in spans(diary, subject, begins, ends))


def doors(record: Record, promises: Promises, verdict: "Verdict") -> None:
    """Free all the while a fire stands; free for a card or a button; else locked."""
    fires = releases(record, promises)
    for door in DOORS:
        free = spans(record.diary, door, "unlocked", "locked")
        _must_be_free(door, free, fires, verdict)
        _ways(record, door, free, promises, verdict)
        _no_cause(record, door, free, promises, verdict)


def releases(record: Record, promises: Promises) -> list[Span]:
    """When doors have to be free: from the act that was promised until a person could have ended it."""
    from campaign.audit import must_act  # noqa: PLC0415 - the audit as a whole stands on this file

    found = []
    for episode in record.episodes:
        due = must_act(record, episode, promises) if episode.what == "fire" else inf
        if due + promises.act < episode.reset:
            found.append(Span(due + promises.act, episode.reset))
    return found


def _must_be_free(door: str, free: list[Span], fires: list[Span], verdict: "Verdict") -> None:
    for fire in fires:
        verdict.looked["doors in a fire"] += 1
        if not any(span.start <= fire.start and span.end >= min(fire.end, span.end) >= fire.end for span in free):
            why = [f"{span.start:.3f}-{span.end:.3f}" for span in free if span.end > fire.start - 5]
            verdict.find("wrong", f"{door} not free all of {fire.start:.3f}-{fire.end:.3f}: free {why[:3]}")


def _ways(record: Record, door: str, free: list[Span], promises: Promises, verdict: "Verdict") -> None:
    for deed in record.deeds:
        if deed.opens != door or within(deed.at, record.down, before=promises.act, after=promises.act):
            continue
        verdict.looked["ways asked for"] += 1
        if not any(span.start <= deed.at + promises.act and span.end > deed.at for span in free):
            verdict.find("wrong", f"{door} did not open for {deed.what} at {deed.at:.3f}")


def _no_cause(record: Record, door: str, free: list[Span], promises: Promises, verdict: "Verdict") -> None:
    """Each time that it was free has causes that reach from its first to its last instant."""
    causes = sorted([*_deeds(record.deeds, door, promises), *_fires(record, promises)])
    for span in free:
        verdict.looked["times a door was free"] += 1
        reach = span.start
        for cause in causes:
            if cause.start <= reach:
                reach = max(reach, cause.end)
        end = span.end if span.end < inf else record.diary[-1]["at"]
        if end > reach:
            verdict.find("wrong", f"{door} free without cause {reach:.3f}-{end:.3f} (free since {span.start:.3f})")


def _deeds(deeds: Iterable[Deed], door: str, promises: Promises) -> Iterable[Span]:
    for deed in deeds:
        if deed.opens == door:
            yield Span(deed.at, deed.at + promises.act + promises.unlock + promises.slack)


def _fires(record: Record, promises: Promises) -> Iterable[Span]:
    for episode in record.episodes:
        if episode.what == "fire":
            last = max(episode.ended[-1], episode.answered) if episode.ended else inf
            yield Span(episode.start, past(last, record.down, before=promises.slack) + promises.slack)


def booms(record: Record, promises: Promises, verdict: "Verdict") -> None:
    """Up in a fire; never told to fall on a car that was known; never on one."""
    fires = releases(record, promises)
    for lane in LANES:
        up = spans(record.diary, lane, "up", "falls")
        for fire in fires:
            start = fire.start + promises.rise + promises.slack
            if start < fire.end:
                verdict.looked["booms in a fire"] += 1
                if not any(span.start <= start and span.end >= fire.end for span in up):
                    verdict.find("wrong", f"{lane} not up in {start:.3f}-{fire.end:.3f}")
        _cars(record, lane, verdict)


def _cars(record: Record, lane: str, verdict: "Verdict") -> None:
    since, fell = inf, -inf
    for line in record.diary:
        if line["subject"] != lane:
            continue
        if "cars" in line:
            since = (min(since, line["at"]) if line["what"] == "car arrived" else since) if line["cars"] else inf
            verdict.looked["cars"] += line["what"] == "car arrived"
        if line["what"] == "falls":
            fell = line["at"]
            if fell - since > _LOOK:
                verdict.find("wrong", f"{lane} told to fall at {fell:.3f} on a car that stood since {since:.3f}")
        if line["what"] == "HIT A CAR":
            if within(since, record.down, before=_LOOK):
                verdict.looked["cars hit with nobody there"] += 1  # what the loop wired to the barrier itself is for
            elif line["at"] - since < _LOOK:
                verdict.looked["cars driven into a falling boom"] += 1  # before anybody could have raised it
            else:
                verdict.find("wrong", f"{lane} fell on a car at {line['at']:.3f}")
