"""People, rotas and ladders of a draft held against each other and against the site: a directory, or faults."""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from daemon.config import people as written
from daemon.config.channels import Patrol
from daemon.config.draft import Draft
from daemon.config.faults import Fault, Term, Where, listed, nearest
from daemon.config.references import Names
from daemon.config.rotas import Rotas
from daemon.config.secrets import SecretError, Secrets
from daemon.escalation.directory import Address, Directory, Person
from daemon.escalation.ladder import Ladder, Step, choose
from daemon.escalation.standard import standard
from daemon.feeds.texts import ALARMS
from gatehouse.rule import Rule

_USUAL_UNREAD = 60.0
"""Seconds, after the last step of a ladder."""
_LEAST_UNREAD = 10.0


def directory(draft: Draft, names: Names) -> Directory:
    """Everybody who can be reached, and how; of use only when the draft's document has no faults then."""
    channels = {name: getattr(entry, "kind", "") for name, entry in draft.entries.get("channels", {}).items()}
    groups = frozenset(name for name, entry in draft.entries.get("channels", {}).items() if _for_many(entry))
    known = _Known(draft, names, channels, groups)
    known.names_apart()
    people = {name: known.person(name, entry) for name, entry in draft.sound("people")}
    rotas = Rotas(draft).all()
    plain = Directory(people=people, rotas=rotas, channels=channels, groups=groups)
    ladders = tuple(known.ladder(name, entry, plain) for name, entry in draft.sound("ladders"))
    known.ladders_apart(ladders)
    usual = standard(plain) if not draft.entries["ladders"] else ()
    within = draft.escalation.tested_within if draft.escalation else plain.tested_within
    sirens = {f"zones.{name}": tuple(f"outputs.{siren.removeprefix('outputs.')}" for siren in zone.sirens)
              for name, zone in draft.sound("zones")}  # fmt: skip
    return Directory(people=people, rotas=rotas, channels=channels, groups=groups, ladders=ladders or usual,
                     standard=bool(usual), sirens=sirens, tested_within=within)  # fmt: skip


def secrets(draft: Draft, store: Secrets) -> None:
    """Addresses that are named and not there."""
    for name, person in draft.sound("people"):
        spots: dict[Where, Address] = {
            ("people", name, "addresses", key): address for key, address in person.addresses.items()
        }
        if person.phone is not None:
            spots["people", name, "phone"] = person.phone
        for where, address in spots.items():
            try:
                if address.secret:
                    store.read(address.text)
            except SecretError as error:
                draft.document.fault(where, error.code, **error.values)  # type: ignore[arg-type] # no `at_key` there


def warnings(draft: Draft, its: Directory, rules: Collection[Rule]) -> Iterator[Fault]:
    """What may be run and should not stay so: alarms that reach nobody, bells where there is gas."""
    yield from _bells(draft, its, rules)
    if not its.people and not any(step.post for ladder in its.ladders for step in ladder.steps):
        why = Term("there are no people to call")
    elif not its.channels:
        why = Term("there are no channels to call them by")
    elif not any(not ladder.severities or 1 in ladder.severities for ladder in its.ladders):
        why = Term("no ladder is for P1")
    else:
        return
    yield draft.document.place(("site",), at_key=True).fault((), "reaches_nobody", why=why)


def _bells(draft: Draft, its: Directory, rules: Collection[Rule]) -> Iterator[Fault]:
    """Sirens and lamps of a ladder that gas climbs only because no other fits; one that names its kinds meant it."""
    written = draft.document.data.get("rules") or {}
    gas = [rule for rule in rules if rule.name in written and written[rule.name].get("kind") == "gas"]
    told = set()
    for rule in gas:
        for kind, severity in (("gas", 1), ("valve_open", 1), ("gas_low", 2)):
            ladder = choose(its.ladders, severity, getattr(rule, "subject", ""), kind)
            if ladder is None or ladder.kinds or ladder.name in told or its.standard:
                continue
            if outputs := list(dict.fromkeys(name for step in ladder.steps for name in step.outputs)):
                told.add(ladder.name)
                place = draft.document.place(("ladders", ladder.name), at_key=True)
                yield place.fault(("ladders", ladder.name), "gas_bells", value=rule.name, known=listed(outputs))


class _Known:
    """What names may mean."""

    def __init__(self, draft: Draft, names: Names, channels: Mapping[str, str], groups: Collection[str]) -> None:
        self._draft, self._names, self._channels, self._groups = draft, names, channels, groups
        self._document = draft.document
        roles = [role for _, person in draft.sound("people") for role in person.roles]
        self._callable = [*draft.entries["people"], *draft.entries["rotas"], *dict.fromkeys(roles)]

    def names_apart(self) -> None:
        """A name is a person, a rota or a role."""
        for name in self._draft.entries["rotas"]:
            if name in self._draft.entries["people"]:
                self._twice(("rotas", name), name, "person", ("people", name), at_key=True)
        for person, entry in self._draft.sound("people"):
            for number, role in enumerate(entry.roles):
                for section, sort in (("people", "person"), ("rotas", "rota")):
                    if role in self._draft.entries[section]:
                        self._twice(("people", person, "roles", number), role, sort, (section, role))

    def _twice(self, where: Where, name: str, sort: str, first: Where, *, at_key: bool = False) -> None:
        place = self._document.place(first, at_key=True)
        self._document.fault(where, "name_twice", at_key=at_key, value=name, sort=Term(sort), first=place)

    def person(self, name: str, entry: written.Person) -> Person:
        """With a fault for each address at no channel."""
        kinds = {*self._channels, *self._channels.values()}
        for key in entry.addresses:
            if key not in kinds and "channels" not in self._draft.unread:
                self._document.fault(
                    ("people", name, "addresses", key), "channel_unknown", at_key=True,
                    nearest=nearest(key, kinds), value=key, known=listed(sorted(filter(None, kinds))),
                )  # fmt: skip
        phones = {channel: Address(name) for channel, its in self._draft.sound("channels")
                  if isinstance(its, Patrol) and name in its.guards}  # fmt: skip
        addresses = {**phones, **entry.addresses, **phones}  # first, and nothing else can be meant by that name
        return Person(id=name, name=entry.name, roles=tuple(entry.roles), addresses=addresses, phone=entry.phone,
                      language=entry.language)  # fmt: skip

    # Ladders

    def ladder(self, name: str, entry: written.Ladder, plain: Directory) -> Ladder:
        """As it is climbed: steps in order of time, names in full."""
        where = ("ladders", name)
        zones = [self._names.thing("zone", zone, (*where, "zones", n)) for n, zone in enumerate(entry.zones)]
        for number, kind in enumerate(entry.kinds):
            if kind not in ALARMS:
                near, known = nearest(kind, ALARMS), listed(sorted(ALARMS), 40)
                self._document.fault((*where, "kinds", number), "ladder_kind", nearest=near, value=kind, known=known)
        numbered = sorted(enumerate(entry.steps), key=lambda each: each[1].after)
        ends = [*(later.after for (_, _), (_, later) in pairwise(numbered)), None]
        steps = [
            self._step((*where, "steps", number), step, entry.until, _next(step.after, ends), plain)
            for number, step in numbered
        ]
        severities = frozenset(int(word[1]) for word in entry.severity)
        return Ladder(name=name, title=entry.title, severities=severities, zones=frozenset(zones),
                      kinds=frozenset(entry.kinds), steps=tuple(steps))  # fmt: skip

    def _step(self, where: Where, step: written.Step, until: str, end: float | None, plain: Directory) -> Step:
        self._check_step(where, step)
        for setting in ("by", "post"):
            for number, channel in enumerate(getattr(step, setting)):
                self._channel((*where, setting, number), setting, channel)
        for number, name in enumerate(step.ring):
            self._who((*where, "ring", number), name)
        outputs = [self._names.thing("switch", name, (*where, "outputs", n)) for n, name in enumerate(step.outputs)]
        self._check_reach(where, step, plain)
        unread = step.unread or _unread(step, end, plain)
        return Step(after=step.after, outputs=tuple(outputs), hold=step.hold, ring=tuple(step.ring),
                    by=tuple(step.by), post=tuple(step.post), police=step.police, repeat=step.repeat, times=step.times,
                    answers=step.answers, until=step.until or until, unread=unread)  # type: ignore[arg-type] # one of the words  # fmt: skip

    def _check_step(self, where: Where, step: written.Step) -> None:
        if not (step.ring or step.post or step.outputs or step.police):
            self._document.fault(where, "ladder_empty_step")
        for setting in ("by", "answers"):
            if not step.ring and setting in step.model_fields_set:
                self._document.fault((*where, setting), "ladder_by_alone", at_key=True, value=setting)
        if step.times is not None and step.repeat is None:
            self._document.fault((*where, "times"), "times_without_repeat", at_key=True)
        if step.hold is not None and not step.outputs:
            self._document.fault((*where, "hold"), "hold_without_outputs", at_key=True)

    def _check_reach(self, where: Where, step: written.Step, plain: Directory) -> None:
        """Each person of a step is reached by one of its channels, and there are enough of them."""
        if self._draft.unread & {"channels", "people", "rotas"} or any(
            None in self._draft.entries.get(section, {}).values() for section in ("channels", "people", "rotas")
        ):
            return
        if not {*step.by} <= self._channels.keys():
            return  # told already
        everyone = plain.everyone(step.ring)
        for number, name in enumerate(step.ring):
            for person in plain.everyone([name]):
                if person not in plain.people:
                    continue  # told already
                by = step.by or plain.channels_of(person)
                if not any(plain.address(person, channel) for channel in by):
                    self._document.fault((*where, "ring", number), "person_unreachable", value=person,
                                         known=listed(step.by or self._channels))  # fmt: skip
        if everyone and step.answers > len(everyone):
            self._document.fault((*where, "answers"), "ladder_many_answers", value=step.answers, known=len(everyone))

    def _channel(self, where: Where, setting: str, channel: str) -> None:
        if channel not in self._channels and "channels" not in self._draft.unread:
            near = nearest(channel, self._channels)
            self._document.fault(where, "no_channel", nearest=near, value=channel, known=listed(self._channels))
        elif setting == "post" and channel in self._channels and channel not in self._groups:
            self._document.fault(where, "post_personal", value=channel,
                                 known=listed(name for name in self._channels if name in self._groups))  # fmt: skip

    def _who(self, where: Where, name: str) -> None:
        if name not in self._callable and not self._draft.unread & {"people", "rotas"}:
            near, known = nearest(name, self._callable), listed(self._callable)
            self._document.fault(where, "who_unknown", nearest=near, value=name, known=known)

    def ladders_apart(self, ladders: tuple[Ladder, ...]) -> None:
        """Two ladders for the very same alarms: one of them would never be climbed."""
        seen: dict[object, str] = {}
        for ladder in ladders:
            fits = ladder.severities or frozenset({1, 2, 3, 4}), ladder.zones, ladder.kinds
            other = seen.setdefault(fits, ladder.name)
            if other != ladder.name:
                first = self._document.place(("ladders", other), at_key=True)
                self._document.fault(("ladders", ladder.name), "ladder_twice", at_key=True, value=other, first=first)


def _for_many(channel: object) -> bool:
    """Whether it reaches somebody without an address; of a faulty one that is not known."""
    return getattr(channel, "addressing", "") != "needed" or bool(getattr(channel, "topic", ""))


def _next(after: float, ends: list[float | None]) -> float | None:
    """When the first step begins that is later than this one."""
    return next((end for end in ends if end is not None and end > after), None)


def _unread(step: written.Step, end: float | None, plain: Directory) -> float:
    """So long that the channels of a step fill its time."""
    if end is None:
        return _USUAL_UNREAD
    longest = max((len(plain.channels_of(person)) for person in plain.everyone(step.ring)), default=1)
    return max(_LEAST_UNREAD, (end - step.after) / max(1, len(step.by) or longest))
