"""A difference between two plans, line by line, in the words of a technician."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from daemon.config.people import Ladder, Rota
from daemon.feeds.texts import Text
from daemon.reload.difference import Difference, Turn, on_the_wire, settings, turn

_LONGEST = 60
_PLACES = ("doors", "lanes", "outputs", "zones")
_HEADER = ("id", "name", "timezone", "latitude", "longitude")
_OPENED = Text("重新打开：", "opened anew: ")
_PROFILE = Text("设备档案或驱动文件有变", "its profile, or a file of its driver, is another")
_NOTHING = Text("", "")
_Entries = Mapping[str, Mapping[str, Any]]


class Change(NamedTuple):
    """One line."""

    sign: str
    """+ begins, - ends, ~ is another."""
    subject: str
    text: Text

    def __str__(self) -> str:
        return f"{self.sign} {self.subject}: {self.text.en}"


def told(change: Difference) -> list[Change]:
    """All that differs, in the order of a site file."""
    old, new = change.old.site, change.new.site
    rules = [{rule.name: settings(rule) for rule in plan.rules} for plan in (change.old, change.new)]
    lines = [{name: on_the_wire(line) for name, line in site.lines.items()} for site in (old, new)]
    devices = [{name: its.model_dump() for name, its in site.devices.items()} for site in (old, new)]
    subscribers = [{name: its.model_dump() for name, its in site.subscribers.items()} for site in (old, new)]
    channels = [{name: its.model_dump() for name, its in site.channels.items()} for site in (old, new)]
    header = [{key: getattr(site.site, key) for key in _HEADER} for site in (old, new)]
    changes = [
        *(Change("~", f"site.{key}", _moved({key: values})) for key, values in _differing(*header).items()),
        *_section("lines", change.lines, lines, first=_OPENED),
        *_section("devices", change.devices, devices, otherwise=_PROFILE),
        *(each for section in _PLACES for each in _places(change, section)),
        *_section("rules", change.rules, rules),
        *_section("subscribers", change.subscribers, subscribers),
        *_section("channels", change.channels, channels),
        *_ladders(change),
        *_alarms(change),
        *_record(change),
        *_cards(change.cards),
        *_titles(change),
    ]
    subjects = {each.subject for each in changes}
    return [each for each in changes if _subject(each.subject.removeprefix("rules.")) not in subjects]


def _subject(rule: str) -> str:
    """What implies a rule: it is told there."""
    return ".".join(rule.split(".")[:2]) if rule.count(".") == 2 else ""


def _section(
    name: str, turned: Turn, entries: Sequence[_Entries], *, first: Text = _NOTHING, otherwise: Text = _NOTHING
) -> Iterator[Change]:
    def changed(entry: str) -> Text:
        before, after = (each[entry] for each in entries)
        moved = _moved(_differing(before, after))
        return Text(first.zh + moved.zh, first.en + moved.en) if moved.en else otherwise

    yield from _signed(name, turned, changed)


def _signed(section: str, turned: Turn, changed: Callable[[str], Text]) -> Iterator[Change]:
    for name in turned.removed:
        yield Change("-", f"{section}.{name}", Text("删除", "removed"))
    for name in turned.added:
        yield Change("+", f"{section}.{name}", Text("新增", "added"))
    for name in turned.changed:
        yield Change("~", f"{section}.{name}", changed(name))


def _places(change: Difference, section: str) -> Iterator[Change]:
    """Doors and their like are no part of the running daemon, but they are what a technician wrote."""
    sections = [getattr(plan.site, section) for plan in (change.old, change.new)]
    before, after = ({name: entry.model_dump() for name, entry in each.items()} for each in sections)
    yield from _section(section, turn(before, after), (before, after))


def _ladders(change: Difference) -> Iterator[Change]:
    """Of people only that they changed: what they are called by is nobody's business here."""
    yield from _signed("people", change.people, lambda _: Text("已更改", "changed"))
    rotas = [{name: _rota(its) for name, its in plan.site.rotas.items()} for plan in (change.old, change.new)]
    ladders = [{name: _ladder(its) for name, its in plan.site.ladders.items()} for plan in (change.old, change.new)]
    yield from _section("rotas", change.rotas, rotas)
    yield from _section("ladders", change.ladders, ladders)
    within = [plan.directory.tested_within for plan in (change.old, change.new)]
    if within[0] != within[1]:
        said = f"tested_within {within[0] / 86400:g}d → {within[1] / 86400:g}d"
        yield Change("~", "escalation", Text(said, said))


def _alarms(change: Difference) -> Iterator[Change]:
    before, after = (plan.site.alarms.model_dump() for plan in (change.old, change.new))
    if before != after:
        yield Change("~", "alarms", _moved(_differing(before, after)))


def _record(change: Difference) -> Iterator[Change]:
    old, new = change.old.site, change.new.site
    sections = {
        "journal": (old.journal.settings(), new.journal.settings()),
        "recording": (old.recording.model_dump(), new.recording.model_dump()),
    }
    for section, (before, after) in sections.items():
        if before != after:
            yield Change("~", section, _moved(_differing(before, after)))


def _rota(rota: Rota) -> dict[str, Any]:
    """Shift by shift, day by day."""
    shifts = {f"shifts.{name}": f"{its.hours.text} {', '.join(its.people)}" for name, its in rota.shifts.items()}
    dates = {f"dates.{day}": "; ".join(f"{name} {', '.join(who)}" for name, who in its.items())
             for day, its in rota.dates.items()}  # fmt: skip
    return {"title": rota.title, "fallback": rota.fallback} | shifts | dates


def _ladder(ladder: Ladder) -> dict[str, Any]:
    """Step by step."""
    steps = {
        f"steps[{number}]": ", ".join(
            f"{key} {_shown(value)}" for key, value in step.model_dump(exclude_unset=True).items()
        )
        for number, step in enumerate(ladder.steps)
    }
    return ladder.model_dump(exclude={"steps"}) | steps


def _cards(cards: Turn) -> Iterator[Change]:
    if cards:
        added, removed, changed = len(cards.added), len(cards.removed), len(cards.changed)
        zh = f"卡：新增 {added}，删除 {removed}，更改 {changed}"
        yield Change("~", "access", Text(zh, f"cards: {added} added, {removed} removed, {changed} changed"))


def _titles(change: Difference) -> Iterator[Change]:
    """Those that no other line tells."""
    told_already = {f"devices.{name}" for name in change.devices.changed}
    told_already |= {f"feeds.{name}" for name in change.subscribers.changed}
    told_already |= {f"channels.{name}" for name in change.channels.changed}
    for subject in change.titles.changed:
        if subject not in told_already and not subject.startswith(_PLACES):
            yield Change("~", subject, _moved({"title": (change.old.titles[subject], change.new.titles[subject])}))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    keys = dict.fromkeys([*before, *after])
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _moved(values: Mapping[str, tuple[object, object]]) -> Text:
    said = ", ".join(f"{key} {_shown(before)} → {_shown(after)}" for key, (before, after) in values.items())
    return Text(said, said)


def _shown(value: object) -> str:
    if value is None:
        return "—"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
