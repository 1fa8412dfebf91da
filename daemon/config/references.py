"""Names in a site that stand for something else in it: found, written in full, or faults with the nearest name."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from daemon.config.document import Document
from daemon.config.draft import Draft
from daemon.config.faults import Term, Where, listed, nearest
from daemon.config.site import SLUG
from daemon.config.validation import mark_of, shown
from gatehouse.points import Point
from rules._settings import Refers

Channels = Mapping[str, Point]
"""The points of one device, by channel."""
_SECTIONS = {
    "line": ("lines",), "device": ("devices",), "door": ("doors",), "lane": ("lanes",), "zone": ("zones",),
    "output": ("doors", "lanes", "outputs"), "passage": ("doors", "lanes"), "switch": ("outputs",),
}  # fmt: skip
_SORTS = {"passage": "door or lane"}
"""Where the word for people is another one."""
_POINTS = ("point", "relay", "contact")


@dataclass(frozen=True, slots=True)
class Names:
    """Everything in a site that has a name."""

    draft: Draft
    channels: Mapping[str, Channels | None]
    """Device -> its points; None for a faulty device, whose points nobody knows."""

    def resolve(self, to: str, text: str, where: Where) -> str:
        """The full name of what is meant; as written, with a fault, when there is no such thing."""
        if to in _POINTS:
            return self._point(to, text, where)
        if to == "reader":
            return self._reader(text, where)
        return self.thing(to, text, where)

    def thing(self, to: str, text: str, where: Where) -> str:
        """An entry of a section: `b12` or `zones.b12` becomes `zones.b12`."""
        if self.draft.unread.intersection(_SECTIONS[to]):
            return text
        known = [f"{section}.{name}" for section in _SECTIONS[to] for name in self.draft.entries[section]]
        if to in ("line", "device"):
            known = [name.partition(".")[2] for name in known]
        matches = [name for name in known if text == name or text == name.partition(".")[2]]
        if text in matches:
            return text
        if len(matches) == 1:
            return matches[0]
        if matches:
            self._fault(where, "ambiguous_name", value=text, known=listed(matches))
            return text
        self._unknown(to, text, [name for name in known if SLUG.match(name.rpartition(".")[2])], where)
        return text

    def _unknown(self, to: str, text: str, known: list[str], where: Where) -> None:
        if to in ("line", "device"):
            self._fault(where, f"unknown_{to}", nearest=nearest(text, known), value=text, known=listed(known))
            return
        short = {name.partition(".")[2]: name for name in reversed(known)}
        close = nearest(text, known) or short.get(nearest(text, short), "")
        self._fault(
            where, "unknown_name", nearest=close, sort=Term(_SORTS.get(to, to)), value=text, known=listed(known)
        )

    def _reader(self, text: str, where: Where) -> str:
        if text not in self.channels:
            return self.thing("device", text, where)
        if (channels := self.channels[text]) is not None and "card" not in channels:
            readers = [name for name, points in self.channels.items() if points and "card" in points]
            self._fault(where, "no_reader", nearest=nearest(text, readers), value=text, known=listed(readers))
        return text

    def _point(self, to: str, text: str, where: Where) -> str:
        device, dot, channel = text.partition(".")
        if not dot:
            example = next((f"{name}.{first}" for name, first in self._firsts(text)), "io1.input1")
            self._fault(where, "point_form", value=shown(text), example=example)
        elif device not in self.channels:
            if "devices" in self.draft.unread:
                return text
            close = nearest(device, self.channels)
            self._fault(where, "unknown_device", nearest=close and f"{close}.{channel}", value=device,
                        known=listed(self.channels))  # fmt: skip
        elif (channels := self.channels[device]) is not None:
            self._channel(to, text, channels, where)
        return text

    def _firsts(self, device: str) -> Iterator[tuple[str, str]]:
        for name in [device, *self.channels]:
            if channels := self.channels.get(name):
                yield name, next(iter(channels))

    def _channel(self, to: str, text: str, channels: Channels, where: Where) -> None:
        device, _, channel = text.partition(".")
        if channel == "online" and to != "relay":
            return
        if channel not in channels:
            close = nearest(channel, channels)
            self._fault(where, "unknown_point", nearest=close and f"{device}.{close}", value=text, device=device,
                        known=listed(channels))  # fmt: skip
        elif to == "relay" and not channels[channel].writable:
            outputs = [name for name, point in channels.items() if point.writable]
            code = "not_writable" if outputs else "no_outputs"
            self._fault(where, code, value=text, device=device, known=listed(outputs))
        elif to == "contact" and (sort := sort_of(channels[channel])):
            self._fault(where, "not_a_switch", value=text, sort=sort)

    def _fault(self, where: Where, code: str, nearest: str = "", **values: object) -> None:
        self.draft.document.fault(where, code, nearest=nearest, **values)  # type: ignore[arg-type] # no `at_key` among them


def sort_of(point: Point) -> Term | None:
    """What a point is when it is no on-or-off contact; None when it may be one."""
    if point.momentary:
        return Term("a card or another occurrence")
    return Term("a measured value") if point.unit or math.isfinite(point.low) or math.isfinite(point.high) else None


def mentions(model: BaseModel, where: Where) -> Iterator[tuple[str, str, str, Where]]:
    """Every name that an entry mentions: the setting, what it refers to, the text, and where it stands."""
    for name, field in type(model).model_fields.items():
        mark = mark_of(Refers, field.annotation, *field.metadata)
        value = getattr(model, name)
        if mark is None or value is None:
            continue
        spot = (*where, field.alias or name)
        if isinstance(value, str):
            yield name, mark.to, value, spot
        else:
            for number, text in enumerate(value):
                yield name, mark.to, text, (*spot, number)


def resolved(model: BaseModel, names: Names, where: Where) -> dict[str, Any]:
    """The settings of an entry that mention names, with the full names instead."""
    full: dict[str, Any] = {}
    for name, to, text, spot in mentions(model, where):
        meant = names.resolve(to, text, spot)
        written = getattr(model, name)
        full[name] = meant if isinstance(written, str) else (*full.get(name, ()), meant)
    return full


def repeated(document: Document, where: Where, full: Mapping[str, Any]) -> None:
    """Fault names that stand twice in one list."""
    for setting, meant in full.items():
        if isinstance(meant, tuple):
            for number, text in enumerate(meant):
                if text in meant[:number]:
                    document.fault((*where, setting, number), "listed_twice", value=text)
