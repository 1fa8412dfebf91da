"""The site of a timetable, loaded as the daemon would load it; its lines are never opened."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.config.assembly import Plan, assemble
from daemon.config.document import Document
from daemon.config.draft import sketch
from daemon.config.faults import ConfigError, Place, Where
from daemon.config.load import gather
from daemon.config.validation import shown
from daemon.rehearsal.timetable import Timetable


def plan(timetable: Timetable, text: Document) -> Plan:
    """The plan; ConfigError with the faults of the site, or of the rules that the timetable adds to it."""
    if isinstance(timetable.site, str):
        path = Path(os.path.normpath(text.file.parent / timetable.site))
        site = gather(path)
        folder = path if path.is_dir() else path.parent
    elif isinstance(timetable.site, dict):
        site, folder = _inner(text, "site"), text.file.parent
    else:
        fault = text.place(("site",)).fault(("site",), "wrong_type", value=shown(timetable.site), wanted="site.yaml")
        raise ConfigError([fault])
    if site.faults:
        raise ConfigError(site.faults)
    if timetable.rules:
        _add_rules(site, _inner(text, "rules").data, text)
    made = assemble(sketch(site), folder, wired=True, secrets=None)
    if site.faults:
        raise ConfigError(site.faults)
    return made


def _add_rules(site: Document, rules: Mapping[str, Any], text: Document) -> None:
    before = site.data.get("rules") or {}
    site.data["rules"] = {**before, **rules} if isinstance(before, dict) else dict(rules)
    for name in rules:
        for places in (site.keys, site.values):
            for where in [where for where in places if where[:2] == ("rules", name)]:
                del places[where]
    site.keys |= _of_rules(text.keys)
    site.values |= {where: place for where, place in _of_rules(text.values).items() if len(where) > 1}
    site.styles |= {where: style for where, style in text.styles.items() if where[:1] == ("rules",)}
    site.numbers |= {where: word for where, word in text.numbers.items() if where[:1] == ("rules",)}


def _of_rules(places: Mapping[Where, Place]) -> dict[Where, Place]:
    return {where: place for where, place in places.items() if where[:1] == ("rules",)}


def _inner(text: Document, key: str) -> Document:
    """A table of a document as a document of its own; its faults name the places in the whole file."""
    inner = Document(text.file, dict(text.data[key]))
    inner.keys = {where[1:]: place for where, place in text.keys.items() if where[:1] == (key,)}
    inner.values = {where[1:]: place for where, place in text.values.items() if where[:1] == (key,)}
    inner.styles = {where[1:]: style for where, style in text.styles.items() if where[:1] == (key,)}
    inner.numbers = {where[1:]: word for where, word in text.numbers.items() if where[:1] == (key,)}
    return inner
