"""A draft of a site -> a plan that can run: devices, points, outputs, titles, and the rules it implies or names."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.config import (
    cards,
    contradictions,
    doubts,
    hardware,
    ladders,
    overload,
    patrol,
    plugins,
    record,
    subjects,
    wishes,
)
from daemon.config.capacity import Load
from daemon.config.draft import Draft
from daemon.config.explicit import explicit_rules
from daemon.config.faults import Fault, Where
from daemon.config.hardware import Hardware
from daemon.config.references import Names, repeated, resolved
from daemon.config.secrets import Secrets
from daemon.config.site import Site
from daemon.escalation.directory import EMPTY, Directory
from gatehouse.alarms import Severity
from gatehouse.demands import Output, Passage
from gatehouse.driver import Device, Listener
from gatehouse.points import Point
from gatehouse.rule import Rule
from rules._cards import CardBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked site, ready to run."""

    site: Site
    folder: Path
    devices: Mapping[str, Device | Listener]
    """By name."""
    points: Sequence[Point]
    """By their names in the site, `io1.input1`; `<device>.online` among them."""
    outputs: Sequence[Output]
    rules: Sequence[Rule]
    titles: Mapping[str, str]
    """What people call `doors.north`, `devices.io1`, `zones.b12`, `lines.gate`, `feeds.police`."""
    inverted: frozenset[str]
    """Points whose readings are to be turned round."""
    cards: CardBook
    """The one list that all rules with a reader look into."""
    loads: Mapping[str, Load]
    """By line: what it has to do, and what it can promise."""
    directory: Directory = EMPTY
    """Who can be called, and by which ladders."""
    drills: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """Zone -> outputs that move when a drill is held there: `zones.b12` -> `doors.north`."""
    warnings: tuple[Fault, ...] = ()
    """What may be run and should not stay so."""


def assemble(draft: Draft, folder: Path, *, wired: bool, secrets: Secrets | None) -> Plan:
    """Build all that can be built; the plan is of use only when the draft's document has no faults then."""
    gear = hardware.build(draft, folder, wired=wired)
    names = Names(draft, gear.channels)
    releases = _resolve_entries(draft, names)
    contradictions.relays(draft)
    contradictions.pulses(draft, gear.devices)
    contradictions.read_back(draft, gear.devices, gear.ages)
    contradictions.zones(draft, {name: full["release"] for name, full in releases.items()})
    contradictions.subscribers(draft, secrets)
    contradictions.channels(draft, secrets)
    patrol.check(draft)
    book = _cards(draft, folder)
    explicit = list(explicit_rules(draft, names, releases))
    rules = _standing([*_implied(draft, releases, book, explicit), *explicit])
    wishes.contradictions(draft.document, rules)
    titles = _titles(draft) | {f"rules.{rule.name}": title for rule in rules if (title := getattr(rule, "title", ""))}
    subjects.check(draft, [rule.name for rule in rules])
    loads = overload.loads(draft, gear)
    directory = ladders.directory(draft, names)
    if secrets is not None:
        ladders.secrets(draft, secrets)
    return Plan(
        site=draft.site(),
        folder=folder,
        devices=gear.devices,
        points=list(_points(draft, gear, titles, _promised(loads))),
        outputs=list(_outputs(draft)),
        rules=rules,
        titles=titles,
        inverted=frozenset(
            f"{name}.{channel}" for name, device in draft.sound("devices") for channel in device.inverted
        ),
        cards=book,
        loads=loads,
        directory=directory,
        drills={f"zones.{name}": full["drill"] for name, full in releases.items()},
        warnings=(
            *doubts.warnings(draft, gear.devices),
            *ladders.warnings(draft, directory, rules),
            *record.warnings(draft.journal, draft.document),
        ),
    )


def _resolve_entries(draft: Draft, names: Names) -> dict[str, dict[str, Sequence[str]]]:
    """Check every name that doors, lanes, outputs and zones mention; the full names that zones mention."""
    for section in ("doors", "lanes", "outputs"):
        for name, entry in draft.sound(section):
            resolved(entry, names, (section, name))
    zones = {}
    for name, zone in draft.sound("zones"):
        full = resolved(zone, names, ("zones", name))
        repeated(draft.document, ("zones", name), full)
        zones[name] = {"release": (), "sirens": (), "fire": (), "drill": ()} | full
    return zones


def _cards(draft: Draft, folder: Path) -> CardBook:
    readers = [
        (section, name, "reader")
        for section in ("doors", "lanes")
        for name, entry in draft.sound(section)
        if entry.reader is not None
    ]
    if draft.access is None:
        if readers and "access" not in draft.document.data:
            draft.document.fault(readers[0], "no_cards")
        return CardBook()
    if draft.unread & {"doors", "lanes"}:
        return CardBook()
    known = cards.passages(list(draft.entries["doors"]), list(draft.entries["lanes"]))
    file = folder / draft.access.cards
    if not file.exists():
        draft.document.fault(("access", "cards"), "no_card_file", value=draft.access.cards)
        return CardBook()
    book, faults = cards.read(file, known)
    draft.document.faults += faults
    return book


def _promised(loads: Mapping[str, Load]) -> dict[str, float]:
    """By point: seconds that its line needs at worst, so that no healthy device grows stale because another dies."""
    return {
        f"{promise.asked.device}.{channel}": promise.dying
        for load in loads.values()
        for promise in load.promises
        for channel in promise.scan.points
    }


def _points(draft: Draft, gear: Hardware, titles: Mapping[str, str], promised: Mapping[str, float]) -> Iterator[Point]:
    for name, channels in gear.channels.items():
        title, ages = titles.get(f"devices.{name}", name), gear.ages.get(name, {})
        for channel, point in (channels or {}).items():
            yield dataclasses.replace(
                point,
                name=f"{name}.{channel}",
                title=f"{title} {point.title or channel}",
                max_age=max(ages.get(channel, point.max_age), promised.get(f"{name}.{channel}", 0.0)),
            )
        yield Point(name=f"{name}.online", title=f"{title} 在线", sort="switch")


def _outputs(draft: Draft) -> Iterator[Output]:
    for name, door in draft.sound("doors"):
        yield Output(name=f"doors.{name}", kind="door", title=door.title, rest=Passage.CLOSED, safe=Passage.OPEN)
    for name, lane in draft.sound("lanes"):
        yield Output(name=f"lanes.{name}", kind="lane", title=lane.title, rest=Passage.CLOSED, safe=Passage.OPEN)
    for name, output in draft.sound("outputs"):
        yield Output(name=f"outputs.{name}", kind="switch", title=output.title, rest=output.rest)


def _titles(draft: Draft) -> dict[str, str]:
    titles = {}
    for section in ("lines", "devices", "doors", "lanes", "outputs", "zones", "subscribers", "channels"):
        prefix = "feeds" if section == "subscribers" else section
        for name, entry in draft.sound(section):
            titles[f"{prefix}.{name}"] = entry.title or name
    return titles


def _implied(
    draft: Draft, zones: Mapping[str, Mapping[str, Sequence[str]]], book: CardBook, explicit: Iterable[Rule]
) -> Iterator[Rule]:
    for name, door in draft.sound("doors"):
        its = _Maker(draft, ("doors", name))
        if door.reader is not None:
            yield from its.make("access", card=f"{door.reader}.card", cards=book, unlock=door.unlock, passed=None)
        if door.exit is not None:
            yield from its.make("way_out", exit=door.exit, unlock=door.unlock)
        if door.contact is not None:
            yield from its.make("door_forced", contact=door.contact, exit=door.exit)
            yield from its.make("door_held", contact=door.contact, held=door.held)
    for name, lane in draft.sound("lanes"):
        its = _Maker(draft, ("lanes", name))
        if lane.reader is not None:
            yield from its.make(
                "access", card=f"{lane.reader}.card", cards=book, unlock=lane.stay, passed=lane.presence
            )
        yield from its.make("barrier", presence=lane.presence, up=lane.up, down=lane.down, travel=lane.travel,
                            presence_limit=lane.presence_limit)  # fmt: skip
    for name, zone in draft.sound("zones"):
        if zone.fire:
            its = _Maker(draft, ("zones", name))
            yield from its.make("fire_release", fire=tuple(zone.fire), release=tuple(zones[name]["release"]),
                                sirens=tuple(zones[name]["sirens"]), stale=zone.stale)  # fmt: skip
    vital = {*_vital(draft), *(point.partition(".")[0] for rule in explicit if lives(rule) for point in rule.inputs)}
    for name, _ in draft.sound("devices"):
        severity = Severity.P2 if name in vital else Severity.P3
        yield from _Maker(draft, ("devices", name)).make("device_silent", online=f"{name}.online", severity=severity)


def _standing(rules: Sequence[Rule]) -> list[Rule]:
    """Without those in whose place another one stands."""
    replaced = {name for rule in rules for name in getattr(rule, "replaces", ())}
    return [rule for rule in rules if rule.name not in replaced]


def lives(rule: Rule) -> bool:
    """Whether lives hang on what this rule sees: gas, smoke, calls for help."""
    return getattr(rule, "life", False) is True


def _vital(draft: Draft) -> Iterator[str]:
    """Devices that a fire contact, an exit button, a loop under a boom or a lock hangs on."""
    for _, zone in draft.sound("zones"):
        yield from (point.partition(".")[0] for point in zone.fire)
    for _, door in draft.sound("doors"):
        yield from (point.partition(".")[0] for point in (door.lock, door.exit) if point is not None)
    for _, lane in draft.sound("lanes"):
        yield from (point.partition(".")[0] for point in (lane.open, lane.presence))


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the rules that one entry implies."""

    draft: Draft
    where: Where

    def make(self, kind: str, **settings: object) -> Iterator[Rule]:
        """The rule, unless it refuses its settings, which is a fault of the entry."""
        section, name = self.where
        try:
            build = plugins.find("rules", kind).build
            yield build(name=f"{section}.{name}.{kind}", subject=f"{section}.{name}", **settings)
        except plugins.PluginError as error:
            self.draft.document.fault(self.where, "plugin_broken", value=kind, why=error)
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            self.draft.document.fault(self.where, "rule_refuses", rule=kind, why=error)
