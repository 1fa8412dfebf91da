"""Hours of the week, as people write them: `Mon-Fri 07:00-19:00; Sat 09:00-12:00` or `周一至周五 18:00-06:00`."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_DAY = 86400
_WEEK = 7 * _DAY
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NUMBERS = {day.casefold(): number for number, day in enumerate(_DAYS)} | {
    f"{word}{day}": number for word in ("周", "星期", "礼拜") for number, day in enumerate("一二三四五六日")
} | {"周天": 6, "星期天": 6, "礼拜天": 6}  # fmt: skip
_EVERY_DAY = ("daily", "每天", "每日")
_TIMES = re.compile(r"(?P<days>.*?)\s*(?P<times>\d{1,2}:\d{2}\s*-.*)\Z")
_RANGE = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\Z")
_DASHES = str.maketrans({"–": "-", "—": "-", "~": "-", "至": "-", "到": "-", "、": ",", "。": ";"})
_EXAMPLE = "write days and hours like `Mon-Fri 07:00-19:00; Sat 09:00-12:00`"


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Spans of the week in seconds from Monday 00:00, local time; one across midnight belongs to the day it began."""

    spans: tuple[tuple[int, int], ...]
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> "WeeklyHours":
        """Read hours as people write them; ValueError says which part is wrong and how it would be right."""
        plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
        parts = [part.strip() for part in plain.split(";") if part.strip()]
        if not parts:
            raise ValueError(f"no hours are given; {_EXAMPLE}")
        return cls(tuple(sorted({span for part in parts for span in _spans(part)})), text)

    def contains(self, wall: datetime) -> bool:
        """Whether this local time lies within the hours; their end does not."""
        second = wall.weekday() * _DAY + wall.hour * 3600 + wall.minute * 60 + wall.second
        return any(start <= second < end or start <= second + _WEEK < end for start, end in self.spans)

    @property
    def outside(self) -> tuple[tuple[int, int], ...]:
        """All spans of the week that do not lie within the hours, of one week from Monday 00:00."""
        inside = sorted(
            span
            for start, end in self.spans
            for span in ((start, min(end, _WEEK)), (0, end - _WEEK))
            if span[0] < span[1]
        )
        gaps, at = [], 0
        for start, end in [*inside, (_WEEK, _WEEK)]:
            if start > at:
                gaps.append((at, start))
            at = max(at, end)
        return tuple(gaps)

    def next_change(self, wall: datetime) -> datetime | None:
        """The next instant at which `contains` turns, clock changes included; None when it never does."""
        inside = self.contains(wall)
        for instant in sorted(set(self._candidates(wall))):
            local = instant.astimezone(wall.tzinfo)
            if instant > wall.astimezone(UTC) and self.contains(local) != inside:
                return local
        return None

    def _candidates(self, wall: datetime) -> Iterator[datetime]:
        """Instants in UTC at which a span may begin or end: its bounds (both, in a repeated hour), clock changes."""
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight.replace(tzinfo=None) - timedelta(days=wall.weekday())
        for bound in {bound for span in self.spans for bound in span}:
            for week in (-1, 0, 1, 2):
                local = (monday + timedelta(weeks=week, seconds=bound)).replace(tzinfo=wall.tzinfo)
                yield from (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        for day in range(-1, 9):
            yield from _clock_change(midnight.astimezone(UTC) + timedelta(days=day), wall)


def _clock_change(start: datetime, wall: datetime) -> Iterator[datetime]:
    """The instant within a day of `start` at which the local clock jumps, to the second."""

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(wall.tzinfo).utcoffset()

    low, high = start, start + timedelta(days=1)
    if offset(low) == offset(high):
        return
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
    yield high


def _spans(part: str) -> Iterator[tuple[int, int]]:
    match = _TIMES.match(part)
    if match is None:
        raise ValueError(f"no hours in {part!r}; {_EXAMPLE}")
    for times in match["times"].split(","):
        start, end = _range(times.strip())
        for day in _days(match["days"]):
            yield day * _DAY + start, day * _DAY + end + (_DAY if end <= start else 0)


def _range(times: str) -> tuple[int, int]:
    match = _RANGE.match(times)
    if match is None:
        raise ValueError(f"{times!r} is no span of hours; write it like 07:00-19:00")
    start, end = (int(match[n]) * 3600 + int(match[n + 1]) * 60 for n in (1, 3))
    if int(match[2]) > 59 or int(match[4]) > 59 or start >= _DAY or end > _DAY:
        raise ValueError(f"{times!r} is no time of day; hours go from 00:00 to 24:00, minutes to 59")
    if start == end:
        raise ValueError(f"{times!r} begins and ends at once; the whole day is 00:00-24:00")
    return start, end


def _days(text: str) -> list[int]:
    if not text or text.casefold() in _EVERY_DAY:
        return list(range(7))
    days = []
    for item in text.split(","):
        first, dash, last = (word.strip() for word in item.partition("-"))
        start = _day(first)
        days += [(start + step) % 7 for step in range((_day(last) - start) % 7 + 1)] if dash else [start]
    return days


def _day(word: str) -> int:
    try:
        return _NUMBERS[word.casefold()]
    except KeyError:
        raise ValueError(f"{word!r} is no day; days are {', '.join(_DAYS)}, or 周一 to 周日") from None


def _hours(raw: object) -> object:
    return WeeklyHours.parse(raw) if isinstance(raw, str) else raw


Hours = Annotated[
    WeeklyHours,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri 07:00-19:00; Sat 09:00-12:00", "18:00-06:00"]}),
]
