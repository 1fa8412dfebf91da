"""What grows is found, what stays is not, and a door that was never freed is not forgotten."""

from math import inf

import pytest

from campaign.record import Episode, Record, Span
from campaign.scales import COLUMNS, figures, freed


def _weights(fds) -> list[dict[str, float]]:
    return [dict.fromkeys(COLUMNS, 7.0) | {"at": 100.0 + 10 * number, "fds": fds(number)} for number in range(200)]


def test_four_descriptors_every_two_minutes_are_seen_and_what_stays_has_no_slope():
    found = figures(_weights(lambda number: 37 + number // 12 * 4))
    assert found["fds, an hour"] == pytest.approx(120, abs=4)
    assert found["fds, most"] == 37 + 16 * 4
    assert found["rss MB, an hour"] == 0
    assert found["rss MB, median"] == 7


def test_what_is_taken_once_in_the_first_half_is_no_growth():
    found = figures(_weights(lambda number: 37 if number < 50 else 90))
    assert (found["fds, an hour"], found["fds, median"]) == (0, 90)


@pytest.mark.parametrize("many", [0, 1])
def test_too_few_to_tell(many):
    assert figures(_weights(lambda _: 1)[:many]) == {"weighed": many}


def _moved(at: float, what: str, door: str = "doors.north") -> dict[str, object]:
    return {"at": at, "subject": door, "what": what}


def test_each_locked_door_is_timed_apart_from_those_in_trouble():
    others = [_moved(0, "unlocked", door) for door in ("doors.east", "doors.unit12")]
    diary = [*others, _moved(10.2, "unlocked"), _moved(20, "locked"), _moved(31.5, "unlocked"), _moved(35, "locked")]
    fires = [Episode(what="fire", alarm="f", by=f"fire-{start}", start=start) for start in (10.0, 30.0, 40.0)]
    leak = Episode(what="leak", alarm="l", by="leak-1", start=15.0)
    well, troubled = freed(Record(diary=diary, episodes=[*fires, leak], down=[Span(29.0, 31.0)]))
    assert well == [pytest.approx(0.2), inf]
    assert troubled == [pytest.approx(1.5)]
