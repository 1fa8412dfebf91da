"""A site file whose entries were checked one by one: what is faulty is known by name, so that one slip is told once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from daemon.config import channels, people, site
from daemon.config.alarms import Alarms
from daemon.config.document import Document
from daemon.config.faults import Term, Where, listed, nearest
from daemon.config.record import Record, check_record
from daemon.config.recording import Recording
from daemon.config.subscribers import KINDS, Subscriber, kind_of
from daemon.config.validation import check, shown

SECTIONS: Mapping[str, type[BaseModel] | None] = MappingProxyType({
    "lines": site.Line, "devices": site.Device, "doors": site.Door, "lanes": site.Lane, "outputs": site.SwitchOutput,
    "zones": site.Zone, "rules": None, "subscribers": Subscriber, "channels": channels.Channel,
    "people": people.Person, "rotas": people.Rota, "ladders": people.Ladder,
})  # fmt: skip
"""Tables of named entries and what an entry is; a rule is judged by its kind."""
_RESERVED = ("operator",)
_NEEDED = ("site", "lines", "devices")


@dataclass(slots=True)
class Draft:
    """The entries of a site, None where one is faulty."""

    document: Document
    header: site.SiteHeader | None = None
    access: site.Access | None = None
    alarms: Alarms = field(default_factory=Alarms)
    journal: Record = field(default_factory=Record)
    recording: Recording = field(default_factory=Recording)
    escalation: people.Escalation | None = None
    grants: dict[str, site.ThirdPartyDriver] = field(default_factory=dict)
    """What third-party drivers may do, by name."""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    """Sections of which nothing is known; whatever names their entries cannot be judged."""

    def sound(self, section: str) -> Iterator[tuple[str, Any]]:
        """Entries without fault, with their names."""
        return ((name, entry) for name, entry in self.entries[section].items() if entry is not None)

    def site(self) -> site.Site:
        """The whole, once there are no faults."""
        return site.Site.model_construct(
            None,
            site=self.header,
            access=self.access,
            alarms=self.alarms,
            escalation=self.escalation,
            journal=self.journal,
            recording=self.recording,
            drivers=self.grants,
            **self.entries,
        )


def sketch(document: Document) -> Draft:
    """Check every entry of a file by itself; the faults go into the document."""
    draft, data = Draft(document), document.data
    _check_sections(draft)
    if "site" in data:
        draft.header = check(site.SiteHeader, data["site"], ("site",), document)
    if "access" in data:
        draft.access = check(site.Access, data["access"], ("access",), document)
    if "alarms" in data:
        draft.alarms = check(Alarms, data["alarms"], ("alarms",), document) or draft.alarms
    if "journal" in data and (found := check(Record, data["journal"], ("journal",), document)):
        draft.journal = found
        check_record(found, document)
    if "recording" in data:
        draft.recording = check(Recording, data["recording"], ("recording",), document) or draft.recording
    if "escalation" in data:
        draft.escalation = check(people.Escalation, data["escalation"], ("escalation",), document)
    draft.grants = dict(_grants(document))
    for section, model in SECTIONS.items():
        draft.entries[section] = dict(_entries(document, section, model))
    for name, line in draft.sound("lines"):
        check_ends(document, ("lines", name), line)
    return draft


def _check_sections(draft: Draft) -> None:
    document, known = draft.document, ["site", *SECTIONS, "drivers", "access", "alarms", "escalation", "journal",
                             "recording"]  # fmt: skip
    absent = set(known) - document.data.keys()
    for key in document.data.keys() - set(known):
        meant = nearest(key, known)
        document.fault((key,), "unknown_key", at_key=True, nearest=meant, known=listed(known, 40), key=key)
        draft.unread |= {meant} & absent
    for key in _NEEDED:
        if key in absent - draft.unread:
            document.fault((key,), "missing", key=key, meaning="")
            draft.unread.add(key)
    draft.unread |= {key for key in SECTIONS if not isinstance(document.data.get(key, {}), dict)}


def _entries(document: Document, section: str, model: type[BaseModel] | None) -> Iterator[tuple[str, Any]]:
    table = document.data.get(section, {})
    if not isinstance(table, dict):
        document.fault((section,), "wrong_type", value=shown(table), wanted=Term("a table of settings"))
        return
    for name, raw in table.items():
        where = (section, name)
        if not site.SLUG.match(name):
            document.fault(where, "bad_name", at_key=True, value=name)
            yield name, None
        elif section == "rules" and name in _RESERVED:
            document.fault(where, "reserved_name", at_key=True, value=name)
        elif not isinstance(raw, dict):
            document.fault(where, "wrong_type", value=shown(raw), wanted=Term("a table of settings"))
            yield name, None
        else:
            yield name, _entry(raw, model, where, document)


def _entry(raw: dict[Any, Any], model: type[BaseModel] | None, where: Where, document: Document) -> Any:  # noqa: ANN401 - whatever the section holds
    if model is None:
        return raw
    if model is Subscriber:  # which settings it has, its `kind` decides
        kind = kind_of(raw)
        if kind not in KINDS:
            near, known = nearest(kind, KINDS), listed(KINDS)
            document.fault((*where, "kind"), "one_of", nearest=near, value=shown(raw["kind"]), known=known)
            return None
        model = KINDS[kind]
    if model is channels.Channel:
        if "kind" in raw and raw["kind"] not in channels.KINDS:
            near, known = nearest(str(raw["kind"]), channels.KINDS), listed(channels.KINDS)
            document.fault((*where, "kind"), "one_of", nearest=near, value=shown(raw["kind"]), known=known)
            return None
        if "kind" not in raw:
            known = listed(channels.KINDS)
            document.fault((*where, "kind"), "missing", at_key=True, key="kind", meaning=f" (one of {known})")
            return None
        model = channels.KINDS[raw["kind"]]
    return check(model, raw, where, document)


def _grants(document: Document) -> Iterator[tuple[str, site.ThirdPartyDriver]]:
    table = document.data.get("drivers", {})
    if not isinstance(table, dict):
        document.fault(("drivers",), "wrong_type", value=shown(table), wanted=Term("a table of settings"))
        return
    for name, raw in table.items():
        grant = check(site.ThirdPartyDriver, raw, ("drivers", name), document)
        if grant is not None:
            yield name, grant


def check_ends(document: Document, where: Where, line: site.Wires) -> None:
    """A line has exactly one end."""
    ways = [way for way in site.WAYS if getattr(line, way) is not None]
    if len(ways) != 1:
        found = " + ".join(ways) or Term("nothing")
        document.fault(where, "line_choice", at_key=True, value=found)
