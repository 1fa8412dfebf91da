"""From a site file, or a folder of them, to a plan that can run; or to all of its faults at once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from daemon.config import document
from daemon.config.assembly import Plan, assemble
from daemon.config.document import Document
from daemon.config.draft import SECTIONS, Draft, check_ends, sketch
from daemon.config.faults import ConfigError, Fault, Place, Where, listed, nearest
from daemon.config.schema import schema
from daemon.config.secrets import Secrets
from daemon.config.site import WAYS, Line, Wires
from daemon.config.validation import check

__all__ = ["ConfigError", "Fault", "Plan", "load", "schema"]


def load(
    path: Path,
    *,
    wires: Path | None = None,
    secrets: Secrets | None = None,
    instead: Mapping[Path, str] = MappingProxyType({}),
) -> Plan:
    """The plan of a site; ConfigError with all of its faults.

    `wires` is a file that gives lines other endpoints, where simulators stand; ports may then have any name. Without
    `secrets` it is not looked whether those that the site names exist. `instead`: what some of its files might say.
    """
    site = gather(path, instead)
    if site.faults:  # what could not be read or stands twice would only cause faults that are none
        raise ConfigError(site.faults)
    draft = sketch(site)
    if wires is not None:
        site.faults += _rewire(draft, wires)
    plan = assemble(draft, path if path.is_dir() else path.parent, wired=wires is not None, secrets=secrets)
    if site.faults:
        raise ConfigError(site.faults)
    return plan


def gather(path: Path, instead: Mapping[Path, str] = MappingProxyType({})) -> Document:
    """All that stands in the file or files of a site."""

    def read(file: Path) -> Document:
        return document.parse(file, instead[file]) if file in instead else document.read(file)

    if not path.is_dir():
        return read(path)
    files, whole = sorted(path.glob("*.yaml")), Document(path)
    for stray in sorted(path.glob("*.yml")):
        whole.faults.append(Place(stray, 1, 1).fault((), "wrong_suffix", name=stray.name, instead=f"{stray.stem}.yaml"))
    if not files:
        whole.faults.append(Place(path, 1, 1).fault((), "no_yaml"))
    for part in map(read, files):
        whole.faults += part.faults
        _merge(whole, part)
    return whole


def _merge(whole: Document, part: Document) -> None:
    """Take the tables of one file; the same name in two files is a fault."""
    twice: set[Where] = set()
    for section, content in part.data.items():
        mine = whole.data.get(section)
        if section not in whole.data:
            whole.data[section] = dict(content) if isinstance(content, dict) else content
        elif section in SECTIONS and isinstance(mine, dict) and isinstance(content, dict):
            twice |= {(section, name) for name in mine.keys() & content.keys()}
            mine.update(content)
        else:
            twice.add((section,))
    for where in sorted(twice, key=str):
        first = whole.place(where, at_key=True)
        whole.faults.append(part.place(where, at_key=True).fault(where, "duplicate_key", key=where[-1], first=first))
    whole.keys = part.keys | whole.keys
    whole.values = part.values | whole.values
    whole.numbers = part.numbers | whole.numbers
    whole.styles = part.styles | whole.styles


def _rewire(draft: Draft, file: Path) -> Iterable[Fault]:
    """Put the endpoints of a file in place of the site's."""
    wires, lines = document.read(file), draft.entries["lines"]
    for name, raw in wires.data.items():
        if name not in lines:
            wires.fault(
                (name,), "wire_unknown", at_key=True, nearest=nearest(name, lines), value=name, known=listed(lines)
            )
            continue
        wire = check(Wires, raw, (name,), wires)
        if wire is not None:
            check_ends(wires, (name,), wire)
        if wire is not None and lines[name] is not None:
            ends = {way: getattr(wire, way) for way in (*WAYS, "peer")}
            lines[name] = Line.model_validate(lines[name].model_dump() | ends)
    return wires.faults
