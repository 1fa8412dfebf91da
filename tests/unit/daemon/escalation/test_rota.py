"""Who is on shift at every minute, across midnight and on odd days; a gap is found wherever a minute has nobody."""

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.escalation.rota import Rota, Shift
from rules._hours import WeeklyHours

MONDAY = datetime(2026, 9, 28)  # noqa: DTZ001 - the site's own time, as the rota sees it


def rota(*shifts: tuple[str, str, tuple[str, ...]], **more: object) -> Rota:
    return Rota(
        "gate", "门岗", tuple(Shift(name, WeeklyHours.parse(hours), who) for name, hours, who in shifts), **more
    )


NIGHTS = (("day", "08:00-20:00", ("wang",)), ("night", "20:00-08:00", ("li",)))


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    swapped = rota(*NIGHTS, dates={date(2026, 9, 30): {"night": ("zhao",)}})
    wednesday = MONDAY + timedelta(days=2)
    assert swapped.on_shift(wednesday + timedelta(hours=7)) == ("li",)
    assert swapped.on_shift(wednesday + timedelta(hours=19)) == ("wang",)
    assert swapped.on_shift(wednesday + timedelta(hours=20)) == ("zhao",)
    assert swapped.on_shift(wednesday + timedelta(hours=31, minutes=59)) == ("zhao",)
    assert swapped.on_shift(wednesday + timedelta(hours=32)) == ("wang",)


def test_a_shift_over_the_end_of_the_week_and_of_the_year() -> None:
    over = rota(("night", "Sun 22:00-06:00", ("li",)), dates={date(2028, 12, 31): {"night": ("zhao",)}})
    assert over.on_shift(MONDAY + timedelta(hours=5)) == ("li",)
    assert over.on_shift(MONDAY + timedelta(hours=6)) == ()
    assert over.on_shift(datetime(2029, 1, 1, 3)) == ("zhao",)  # noqa: DTZ001 - as above
    assert over.on_shift(datetime(2028, 12, 31, 3)) == ()  # noqa: DTZ001 - as above


def test_everybody_who_ever_works_is_known() -> None:
    assert rota(*NIGHTS, dates={date(2026, 9, 30): {"night": ("zhao",)}}).everyone == ("wang", "li", "zhao")


def test_a_free_day_is_a_gap_of_that_day_only() -> None:
    free = rota(*NIGHTS, dates={date(2026, 10, 1): {"day": ()}, date(2026, 10, 2): {"day": ("li",)}})
    assert [str(gap) for gap in free.gaps()] == ["2026-10-01 08:00 - 2026-10-01 20:00"]


def test_a_gap_over_the_weekend_is_told_as_one() -> None:
    assert [str(gap) for gap in rota(("week", "Mon-Fri 00:00-24:00", ("li",))).gaps()] == ["Sat 00:00 - Sun 24:00"]
    assert next(str(gap) for gap in rota(("week", "Tue-Sat 06:00-24:00", ("li",))).gaps()) == "Sun 00:00 - Tue 06:00"
    assert rota(("always", "00:00-24:00", ("li",))).gaps() == []


times = st.integers(0, 23).flatmap(lambda hour: st.sampled_from([f"{hour:02}:00", f"{hour:02}:30"]))
days = st.sampled_from(["", "Mon-Fri ", "Sat-Sun ", "Sun ", "Wed,Fri "])
hours = (
    st.tuples(days, times, times)
    .filter(lambda each: each[1] != each[2])
    .map(lambda each: f"{each[0]}{each[1]}-{each[2]}")
)
shifts = st.lists(st.tuples(hours, st.lists(st.sampled_from(["wang", "li"]), max_size=1)), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(shifts=shifts)
def test_gaps_are_just_the_minutes_in_which_nobody_works(shifts: list[tuple[str, list[str]]]) -> None:
    """Against a look at each half hour of a week, which is as fine as these hours are."""
    made = rota(*((f"s{number}", hours, tuple(people)) for number, (hours, people) in enumerate(shifts)))
    empty = {minute for minute in range(0, 7 * 24 * 60, 30) if not made.on_shift(MONDAY + timedelta(minutes=minute))}
    told = set()
    for gap in made.gaps():
        start, end = (minute_of(text) for text in (gap.start, gap.end))
        told |= {minute % (7 * 24 * 60) for minute in range(start, end + (7 * 24 * 60 if end <= start else 0), 30)}
    assert told == empty


def minute_of(text: str) -> int:
    day, _, time = text.partition(" ")
    number = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day)
    return number * 1440 + int(time[:2]) * 60 + int(time[3:])
