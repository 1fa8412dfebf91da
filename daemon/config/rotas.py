"""Rotas of a draft: every name and date checked, circles and gaps found."""

from collections.abc import Mapping
from datetime import date, timedelta

from daemon.config import people as written
from daemon.config.draft import Draft
from daemon.config.faults import Both, Where, listed, nearest
from daemon.escalation.rota import Rota, Shift

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_GAPS = 4


class Rotas:
    """Of one draft."""

    def __init__(self, draft: Draft) -> None:
        """Nothing is looked at yet."""
        self._draft, self._document = draft, draft.document
        roles = [role for _, person in draft.sound("people") for role in person.roles]
        self._callable = [*draft.entries["people"], *draft.entries["rotas"], *dict.fromkeys(roles)]

    def all(self) -> dict[str, Rota]:
        """Every rota, by name; faults go into the document."""
        rotas = {name: self._rota(name, entry) for name, entry in self._draft.sound("rotas")}
        for name, rota in rotas.items():
            circle = _circle(name, rotas)
            if circle:
                self._document.fault(("rotas", name, "fallback"), "rota_circle", value=name, known=" > ".join(circle))
            elif not rota.fallback and (gaps := rota.gaps()):
                more = f" … (+{len(gaps) - _MOST_GAPS})" if len(gaps) > _MOST_GAPS else ""
                told = ", ".join(map(str, gaps[:_MOST_GAPS])) + more
                self._document.fault(("rotas", name), "rota_gap", at_key=True, gaps=Both(told, _in_chinese(told)))
        return rotas

    def _rota(self, name: str, entry: written.Rota) -> Rota:
        where: Where = ("rotas", name)
        shifts = []
        for shift, its in entry.shifts.items():
            self._people((*where, "shifts", shift, "people"), its.people)
            shifts.append(Shift(shift, its.hours, tuple(its.people)))
        if entry.fallback and entry.fallback not in self._callable and not self._draft.unread & {"people", "rotas"}:
            near, known = nearest(entry.fallback, self._callable), listed(self._callable)
            self._document.fault((*where, "fallback"), "who_unknown", nearest=near, value=entry.fallback, known=known)
        return Rota(name, entry.title or name, tuple(shifts), self._dates(where, entry, shifts), entry.fallback)

    def _dates(
        self, where: Where, entry: written.Rota, shifts: list[Shift]
    ) -> Mapping[date, Mapping[str, tuple[str, ...]]]:
        dates: dict[date, dict[str, tuple[str, ...]]] = {}
        by_name = {shift.name: shift for shift in shifts}
        for text, its in entry.dates.items():
            spot = (*where, "dates", text)
            day = _day(text)
            if day is None:
                self._document.fault(spot, "rota_date", at_key=True, value=text)
                continue
            dates[day] = {}
            for name, people in its.items():
                if name not in by_name:
                    near = nearest(name, by_name)
                    self._document.fault((*spot, name), "rota_shift", at_key=True, nearest=near, value=name,
                                         known=listed(by_name))  # fmt: skip
                    continue
                if day.weekday() not in (days := _days(by_name[name])):
                    known = ", ".join(_DAYS[number] for number in sorted(days))
                    self._document.fault((*spot, name), "rota_date_idle", at_key=True, value=name, day=text,
                                         known=Both(known, _in_chinese(known)))  # fmt: skip
                self._people((*spot, name), people)
                dates[day][name] = tuple(people)
        return dates

    def _people(self, where: Where, people: list[str]) -> None:
        known = self._draft.entries["people"]
        for number, person in enumerate(people):
            if person not in known and "people" not in self._draft.unread:
                self._document.fault((*where, number), "person_unknown", nearest=nearest(person, known), value=person,
                                     known=listed(known))  # fmt: skip


def _in_chinese(text: str) -> str:
    for word, character in zip(_DAYS, "一二三四五六日", strict=True):
        text = text.replace(word, f"周{character}")
    return text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(shift: Shift) -> set[int]:
    """Days of the week on which it begins."""
    return {start // int(timedelta(days=1).total_seconds()) for start, _ in shift.hours.spans}


def _circle(name: str, rotas: Mapping[str, Rota]) -> list[str]:
    """The way from a rota back to itself by fallbacks; empty when there is none."""
    way = [name]
    while (following := rotas[way[-1]].fallback) in rotas:
        if following in way:
            return [*way, following] if following == name else []
        way.append(following)
    return []
