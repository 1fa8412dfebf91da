"""Rotas: who is on shift at an instant of the site's own time, and when nobody is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from rules._hours import WeeklyHours

_DAY = 86400
_WEEK = 7 * _DAY
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of the week, and who works in them."""

    name: str
    hours: WeeklyHours
    people: tuple[str, ...]

    def began(self, wall: datetime) -> date | None:
        """The day on which the shift began that is under way at this local time; None when none is."""
        second = wall.weekday() * _DAY + wall.hour * 3600 + wall.minute * 60 + wall.second
        for start, end in self.hours.spans:
            for now in (second, second + _WEEK):
                if start <= now < end:
                    return wall.date() - timedelta(days=now // _DAY - start // _DAY)
        return None


@dataclass(frozen=True, slots=True)
class Gap:
    """From here to there nobody is on shift."""

    start: str
    end: str

    def __str__(self) -> str:
        return f"{self.start} - {self.end}"


@dataclass(frozen=True, slots=True)
class Rota:
    """Shifts, and the days on which others work than usual."""

    name: str
    title: str
    shifts: tuple[Shift, ...]
    dates: Mapping[date, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Day on which a shift begins -> shift -> who works in it instead."""
    fallback: str = ""
    """A person, rota or role, called when nobody is on shift."""

    def on_shift(self, wall: datetime) -> tuple[str, ...]:
        """Who works at this local time, in the order of the file; the fallback is not looked at."""
        found: dict[str, None] = {}
        for shift in self.shifts:
            began = shift.began(wall)
            if began is not None:
                found |= dict.fromkeys(self.dates.get(began, {}).get(shift.name, shift.people))
        return tuple(found)

    @property
    def everyone(self) -> tuple[str, ...]:
        """All who work at any time."""
        usual = (person for shift in self.shifts for person in shift.people)
        others = (person for shifts in self.dates.values() for people in shifts.values() for person in people)
        return tuple(dict.fromkeys([*usual, *others]))

    def gaps(self) -> list[Gap]:
        """When nobody is on shift: in any week, and around the days on which others work than usual."""
        monday = date(2024, 1, 1)  # any Monday whose week has no date of its own
        plain = Rota(self.name, self.title, self.shifts)
        gaps = [Gap(*ends) for ends in _weekly(plain, monday)]
        for day in sorted(self.dates):
            midnight = datetime.combine(day, datetime.min.time())
            ends = list(_uncovered(self, midnight, midnight + timedelta(days=2)))
            usual = list(_uncovered(plain, midnight, midnight + timedelta(days=2)))
            gaps += [Gap(f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}") for start, end in ends
                     if (start, end) not in usual]  # fmt: skip
        return list(dict.fromkeys(gaps))


def _weekly(rota: Rota, monday: date) -> Iterator[tuple[str, str]]:
    start = datetime.combine(monday, datetime.min.time())
    spans = list(_uncovered(rota, start, start + timedelta(days=7)))
    if len(spans) > 1 and spans[0][0] == start and spans[-1][1] == start + timedelta(days=7):
        spans = [(spans[-1][0], spans[0][1]), *spans[1:-1]]  # one that goes over Sunday's midnight is one
    for begin, end in spans:
        yield _weekly_word(begin), _weekly_word(end, last=end == start + timedelta(days=7))


def _weekly_word(instant: datetime, *, last: bool = False) -> str:
    return "Sun 24:00" if last else f"{_DAYS[instant.weekday()]} {instant:%H:%M}"


def _uncovered(rota: Rota, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans of local time in which nobody works; shifts turn at whole minutes, so only their bounds are looked at."""
    begin: datetime | None = None
    for instant in _bounds(rota.shifts, start, end):
        nobody = not rota.on_shift(instant)
        if nobody and begin is None:
            begin = instant
        elif not nobody and begin is not None:
            yield begin, instant
            begin = None
    if begin is not None:
        yield begin, end


def _bounds(shifts: Sequence[Shift], start: datetime, end: datetime) -> list[datetime]:
    monday = datetime.combine(start.date() - timedelta(days=start.weekday()), datetime.min.time())
    turns = {start} | {start + timedelta(days=day) for day in range(1, (end - start).days)}
    for bound in {bound for shift in shifts for span in shift.hours.spans for bound in span}:
        turns |= {monday + timedelta(weeks=week, seconds=bound) for week in (-1, 0, 1)}
    return sorted(turn for turn in turns if start <= turn < end)
